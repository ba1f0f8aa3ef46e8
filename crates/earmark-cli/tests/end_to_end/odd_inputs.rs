//! Folders as they are found in the field: one odd thing in them is named, and the rest is processed.

use super::common::{Ended, Lab};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

/// A trained lab with one recording in `in/`.
fn lab() -> Lab {
    let lab = Lab::trained();
    lab.tone("in/a.wav", 310.0);
    lab
}

/// A name that is not UTF-8, found through a folder, a pattern or a list, costs that one recording.
#[test]
fn a_latin_1_name_is_named() {
    let lab = lab();
    let odd = lab.path("in").join(OsStr::from_bytes(b"b\xe4ren.wav"));
    if fs::copy(lab.path("in/a.wav"), &odd).is_err() {
        return; // a file system that wants UTF-8
    }
    for input in ["in", "in/*.wav", "**/*.wav"] {
        let ended = lab
            .earmark(&format!("tag {input} --model runs/a -q -o o.csv"))
            .exit(2);
        assert!(
            ended.err.contains("ren.wav: has a name that is not UTF-8"),
            "{input}: {ended}"
        );
        assert!(lab.read("o.csv").contains("in/a.wav"), "{input}");
    }
    let scored = lab
        .command("predict runs/a -o s.csv --files in/a.wav")
        .arg(&odd)
        .output();
    assert!(
        scored.expect("the command to start").status.success(),
        "scores have a row for it"
    );
}

#[test]
fn what_is_known_as_audio_is_never_no_audio() {
    let lab = lab();
    for name in ["in/voice.amr", "in/song.wma", "in/call.spx", "only/memo.amr"] {
        lab.write(name, "not what it says");
    }
    let ended = lab.earmark("tag in --model runs/a -q -o o.csv").exit(2);
    for name in ["in/voice.amr", "in/song.wma", "in/call.spx"] {
        assert!(
            ended.err.contains(&format!("skipped {name}: ")),
            "{name}: {ended}"
        );
    }
    let ended = lab.earmark("tag only --model runs/a -o o2.csv").exit(2);
    assert!(ended.err.contains("skipped only/memo.amr: "), "{ended}");
}

#[test]
fn a_pipe_is_not_waited_for() {
    let lab = lab();
    let made = Command::new("mkfifo").arg(lab.path("in/pipe.wav")).status();
    if !made.is_ok_and(|status| status.success()) {
        return;
    }
    let ended = lab.earmark("tag in --model runs/a -q -o o.csv").exit(2);
    assert!(
        ended.err.contains("skipped in/pipe.wav: is not a regular file"),
        "{ended}"
    );
    let ended = lab
        .earmark("predict runs/a -q -o s.csv --files in/a.wav in/pipe.wav")
        .exit(2);
    assert!(ended.err.contains("skipped in/pipe.wav: "), "{ended}");
    let ended = lab
        .earmark("features --handcrafted in/a.wav in/pipe.wav -o t.csv")
        .exit(2);
    assert!(
        ended.err.contains("skipped in/pipe.wav: is not a regular file"),
        "{ended}"
    );
}

#[test]
fn each_recording_is_tagged_once() {
    let lab = lab();
    symlink(".", lab.path("in/again")).expect("a link");
    symlink("..", lab.path("in/up")).expect("a link");
    symlink("a.wav", lab.path("in/link.wav")).expect("a link");
    lab.tone("tones.wav", 300.0);
    for inputs in ["in/a.wav ./in/a.wav in/link.wav", "in/*.wav in"] {
        let ended = lab.earmark(&format!("tag {inputs} --model runs/a --format ndjson -q"));
        let files = ended.out.lines().filter(|line| line.contains("a.wav\"")).count();
        assert_eq!(files, 1, "{inputs}: {ended}");
    }
}

/// In a data folder, too, a link that leads back ends.
#[test]
fn a_data_folder_with_a_link_to_itself() {
    let lab = Lab::new();
    let before = lab.earmark("data stats tones --json").done();
    symlink("..", lab.path("tones/low/up")).expect("a link");
    symlink(".", lab.path("tones/again")).expect("a link");
    let after = lab.earmark("data stats tones --json").done();
    assert_eq!(before.out, after.out);
}

#[test]
fn a_folder_that_can_t_be_listed_is_named() {
    let lab = lab();
    lab.tone("in/closed/b.wav", 300.0);
    let closed = lab.path("in/closed");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).expect("a folder of one's own");
    // Root may list anything.
    if fs::read_dir(&closed).is_err() {
        let ended = lab.earmark("tag in --model runs/a -q -o o.csv").exit(2);
        assert!(
            ended.err.contains("skipped in/closed: can't be listed: "),
            "{ended}"
        );
        assert!(lab.read("o.csv").contains("in/a.wav"));
        let alone = lab.earmark("tag in/closed --model runs/a -o o.csv").refused();
        assert!(alone.starts_with("in/closed: can't be listed: "), "{alone}");
    }
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).expect("a folder of one's own");
}

/// A name with no room for the ending of its results costs that recording its results, and no other one.
#[test]
fn a_name_that_is_too_long_for_its_results() {
    let lab = lab();
    let long = format!("in/{}.wav", "k".repeat(251));
    lab.write(&long, lab.bytes("in/a.wav"));
    let tag = "tag in --model runs/a --format audacity --out-dir out --keep-journal";
    for _ in 0..2 {
        let ended = lab.earmark(tag).exit(2);
        assert!(
            ended
                .err
                .contains("kkk.wav: its name with .txt behind it is longer than"),
            "{ended}"
        );
        assert!(lab.path("out/a.wav.txt").is_file());
    }
}

/// Adds a link that leads nowhere and, where there are such, a pipe to a folder; returns their names.
fn add_odd_entries(lab: &Lab, folder: &str) -> Vec<String> {
    symlink("moved.wav", lab.path(&format!("{folder}/gone.wav"))).expect("a link");
    let pipe = format!("{folder}/pipe.wav");
    let made = Command::new("mkfifo").arg(lab.path(&pipe)).status();
    let mut names = vec!["gone.wav: is a link that leads nowhere".to_owned()];
    if made.is_ok_and(|status| status.success()) {
        names.push("pipe.wav: is not a regular file".to_owned());
    }
    names
}

/// What a data folder contains, unlike what a table lists, is used as far as it can be read.
#[test]
fn a_data_folder_with_a_dangling_link_and_a_pipe() {
    let lab = lab();
    let odd = add_odd_entries(&lab, "in");
    for command in [
        "predict runs/a --data in -q -o s.csv",
        "embed runs/a --data in -q -o e.csv",
    ] {
        let ended = lab.earmark(command).exit(2);
        for name in &odd {
            assert!(ended.err.contains(&format!("skipped {name}")), "{name}: {ended}");
        }
    }
    assert_eq!(lab.read("s.csv").lines().count(), 2, "a header and one recording");
    let odd = add_odd_entries(&lab, "tones/low");
    let ended = lab
        .earmark("train tiny.toml --data tones --run runs/odd --fold 1")
        .exit(2);
    for name in &odd {
        assert!(ended.err.contains(&format!("low/{name}")), "{name}: {ended}");
    }
    let ended = lab.earmark("data stats tones --json").exit(2);
    assert!(ended.out.contains("is a link that leads nowhere"), "{ended}");
    for command in [
        "eval runs/a --data tones",
        "probe runs/a --data tones -o probe.safetensors",
        "data stats tones --recipe tiny.toml --normalise normalised.toml",
    ] {
        let ended = lab.earmark(command).exit(2);
        for name in &odd {
            let line = format!("skipped low/{name}");
            assert_eq!(ended.err.matches(&line).count(), 1, "{name}: {ended}");
        }
    }
}

/// Links to recordings of a data folder, and to folders of it, are second names: each recording is used once, and its
/// other names are said.
#[test]
fn a_data_folder_with_links_to_its_recordings() {
    let lab = lab();
    let before = lab.earmark("predict runs/a --data tones -o before.csv").done();
    assert!(!before.err.contains("left out"), "{before}");
    symlink("0.wav", lab.path("tones/low/again.wav")).expect("a link");
    symlink("../low", lab.path("tones/mid/all")).expect("a link");
    let after = lab.earmark("predict runs/a --data tones -o after.csv").done();
    let note = "8 links left out, to recordings that are there already: low/again.wav (low/0.wav), ";
    assert!(after.err.contains(note), "{after}");
    assert_eq!(lab.read("after.csv"), lab.read("before.csv"));
}

/// Names with line breaks and escape sequences: no command prints a line that is a stranger's, or an escape sequence.
#[test]
fn names_can_t_forge_a_line() {
    const FORGED: &str = "\nerror: forged \u{1b}[2J\u{202e}";
    let lab = lab();
    lab.tone(&format!("tones/low/x{FORGED}.wav"), 310.0);
    lab.write(&format!("tones/low/y{FORGED}.wav"), "not audio");
    let check = |ended: &Ended| {
        for text in [&ended.out, &ended.err] {
            let forged = text
                .lines()
                .any(|line| line.trim_start().starts_with("error: forged"));
            let raw = text.contains(['\u{1b}', '\u{202e}']);
            assert!(!forged && !raw, "{ended}");
        }
    };
    for (command, code) in [
        ("data check tones", 1),
        ("data stats tones", 2),
        ("tag tones --model runs/a", 2),
        ("tag tones --model runs/a -o t.csv", 2),
        ("predict runs/a --data tones -o s.csv", 2),
    ] {
        let ended = lab.earmark(command).exit(code);
        let all = ended.out.clone() + &ended.err;
        assert!(
            all.contains("y\\nerror: forged \\u{1b}[2J\\u{202e}.wav"),
            "{ended}"
        );
        check(&ended);
    }
    for command in [
        "data folds tones -o folds.csv",
        "train tiny.toml --data tones --fold 1 --dry-run",
        "train tiny.toml --data tones --fold 1 --run runs/b",
        "report runs/b --data tones --text",
        "probe runs/a --data tones -o probe.safetensors",
        "embed runs/a --data tones -o e.csv",
    ] {
        check(&lab.earmark(command));
    }
    for (command, argument) in [
        ("tag --model runs/a -o t.csv", format!("no{FORGED}.wav")),
        ("data check", format!("no{FORGED}")),
        ("eval --data tones", format!("no{FORGED}")),
        ("models info", format!("--no{FORGED}")),
        ("runs", format!("no{FORGED}")),
    ] {
        let output = lab.command(command).arg(&argument).output();
        let ended = Ended::of(command, output.expect("the command to start"));
        check(&ended);
        assert!(ended.err.contains("error: ") || ended.code == Some(0), "{ended}");
    }
}

/// As where a shell expands `*.wav`; a name that is not there at all stays a mistake.
#[test]
fn a_named_link_that_leads_nowhere_costs_itself_alone() {
    let lab = lab();
    symlink("moved.wav", lab.path("in/gone.wav")).expect("a link");
    for (command, out) in [
        ("tag in/a.wav in/gone.wav --model runs/a -q -o o.csv", "o.csv"),
        (
            "predict runs/a -q -o scores.csv --files in/a.wav in/gone.wav",
            "scores.csv",
        ),
    ] {
        let ended = lab.earmark(command).exit(2);
        assert!(ended.err.contains("skipped in/gone.wav: "), "{ended}");
        assert!(lab.read(out).contains("in/a.wav"), "{command}");
    }
    let refused = lab
        .earmark("tag in/a.wav in/none.wav --model runs/a -q -o o.csv")
        .refused();
    assert!(
        refused.starts_with("in/none.wav: no such file or folder"),
        "{refused}"
    );
}

#[test]
fn a_data_folder_with_a_folder_that_can_t_be_listed() {
    let lab = Lab::new();
    lab.tone("tones/closed/b.wav", 300.0);
    lab.tone("tones/low/closed/b.wav", 300.0);
    let closed = [lab.path("tones/closed"), lab.path("tones/low/closed")];
    let allow = |mode| {
        for folder in &closed {
            fs::set_permissions(folder, fs::Permissions::from_mode(mode)).expect("a folder of one's own");
        }
    };
    allow(0o000);
    // Root may list anything.
    if fs::read_dir(&closed[0]).is_err() {
        let ended = lab.earmark("data stats tones --json").exit(2);
        for name in ["\"closed\"", "\"low/closed\""] {
            assert!(ended.out.contains(name), "{name}: {ended}");
        }
        assert!(ended.out.contains("can't be listed"), "{ended}");
    }
    allow(0o755);
}

/// A machine that starts no more threads gives an error or a warning, and no panic; what needs none works.
#[cfg(target_os = "linux")]
#[test]
fn threads_that_can_not_be_started_are_no_panic() {
    let lab = Lab::new();
    for (arguments, works) in [
        ("models list", true),
        (
            "features tones/low/0.wav tones/mid/0.wav --handcrafted -o t.csv",
            false,
        ),
        ("features tones/low/0.wav --recipe tiny.toml -o one.npy", false),
    ] {
        // No stack of a thread can be that large.
        let ended = lab
            .command(arguments)
            .env("EARMARK_THREADS", "0")
            .env("RUST_MIN_STACK", (1_u64 << 48).to_string())
            .output()
            .expect("the command to start");
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(!said.contains("panicked"), "{arguments}: {said}");
        assert!(
            said.contains("too few threads can be started"),
            "{arguments}: {said}"
        );
        let code = ended.status.code().expect("no signal");
        assert!(code == 0 || !works && code == 1, "{arguments}: {code}, {said}");
    }
}
