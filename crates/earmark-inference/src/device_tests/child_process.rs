//! Questions to a process of one's own, which may crash.

use serde::de::DeserializeOwned;
use std::io::{Read, copy, sink};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

/// What is kept of an output: the answer is a line.
const MOST_BYTES: u64 = 1 << 20;

/// What is repeated of an error output.
const MOST_CHARACTERS: usize = 300;

/// Starts a command and reads its answer: the last line of its output that is one, a `Result<T, String>` as JSON. What
/// drivers print next to it is passed over.
///
/// # Errors
///
/// What the command answers as an error; else why it gave none, with the last line of its error output, in words
/// that follow "as".
pub fn ask<T: DeserializeOwned>(command: &mut Command, limit: Duration) -> Result<T, String> {
    let command = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command
        .spawn()
        .map_err(|e| format!("its test could not be started ({e})"))?;
    let output = child.stdout.take().map(read);
    let errors = child.stderr.take().map(read);
    // An output ends when the process does, however it ends.
    let output = output.and_then(|output| output.recv_timeout(limit).ok());
    let Some(output) = output else {
        // It may have ended by now.
        let _ = child.kill();
        // One that hangs in a driver may not end at all: it is waited for by a thread that nobody waits for.
        thread::spawn(move || child.wait());
        return Err(format!("its test did not end within {} s", limit.as_secs_f64()));
    };
    let status = child
        .wait()
        .map_err(|e| format!("its test could not be waited for ({e})"))?;
    let answer = |line| serde_json::from_str::<Result<T, String>>(line).ok();
    let answer = output.lines().rev().find_map(answer);
    if let (true, Some(answer)) = (status.success(), answer) {
        return answer;
    }
    let errors = errors.and_then(|errors| errors.recv_timeout(Duration::from_secs(1)).ok());
    let errors = errors.unwrap_or_default();
    // A panic ends with a note on backtraces.
    let is_said = |line: &&str| !line.is_empty() && !line.starts_with("note: ");
    let last = errors.lines().rev().map(str::trim).find(is_said);
    let shortened = |line: &str| line.chars().take(MOST_CHARACTERS).collect::<String>();
    let said = last.map_or(String::new(), |line| format!("; it says: {}", shortened(line)));
    Err(match status.success() {
        true => format!("its test gave no answer{said}"),
        // `signal: 11 (SIGSEGV)` or `exit status: 101`.
        false => format!("its driver ended the test ({status}){said}"),
    })
}

/// Reads all of an output on a thread, so that the process never waits for it.
fn read(mut from: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut text = Vec::new();
        // What could be read of a broken pipe is all there is.
        let _ = from.by_ref().take(MOST_BYTES).read_to_end(&mut text);
        let _ = copy(&mut from, &mut sink());
        // Whoever asked may no longer wait.
        let _ = sender.send(String::from_utf8_lossy(&text).into_owned());
    });
    receiver
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// Far longer than any of them takes.
    const LIMIT: Duration = Duration::from_secs(60);

    fn ask_shell(script: &str) -> Result<u32, String> {
        ask(Command::new("sh").args(["-c", script]), LIMIT)
    }

    #[test]
    fn an_answer_is_found_among_what_drivers_print() {
        assert_eq!(ask_shell(r#"echo '{"Ok":7}'"#), Ok(7));
        let script = r#"echo WARNING; echo '{"Ok":1}'; echo '{"Ok":2}'; echo '{"Odd":3}'; echo 4 >&2"#;
        assert_eq!(ask_shell(script), Ok(2));
        assert_eq!(
            ask_shell(r#"echo '{"Err":"no such device"}'"#),
            Err("no such device".into())
        );
    }

    #[test]
    fn a_crash_is_a_message() {
        let crash = ask_shell("echo almost >&2; echo >&2; kill -SEGV $$").unwrap_err();
        assert!(
            crash.starts_with("its driver ended the test (signal: 11"),
            "{crash}"
        );
        assert!(crash.ends_with("); it says: almost"), "{crash}");
        // An answer before the crash counts for nothing.
        let late = ask_shell(r#"echo '{"Ok":7}'; kill -ABRT $$"#).unwrap_err();
        assert!(late.starts_with("its driver ended the test (signal: 6"), "{late}");
        let panic = ask_shell("echo no adapter >&2; echo note: run with more >&2; exit 101").unwrap_err();
        assert_eq!(
            panic,
            "its driver ended the test (exit status: 101); it says: no adapter"
        );
    }

    #[test]
    fn silence_and_other_answers_are_messages() {
        assert_eq!(ask_shell("true").unwrap_err(), "its test gave no answer");
        let other = ask_shell(r#"echo '{"Ok":"text"}'; echo odd >&2"#).unwrap_err();
        assert_eq!(other, "its test gave no answer; it says: odd");
        let missing = ask::<u32>(&mut Command::new("/nowhere/earmark"), LIMIT).unwrap_err();
        assert!(
            missing.starts_with("its test could not be started ("),
            "{missing}"
        );
    }

    #[test]
    fn a_test_that_hangs_is_ended() {
        let mut command = Command::new("sh");
        let hang = command.args(["-c", "exec tail -f /dev/null"]);
        let late = ask::<u32>(hang, Duration::from_millis(50)).unwrap_err();
        assert_eq!(late, "its test did not end within 0.05 s");
    }

    /// More than a pipe holds, and more than is kept.
    #[test]
    fn a_flood_does_not_block() {
        let flood = "head -c 3000000 /dev/zero; head -c 300000 /dev/zero >&2; exit 3";
        let ended = ask_shell(flood).unwrap_err();
        assert!(
            ended.starts_with("its driver ended the test (exit status: 3)"),
            "{ended}"
        );
    }
}
