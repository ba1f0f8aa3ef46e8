//! The test of a device before it is used.

use super::agreement::Difference;
use super::small_network::{Results, results};
use crate::device_names::DeviceError;
use crate::opened_device::Device;
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// What rounding explains: GPUs may multiply with 10 bits of mantissa (TF32). What computes wrong is off by far more.
const ALLOWED: f64 = 0.02;

/// What the test of a device found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SelfTest {
    /// The device, as `--device` names it.
    pub device: String,
    /// What it calls itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hardware: Option<String>,
    /// Its driver and the version, where the system says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
    /// How long the small network took on it, with the compilation of its kernels.
    pub seconds: f64,
    /// The result that is furthest from the CPU's.
    pub worst: Difference,
}

impl SelfTest {
    /// Whether the device computes what the CPU computes.
    pub fn passed(&self) -> bool {
        self.worst.is_rounding()
    }

    /// What it did wrong, in words that follow "as"; `None` where it passed.
    pub fn failure(&self) -> Option<String> {
        let name = self.hardware.as_deref().unwrap_or("the device");
        let driver = self.driver.as_deref();
        let driver = driver.map_or(String::new(), |driver| format!(" (driver {driver})"));
        (!self.passed()).then(|| format!("{name}{driver} computes wrong: {}", self.worst))
    }
}

/// Has a device compute the small network and compares the results with the CPU's. It uses the device in this process.
///
/// # Errors
///
/// For a name that this build doesn't include and a device that is not there. Burn panics where a driver can't be used.
pub fn self_test(name: &str) -> Result<SelfTest, DeviceError> {
    let device = Device::untested(name)?;
    let begun = Instant::now();
    let got = results(device.burn());
    let seconds = begun.elapsed().as_secs_f64();
    let cpu = results(Device::untested("cpu")?.burn());
    let (hardware, driver) = hardware_and_driver(&device);
    Ok(SelfTest {
        device: name.to_owned(),
        hardware,
        driver,
        seconds,
        worst: worst(got, cpu),
    })
}

#[cfg(feature = "gpu")]
fn hardware_and_driver(device: &Device) -> (Option<String>, Option<String>) {
    let hardware = crate::gpu_devices::hardware(device.burn());
    let kind = crate::device_names::gpu_kind_and_index(device.name()).map(|(kind, _)| kind);
    let of_kind = kind.zip(hardware.as_deref());
    let driver = of_kind.and_then(|(kind, hardware)| crate::gpu_devices::driver(kind, hardware));
    (hardware, driver)
}

#[cfg(not(feature = "gpu"))]
fn hardware_and_driver(device: &Device) -> (Option<String>, Option<String>) {
    (Some(device.name().to_owned()), None)
}

/// The result that is furthest from the CPU's.
fn worst(got: Results, cpu: Results) -> Difference {
    let each = got.iter().zip(&cpu);
    let each = each.map(|((of, got), (_, cpu))| Difference::between(*of, got, cpu, ALLOWED));
    // Of no results, nothing is known.
    Difference::worst(each).unwrap_or_else(|| Difference::between("results", &[], &[0.0], ALLOWED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cpu_passes_its_own_test() {
        for name in ["cpu", "cpu-plain"] {
            let test = self_test(name).unwrap();
            assert!(test.passed(), "{test:?}");
            assert_eq!((test.failure(), test.device.as_str()), (None, name));
        }
        assert!(matches!(self_test("gpu"), Err(DeviceError::Unknown(_))));
    }

    fn results_of_cpu() -> Results {
        results(Device::cpu().unwrap().burn())
    }

    fn with_worst(worst: Difference) -> SelfTest {
        SelfTest {
            device: "vulkan:1".into(),
            hardware: Some("Some Device".into()),
            driver: Some("Some Driver 1.2".into()),
            seconds: 0.1,
            worst,
        }
    }

    /// A device that is wrong in one result alone is refused, whichever it is and however: one value for all classes,
    /// nothing at all, no numbers, the sign, half of a tensor never written.
    #[test]
    fn a_device_that_computes_wrong_is_refused() {
        let wrongs: [fn(&mut Vec<f32>); 5] = [
            |v| v.fill(0.49),
            |v| v.fill(0.0),
            |v| v[0] = f32::NAN,
            |v| v.iter_mut().for_each(|v| *v = -*v),
            |v| v.truncate(v.len() / 2),
        ];
        for k in 0..results_of_cpu().len() {
            for wrong in wrongs {
                let mut got = results_of_cpu();
                wrong(&mut got[k].1);
                let test = with_worst(worst(got, results_of_cpu()));
                assert!(!test.passed(), "{test:?}");
                let why = test.failure().unwrap();
                let wanted = format!(
                    "Some Device (driver Some Driver 1.2) computes wrong: {}",
                    test.worst
                );
                assert_eq!(why, wanted);
                assert_eq!(test.worst.of, results_of_cpu()[k].0);
            }
        }
        assert!(!with_worst(worst(Vec::new(), results_of_cpu())).passed());
    }

    /// Multiplication with 10 bits of mantissa is not refused.
    #[test]
    fn rounding_passes() {
        let mut got = results_of_cpu();
        for (_, values) in &mut got {
            values.iter_mut().for_each(|v| *v *= 1.0 + 1.0 / 1024.0);
        }
        assert!(with_worst(worst(got, results_of_cpu())).passed());
    }
}
