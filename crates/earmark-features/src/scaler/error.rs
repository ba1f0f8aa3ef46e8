//! What can go wrong with scaler and PCA.

/// Why a scaler or PCA can't be fitted; the message says which row or setting, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ScalerError(pub(super) String);
