//! PANNs: networks that were trained on AudioSet (Kong et al. 2020, arXiv:1912.10211): four backbones between a normalisation of each
//! mel band and one head.

mod backbone;
mod band_norm;
mod config;
mod network;

pub use config::{PannsBackbone, PannsConfig};
