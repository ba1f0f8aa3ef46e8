//! Runs of earlier versions can be opened, evaluated, resumed and used to predict. Each earlier format has a folder `tests/format-N`:
//! `run`, a run on the sounds of [`Lab::new`] that was interrupted, and `scores.csv`, what its program predicted then.
//!
//! When the format changes, `cargo test --release --workspace --test end_to_end -- --ignored` writes the folder of the new one.

use super::common::{Lab, Table, copy, files, tensors};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Other processors add in another order; beyond this, something is computed differently from then.
const TOLERANCE: f64 = 1e-4;

fn stored(format: u64) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/format-{format}"))
}

/// The step of the newest checkpoint of a run.
fn last_step(run: &Path) -> u64 {
    let names = files(&run.join("checkpoints")).into_keys();
    names
        .filter_map(|n| {
            n.strip_prefix("step-")?
                .strip_suffix(".safetensors")?
                .parse()
                .ok()
        })
        .max()
        .expect("a checkpoint")
}

#[test]
fn format_1() {
    opens_and_resumes(1);
}

fn opens_and_resumes(format: u64) {
    let lab = Lab::new();
    let stored = stored(format);
    copy(&stored.join("run"), &lab.path("run"));
    let then = Table::parse(&fs::read_to_string(stored.join("scores.csv")).expect("the scores of then"));
    let step = last_step(&lab.path("run"));

    lab.earmark(&format!("predict run@{step} --data tones -o now.csv"))
        .done();
    let now = Table::parse(&lab.read("now.csv"));
    assert_eq!(now.classes, then.classes);
    assert_eq!(now.rows.len(), then.rows.len());
    for (file, scores) in &then.rows {
        let worst = scores
            .iter()
            .zip(now.row(file))
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f64::max);
        assert!(worst < TOLERANCE, "{file} differs by {worst}");
    }
    // Scores that are all alike would agree by chance.
    let spread = |c: usize| {
        let column = then.rows.iter().map(|(_, scores)| scores[c]);
        column.clone().fold(0.0, f64::max) - column.fold(1.0, f64::min)
    };
    assert!(spread(0) > 100.0 * TOLERANCE, "{}", spread(0));

    let info = lab.earmark("models info run").done();
    assert!(info.out.contains(&format!("format {format}")), "{info}");
    let ended = lab.earmark("eval run --data tones").done();
    assert!(
        ended.out.contains("2 checkpoints evaluated; results in run/eval"),
        // The last one, which alone was kept, and the best.
        "{ended}"
    );
    lab.earmark("runs .").done();
    lab.earmark("report run --data tones").done();

    // Training resumes where that program stopped, and its log is continued.
    let ended = lab
        .earmark("train run/recipe.toml --data tones --run run --fold 1 --resume")
        .done();
    assert!(ended.err.contains(&format!("from step {step}\n")), "{ended}");
    let log = lab.read("run/metrics.jsonl");
    assert!(log.starts_with(&fs::read_to_string(stored.join("run/metrics.jsonl")).expect("the log of then")));
    assert_eq!(log.lines().count(), 36, "30 steps and 6 validations");
    let moved = tensors(&lab.path("run/checkpoints/step-00000030.safetensors"));
    assert!(
        moved
            .values()
            .all(|(_, values)| values.iter().all(|v| v.is_finite()))
    );
}

/// Writes the folder of today's format; by hand, when it is a new one.
#[cfg(unix)]
#[test]
#[ignore = "writes into the source tree: by hand for a new format (CONTRIBUTING.md); the tests above read what it wrote"]
fn write_todays_format() {
    let lab = Lab::new();
    let train =
        "train tiny.toml --data tones --run run --fold 1 --set checkpoints.keep={kind=\"last\",count=1}";
    let started = lab.start_and_wait(train, "run", 19);
    started.signal("INT");
    started.end().exit(130);
    let mut info: serde_json::Value = serde_json::from_str(&lab.read("run/run.json")).expect("JSON");
    // Where it was made is nobody's concern.
    info["data"]["root"] = "tones".into();
    info["command"] = format!("earmark {train}").split(' ').collect();
    lab.write(
        "run/run.json",
        serde_json::to_string_pretty(&info).expect("JSON") + "\n",
    );
    let step = last_step(&lab.path("run"));
    lab.earmark(&format!("predict run@{step} --data tones -o scores.csv"))
        .done();
    for extra in ["run/.lock", "run/log.txt"] {
        fs::remove_file(lab.path(extra)).expect("to remove");
    }
    let folder = stored(info["format"].as_u64().expect("a number"));
    assert!(
        !folder.exists(),
        "{}: is there already; files of a published format stay as they are",
        folder.display()
    );
    copy(&lab.path("run"), &folder.join("run"));
    fs::copy(lab.path("scores.csv"), folder.join("scores.csv")).expect("to copy");
}

/// A resume log that was written before a kill is continued: what it says of a finished recording is used as it is (its score was
/// changed by hand to show this), and only the other one is tagged.
#[test]
fn a_resume_log_of_format_1_is_continued() {
    let lab = Lab::new();
    copy(&stored(1).join("run"), &lab.path("run"));
    copy(&stored(1).join("tag"), &lab.path(""));
    let changed = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_323_045);
    for (name, hz) in [("a.wav", 440.0), ("b.wav", 880.0)] {
        let mut wav = hound::WavWriter::create(lab.path(name), SPEC).expect("a file");
        for t in 0..3 * SPEC.sample_rate {
            let phase = std::f64::consts::TAU * hz * f64::from(t) / f64::from(SPEC.sample_rate);
            wav.write_sample((8000.0 * phase.sin()) as i16).expect("a sample");
        }
        wav.finalize().expect("a file");
        let file = fs::File::options()
            .write(true)
            .open(lab.path(name))
            .expect("the file");
        file.set_modified(changed).expect("a time");
    }
    lab.earmark("tag a.wav b.wav --model run/best.safetensors -o out.csv --threshold 0.1 --workers 1")
        .done();
    let rows = lab.read("out.csv");
    assert!(
        rows.contains("0.625"),
        "the finished recording was tagged again:\n{rows}"
    );
    assert!(rows.contains("b.wav"), "{rows}");
    assert!(!lab.path("out.csv.journal").exists());
}

const SPEC: hound::WavSpec = hound::WavSpec {
    channels: 1,
    sample_rate: 8000,
    bits_per_sample: 16,
    sample_format: hound::SampleFormat::Int,
};
