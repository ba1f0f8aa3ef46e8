//! The meta-model of argus-2019, first in the public FSDKaggle2019 competition: the scores that several models give a clip are
//! weighed against each other and go through two hidden layers.

mod config;
mod layer_table;
mod network;

pub use config::FcNetConfig;
