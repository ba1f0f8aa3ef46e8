//! What a training starts from: another model's weights (warm start), and the scaler of the input.

pub(crate) mod prefixes;
mod scaler;
pub(crate) mod start_config;
mod warm_start;

pub use prefixes::{ParameterPrefixes, has_prefix};
pub use scaler::{InputScalerError, fit_scaler, transfer_scaler};
pub use start_config::StartConfig;
pub use warm_start::{TransferReport, WarmStartError, warm_start};
