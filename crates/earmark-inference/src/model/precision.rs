//! The precision that a model was asked to score in, and the one that it scores in.

use crate::PipelineError;
use crate::devices_by_name::Device;
use earmark_models::{Precision, Products, Vars};
use serde::Serialize;

/// The precision of a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ModelPrecision {
    /// What was asked for: `--precision`, else the key `predict.precision` of its recipe.
    pub asked: Precision,
    /// What it scores in: single precision where what was asked for can't be computed, or would change nothing.
    pub computed: Precision,
    /// Why it scores in something else than what was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
}

impl ModelPrecision {
    /// What a device computes of what was asked for, and the products that do it.
    ///
    /// # Errors
    ///
    /// When the environment asks for an instruction set that the processor lacks.
    pub fn on(device: &Device, asked: Precision) -> Result<(Self, Products), PipelineError> {
        let found = device.products(asked)?;
        let precision = match found {
            Some(_) => Self {
                asked,
                computed: asked,
                reason: None,
            },
            None => Self::single(asked, lacking(asked)),
        };
        Ok((precision, found.unwrap_or_default()))
    }

    /// The same for a network with these variables, which then score so.
    ///
    /// # Errors
    ///
    /// As [`Self::on`].
    pub fn of_network(device: &Device, asked: Precision, vars: Vars) -> Result<(Self, Vars), PipelineError> {
        let (found, products) = Self::on(device, asked)?;
        if found.computed != Precision::F32 && !vars.gain_by_fewer_bits() {
            let reason = "no pointwise convolution of this network is wide enough to gain by it";
            return Ok((Self::single(asked, reason), vars));
        }
        Ok((found, vars.with_products(products)))
    }

    fn single(asked: Precision, reason: &'static str) -> Self {
        Self {
            asked,
            computed: Precision::F32,
            reason: Some(reason),
        }
    }

    /// What must be said where it is not what was asked for.
    pub fn note(self) -> Option<String> {
        let Self { asked, computed, .. } = self;
        let reason = self.reason?;
        Some(format!(
            "--precision {asked}: {reason}; scores are computed in {computed}"
        ))
    }

    /// What must be said of several models, each once.
    pub fn notes(all: &[Self]) -> Vec<String> {
        let mut notes: Vec<String> = all.iter().filter_map(|one| one.note()).collect();
        notes.sort();
        notes.dedup();
        notes
    }
}

/// What a device without the products of a precision lacks.
fn lacking(asked: Precision) -> &'static str {
    match asked {
        Precision::Int8 => {
            "needs the CPU's AVX512-VNNI, which this device, its processor or EARMARK_SIMD lacks"
        }
        _ => "needs the CPU's AVX512-BF16, which this device, its processor or EARMARK_SIMD lacks",
    }
}
