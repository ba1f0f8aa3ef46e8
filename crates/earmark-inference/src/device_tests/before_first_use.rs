//! A GPU is used only after its test, once per process.

use super::child_process::ask;
use super::self_test::{SelfTest, self_test};
use crate::device_names::{DeviceError, gpu_kind_and_index, is_built};
use earmark_core::caught_panics::catch_panic;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// How long a test may take: the first one on a machine compiles and measures kernels.
const LIMIT: Duration = Duration::from_secs(300);

/// The program that tests in a process of its own.
static PROGRAM: OnceLock<PathBuf> = OnceLock::new();

/// What is known of each device by name, or why it is refused.
static TESTED: Mutex<BTreeMap<String, Result<(), String>>> = Mutex::new(BTreeMap::new());

/// From now on, devices are tested by this program, which has the command `device-test`. Without one they are tested in
/// this process, which a driver that crashes ends.
pub fn test_with_program(program: PathBuf) {
    // The first one stays.
    let _ = PROGRAM.set(program);
}

/// Tests a GPU that this process has not tested yet. Names of other devices pass.
///
/// # Errors
///
/// For a device that is refused, each time that it is asked for.
pub(crate) fn admit(name: &str) -> Result<(), DeviceError> {
    if !gpu_kind_and_index(name).is_some_and(|(kind, _)| is_built(kind)) {
        return Ok(());
    }
    // A test that panicked has left nothing half-done.
    let mut tested = TESTED.lock().unwrap_or_else(PoisonError::into_inner);
    let known = tested.entry(name.to_owned());
    let known = known.or_insert_with(|| match test_in_program(name) {
        Ok(test) => test.failure().map_or(Ok(()), Err),
        Err(why) => Err(why),
    });
    // The name is in the message already.
    let prefix = format!("--device {name}: ");
    known.clone().map_err(|why| DeviceError::Refused {
        name: name.to_owned(),
        why: why.strip_prefix(&prefix).unwrap_or(&why).to_owned(),
    })
}

/// Tests a device in a process of its own, where there is a program for it.
///
/// # Errors
///
/// Why the result is missing, in words that follow "as".
pub fn test_in_program(name: &str) -> Result<SelfTest, String> {
    match PROGRAM.get() {
        Some(program) => ask(Command::new(program).args(["device-test", name]), LIMIT),
        None => catch_panic(|| self_test(name))?.map_err(|e| e.to_string()),
    }
}

/// How many devices there are of a kind, counted in a process of its own, where there is a program for it.
///
/// # Errors
///
/// As [`test_in_program`].
pub fn count_in_program(kind: &str) -> Result<usize, String> {
    match PROGRAM.get() {
        Some(program) => ask(
            Command::new(program).args(["device-test", "--count", kind]),
            LIMIT,
        ),
        None => catch_panic(|| crate::gpu_devices::count(kind))?.map_err(|e| e.to_string()),
    }
}
