//! `train.precision` of a recipe.

use earmark_models::Precision;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What convolutions multiply while a network trains on a GPU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case", try_from = "String")]
#[schemars(!try_from)]
pub enum TrainPrecision {
    /// Single precision.
    #[default]
    F32,
    /// bfloat16, 8 bits of precision, in all convolutions but that of the attention over positions, on devices that have it.
    Bf16,
}

impl TryFrom<String> for TrainPrecision {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        match name.as_str() {
            "f32" => Ok(Self::F32),
            "bf16" => Ok(Self::Bf16),
            "int8" => Err("weights can't be trained as bytes; choose f32 or bf16".to_owned()),
            _ => Err(format!("unknown variant `{name}`, expected `f32` or `bf16`")),
        }
    }
}

impl From<TrainPrecision> for Precision {
    fn from(precision: TrainPrecision) -> Self {
        match precision {
            TrainPrecision::F32 => Self::F32,
            TrainPrecision::Bf16 => Self::Bf16,
        }
    }
}

impl fmt::Display for TrainPrecision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Precision::from(*self).name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_precisions_that_train() {
        let read = |text: &str| serde_json::from_str::<TrainPrecision>(text).unwrap();
        for precision in [TrainPrecision::F32, TrainPrecision::Bf16] {
            let written = serde_json::to_string(&precision).unwrap();
            assert_eq!(written, format!("\"{precision}\""));
            assert_eq!(read(&written), precision);
        }
        for (name, message) in [
            ("int8", "weights can't be trained as bytes; choose f32 or bf16"),
            ("fp16", "unknown variant `fp16`, expected `f32` or `bf16`"),
        ] {
            let refused = TrainPrecision::try_from(name.to_owned()).unwrap_err();
            assert_eq!(refused, message);
        }
    }
}
