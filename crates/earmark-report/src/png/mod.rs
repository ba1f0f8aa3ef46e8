//! Arrays as PNG images.

pub mod colormap;
pub(crate) mod encode;
pub(crate) mod font;
pub mod heatmap;
pub mod spectrogram_image;
