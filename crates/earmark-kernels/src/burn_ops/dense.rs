//! Dense layers in evaluation as an operation of Burn.

use super::prelude::*;
use super::{WORKSPACE, dims, in_pool, slice};
use crate::dense as kernel;

/// `x [B, I] weight^T + bias` with `weight` `[O, I]` and `bias` `[O]`, without gradients.
///
/// # Panics
/// If the shapes do not fit, or the device is not served (see [`super::runs_on`]).
pub fn dense_eval(x: Tensor<2>, weight: Tensor<2>, bias: Tensor<1>) -> Tensor<2> {
    let ([_, inputs], shape) = (x.dims(), weight.dims());
    assert_eq!(
        [bias.dims()[0], inputs],
        shape,
        "a row of weights for each output"
    );
    Tensor::from_dispatch(Dispatch::dense_eval(
        x.into_dispatch(),
        weight.into_dispatch(),
        bias.into_dispatch(),
    ))
}

/// Dense layers as a backend operation; see [`dense_eval`].
#[backend_extension(Autodiff, Flex)]
pub trait DenseBackend: Backend {
    /// Output of an evaluation pass.
    fn dense_eval(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self>;
}

impl DenseBackend for Flex {
    fn dense_eval(x: FlexTensor, weight: FlexTensor, bias: FlexTensor) -> FlexTensor {
        let [x, weight, bias] = [x, weight, bias].map(|t| t.to_contiguous());
        let ([batch, _], [outputs, _]) = (dims::<2>(&x), dims::<2>(&weight));
        let mut y = vec![0.0; batch * outputs];
        in_pool(|| kernel::forward(&WORKSPACE, slice(&x), slice(&weight), slice(&bias), &mut y));
        FlexTensor::from_data(TensorData::new(y, [batch, outputs]))
    }
}

impl<C: CheckpointStrategy> DenseBackend for Autodiff<Flex, C> {
    fn dense_eval(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let [x, weight, bias] = [x, weight, bias].map(|t| t.into_primitive());
        <Self as AutodiffBackend>::from_inner(Flex::dense_eval(x, weight, bias))
    }
}
