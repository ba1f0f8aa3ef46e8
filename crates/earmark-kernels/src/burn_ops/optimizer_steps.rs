//! Optimizer steps in one pass, in place where nobody else holds the numbers.

use super::prelude::*;
use super::{WORKSPACE, slice};
use crate::elementwise::optimizer_steps::{Adam, Sgd};

/// A step of Adam for one flat parameter with gradient `g` and moments `m` and `v`; returns parameter and moments. `step`
/// counts from 1.
///
/// # Panics
/// If the lengths differ or the device is not served (see [`super::runs_on`]).
pub fn adam(
    rule: Adam,
    step: u64,
    p: Tensor<1>,
    g: Tensor<1>,
    [m, v]: [Tensor<1>; 2],
) -> (Tensor<1>, [Tensor<1>; 2]) {
    let [p, g, m, v] = [p, g, m, v].map(Tensor::into_dispatch);
    let (p, m, v) = Dispatch::adam(p, g, m, v, rule, step);
    (Tensor::from_dispatch(p), [m, v].map(Tensor::from_dispatch))
}

/// A step of gradient descent with momentum for one flat parameter; returns parameter and direction.
///
/// # Panics
/// As [`adam`].
pub fn sgd(rule: Sgd, p: Tensor<1>, g: Tensor<1>, v: Tensor<1>) -> (Tensor<1>, Tensor<1>) {
    let (p, v) = Dispatch::sgd(p.into_dispatch(), g.into_dispatch(), v.into_dispatch(), rule);
    (Tensor::from_dispatch(p), Tensor::from_dispatch(v))
}

/// Optimizer steps as backend operations; see [`adam`] and [`sgd`].
#[backend_extension(Autodiff, Flex)]
pub trait OptimBackend: Backend {
    /// Parameter and both moments.
    fn adam(
        p: FloatTensor<Self>,
        g: FloatTensor<Self>,
        m: FloatTensor<Self>,
        v: FloatTensor<Self>,
        rule: Adam,
        step: u64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    /// Parameter and direction.
    fn sgd(
        p: FloatTensor<Self>,
        g: FloatTensor<Self>,
        v: FloatTensor<Self>,
        rule: Sgd,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);
}

/// A contiguous tensor that starts at its storage's start, so that all of the storage is its own.
fn own(t: FlexTensor) -> FlexTensor {
    let t = t.to_contiguous();
    if t.layout().start_offset() == 0 && t.storage::<f32>().len() == t.layout().num_elements() {
        t
    } else {
        let values = slice(&t).to_vec();
        let n = values.len();
        FlexTensor::from_data(TensorData::new(values, [n]))
    }
}

impl OptimBackend for Flex {
    fn adam(
        p: FlexTensor,
        g: FlexTensor,
        m: FlexTensor,
        v: FlexTensor,
        rule: Adam,
        step: u64,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        let (mut p, g, mut m, mut v) = (own(p), g.to_contiguous(), own(m), own(v));
        rule.update(
            &WORKSPACE,
            step,
            p.storage_mut(),
            slice(&g),
            m.storage_mut(),
            v.storage_mut(),
        );
        (p, m, v)
    }

    fn sgd(p: FlexTensor, g: FlexTensor, v: FlexTensor, rule: Sgd) -> (FlexTensor, FlexTensor) {
        let (mut p, g, mut v) = (own(p), g.to_contiguous(), own(v));
        rule.update(&WORKSPACE, p.storage_mut(), slice(&g), v.storage_mut());
        (p, v)
    }
}

/// Steps are not differentiated.
impl<C: CheckpointStrategy> OptimBackend for Autodiff<Flex, C> {
    fn adam(
        p: FloatTensor<Self>,
        g: FloatTensor<Self>,
        m: FloatTensor<Self>,
        v: FloatTensor<Self>,
        rule: Adam,
        step: u64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let [p, g, m, v] = [p, g, m, v].map(|t| t.into_primitive());
        let (p, m, v) = Flex::adam(p, g, m, v, rule, step);
        let outer = <Self as AutodiffBackend>::from_inner;
        (outer(p), outer(m), outer(v))
    }

    fn sgd(
        p: FloatTensor<Self>,
        g: FloatTensor<Self>,
        v: FloatTensor<Self>,
        rule: Sgd,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let [p, g, v] = [p, g, v].map(|t| t.into_primitive());
        let (p, v) = Flex::sgd(p, g, v, rule);
        let outer = <Self as AutodiffBackend>::from_inner;
        (outer(p), outer(v))
    }
}
