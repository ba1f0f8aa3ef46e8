//! What the page about a data set is made of. Others fill it; a default value is an empty page.

use super::run_types::{Fact, Level};
use crate::Picture;
use serde::{Deserialize, Serialize};

/// Everything that is shown about a data set. Lists that are empty leave their section out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct DataPage {
    /// Name of the data set, or its folder.
    pub name: String,
    /// Clips, hours, classes, layout: the first four stand in the header.
    pub totals: Vec<Fact>,
    /// Training set, test set, ...
    pub parts: Vec<PartStats>,
    /// Clips of each class.
    pub classes: Vec<ClassCounts>,
    /// Mean log amplitude over frequency, one a part or a class.
    pub spectra: Vec<Spectrum>,
    /// Example pictures: a class and what some of its clips look like.
    pub pictures: Vec<(String, Vec<Picture>)>,
    /// What a check of the files found.
    pub findings: Vec<Finding>,
}

/// One part of a data set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct PartStats {
    /// Such as `train curated`.
    pub name: String,
    /// Length of every readable clip, seconds.
    pub seconds: Vec<f64>,
    /// The shortest clip, which decides how much padding a model sees.
    pub shortest: Option<Shortest>,
    /// Clips by sample rate (`44.1 kHz`), most frequent first.
    pub sample_rates: Vec<Tally>,
    /// Clips by channels (`mono`), most frequent first.
    pub channels: Vec<Tally>,
}

/// The shortest clip of a part.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Shortest {
    /// File name.
    pub file: String,
    /// Its length, seconds.
    pub seconds: f64,
}

/// How many clips have a property.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Tally {
    /// The property, as it should be read.
    pub name: String,
    /// Clips that have it.
    pub clips: u64,
}

/// Clips of a class, one count a part in the order of [`DataPage::parts`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ClassCounts {
    /// Name of the class.
    pub name: String,
    /// Clips in each part; a part without labels counts 0.
    pub clips: Vec<u64>,
}

/// The mean and spread of the log amplitude at each frequency.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Spectrum {
    /// Part or class.
    pub name: String,
    /// Centre of each frequency bin or band, hertz.
    pub hz: Vec<f64>,
    /// Mean log amplitude, one value a bin.
    pub mean: Vec<f64>,
    /// Standard deviation, one value a bin.
    pub std: Vec<f64>,
}

/// One result of a check.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Finding {
    /// How much it matters.
    pub level: Level,
    /// File or table it is about; may be empty.
    pub file: String,
    /// What was found.
    pub message: String,
    /// What to do about it; may be empty.
    pub remedy: String,
}
