//! The precision in which networks compute.

use earmark_kernels::{Isa, IsaError, Products};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What the products of a network multiply when it scores; sums are of single precision or exact. Training knows the first two,
/// the second on GPUs only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// Single precision: the same scores on every machine with the same instruction set.
    #[default]
    F32,
    /// bfloat16, 8 bits of precision, in pointwise convolutions: on processors with AVX512-BF16.
    Bf16,
    /// Bytes in pointwise convolutions, with a scale for each output channel and for each pixel: on processors with
    /// AVX512-VNNI.
    Int8,
}

impl Precision {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::F32, Self::Bf16, Self::Int8];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
            Self::Int8 => "int8",
        }
    }

    /// The products that compute it on this processor's cores; `None` where it lacks the instructions, or where the
    /// environment forbids them.
    ///
    /// # Errors
    ///
    /// When the environment asks for an instruction set that this processor lacks.
    pub fn products(self) -> Result<Option<Products>, IsaError> {
        Ok(match self {
            Self::F32 => Some(Products::single()),
            Self::Bf16 => Products::bf16(Isa::limit()?),
            Self::Int8 => Products::int8(Isa::limit()?),
        })
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Precision {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|precision| precision.name() == name);
        found.ok_or_else(|| format!("{name}: unknown precision; choose f32, bf16 or int8"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_recipes() {
        for precision in Precision::ALL {
            assert_eq!(precision.name().parse(), Ok(precision));
            assert_eq!(serde_json::json!(precision), precision.name());
        }
        let message = "fp16".parse::<Precision>().unwrap_err();
        assert_eq!(message, "fp16: unknown precision; choose f32, bf16 or int8");
    }
}
