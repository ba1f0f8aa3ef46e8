//! The variables' current values.

use crate::params::packed_chains::PackedChains;
use crate::params::variable_names_and_shapes::{VarId, VarKind, VarSpec, count_parameters};
use burn::tensor::{Device, Tensor, TensorData};
use earmark_kernels::Products;
use earmark_kernels::chain::gains_by_fewer_bits;
use std::sync::Arc;

/// The variables' current values, each flattened to one dimension and on one device.
///
/// Flat storage keeps the optimiser, averaging and checkpoints free of ranks; a layer asks for the rank it wants.
#[derive(Clone, Debug)]
pub struct Vars {
    specs: Vec<VarSpec>,
    values: Vec<Tensor<1>>,
    kernels: bool,
    products: Products,
    packed: PackedChains,
    /// For each variable, whether training leaves it as it is.
    frozen: Arc<[bool]>,
    /// As `packed`, for frozen chains: training steps do not drop it.
    packed_frozen: PackedChains,
}

impl Vars {
    /// Initial values, each drawn from its own stream of `seed` and the variable's name, so that adding a layer does not
    /// change the others.
    pub fn init(specs: Vec<VarSpec>, seed: u64, device: &Device) -> Self {
        let values = specs.iter().map(|s| s.init.draw(&s.name, s.len(), seed));
        Self::with_values(values.collect(), specs, device)
    }

    /// Known values, one list for each variable in order: no variable is left without any.
    ///
    /// # Panics
    /// If there are not as many lists as variables, or one has not as many numbers as its variable.
    pub fn with_values(values: Vec<Vec<f32>>, specs: Vec<VarSpec>, device: &Device) -> Self {
        assert_eq!(values.len(), specs.len(), "values for each variable");
        for (spec, values) in specs.iter().zip(&values) {
            assert_eq!(values.len(), spec.len(), "`{}` has another size", spec.name);
        }
        Self {
            values: values.into_iter().map(|values| flat(values, device)).collect(),
            frozen: vec![false; specs.len()].into(),
            specs,
            kernels: true,
            products: Products::single(),
            packed: PackedChains::default(),
            packed_frozen: PackedChains::default(),
        }
    }

    /// Freezes the variables whose name `is_frozen` accepts and unfreezes all others. Frozen variables get no gradients, and a
    /// BatchNorm whose moving statistics are frozen uses them in training as well and does not update them.
    pub fn freeze(&mut self, is_frozen: impl Fn(&str) -> bool) {
        self.frozen = self.specs.iter().map(|s| is_frozen(&s.name)).collect();
        self.packed_frozen = PackedChains::default();
    }

    /// Whether training leaves a variable as it is.
    pub fn is_frozen(&self, id: VarId) -> bool {
        self.frozen[id.0]
    }

    /// Whether gradients flow to a variable in training.
    pub fn requires_grad(&self, id: VarId) -> bool {
        self.specs[id.0].kind == VarKind::Trainable && !self.frozen[id.0]
    }

    /// The same variables, for passes that use Burn's own operations only.
    pub fn without_kernels(mut self) -> Self {
        self.kernels = false;
        self
    }

    /// Whether blocks may use earmark-kernels.
    pub fn uses_kernels(&self) -> bool {
        self.kernels
    }

    /// The same variables, for networks that score with these products; they train with single precision.
    pub fn with_products(mut self, products: Products) -> Self {
        self.products = products;
        self.packed = PackedChains::default();
        self
    }

    /// Whether the product of any layer gains by fewer bits: a pointwise convolution with batch normalisation that is
    /// wide enough.
    pub fn gain_by_fewer_bits(&self) -> bool {
        self.specs.iter().any(|spec| {
            let [outputs, inputs, 1, 1] = spec.shape[..] else {
                return false;
            };
            let prefix = spec.name.strip_suffix("weight");
            let is_normalised = prefix.is_some_and(|p| self.find(&format!("{p}bn.gamma")).is_some());
            is_normalised && gains_by_fewer_bits(inputs, outputs)
        })
    }

    /// What the products of a network multiply when it scores.
    pub fn products(&self) -> Products {
        self.products
    }

    /// All variables in declaration order.
    pub fn specs(&self) -> &[VarSpec] {
        &self.specs
    }

    /// Number of variables.
    pub fn len(&self) -> usize {
        self.specs.len()
    }

    /// True for a network without variables.
    pub fn is_empty(&self) -> bool {
        self.specs.is_empty()
    }

    /// Position of a name.
    pub fn find(&self, name: &str) -> Option<VarId> {
        self.specs.iter().position(|s| s.name == name).map(VarId)
    }

    /// The flat tensor of a variable.
    pub fn flat(&self, id: VarId) -> Tensor<1> {
        self.values[id.0].clone()
    }

    /// A variable in its own shape.
    ///
    /// # Panics
    /// If `D` is not the variable's rank.
    pub fn get<const D: usize>(&self, id: VarId) -> Tensor<D> {
        let spec = &self.specs[id.0];
        let shape: [usize; D] = spec
            .shape
            .as_slice()
            .try_into()
            .unwrap_or_else(|_| panic!("`{}` has shape {:?}", spec.name, spec.shape));
        self.values[id.0].clone().reshape(shape)
    }

    /// Replaces a variable by a tensor of as many scalars.
    pub fn set(&mut self, id: VarId, value: Tensor<1>) {
        let spec = &self.specs[id.0];
        assert_eq!(value.dims()[0], spec.len(), "`{}` has another size", spec.name);
        self.values[id.0] = value;
        self.packed = PackedChains::default();
        if self.frozen[id.0] {
            self.packed_frozen = PackedChains::default();
        }
    }

    /// Replaces a variable by the result of `change`, which can change the old value in place, as nothing else holds it meanwhile.
    pub fn update(&mut self, id: VarId, change: impl FnOnce(Tensor<1>) -> Tensor<1>) {
        let device = self.values[id.0].device();
        let old = std::mem::replace(&mut self.values[id.0], flat(Vec::new(), &device));
        self.set(id, change(old));
    }

    /// Chains packed for inference with these values, or those that are frozen.
    pub(crate) fn packed(&self, frozen: bool) -> &PackedChains {
        if frozen { &self.packed_frozen } else { &self.packed }
    }

    /// Copies a variable to the host.
    pub fn to_vec(&self, id: VarId) -> Vec<f32> {
        to_host(self.values[id.0].clone())
    }

    /// Replaces a variable by host values of as many scalars.
    pub fn set_vec(&mut self, id: VarId, values: Vec<f32>) {
        let device = self.values[id.0].device();
        self.set(id, flat(values, &device));
    }

    /// The same variables as leaves on the autodiff device, with gradients for those that require them.
    pub fn tracked(&self) -> Self {
        let leaf = |(i, value): (usize, &Tensor<1>)| {
            Tensor::from_inner(value.clone()).set_require_grad(self.requires_grad(VarId(i)))
        };
        Self {
            values: self.values.iter().enumerate().map(leaf).collect(),
            packed: PackedChains::default(),
            ..self.clone()
        }
    }

    /// Number of the network's parameters, trainable ones or all; see [`count_parameters`].
    pub fn count(&self, trainable_only: bool) -> usize {
        count_parameters(&self.specs, trainable_only)
    }
}

/// A one-dimensional tensor from host values.
fn flat(values: Vec<f32>, device: &Device) -> Tensor<1> {
    let n = values.len();
    Tensor::from_data(TensorData::new(values, [n]), device)
}

/// The values of a tensor on the host, row-major.
pub fn to_host<const D: usize>(t: Tensor<D>) -> Vec<f32> {
    t.into_data_as::<f32>()
        .try_into_vec::<f32>()
        .expect("read as f32 just above")
}
