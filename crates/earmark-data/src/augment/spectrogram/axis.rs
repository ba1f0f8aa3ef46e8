//! The two axes of a spectrogram.

use super::interface::SpectrogramShape;

/// An axis of a spectrogram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// Frequency: bands.
    Frequency,
    /// Time: frames.
    Time,
}

impl Axis {
    /// The length of the axis in bands or frames.
    pub(super) fn length(self, shape: SpectrogramShape) -> usize {
        match self {
            Self::Frequency => shape.bands,
            Self::Time => shape.frames,
        }
    }

    /// What it is counted in.
    pub(super) fn unit(self) -> &'static str {
        match self {
            Self::Frequency => "bands",
            Self::Time => "frames",
        }
    }
}
