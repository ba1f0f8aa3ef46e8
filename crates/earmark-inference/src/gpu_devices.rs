//! The GPUs of this machine, as Burn opens them.

use crate::device_names::DeviceError;
#[cfg(feature = "cuda")]
use burn::tensor::DeviceIndex;
#[cfg(any(feature = "vulkan", feature = "webgpu", feature = "metal"))]
use burn::tensor::DeviceKind;
use burn::tensor::{Device, DeviceType, Devices};

/// The device with a number, or the default one of its kind.
pub(crate) fn open(name: &str, kind: &str, index: Option<usize>) -> Result<Device, DeviceError> {
    let not_built = || DeviceError::NotBuilt(kind.to_owned());
    let Some(index) = index else {
        return default_of(kind).ok_or_else(not_built);
    };
    let devices = all_of(kind).ok_or_else(not_built)?;
    let found = devices.get(index).cloned();
    found.ok_or_else(|| DeviceError::NotFound {
        name: name.to_owned(),
        found: devices.len(),
    })
}

/// The one that a kind's name alone means; `None` for kinds that are not built.
fn default_of(kind: &str) -> Option<Device> {
    match kind {
        #[cfg(feature = "vulkan")]
        "vulkan" => Some(Device::vulkan(DeviceKind::DefaultDevice)),
        // Burn's own `webgpu` is the browser's. Here it is whatever the system has, in WebGPU's language, WGSL.
        #[cfg(all(feature = "webgpu", not(feature = "vulkan")))]
        "webgpu" => Some(Device::wgpu(DeviceKind::DefaultDevice)),
        #[cfg(feature = "metal")]
        "metal" => Some(Device::metal(DeviceKind::DefaultDevice)),
        #[cfg(feature = "cuda")]
        "cuda" => Some(Device::cuda(DeviceIndex::Default)),
        _ => None,
    }
}

/// All of a kind, in the order of their numbers; `None` for kinds that are not built.
fn all_of(kind: &str) -> Option<Devices> {
    let found: DeviceType = match kind {
        #[cfg(feature = "vulkan")]
        "vulkan" => DeviceType::Vulkan,
        #[cfg(all(feature = "webgpu", not(feature = "vulkan")))]
        "webgpu" => DeviceType::Wgpu,
        #[cfg(feature = "metal")]
        "metal" => DeviceType::Metal,
        #[cfg(feature = "cuda")]
        "cuda" => DeviceType::Cuda,
        _ => return None,
    };
    Some(Device::enumerate(found))
}

/// How many there are of a kind.
///
/// # Errors
///
/// For a kind that this build doesn't include.
pub fn count(kind: &str) -> Result<usize, DeviceError> {
    let devices = all_of(kind).ok_or_else(|| DeviceError::NotBuilt(kind.to_owned()))?;
    Ok(devices.len())
}

/// What a device calls itself.
pub(crate) fn hardware(device: &Device) -> Option<String> {
    device.identity().map(|identity| identity.name)
}

/// The driver of a device of this kind and hardware, with its version, where the system says.
pub(crate) fn driver(kind: &str, hardware: &str) -> Option<String> {
    match kind {
        "cuda" => nvidia_driver(),
        _ => graphics_driver(kind, hardware),
    }
}

/// The first line of what the kernel module of NVIDIA says of itself.
fn nvidia_driver() -> Option<String> {
    let text = std::fs::read_to_string("/proc/driver/nvidia/version").ok()?;
    let line = text.lines().next()?;
    Some(line.trim_start_matches("NVRM version:").trim().to_owned())
}

#[cfg(any(feature = "vulkan", feature = "webgpu", feature = "metal"))]
fn graphics_driver(kind: &str, hardware: &str) -> Option<String> {
    use burn::tensor::wgpu::wgpu::{Backends, Instance, InstanceDescriptor};
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    let backends = match kind {
        "vulkan" => Backends::VULKAN,
        "metal" => Backends::METAL,
        _ => Backends::all(),
    };
    let instance = Instance::new(InstanceDescriptor {
        backends,
        ..InstanceDescriptor::new_without_display_handle()
    });
    // Outside of a browser it is there at once.
    let adapters = pin!(instance.enumerate_adapters(backends));
    let Poll::Ready(adapters) = adapters.poll(&mut Context::from_waker(Waker::noop())) else {
        return None;
    };
    let mut infos = adapters.iter().map(|adapter| adapter.get_info());
    let info = infos.find(|info| info.name == hardware)?;
    let driver = format!("{} {}", info.driver, info.driver_info);
    Some(driver.trim().to_owned()).filter(|driver| !driver.is_empty())
}

#[cfg(not(any(feature = "vulkan", feature = "webgpu", feature = "metal")))]
fn graphics_driver(_kind: &str, _hardware: &str) -> Option<String> {
    None
}

/// The file in which the fastest kernels are kept, whether it is there yet or not.
pub fn tuning_file() -> std::path::PathBuf {
    use burn_cubecl::cubecl::config::{CubeClRuntimeConfig, RuntimeConfig};

    // Reads cubecl.toml and the environment, which may place it elsewhere.
    CubeClRuntimeConfig::get();
    burn_cubecl::cubecl::environment::path()
}
