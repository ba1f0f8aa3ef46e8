//! Segments: pieces of one length that a network takes as input.

mod config;
mod segmenter;

pub use config::Segments;
pub(crate) use segmenter::Segmenter;
pub use segmenter::{SegmentPad, SegmentPlacement};
