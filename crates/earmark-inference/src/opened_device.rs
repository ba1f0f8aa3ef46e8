//! A device as networks use it.

use crate::device_names::{DeviceError, PLAIN, gpu_kind_and_index};
use burn::tensor::Device as BurnDevice;
use earmark_models::{Isa, Precision, Products, Vars};

/// Where networks compute.
#[derive(Clone, Debug)]
pub struct Device {
    name: String,
    burn: BurnDevice,
    /// What was asked for, if anything was.
    precision: Option<Precision>,
}

impl Device {
    /// The device of a name, with a GPU as it is, for the test itself; see [`Self::named`].
    pub(crate) fn untested(name: &str) -> Result<Self, DeviceError> {
        let burn = match name {
            "cpu" => {
                Isa::wanted()?;
                BurnDevice::flex()
            }
            PLAIN => BurnDevice::flex(),
            _ => gpu(name)?,
        };
        let name = name.to_owned();
        Ok(Self {
            name,
            burn,
            precision: None,
        })
    }

    /// As Burn knows it.
    pub fn burn(&self) -> &BurnDevice {
        &self.burn
    }

    /// As `--device` names it.
    #[cfg(any(feature = "gpu", test))]
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The variables as this device computes with them: with earmark's kernels, or without them on `cpu-plain`.
    pub fn prepare(&self, vars: Vars) -> Vars {
        if self.name == PLAIN {
            vars.without_kernels()
        } else {
            vars
        }
    }

    /// The same device for models that score in this precision; `None`: in that of their recipes.
    #[must_use]
    pub fn with_precision(mut self, precision: Option<Precision>) -> Self {
        self.precision = precision;
        self
    }

    /// The precision that models shall score in, whatever their recipes say.
    pub fn precision(&self) -> Option<Precision> {
        self.precision
    }

    /// The products that compute a precision here; `None` where this device has none but those of single precision.
    ///
    /// # Errors
    ///
    /// As [`Self::cpu`].
    pub fn products(&self, precision: Precision) -> Result<Option<Products>, DeviceError> {
        match (precision, self.name.as_str()) {
            (Precision::F32, _) => Ok(Some(Products::single())),
            (_, "cpu") => Ok(precision.products()?),
            _ => Ok(None),
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

/// A GPU as Burn knows it.
fn gpu(name: &str) -> Result<BurnDevice, DeviceError> {
    match gpu_kind_and_index(name) {
        #[cfg(feature = "gpu")]
        Some((kind, index)) if crate::device_names::is_built(kind) => {
            crate::gpu_devices::open(name, kind, index)
        }
        Some((kind, _)) => Err(DeviceError::NotBuilt(kind.to_owned())),
        None => Err(DeviceError::Unknown(name.to_owned())),
    }
}
