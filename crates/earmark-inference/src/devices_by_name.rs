//! Devices by name: `cpu`, `cpu-plain` (without earmark's kernels), and the GPUs: `vulkan`, `webgpu`, `metal`, `cuda`.

pub use crate::device_names::DeviceError;
pub use crate::opened_device::Device;

impl Device {
    /// The device of `--device NAME`: `cpu` (Burn's flex backend, always available), `cpu-plain` (the same without
    /// earmark's kernels, several times slower, as a baseline), or a GPU: `vulkan`, `webgpu`, `metal` or `cuda`, with its
    /// number where there are several, as in `cuda:1`.
    ///
    /// `EARMARK_SIMD` chooses the instruction set of `cpu`, see [`Isa::wanted`](earmark_models::Isa::wanted). A GPU is
    /// tested when the process uses it for the first time.
    ///
    /// # Errors
    ///
    /// For a name that this build doesn't include, a device that is not there, and one that computes wrong.
    pub fn named(name: &str) -> Result<Self, DeviceError> {
        #[cfg(feature = "gpu")]
        crate::device_tests::admit(name)?;
        Self::untested(name)
    }

    /// The CPU.
    ///
    /// # Errors
    ///
    /// When `EARMARK_SIMD` asks for an instruction set that this machine doesn't have.
    pub fn cpu() -> Result<Self, DeviceError> {
        Self::named("cpu")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(not(feature = "gpu"))]
    use crate::device_names::{GPU_KINDS, is_built};

    #[test]
    fn unknown_devices_are_refused_by_name() {
        for name in ["gpu", "cpu:0", "cuda:first", "cuda:", "rocm:1", ""] {
            let message = Device::named(name).unwrap_err().to_string();
            let wanted = format!("--device {name}: unknown device; choose cpu");
            assert!(message.starts_with(&wanted), "{message}");
        }
        assert!(Device::cpu().is_ok() && Device::named("cpu-plain").is_ok());
    }

    #[cfg(not(feature = "gpu"))]
    #[test]
    fn what_is_not_built_is_refused_with_the_way_to_build_it() {
        for kind in GPU_KINDS {
            assert!(!is_built(kind));
            let message = Device::named(&format!("{kind}:1")).unwrap_err().to_string();
            assert!(
                message.ends_with(&format!("build with `cargo build --release --features {kind}`")),
                "{message}"
            );
        }
    }
}
