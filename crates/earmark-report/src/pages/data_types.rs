//! What the page about a data set is made of. Others fill it; a default value is an empty page.

use super::notes::PageNote;
use super::run_types::Fact;
use crate::SpectrogramImage;

/// Everything that is shown about a data set. Lists that are empty leave their section out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DataPage {
    /// Name of the data set, or its folder.
    pub name: String,
    /// Clips, hours, classes, layout: the first four are shown in the header.
    pub totals: Vec<Fact>,
    /// Training set, test set, ...
    pub subsets: Vec<SubsetRow>,
    /// Clips of each class.
    pub classes: Vec<ClassCounts>,
    /// Mean log amplitude over frequency, one per subset or class.
    pub spectra: Vec<SpectrumCurve>,
    /// Spectrograms of some clips of each class.
    pub spectrograms: Vec<(String, Vec<SpectrogramImage>)>,
    /// What a check of the files found.
    pub findings: Vec<PageNote>,
}

/// One subset of a data set.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SubsetRow {
    /// Such as `train curated`.
    pub name: String,
    /// Length of every readable clip, seconds.
    pub seconds: Vec<f64>,
    /// File name and length in seconds of the shortest clip, which decides how much padding a model sees.
    pub shortest: Option<(String, f64)>,
    /// Number of clips by sample rate (`44.1 kHz`), most frequent first.
    pub sample_rates: Vec<(String, u64)>,
    /// Number of clips by channels (`mono`), most frequent first.
    pub channels: Vec<(String, u64)>,
}

/// Clips of a class, one count per subset in the order of [`DataPage::subsets`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClassCounts {
    /// Name of the class.
    pub name: String,
    /// Clips in each subset; a subset without labels counts 0.
    pub clips: Vec<u64>,
}

/// The mean and spread of the log amplitude at each frequency.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SpectrumCurve {
    /// Subset or class.
    pub name: String,
    /// Centre of each frequency bin or band, hertz.
    pub hz: Vec<f64>,
    /// Mean log amplitude, one value per bin.
    pub mean: Vec<f64>,
    /// Standard deviation, one value per bin.
    pub std: Vec<f64>,
}
