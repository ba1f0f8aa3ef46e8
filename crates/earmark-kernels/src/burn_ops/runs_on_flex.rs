//! Which devices the kernels serve: those of Burn's flex backend.

use burn::backend::DispatchDevice;
use burn::tensor::Device;

/// Whether the operations of [`burn_ops`](crate::burn_ops) run on a device: Burn's flex backend, with or without autodiff.
pub fn runs_on(device: &Device) -> bool {
    matches!(device.clone().inner().as_dispatch(), DispatchDevice::Flex(_))
}
