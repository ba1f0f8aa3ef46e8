//! MobileNet v2 (Sandler et al. 2018, arXiv:1801.04381) as mobilenetv2-pca-2018 uses it: a normalised one-channel image is widened by
//! two 1x1 convolutions, goes through the backbone of Keras-Applications 1.0.4, and is joined by a vector of clip-level features
//! before two dense layers.

mod config;
mod layer_table;
mod network;
mod onnx;

pub use config::MobileNetV2Config;
