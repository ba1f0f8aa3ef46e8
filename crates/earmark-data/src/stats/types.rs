//! What the statistics are made of.

use serde::Serialize;

use crate::layout::LayoutKind;

/// The shortest clip of a part.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shortest {
    /// The clip.
    pub file: String,
    /// Its length.
    pub seconds: f64,
}

/// Numbers of clips by length: bar `i` holds lengths from `edges[i]` up to, but not including,
/// `edges[i + 1]`; the last bar includes its end. Parts share their edges, so that they compare.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Histogram {
    /// In seconds, one more than bars.
    pub edges: Vec<f64>,
    /// One a bar.
    pub counts: Vec<usize>,
}

/// Log amplitude over frequency, averaged over clips.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Spectrum {
    /// Centre of each bin in hertz.
    pub hz: Vec<f64>,
    /// Mean over clips of each clip's mean over time of `ln(1 + |X|)`.
    pub mean: Vec<f64>,
    /// Mean over clips of each clip's standard deviation over time.
    pub std: Vec<f64>,
    /// Number of clips that are long enough for one window.
    pub clips: usize,
}

/// One part of the set.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PartStats {
    /// The part.
    pub name: String,
    /// Number of readable clips.
    pub clips: usize,
    /// Their total length.
    pub hours: f64,
    /// The length of every readable clip, in item order.
    pub seconds: Vec<f64>,
    /// The shortest, first in item order; `None` if there is no readable clip.
    pub shortest: Option<Shortest>,
    /// Number of clips without any sample.
    pub empty: usize,
    /// How the lengths are distributed.
    pub lengths: Histogram,
    /// Number of clips by sample rate in hertz, the most frequent first.
    pub sample_rates_hz: Vec<(u32, usize)>,
    /// Number of clips by channels, the most frequent first.
    pub channels: Vec<(u16, usize)>,
    /// Mean spectrum, if asked for and if any clip is long enough.
    pub spectrum: Option<Spectrum>,
}

/// One class of the set.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassStats {
    /// The class.
    pub name: String,
    /// Number of clips in each part, in the order of [`Stats::parts`].
    pub clips: Vec<usize>,
    /// The first clips of the class that could be read.
    pub pictures: Vec<Picture>,
}

/// What a clip looks like to a front end.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Picture {
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

/// All statistics of a set. The same files give the same numbers on any number of threads.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stats {
    /// Layout of the folder.
    pub layout: LayoutKind,
    /// Whether clips may have several labels.
    pub multi_label: bool,
    /// Readable clips in all.
    pub clips: usize,
    /// Their total length.
    pub hours: f64,
    /// Labels per labelled clip, on average; `None` without labels.
    pub labels_per_clip: Option<f64>,
    /// The parts, sorted by name.
    pub parts: Vec<PartStats>,
    /// The classes, in class-map order.
    pub classes: Vec<ClassStats>,
    /// What could not be read; not counted anywhere above but in the classes.
    pub unreadable: Vec<Unreadable>,
}

impl Stats {
    /// The statistics as text for a terminal.
    pub fn to_text(&self) -> String {
        super::text::render(self)
    }
}
