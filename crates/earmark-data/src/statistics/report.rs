//! The statistics of a data set.

use serde::Serialize;

use crate::dataset::data_set::DataSet;
use crate::dataset::item::Item;
use crate::layout::kind::LayoutKind;

/// The shortest clip of a subset.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShortestClip {
    /// The clip.
    pub file: String,
    /// Its length in seconds.
    pub seconds: f64,
}

/// Numbers of clips by length: bar `i` holds lengths from `edges[i]` up to, but not including,
/// `edges[i + 1]`; the last bar includes its end. Subsets share their edges, so they can be compared.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LengthHistogram {
    /// In seconds; one more than there are bars.
    pub edges: Vec<f64>,
    /// Number of clips per bar.
    pub counts: Vec<usize>,
}

/// Log amplitude over frequency, averaged over clips.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MeanSpectrum {
    /// Centre of each bin in hertz.
    pub hz: Vec<f64>,
    /// Mean over clips of each clip's mean over time of `ln(1 + |X|)`.
    pub mean: Vec<f64>,
    /// Mean over clips of each clip's standard deviation over time.
    pub std: Vec<f64>,
    /// Number of clips that are long enough for one window.
    pub clips: usize,
}

/// One subset.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SubsetStatistics {
    /// The subset.
    pub name: String,
    /// Number of readable clips.
    pub clips: usize,
    /// Their total length in hours.
    pub hours: f64,
    /// The length of every readable clip in seconds, in item order.
    pub seconds: Vec<f64>,
    /// The shortest, first in item order; `None` if there is no readable clip.
    pub shortest: Option<ShortestClip>,
    /// Number of clips without any sample.
    pub empty: usize,
    /// How the lengths are distributed.
    pub lengths: LengthHistogram,
    /// Number of clips by sample rate in hertz, the most frequent first.
    pub sample_rates_hz: Vec<(u32, usize)>,
    /// Number of clips by channels, the most frequent first.
    pub channels: Vec<(u16, usize)>,
    /// Mean spectrum, if asked for and if any clip is long enough.
    pub spectrum: Option<MeanSpectrum>,
}

/// One class of the set.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassStatistics {
    /// The class.
    pub name: String,
    /// Number of clips in each subset, in the order of [`DataStatistics::subsets`].
    pub clips: Vec<usize>,
    /// Spectrograms of the first clips of the class that could be read.
    #[serde(rename = "pictures")]
    pub spectrograms: Vec<ClipSpectrogram>,
}

/// The output of a front end for the start of a clip.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClipSpectrogram {
    /// The clip.
    pub file: String,
    /// Channels of the front end.
    pub channels: usize,
    /// Bands, the lowest first.
    pub bands: usize,
    /// Frames.
    pub frames: usize,
    /// `[channels, bands, frames]`, row-major.
    pub data: Vec<f32>,
}

/// A recording that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unreadable {
    /// The recording.
    pub file: String,
    /// Why.
    pub reason: String,
}

impl Unreadable {
    /// `item`, with why it could not be read.
    pub(super) fn new(item: &Item, reason: &impl ToString) -> Self {
        Self {
            file: item.file.clone(),
            reason: reason.to_string(),
        }
    }

    /// The entries of the folder that no item was made of, as they can't be read.
    pub(super) fn of_folder(set: &DataSet) -> impl Iterator<Item = Self> {
        let lost = set.skipped.iter().filter(|lost| lost.reason.is_unreadable());
        lost.map(|lost| Self {
            file: lost.file.clone(),
            reason: lost.reason.to_string(),
        })
    }
}

/// All statistics of a set. The same files give the same numbers on any number of threads.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DataStatistics {
    /// Layout of the folder.
    pub layout: LayoutKind,
    /// Whether clips may have several labels.
    pub multi_label: bool,
    /// Number of readable clips.
    pub clips: usize,
    /// Their total length in hours.
    pub hours: f64,
    /// Labels per labelled clip, on average; `None` without labels.
    pub labels_per_clip: Option<f64>,
    /// The subsets, sorted by name.
    #[serde(rename = "parts")]
    pub subsets: Vec<SubsetStatistics>,
    /// The classes, in class-map order.
    pub classes: Vec<ClassStatistics>,
    /// Recordings that could not be read; counted in the classes only.
    pub unreadable: Vec<Unreadable>,
    /// Recordings of which a part is missing, with what is used of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub damaged: Vec<Unreadable>,
}
