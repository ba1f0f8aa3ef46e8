//! Marks that say which process writes a temporary file or folder: `MACHINE-PID`.
//!
//! Machines that share a disk have processes of the same numbers. So a mark names the machine as well, and nothing is
//! said of a process of another one, of another container, or of this machine before it was last started.

use crate::checksum::Checksum;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

/// Hexadecimal digits that name a machine.
const DIGITS: usize = 8;

/// What is known of the process of a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProcessState {
    /// It is at work on this machine.
    Running,
    /// It was one of this machine, and is gone.
    Ended,
    /// It is not one of this machine, or the system does not say.
    Unknown,
}

/// The mark of this process.
pub fn process_mark() -> String {
    format!("{}-{}", machine(), std::process::id())
}

/// Whether the process of a mark is known to have ended.
pub fn has_ended(mark: &str) -> bool {
    state_of(mark) == ProcessState::Ended
}

/// What is known of the process of a mark.
pub(crate) fn state_of(mark: &str) -> ProcessState {
    match split(mark) {
        Some((of, process)) if of == machine() => state_in(Path::new("/proc"), process),
        _ => ProcessState::Unknown,
    }
}

/// What a folder of processes says of one. Where not even the first process is there, those of other users are hidden
/// (`hidepid`), or there is no such folder.
fn state_in(processes: &Path, process: &str) -> ProcessState {
    let is_there = |process: &str| processes.join(process).exists();
    match (is_there(process), is_there("1")) {
        (true, _) => ProcessState::Running,
        (false, true) => ProcessState::Ended,
        (false, false) => ProcessState::Unknown,
    }
}

/// Whether a text is a mark of any machine.
pub(crate) fn is_mark(text: &str) -> bool {
    split(text).is_some()
}

/// The machine and the process of a mark.
fn split(mark: &str) -> Option<(&str, &str)> {
    let (machine, process) = mark.split_once('-')?;
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let is_machine = machine.len() == DIGITS && machine.bytes().all(is_hex);
    (is_machine && is_number(process)).then_some((machine, process))
}

/// Whether a text is digits and nothing else.
pub(crate) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// This machine since it was started, as its processes see it: those of a container have numbers of their own.
fn machine() -> &'static str {
    static MACHINE: LazyLock<String> = LazyLock::new(|| {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let (host, started) = (
            read("/proc/sys/kernel/hostname"),
            read("/proc/sys/kernel/random/boot_id"),
        );
        let numbers = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
        let known = format!("{host}{started}{}", numbers.display());
        Checksum::of(known.as_bytes())[..DIGITS].to_owned()
    });
    &MACHINE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn only_processes_of_this_machine_are_known() {
        let mark = process_mark();
        assert_eq!(state_of(&mark), ProcessState::Running);
        let (machine, _) = split(&mark).unwrap();
        // No process has this number: Linux has at most four million.
        assert!(has_ended(&format!("{machine}-4294967000")));
        let other = match machine {
            "00000000" => "00000001",
            _ => "00000000",
        };
        for unknown in [
            format!("{other}-4294967000"),
            "4294967000".to_owned(),
            format!("{machine}-"),
            format!("{machine}-self"),
            format!("{machine}-1/.."),
        ] {
            assert_eq!(state_of(&unknown), ProcessState::Unknown, "{unknown}");
        }
    }

    /// On a machine of many users, a process that is not seen may be another's.
    #[test]
    fn hidden_processes_have_not_ended() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("7")).unwrap();
        let states = || ["7", "8"].map(|process| state_in(dir.path(), process));
        assert_eq!(states(), [ProcessState::Running, ProcessState::Unknown]);
        fs::create_dir(dir.path().join("1")).unwrap();
        assert_eq!(states(), [ProcessState::Running, ProcessState::Ended]);
        let none = dir.path().join("none");
        assert_eq!(state_in(&none, "7"), ProcessState::Unknown);
    }

    #[test]
    fn marks_are_known_by_their_form() {
        assert!(is_mark(&process_mark()) && is_mark("0123abcd-1"));
        for other in [
            "",
            "12",
            "0123abcd",
            "0123ABCD-1",
            "0123abc-1",
            "0123abcd-x",
            "0123abcd-1-2",
        ] {
            assert!(!is_mark(other), "{other}");
        }
    }
}
