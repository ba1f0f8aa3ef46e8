//! The training loop and its settings.

pub(crate) mod config;
pub(crate) mod fit;
pub(crate) mod phase;
pub(crate) mod session;
pub(crate) mod step;
pub(crate) mod throughput;
