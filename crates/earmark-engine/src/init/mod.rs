//! What a training starts from: another model's weights (warm start), and the scaler of the input.

mod class_rows;
mod model_tensor;
pub(crate) mod prefixes;
mod scaler;
pub(crate) mod start_config;
mod warm_start;
mod warm_start_error;

pub use prefixes::{ParameterPrefixes, has_prefix};
pub use scaler::{InputScalerError, fit_scaler, transfer_scaler};
pub use start_config::StartConfig;
pub use warm_start::{TransferReport, warm_start};
pub use warm_start_error::WarmStartError;
