//! Named variables: what a checkpoint stores and an optimiser moves.

use crate::init::Init;
use burn::tensor::{Device, Tensor, TensorData};
use earmark_kernels::chain::Chain;
use earmark_kernels::infer::Inference;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Handle of one variable; valid for the [`Vars`] it was declared in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct VarId(pub usize);

/// Whether training moves a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VarKind {
    /// Moved by the optimiser; what a warm start carries over.
    Trainable,
    /// State that forward passes maintain (moving mean and variance).
    Buffer,
    /// Fitted on clips before the first step, and no parameter of the network: what standardises its input.
    Fitted,
}

/// Name, shape and start of one variable.
#[derive(Clone, Debug, PartialEq)]
pub struct VarSpec {
    /// Dotted name, unique in its network; scopes are its prefixes.
    pub name: String,
    /// Dimensions, outermost first; convolution weights are `[out, in / groups, height, width]`, dense ones `[out, in]`.
    pub shape: Vec<usize>,
    /// Trainable weight or buffer.
    pub kind: VarKind,
    /// How a fresh network fills it.
    pub init: Init,
}

impl VarSpec {
    /// Number of scalars.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// True for a variable without scalars, which no network here declares.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Declares variables while a network is being built.
#[derive(Debug, Default)]
pub struct VarBuilder {
    specs: Vec<VarSpec>,
}

impl VarBuilder {
    /// Adds a variable and returns its handle.
    ///
    /// # Panics
    /// If the name is taken: two layers would then share a variable by accident.
    pub fn add(&mut self, name: impl Into<String>, shape: &[usize], kind: VarKind, init: Init) -> VarId {
        let name = name.into();
        assert!(
            self.specs.iter().all(|s| s.name != name),
            "variable `{name}` is declared twice"
        );
        self.specs.push(VarSpec {
            name,
            shape: shape.to_vec(),
            kind,
            init,
        });
        VarId(self.specs.len() - 1)
    }

    /// Keeps a declared variable at its start: the optimiser leaves it alone.
    pub fn fix(&mut self, id: VarId) {
        self.specs[id.0].kind = VarKind::Buffer;
    }

    /// The declared variables in order.
    pub fn finish(self) -> Vec<VarSpec> {
        self.specs
    }
}

/// The variables' current values, each flattened to one dimension and on one device.
///
/// Flat storage keeps the optimiser, averaging and checkpoints free of ranks; a layer asks for the rank it wants.
#[derive(Clone, Debug)]
pub struct Vars {
    specs: Vec<VarSpec>,
    values: Vec<Tensor<1>>,
    kernels: bool,
    prepared: Prepared,
    /// Variables that training leaves as they are, one mark each.
    frozen: Arc<[bool]>,
    /// As `prepared`, of chains that are frozen: it outlives the others' steps.
    settled: Prepared,
}

/// Chains packed for inference, by their first and last weights: what depends on nothing but the values of the variables, and so
/// is dropped when one changes. Planes of another size take the same packed weights.
#[derive(Clone, Debug, Default)]
pub(crate) struct Prepared(Arc<Mutex<HashMap<PreparedKey, Arc<Inference>>>>);

/// First and last weights of a chain.
pub(crate) type PreparedKey = (VarId, VarId);

impl Prepared {
    /// `chain` with what is packed under `key`, else with what `make` packs, which is then kept.
    pub(crate) fn get(
        &self,
        key: PreparedKey,
        chain: Chain,
        make: impl FnOnce(&Chain) -> Inference,
    ) -> Arc<Inference> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ready = match kept.get(&key) {
            Some(found) if *found.chain() == chain => return Arc::clone(found),
            Some(found) => Arc::new(found.resized(chain)),
            None => Arc::new(make(&chain)),
        };
        kept.insert(key, Arc::clone(&ready));
        ready
    }
}

impl Vars {
    /// Fresh values, each drawn from its own stream of `seed` and the variable's name, so that adding a layer leaves the
    /// others' start unchanged.
    pub fn init(specs: Vec<VarSpec>, seed: u64, device: &Device) -> Self {
        let values = specs.iter().map(|s| flat(s.init.draw(s, seed), device)).collect();
        Self {
            frozen: vec![false; specs.len()].into(),
            specs,
            values,
            kernels: true,
            prepared: Prepared::default(),
            settled: Prepared::default(),
        }
    }

    /// Freezes the variables whose name says so and lets all others move: no gradients are made for them, and a BatchNorm whose
    /// moving statistics are frozen uses them in training as well, and keeps them.
    pub fn freeze(&mut self, is_frozen: impl Fn(&str) -> bool) {
        self.frozen = self.specs.iter().map(|s| is_frozen(&s.name)).collect();
        self.settled = Prepared::default();
    }

    /// Whether training leaves a variable as it is.
    pub fn is_frozen(&self, id: VarId) -> bool {
        self.frozen[id.0]
    }

    /// Whether gradients flow to a variable in training.
    pub fn learns(&self, id: VarId) -> bool {
        self.specs[id.0].kind == VarKind::Trainable && !self.frozen[id.0]
    }

    /// The same variables, for passes by Burn's ordinary operations alone.
    pub fn without_kernels(mut self) -> Self {
        self.kernels = false;
        self
    }

    /// Whether blocks may use earmark-kernels.
    pub fn uses_kernels(&self) -> bool {
        self.kernels
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
        assert_eq!(
            value.dims()[0],
            self.specs[id.0].len(),
            "`{}` has another size",
            self.specs[id.0].name
        );
        self.values[id.0] = value;
        self.prepared = Prepared::default();
        if self.frozen[id.0] {
            self.settled = Prepared::default();
        }
    }

    /// Replaces a variable by what `change` makes of it. While that runs, nothing here holds the old value, so that it can be
    /// changed in place.
    pub fn update(&mut self, id: VarId, change: impl FnOnce(Tensor<1>) -> Tensor<1>) {
        let device = self.values[id.0].device();
        let old = std::mem::replace(&mut self.values[id.0], flat(Vec::new(), &device));
        self.set(id, change(old));
    }

    /// What is kept for inference with these values.
    pub(crate) fn prepared(&self) -> &Prepared {
        &self.prepared
    }

    /// What is kept of frozen chains.
    pub(crate) fn settled(&self) -> &Prepared {
        &self.settled
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

    /// The same variables as leaves on the autodiff device, those that learn tracked.
    pub fn tracked(&self) -> Self {
        let values = self
            .values
            .iter()
            .enumerate()
            .map(|(i, v)| {
                let v = Tensor::from_inner(v.clone());
                if self.learns(VarId(i)) {
                    v.require_grad()
                } else {
                    v
                }
            })
            .collect();
        Self {
            specs: self.specs.clone(),
            values,
            kernels: self.kernels,
            prepared: Prepared::default(),
            frozen: Arc::clone(&self.frozen),
            settled: self.settled.clone(),
        }
    }

    /// Number of the network's parameters, of trainable ones or of all; see [`count`].
    pub fn count(&self, trainable_only: bool) -> usize {
        count(&self.specs, trainable_only)
    }
}

/// Number of parameters, of trainable ones or with the moving statistics; what is fitted is none.
pub fn count(specs: &[VarSpec], trainable_only: bool) -> usize {
    let wanted = |s: &&VarSpec| match s.kind {
        VarKind::Trainable => true,
        VarKind::Buffer => !trainable_only,
        VarKind::Fitted => false,
    };
    specs.iter().filter(wanted).map(VarSpec::len).sum()
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
