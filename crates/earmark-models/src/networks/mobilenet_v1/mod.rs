//! MobileNet v1 (Howard et al. 2017, arXiv:1704.04861) as the DCASE 2019 Task 2 baseline uses it: first stride 1 instead of 2,
//! BatchNorm and ReLU after every convolution, TensorFlow's SAME padding.

mod config;
mod layer_table;
mod network;
mod onnx;

pub use config::{GlobalPool, MobileNetV1Config};
