//! The kernels as operations of Burn: on its CPU backend (`flex`) with their own gradients.
//!
//! A caller asks [`runs_on`] whether a device is served; elsewhere it composes Burn's ordinary operations.

mod chain;
mod dense;
mod gate;
mod optimizer_steps;
mod pool;
mod prelude;
mod runs_on_flex;

pub use chain::{
    ChainBackend, ChainOutput, SqueezeVariables, chain_eval, chain_train, conv_kind, pack_for_inference,
    squeezed_block_eval,
};
pub use dense::{DenseBackend, dense_eval};
pub use gate::{GateBackend, gate};
pub use optimizer_steps::{OptimBackend, adam, sgd};
pub use pool::{PoolBackend, pool};
pub use runs_on_flex::runs_on;

use crate::hardware::layout::{channels_inside, to_channels_outermost};
use crate::hardware::reused_buffers::{Buffer, Workspace};
use crate::hardware::simd::Isa;
use burn::backend::TensorMetadata;
use burn::backend::flex::FlexTensor;
use burn::tensor::TensorData;
use std::sync::LazyLock;

/// Buffers that steps reuse, shared by all operations of the process. To learn that a requested
/// instruction set is unavailable, call [`Isa::wanted`] first.
static WORKSPACE: LazyLock<Workspace> =
    LazyLock::new(|| Workspace::with_isa(Isa::wanted().unwrap_or_else(|_| Isa::detect())));

/// Runs work on a thread of rayon's pool: there, each of its parallel loops begins at once, where one that begins outside wakes the
/// pool and sleeps until it is done.
fn in_pool<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    rayon::scope(|_| work())
}

/// Numbers in the layout that is needed: borrowed as they came, or copied into it.
#[derive(Debug)]
enum Values {
    /// One channel or one example: the layouts are the same.
    AsIs(FlexTensor),
    Moved(Buffer),
}

impl std::ops::Deref for Values {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        match self {
            Self::AsIs(t) => slice(t),
            Self::Moved(b) => b,
        }
    }
}

/// The lengths of a tensor's axes.
fn dims<const D: usize>(x: &FlexTensor) -> [usize; D] {
    let shape = x.shape();
    std::array::from_fn(|axis| shape[axis])
}

/// A contiguous `[B, C, H, W]` to channels outermost; `H` and `W` must be `size`.
fn outermost(ws: &Workspace, x: &FlexTensor, size: [usize; 2]) -> (Values, [usize; 4]) {
    let shape @ [batch, channels, h, w] = dims::<4>(x);
    assert_eq!([h, w], size, "the chain was made for another plane");
    if batch == 1 || channels == 1 {
        return (Values::AsIs(x.clone()), shape);
    }
    let mut moved = ws.take(batch * channels * h * w);
    to_channels_outermost(slice(x), &mut moved, batch, channels, h * w);
    (Values::Moved(moved), shape)
}

/// Channels outermost to a tensor `[B, C, H, W]`.
fn innermost(from: &[f32], batch: usize, channels: usize, [h, w]: [usize; 2]) -> FlexTensor {
    let out = channels_inside(from, batch, channels, h * w);
    FlexTensor::from_data(TensorData::new(out, [batch, channels, h, w]))
}

/// The numbers of a contiguous tensor.
fn slice(t: &FlexTensor) -> &[f32] {
    let all = t.storage::<f32>();
    let start = t.layout().start_offset();
    &all[start..start + t.layout().num_elements()]
}

/// Takes the first `n` off a slice.
fn cut<'a>(rest: &mut &'a [f32], n: usize) -> &'a [f32] {
    assert!(rest.len() >= n, "fewer parameters than the chain's layers have");
    let (head, tail) = rest.split_at(n);
    *rest = tail;
    head
}
