//! `train.precision` on the device that trains.

use super::config::TrainConfig;
use super::train_precision::TrainPrecision;
use burn::tensor::{DType, Device};
use earmark_core::ConfigError;
use earmark_kernels::burn_ops::runs_on;
use earmark_models::Precision;

impl TrainConfig {
    /// What convolutions multiply on this device: on the CPU, always single precision.
    pub(super) fn precision_on(&self, device: &Device) -> Precision {
        if runs_on(device) {
            Precision::F32
        } else {
            self.precision.into()
        }
    }

    /// Checks that the device computes in the precision that the recipe asks for. Returns a remark where it is not asked to.
    pub(super) fn check_precision_on(&self, device: &Device) -> Result<Option<String>, ConfigError> {
        if self.precision_on(device) != Precision::from(self.precision) {
            let asked = self.precision;
            return Ok(Some(format!(
                "train.precision = \"{asked}\" is for GPUs: the CPU trains in single precision"
            )));
        }
        let fine = self.precision != TrainPrecision::Bf16 || device.supports_dtype(DType::BF16);
        let remedy = "this device does not compute with it; choose f32";
        ConfigError::unless(fine, "train.precision", self.precision, remedy)?;
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cpu_trains_in_single_precision_and_says_so() {
        let cpu = Device::flex();
        for (precision, remarks) in [("f32", false), ("bf16", true)] {
            let json = format!(r#"{{ "learning-rate": 0.1, "precision": "{precision}" }}"#);
            let train: TrainConfig = serde_json::from_str(&json).unwrap();
            assert_eq!(train.precision_on(&cpu), Precision::F32);
            let remark = train.check_precision_on(&cpu).unwrap();
            assert_eq!(remark.is_some(), remarks, "{remark:?}");
        }
    }
}
