//! The network of starter-2018, a public kernel for FSDKaggle2018: three times dropout, a convolution that is wide in frequency and
//! a max pool; then the mean over the plane and a linear classifier.

mod config;
mod layer_table;
mod network;
mod onnx;

pub use config::Starter2018Config;
