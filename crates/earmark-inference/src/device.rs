//! Devices by name.

use burn::tensor::Device;
use earmark_models::{Isa, IsaError, Vars};

/// Why a device can't be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum DeviceError {
    /// No device of that name.
    #[error("--device {0}: no such device; choose cpu, cpu-plain{more}", more = built_in())]
    Unknown(String),
    /// Not in this build.
    #[error(
        "--device {name}: this build has no {name}; build with `cargo build --release --features {name}`"
    )]
    NotBuilt {
        /// The device.
        name: String,
    },
    /// The instruction set that the environment asks for can't be had.
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

/// The variables as the device of that name computes with them.
pub fn vars_for(name: &str, vars: Vars) -> Vars {
    if name == PLAIN {
        vars.without_kernels()
    } else {
        vars
    }
}

/// The device that `--device NAME` means: `cpu` (Burn's flex backend, always there), `cpu-plain` (the same without our kernels,
/// several times slower: what they are measured against), `vulkan`, `webgpu` or `metal`.
///
/// `EARMARK_SIMD` chooses the instruction set of `cpu`, see [`Isa::wanted`].
pub fn device(name: &str) -> Result<Device, DeviceError> {
    match name {
        "cpu" => {
            Isa::wanted()?;
            Ok(Device::flex())
        }
        PLAIN => Ok(Device::flex()),
        #[cfg(feature = "vulkan")]
        "vulkan" => Ok(Device::vulkan(burn::tensor::DeviceKind::DefaultDevice)),
        #[cfg(feature = "webgpu")]
        "webgpu" => Ok(Device::webgpu(burn::tensor::DeviceKind::DefaultDevice)),
        #[cfg(feature = "metal")]
        "metal" => Ok(Device::metal(burn::tensor::DeviceKind::DefaultDevice)),
        "vulkan" | "webgpu" | "metal" => Err(DeviceError::NotBuilt {
            name: name.to_owned(),
        }),
        _ => Err(DeviceError::Unknown(name.to_owned())),
    }
}

/// The instruction set that the kernels of this device run with; `None` where they are not used.
pub fn instruction_set(device: &str) -> Result<Option<&'static str>, DeviceError> {
    Ok(match device {
        "cpu" => Some(Isa::wanted()?.name()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_devices_are_refused_by_name() {
        let message = device("gpu").unwrap_err().to_string();
        assert!(
            message.starts_with("--device gpu: no such device; choose cpu"),
            "{message}"
        );
        assert!(device("cpu").is_ok() && device("cpu-plain").is_ok());
    }
}
