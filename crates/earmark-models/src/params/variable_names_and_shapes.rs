//! Named variables: what a checkpoint stores and an optimiser moves.

use crate::params::initial_values::VarInit;

/// Handle of one variable; valid for the `Vars` it was declared in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct VarId(pub usize);

/// Whether training moves a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VarKind {
    /// Moved by the optimiser; what a warm start transfers.
    Trainable,
    /// State that forward passes maintain (moving mean and variance).
    Buffer,
    /// Scaler of the input, fitted on the training clips before the first step; not a parameter of the network.
    Scaler,
}

/// Name, shape and start of one variable.
#[derive(Clone, Debug, PartialEq)]
pub struct VarSpec {
    /// Dotted name, unique in its network; parameters are selected by its prefixes.
    pub name: String,
    /// Dimensions, outermost first; convolution weights are `[out, in / groups, height, width]`, dense ones `[out, in]`.
    pub shape: Vec<usize>,
    /// Trainable weight or buffer.
    pub kind: VarKind,
    /// How a fresh network fills it.
    pub init: VarInit,
}

impl VarSpec {
    /// Number of scalars; [`usize::MAX`] for more than can be counted.
    pub fn len(&self) -> usize {
        self.shape.iter().fold(1, |n, d| n.saturating_mul(*d))
    }

    /// True for a variable without scalars; no network here declares one.
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
    /// If the name is taken: two layers would share a variable by accident.
    pub fn add(&mut self, name: impl Into<String>, shape: &[usize], kind: VarKind, init: VarInit) -> VarId {
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

    /// Adds a variable that the optimiser moves, under the name `prefix.name`.
    pub fn trainable(&mut self, prefix: &str, name: &str, shape: &[usize], init: VarInit) -> VarId {
        self.add(format!("{prefix}.{name}"), shape, VarKind::Trainable, init)
    }

    /// Keeps a declared variable at its initial value: the optimiser does not move it.
    pub fn fix(&mut self, id: VarId) {
        self.specs[id.0].kind = VarKind::Buffer;
    }

    /// The declared variables in order.
    pub fn finish(self) -> Vec<VarSpec> {
        self.specs
    }
}

/// Number of parameters: the trainable ones, or with the moving statistics. Scalers do not count.
pub fn count_parameters(specs: &[VarSpec], trainable_only: bool) -> usize {
    let wanted = |s: &&VarSpec| match s.kind {
        VarKind::Trainable => true,
        VarKind::Buffer => !trainable_only,
        VarKind::Scaler => false,
    };
    specs.iter().filter(wanted).map(VarSpec::len).sum()
}
