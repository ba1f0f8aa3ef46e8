//! Segments: pieces of one length that a network takes as input.

mod config;
mod cut_in_blocks;
mod equal_pieces;
mod segmenter;

pub use config::Segments;
pub use cut_in_blocks::{FirstPass, SegmentCutter};
pub use equal_pieces::equal_pieces;
pub(crate) use segmenter::Segmenter;
pub use segmenter::{SegmentPad, SegmentPlacement};
