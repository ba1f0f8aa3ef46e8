//! A factor for each plane as an operation of Burn.

use super::prelude::*;
use super::{WORKSPACE, dims, slice};
use crate::elementwise::gate as kernel;

/// Scales each plane of `x` `[B, C, H, W]` by its factor `[B, C]`, with gradients for both.
///
/// # Panics
/// If the shapes do not fit, or the device is not served (see [`super::runs_on`]).
pub fn gate(x: Tensor<4>, factors: Tensor<2>) -> Tensor<4> {
    assert_eq!(x.dims()[..2], factors.dims(), "a factor for each plane");
    Tensor::from_dispatch(Dispatch::gate(x.into_dispatch(), factors.into_dispatch()))
}

/// Factors for planes as a backend operation; see [`gate`].
#[backend_extension(Autodiff, Flex)]
pub trait GateBackend: Backend {
    /// Scaled planes.
    fn gate(x: FloatTensor<Self>, factors: FloatTensor<Self>) -> FloatTensor<Self>;
}

fn tensor<const D: usize>(values: Vec<f32>, like: &FlexTensor) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, dims::<D>(like)))
}

impl GateBackend for Flex {
    fn gate(x: FlexTensor, factors: FlexTensor) -> FlexTensor {
        let (x, factors) = (x.to_contiguous(), factors.to_contiguous());
        let mut y = vec![0.0; slice(&x).len()];
        kernel::forward(&WORKSPACE, slice(&x), slice(&factors), &mut y);
        tensor::<4>(y, &x)
    }
}

impl<C: CheckpointStrategy> GateBackend for Autodiff<Flex, C> {
    fn gate(x: FloatTensor<Self>, factors: FloatTensor<Self>) -> FloatTensor<Self> {
        let nodes = [x.node(), factors.node()];
        let x = x.into_primitive().to_contiguous();
        let factors = factors.into_primitive().to_contiguous();
        let y = Flex::gate(x.clone(), factors.clone());
        match GateTrain.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((x, factors), y),
            OpsKind::UnTracked(prep) => prep.finish(y),
        }
    }
}

#[derive(Debug)]
struct GateTrain;

impl Backward<Flex, 2> for GateTrain {
    type State = (FlexTensor, FlexTensor);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [node_x, node_factors] = ops.parents;
        let g = grads.consume::<Flex>(&ops.node).to_contiguous();
        let (x, factors) = ops.state;
        let (planes, by) = (slice(&x), slice(&factors));
        let (mut dx, mut dfactors) = (vec![0.0; planes.len()], vec![0.0; by.len()]);
        kernel::backward(&WORKSPACE, planes, by, slice(&g), &mut dx, &mut dfactors);
        if let Some(node) = node_x {
            grads.register::<Flex>(node.id, tensor::<4>(dx, &x));
        }
        if let Some(node) = node_factors {
            grads.register::<Flex>(node.id, tensor::<2>(dfactors, &factors));
        }
    }
}
