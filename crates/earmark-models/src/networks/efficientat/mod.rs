//! The MobileNetV3 of EfficientAT (Schmid, Koutini and Widmer 2023, arXiv:2211.04772): Howard et al. 2019 (arXiv:1905.02244),
//! "large", on one channel, with its width as the only size, and squeeze-and-excitation gated by a plain sigmoid.

mod config;
mod layer_table;
mod network;
mod onnx;

pub use config::EfficientAtConfig;
