//! Devices by name: `cpu`, `cpu-plain` (without earmark's kernels), `vulkan`, `webgpu`, `metal`.

use burn::tensor::Device as BurnDevice;
use earmark_models::{Isa, IsaError, Vars};

/// Why a device can't be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum DeviceError {
    /// No device of that name.
    #[error("--device {0}: unknown device; choose cpu, cpu-plain{more}", more = built_in())]
    Unknown(String),
    /// Not in this build.
    #[error(
        "--device {0}: this build does not include it; build with `cargo build --release --features {0}`"
    )]
    NotBuilt(String),
    /// The instruction set that the environment asks for is not available.
    #[error(transparent)]
    InstructionSet(#[from] IsaError),
}

fn built_in() -> &'static str {
    if cfg!(feature = "vulkan") {
        ", vulkan"
    } else {
        " (vulkan, webgpu and metal are cargo features)"
    }
}

/// `cpu` without earmark's own kernels: Burn's operations one by one, to compare with.
const PLAIN: &str = "cpu-plain";

/// Where networks compute.
#[derive(Clone, Debug)]
pub struct Device {
    name: String,
    burn: BurnDevice,
}

impl Device {
    /// The device of `--device NAME`: `cpu` (Burn's flex backend, always available), `cpu-plain` (the same without earmark's
    /// kernels, several times slower, as a baseline), `vulkan`, `webgpu` or `metal`.
    ///
    /// `EARMARK_SIMD` chooses the instruction set of `cpu`, see [`Isa::wanted`].
    ///
    /// # Errors
    ///
    /// For a name that this build doesn't include.
    pub fn named(name: &str) -> Result<Self, DeviceError> {
        let burn = match name {
            "cpu" => {
                Isa::wanted()?;
                BurnDevice::flex()
            }
            PLAIN => BurnDevice::flex(),
            #[cfg(feature = "vulkan")]
            "vulkan" => BurnDevice::vulkan(burn::tensor::DeviceKind::DefaultDevice),
            #[cfg(feature = "webgpu")]
            "webgpu" => BurnDevice::webgpu(burn::tensor::DeviceKind::DefaultDevice),
            #[cfg(feature = "metal")]
            "metal" => BurnDevice::metal(burn::tensor::DeviceKind::DefaultDevice),
            "vulkan" | "webgpu" | "metal" => return Err(DeviceError::NotBuilt(name.to_owned())),
            _ => return Err(DeviceError::Unknown(name.to_owned())),
        };
        let name = name.to_owned();
        Ok(Self { name, burn })
    }

    /// The CPU.
    ///
    /// # Errors
    ///
    /// When `EARMARK_SIMD` asks for an instruction set that this machine doesn't have.
    pub fn cpu() -> Result<Self, DeviceError> {
        Self::named("cpu")
    }

    /// As Burn knows it.
    pub fn burn(&self) -> &BurnDevice {
        &self.burn
    }

    /// The variables as this device computes with them: with earmark's kernels, or without them on `cpu-plain`.
    pub fn prepare(&self, vars: Vars) -> Vars {
        if self.name == PLAIN {
            vars.without_kernels()
        } else {
            vars
        }
    }

    /// The instruction set of the kernels; `None` where they are not used.
    ///
    /// # Errors
    ///
    /// As [`Self::cpu`].
    pub fn instruction_set(&self) -> Result<Option<&'static str>, DeviceError> {
        match self.name.as_str() {
            "cpu" => Ok(Some(Isa::wanted()?.name())),
            _ => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_devices_are_refused_by_name() {
        let message = Device::named("gpu").unwrap_err().to_string();
        assert!(
            message.starts_with("--device gpu: unknown device; choose cpu"),
            "{message}"
        );
        assert!(Device::cpu().is_ok() && Device::named("cpu-plain").is_ok());
    }
}
