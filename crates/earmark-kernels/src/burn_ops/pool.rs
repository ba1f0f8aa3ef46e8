//! Pooling as an operation of Burn.

use super::prelude::*;
use super::{WORKSPACE, dims, slice};
use crate::elementwise::pool::{self as kernel, Pool, PoolShape};
use crate::elementwise::postponed_normalisation::OpInput;

/// Windows of `window` rows and columns that touch but do not overlap, `[B, C, H, W]` to `[B, C, H / h, W / w]`, with its
/// gradient. Rows and columns that fill no window are left out; a window as large as the plane pools globally.
///
/// # Panics
/// If the window is empty or larger than the plane, or the device is not served (see [`super::runs_on`]).
pub fn pool(x: Tensor<4>, pool: Pool, window: [usize; 2]) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::pool(x.into_dispatch(), pool, window))
}

/// Pooling as a backend operation; see [`pool`].
#[backend_extension(Autodiff, Flex)]
pub trait PoolBackend: Backend {
    /// Pooled planes.
    fn pool(x: FloatTensor<Self>, pool: Pool, window: [usize; 2]) -> FloatTensor<Self>;
}

/// Planes do not know each other, so `[B, C]` of them may be taken for channels of a single example.
fn shape_of(x: &FlexTensor, pool: Pool, window: [usize; 2]) -> (PoolShape, [usize; 4]) {
    let [batch, channels, size @ ..] = dims::<4>(x);
    let [rows, columns] = kernel::output(size, window)
        .unwrap_or_else(|| panic!("a window {window:?} does not fit a plane {size:?}"));
    let channels_of_one = PoolShape {
        pool,
        window,
        channels: batch * channels,
        size,
    };
    (channels_of_one, [batch, channels, rows, columns])
}

impl PoolBackend for Flex {
    fn pool(x: FlexTensor, pool: Pool, window: [usize; 2]) -> FlexTensor {
        let x = x.to_contiguous();
        let (shape, out) = shape_of(&x, pool, window);
        let mut y = vec![0.0; out.iter().product()];
        kernel::forward(&WORKSPACE, &shape, OpInput::plain(slice(&x)), &mut y);
        FlexTensor::from_data(TensorData::new(y, out))
    }
}

impl<C: CheckpointStrategy> PoolBackend for Autodiff<Flex, C> {
    fn pool(x: FloatTensor<Self>, pool: Pool, window: [usize; 2]) -> FloatTensor<Self> {
        let node = x.node();
        let x = x.into_primitive().to_contiguous();
        let y = Flex::pool(x.clone(), pool, window);
        match PoolTrain.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((x, pool, window), y),
            OpsKind::UnTracked(prep) => prep.finish(y),
        }
    }
}

#[derive(Debug)]
struct PoolTrain;

impl Backward<Flex, 1> for PoolTrain {
    type State = (FlexTensor, Pool, [usize; 2]);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [node] = ops.parents;
        let dy = grads.consume::<Flex>(&ops.node).to_contiguous();
        let (x, pool, window) = ops.state;
        if let Some(node) = node {
            let (shape, _) = shape_of(&x, pool, window);
            let mut dx = vec![0.0; slice(&x).len()];
            kernel::backward(&WORKSPACE, &shape, OpInput::plain(slice(&x)), slice(&dy), &mut dx);
            let dx = TensorData::new(dx, dims::<4>(&x));
            grads.register::<Flex>(node.id, FlexTensor::from_data(dx));
        }
    }
}
