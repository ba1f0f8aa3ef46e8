//! What the networks share: convolution with BatchNorm and activation, pooling, attention, LSTMs, dense layers, heads
//! and scalers.

pub(crate) mod activation;
pub(crate) mod asinh_compression;
pub(crate) mod attention;
pub(crate) mod batch_norm;
pub(crate) mod channel_rounding;
pub(crate) mod conv;
pub(crate) mod conv_chain;
pub(crate) mod conv_spec;
pub(crate) mod dense;
pub(crate) mod gate;
pub(crate) mod head;
pub(crate) mod input_scaler;
pub(crate) mod inverted_residual;
pub(crate) mod lstm;
pub(crate) mod means_over_2x2;
pub(crate) mod onnx;
pub(crate) mod pool;
pub(crate) mod prelu;
pub(crate) mod squeeze_excite;

pub use activation::{Activation, activate};
pub use attention::{Attention, AttentionSpec};
pub use batch_norm::{BatchNorm, BatchNormConfig};
pub use channel_rounding::divisible;
pub use conv::Conv;
pub use conv_chain::{conv_chain, conv_chain_pooled};
pub use conv_spec::{ConvPadding, ConvSpec};
pub use dense::Dense;
pub use gate::gate;
pub use head::{Head, HeadSpec};
pub use input_scaler::{InputScaler, InputScalerSpec};
pub use inverted_residual::{InvertedResidual, InvertedResidualSpec};
pub use lstm::BidirectionalLstm;
pub use pool::{Pool, PoolSpec, global_max, global_mean, pooled_size, without_plane};
pub use prelu::Prelu;
pub use squeeze_excite::SqueezeExcite;
