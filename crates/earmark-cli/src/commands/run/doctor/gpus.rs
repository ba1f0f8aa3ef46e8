//! The GPUs that this build includes.

use super::{Diagnosis, State};
use crate::prelude::*;
use earmark::inference::device::{
    Comparison, SelfTest, compare_with_cpu, count_in_program, missing_libraries, test_in_program,
    tuning_file, vulkan_drivers,
};
use serde::Serialize;

/// The devices of a kind, each tested in a process of its own.
pub(super) fn of_kind(kind: &str) -> Vec<Diagnosis> {
    let of = |state, details, remedy| {
        vec![Diagnosis {
            device: kind.to_owned(),
            state,
            details,
            remedy: Some(remedy),
        }]
    };
    let found = count_in_program(kind);
    if let Ok(count @ 1..) = found {
        return (0..count).map(|k| diagnosis(&format!("{kind}:{k}"))).collect();
    }
    // Looked for only now: a library may be where nobody would look.
    if let [(library, from), ..] = missing_libraries(kind)[..] {
        let details = format!("{library} was not found");
        return of(State::NotFound, details, format!("install {from}"));
    }
    match found {
        Ok(_) => of(State::NotFound, nothing_found(kind), driver_remedy(kind).into()),
        Err(why) => of(State::Refused, why, driver_remedy(kind).into()),
    }
}

fn nothing_found(kind: &str) -> String {
    if !["vulkan", "webgpu"].contains(&kind) || !cfg!(target_os = "linux") {
        return "there is no such device".into();
    }
    let drivers = vulkan_drivers();
    match drivers.is_empty() {
        true => "there is no Vulkan driver".into(),
        false => {
            let names = drivers.iter().map(|path| shown(path));
            let names = names.collect::<Vec<_>>().join(", ");
            format!("there is no such device, by the drivers {names}")
        }
    }
}

fn driver_remedy(kind: &str) -> &'static str {
    match kind {
        "cuda" => "install NVIDIA's driver; `nvidia-smi` must list the device",
        "metal" => "Metal needs macOS",
        _ => "install the driver of the GPU; `vulkaninfo --summary` must list it",
    }
}

/// What the test of one device says.
fn diagnosis(device: &str) -> Diagnosis {
    let (state, details) = match test_in_program(device) {
        Ok(test) => match test.failure() {
            None => (State::Ready, passed(&test)),
            Some(why) => (State::Refused, why),
        },
        Err(why) => (State::Refused, why),
    };
    let is_refused = matches!(state, State::Refused);
    Diagnosis {
        device: device.to_owned(),
        state,
        details,
        remedy: is_refused.then(|| "install another driver, or use another device".into()),
    }
}

fn passed(test: &SelfTest) -> String {
    let names = [&test.hardware, &test.driver].into_iter().flatten();
    let names = names.cloned().collect::<Vec<_>>().join(", ");
    format!(
        "{names}; tested in {}; worst: {}",
        human_duration(test.seconds),
        test.worst
    )
}

/// The file in which the fastest kernels are kept.
#[derive(Serialize)]
pub(super) struct Tuning {
    file: PathBuf,
    /// Its size; none before anything was measured.
    bytes: Option<u64>,
}

pub(super) fn tuning() -> Tuning {
    let file = tuning_file();
    let bytes = std::fs::metadata(&file).ok().map(|found| found.len());
    Tuning { file, bytes }
}

impl Tuning {
    /// What it is, and what to do with it.
    pub fn message(&self) -> String {
        let file = shown(&self.file);
        match self.bytes {
            Some(bytes) => format!(
                "measured kernels: {file}, {}; delete it after a change of driver or device",
                human_bytes(bytes)
            ),
            None => format!(
                "measured kernels: none yet; the first steps on a device take longer and write {file}"
            ),
        }
    }
}

/// Compares a device with the CPU, in this process: what a driver that crashes leaves is how far it came.
pub(super) fn compare(device: &str, as_json: bool) -> anyhow::Result<Status> {
    let (mut failed, mut count, mut printed) = (0, 0, Ok(()));
    compare_with_cpu(device, &mut |done: &Comparison| {
        count += 1;
        failed += usize::from(!done.passed);
        let outcome = if done.passed { "agrees" } else { "DIFFERS" };
        let next = match as_json {
            true => output::print_json_line(done),
            false => print(format!("{outcome}  {}: {}", done.of, done.worst)),
        };
        if printed.is_ok() {
            printed = next;
        }
    })?;
    printed?;
    if failed > 0 {
        bail!("--compare {device}: {failed} of {count} results differ from the CPU's; do not use it");
    }
    Ok(Status::Done)
}
