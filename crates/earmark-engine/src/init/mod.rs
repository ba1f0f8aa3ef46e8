//! What a training starts from: another model's weights (warm start), and the scaler of the input.

mod fit_or_transfer_scaler;
pub(crate) mod prefixes;
pub(crate) mod start_config;
mod warm_start;

pub use fit_or_transfer_scaler::{InputScalerError, fit_scaler, transfer_scaler};
pub use prefixes::{ParameterPrefixes, has_prefix};
pub use start_config::StartConfig;
pub use warm_start::{TransferReport, WarmStartError, warm_start};
