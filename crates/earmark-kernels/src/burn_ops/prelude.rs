//! What an operation of Burn with its own gradient is made of.

pub(super) use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
pub(super) use burn::backend::autodiff::grads::Gradients;
pub(super) use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
pub(super) use burn::backend::flex::FlexTensor;
pub(super) use burn::backend::{Autodiff, AutodiffBackend, Backend, Dispatch, Flex};
pub(super) use burn::backend::{backend_extension, tensor::FloatTensor};
pub(super) use burn::tensor::{Tensor, TensorData};
