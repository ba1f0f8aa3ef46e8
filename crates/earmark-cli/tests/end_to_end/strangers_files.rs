//! Files that somebody else made: models that ask for absurd memory, name folders of this machine or hold no numbers,
//! and names that would control the terminal. And what is too long for memory.

use super::common::{Lab, Table};
use serde_json::Value;

/// The trained model as somebody else might have written it: its metadata, header and tensors changed, without
/// checksums.
fn write_changed(lab: &Lab, name: &str, change: impl FnOnce(&mut Value, &Value, &mut [u8])) {
    let bytes = lab.bytes("runs/a/best.safetensors");
    let length = u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes"));
    let (header, tensors) = bytes[8..].split_at(usize::try_from(length).expect("a length"));
    let mut header: Value = serde_json::from_slice(header).expect("a header");
    let text = header["__metadata__"]["earmark"].as_str().expect("metadata");
    let mut meta: Value = serde_json::from_str(text).expect("JSON");
    let keys = meta.as_object_mut().expect("an object");
    keys.retain(|key, _| !key.ends_with("checksum"));
    let mut tensors = tensors.to_vec();
    change(&mut meta, &header, &mut tensors);
    header["__metadata__"]["earmark"] = meta.to_string().into();
    let mut text = header.to_string().into_bytes();
    text.resize(text.len().next_multiple_of(8), b' ');
    let length = u64::try_from(text.len()).expect("a length").to_le_bytes();
    lab.write(name, [&length[..], &text, &tensors].concat());
}

/// The same with another recipe.
fn write_with_recipe(lab: &Lab, name: &str, changes: &[(&str, &str)]) {
    write_changed(lab, name, |meta, _, _| {
        let mut recipe = meta["recipe"].as_str().expect("a recipe").to_owned();
        for (old, new) in changes {
            assert!(recipe.contains(old), "{old:?} in {recipe}");
            recipe = recipe.replacen(old, new, 1);
        }
        meta["recipe"] = recipe.into();
    });
}

#[test]
fn sizes_that_are_absurd_together_are_refused_by_key() {
    let lab = Lab::trained();
    let fft = (
        "hop-seconds = 0.01\n",
        "hop-seconds = 0.01\nfft-samples = 65536\n",
    );
    type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);
    let cases: [Case; 6] = [
        (
            "segment",
            &[("length-seconds = 1.0", "length-frames = 300000")],
            "front-end.segments.length-frames = 300000: makes segments of 32 x 300000 numbers",
        ),
        (
            "hop",
            &[("hop-seconds = 0.01\n", "hop-samples = 3\nfft-samples = 65536\n")],
            "front-end.stft.hop-samples = 3: is too short for transforms of 65536 samples",
        ),
        (
            "bank",
            &[fft, ("bands = 32", "bands = 3000")],
            "front-end.mel.bands = 3000: is too many for the 32769 bins",
        ),
        (
            "trim",
            &[(
                "[front-end.stft]",
                "[front-end.trim]\nframe-samples = 2000000\n\n[front-end.stft]",
            )],
            "front-end.trim.frame-samples = 2000000: must be 1 to 1048576",
        ),
        (
            "batch",
            &[("size = 4", "size = 500000000")],
            "batches.size = 500000000: is too many",
        ),
        (
            "wide",
            &[("width = 0.01", "width = 12.0")],
            "does not fit this network",
        ),
    ];
    for (name, changes, wanted) in cases {
        let file = format!("{name}.safetensors");
        write_with_recipe(&lab, &file, changes);
        for command in ["predict", "embed"] {
            let message = lab
                .earmark(&format!(
                    "{command} {file} --files tones/high/0.wav -o {name}.csv"
                ))
                .refused();
            assert!(message.contains(&file) && message.contains(wanted), "{message}");
        }
    }
}

#[test]
fn a_dry_run_takes_no_memory_that_it_reports() {
    let lab = Lab::new();
    let train = "train tiny.toml --data tones --fold 1 --dry-run";
    let refused = |set: &str| lab.earmark(&format!("{train} --set {set}")).refused();
    for (set, wanted) in [
        (
            "batches.size=300000000000",
            "batches.size = 300000000000: is too many",
        ),
        (
            "folds.count=4000000000",
            "folds.count = 4000000000: set 2 to 10000",
        ),
        (
            "batches.prefetch=1024 --set batches.size=200000",
            "batches.prefetch = 1024: is too many batches",
        ),
        (
            "front-end.segments.length-seconds=5000",
            "front-end.segments.length-seconds = 5000",
        ),
        ("train.epochs=5 --set folds.count=20", "cannot split"),
    ] {
        let message = refused(set);
        assert!(message.contains(wanted), "{message}");
    }
    // What is large and possible is said, by a step of fewer segments.
    let plan = lab
        .earmark(&format!("{train} --json --set batches.size=20000"))
        .done();
    let plan: Value = serde_json::from_str(&plan.out).expect("JSON");
    let estimate = &plan["estimate"];
    let measured = estimate["measured_segments"].as_u64().expect("a number");
    assert!(measured > 0 && measured < 20_000, "{estimate}");
    assert!(
        estimate["step_bytes"].as_u64().expect("a number") > 1 << 30,
        "{estimate}"
    );
    assert!(
        estimate["step_seconds"].as_f64().expect("a number") > 0.0,
        "{estimate}"
    );
}

#[test]
fn a_model_chooses_no_folder() {
    let lab = Lab::trained();
    let dir = lab.path("chosen by the model");
    let disk = format!("disk = {{ dir = {:?} }}", dir.to_string_lossy());
    write_with_recipe(&lab, "m.safetensors", &[("disk = \"auto\"", &disk)]);
    std::fs::remove_dir_all(lab.path("cache")).expect("the cache of the training");
    lab.earmark("predict m.safetensors --files tones/high/0.wav -o s.csv")
        .done();
    assert!(!dir.exists());
    assert!(
        lab.path("cache/features").exists(),
        "the folder that the environment names"
    );
}

#[test]
fn what_is_no_number_is_no_score() {
    let lab = Lab::trained();
    for (tensor, value) in [("logits.bias", f32::NAN), ("conv0.weight", f32::INFINITY)] {
        let file = format!("{tensor}.safetensors");
        write_changed(&lab, &file, |_, header, tensors| {
            let at = header[tensor]["data_offsets"][0].as_u64().expect("an offset");
            let at = usize::try_from(at).expect("an offset");
            tensors[at..at + 4].copy_from_slice(&value.to_le_bytes());
        });
        for arguments in [
            format!("tag tones --model {file} --format csv -o t.csv"),
            format!("predict {file} --data tones -o t.csv"),
            format!("embed {file} --data tones -o t.npy"),
            format!("listen --model {file} --input tones/high/0.wav --fast"),
        ] {
            let message = lab.earmark(&arguments).refused();
            let wanted = format!("{file}: `{tensor}` contains {value}, which is not a number");
            assert!(message.starts_with(&wanted), "{arguments}: {message}");
        }
        assert!(!lab.path("t.csv").exists() && !lab.path("t.npy").exists());
    }
}

#[cfg(unix)]
#[test]
fn names_do_not_control_the_terminal() {
    let lab = Lab::trained();
    let name = "odd/\u{1b}]0;title\u{7}\u{9b}2J\nerror: b\r.wav";
    lab.write(name, "not audio");
    lab.tone("good.wav", 300.0);
    let run = |arguments: &str, code: i32| {
        let output = lab
            .command(arguments)
            .arg(name)
            .output()
            .expect("the command to start");
        super::common::Ended::of(arguments, output).exit(code)
    };
    for (arguments, code) in [
        ("tag --model runs/a --format csv", 2),
        // A table without a score is not written.
        ("predict runs/a -o none.csv --files", 1),
        ("predict runs/a -o scores.csv --files good.wav", 2),
    ] {
        let ended = run(arguments, code);
        let unsafe_ones = |c: char| c.is_control() && c != '\n';
        assert!(!ended.err.contains(unsafe_ones), "{arguments}: {:?}", ended.err);
        assert!(
            ended.err.contains("\\u{1b}]0;title\\u{7}\\u{9b}2J\\nerror: b\\r"),
            "{ended}"
        );
    }
    // Score tables have the name itself.
    assert!(!lab.path("none.csv").exists());
    assert!(lab.read("scores.csv").contains(name));

    write_changed(&lab, "m.safetensors", |meta, _, _| {
        meta["classes"][0] = "\u{1b}[31mred\nlicence     free".into();
        meta["licence"] = "\u{1b}[2Jx".into();
    });
    let text = lab.earmark("models info m.safetensors").done().out;
    assert!(
        !text.contains('\u{1b}') && !text.contains("\nlicence     free"),
        "{text:?}"
    );
    let json = lab.earmark("models info m.safetensors --json").done().out;
    assert!(!json.contains('\u{1b}'));
    let json: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["licence"], "\u{1b}[2Jx");
}

/// A list for people runs nothing in their spreadsheet; the tables that it is made from keep their names.
#[test]
fn lists_for_people_hold_no_formulas() {
    let lab = Lab::new();
    let name = "=HYPERLINK(1).wav";
    lab.write(
        "scores.csv",
        format!("fname,-1+1,Purr\n{name},0.9,0.1\nb.wav,0.3,0.7\n"),
    );
    lab.write("truth.csv", format!("fname,labels\n{name},-1+1\nb.wav,Purr\n"));
    lab.earmark("review worst --scores scores.csv --truth truth.csv --sort margin -o list.csv")
        .done();
    let list = lab.read("list.csv");
    assert!(
        list.contains("'=HYPERLINK(1).wav") && list.contains("'-1+1"),
        "{list}"
    );
    assert!(!list.contains(",=") && !list.contains("\n="), "{list}");
}

/// What a recording that is read in blocks scores is, to the last bit, what it scores when it is read whole.
#[test]
fn long_recordings_are_read_in_blocks() {
    let lab = Lab::trained();
    let blocks = ("whole = false\n", "whole = false\nlongest-seconds = 2.0\n");
    write_with_recipe(&lab, "m.safetensors", &[blocks]);
    lab.long_tone("long.wav", 300.0, 7);
    let files = "--files tones/low/0.wav long.wav";
    for (command, out) in [
        ("predict", "s.csv"),
        ("predict --segments", "segments.csv"),
        ("predict --segments --format json", "segments.json"),
        ("embed", "e.csv"),
        ("embed --segments", "embedded-segments.csv"),
    ] {
        let whole = lab
            .earmark(&format!("{command} runs/a {files} -o whole-{out}"))
            .done();
        assert!(!whole.err.contains("read in blocks"), "{whole}");
        let ended = lab
            .earmark(&format!("{command} m.safetensors {files} -o {out}"))
            .done();
        assert!(
            ended.err.contains("long.wav") && ended.err.contains("read in blocks, which changes no score"),
            "{ended}"
        );
        assert_eq!(lab.read(out), lab.read(&format!("whole-{out}")), "{command}");
    }
    let segments = lab.read("segments.csv");
    let starts = segments.lines().filter_map(|line| line.strip_prefix("long.wav,"));
    assert_eq!(starts.count(), 14, "one every half second: {segments}");
    let rows: Value = serde_json::from_str(&lab.read("segments.json")).expect("JSON");
    let rows = rows.as_array().expect("a list");
    assert_eq!(rows.len() + 1, segments.lines().count());
    for (row, line) in rows.iter().zip(segments.lines().skip(1)) {
        let file = row["file"].as_str().expect("a name");
        let start = row["start_seconds"].as_f64().expect("a number");
        assert!(line.starts_with(&format!("{file},{start},")), "{row} {line}");
    }
}

/// A network that takes recordings as they are scores a long one in equal parts, and the output says so.
#[test]
fn long_recordings_are_scored_in_equal_parts() {
    let lab = Lab::trained();
    let whole = ("whole = false\n", "whole = true\n");
    let parts = ("whole = false\n", "whole = true\nlongest-seconds = 2.0\n");
    write_with_recipe(&lab, "whole.safetensors", &[whole]);
    write_with_recipe(&lab, "parts.safetensors", &[parts]);
    lab.long_tone("long.wav", 300.0, 7);
    let files = "--files tones/low/0.wav long.wav";
    lab.earmark(&format!("predict whole.safetensors {files} -o whole.csv"))
        .done();
    let ended = lab
        .earmark(&format!("predict parts.safetensors {files} -o parts.csv"))
        .done();
    assert!(
        ended
            .err
            .contains("scored in 4 equal parts, whose results are averaged (predict.longest-seconds)"),
        "{ended}"
    );
    let read = |name: &str| Table::parse(&lab.read(name));
    let (whole, parts) = (read("whole.csv"), read("parts.csv"));
    // A short one keeps its numbers.
    assert_eq!(whole.row("tones/low/0.wav"), parts.row("tones/low/0.wav"));
    lab.earmark(&format!(
        "predict parts.safetensors {files} --segments -o segments.csv"
    ))
    .done();
    let segments = lab.read("segments.csv");
    let rows: Vec<Vec<f64>> = segments
        .lines()
        .filter_map(|line| line.strip_prefix("long.wav,"))
        .map(|line| {
            line.split(',')
                .map(|cell| cell.parse().expect("a number"))
                .collect()
        })
        .collect();
    let starts: Vec<f64> = rows.iter().map(|row| row[0]).collect();
    assert!(rows.len() == 4 && starts.is_sorted(), "{segments}");
    for (class, score) in parts.row("long.wav").iter().enumerate() {
        let mean = rows.iter().map(|row| row[class + 1]).sum::<f64>() / 4.0;
        // Both are rounded to single precision.
        assert!((mean - score).abs() < 1e-6, "{mean} {score}");
    }
}

/// A tone between two silences, at 8 kHz.
fn tone_in_silence(lab: &Lab, name: &str, seconds: [f64; 3]) {
    let samples = |(part, seconds): (usize, f64)| {
        let amplitude = if part == 1 { 9000.0 } else { 0.0 };
        let sample = move |i: u32| (amplitude * (0.23 * f64::from(i)).sin()) as i16;
        (0..(8000.0 * seconds) as u32).map(sample)
    };
    lab.wav(name, seconds.into_iter().enumerate().flat_map(samples));
}

/// The silence at both ends of a long recording is found while it is read, and what is left is scored as that of a
/// recording that is read whole.
#[test]
fn long_recordings_are_trimmed() {
    let lab = Lab::trained();
    let trim = ("[front-end.stft]", "[front-end.trim]\n\n[front-end.stft]");
    let blocks = ("whole = false\n", "whole = false\nlongest-seconds = 2.0\n");
    write_with_recipe(&lab, "whole.safetensors", &[trim]);
    write_with_recipe(&lab, "blocks.safetensors", &[trim, blocks]);
    tone_in_silence(&lab, "short.wav", [3.0, 1.4, 2.5]);
    tone_in_silence(&lab, "long.wav", [3.0, 5.0, 0.5]);
    let scores = |model: &str| {
        let ended = lab
            .earmark(&format!(
                "predict {model}.safetensors --files short.wav long.wav -o {model}.csv"
            ))
            .done();
        (lab.read(&format!("{model}.csv")), ended.err)
    };
    let ((whole, said), (blocks, notes)) = (scores("whole"), scores("blocks"));
    assert!(!said.contains("read in blocks"), "{said}");
    assert!(
        notes.contains("long.wav") && notes.contains("read in blocks"),
        "{notes}"
    );
    assert_eq!(blocks, whole);
}
