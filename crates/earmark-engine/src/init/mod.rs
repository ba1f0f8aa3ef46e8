//! What the weights begin as.

pub(crate) mod scaler;
pub(crate) mod start_config;
pub(crate) mod warm_start;
