//! Cut-outs of synthetic recordings: the samples themselves, whatever the order and however often.

use super::*;
use earmark_audio::{encode_wav_16, encode_wav_float, read_native};
use std::fs;

const RATE: u32 = 8_000;

/// Samples that say where they are.
fn sample(k: usize) -> i16 {
    i16::try_from(k * 7_919 % 30_011).unwrap()
}

fn write_recording(path: &Path, seconds: usize) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let samples: Vec<i16> = (0..seconds * RATE as usize).map(sample).collect();
    fs::write(path, encode_wav_16(&samples, RATE)).unwrap();
}

/// A job on `tags.csv` with these rows behind its head.
fn job(dir: &Path, rows: &str) -> ExtractJob {
    let tags = dir.join("tags.csv");
    fs::write(
        &tags,
        format!("file,start_seconds,end_seconds,class,score\n{rows}"),
    )
    .unwrap();
    ExtractJob {
        tags,
        out: dir.join("out"),
        root: Some(dir.to_path_buf()),
        per_class: 50,
        by: ChooseBy::Score,
        seed: 1,
        pad_seconds: 0.5,
        longest_seconds: 60.0,
        format: CutFormat::Wav,
    }
}

fn run(job: &ExtractJob) -> ExtractSummary {
    extract(job, &|_| {}, &AtomicBool::new(false)).unwrap().unwrap()
}

fn refused(job: &ExtractJob) -> String {
    extract(job, &|_| {}, &AtomicBool::new(false))
        .unwrap_err()
        .to_string()
}

/// The samples of a cut-out in 16 bits.
fn samples(job: &ExtractJob, file: &str) -> Vec<i16> {
    let clip = read_native(&job.out.join(file)).unwrap().clip;
    assert_eq!(clip.sample_rate_hz, RATE);
    clip.samples
        .iter()
        .map(|sample| (sample * 32_768.0) as i16)
        .collect()
}

/// What is in the folder, by path.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(contents(&path)),
            false => drop(found.insert(path.clone(), fs::read(&path).unwrap())),
        }
    }
    found
}

const ROWS: &str = "in/a.wav,1.0,2.0,Dog,0.9\nin/a.wav,0.2,0.4,Dog,0.5\nin/deep/a.wav,1.0,1.5,Dog,0.7\n\
                    in/a.wav,9.5,10.0,cat/\"x\",0.8\n";

fn archive(dir: &Path) -> ExtractJob {
    write_recording(&dir.join("in/a.wav"), 10);
    write_recording(&dir.join("in/deep/a.wav"), 3);
    job(dir, &ROWS.replace("cat/\"x\"", "\"cat/\"\"x\"\"\""))
}

#[test]
fn cut_outs_are_the_samples_around_the_detections() {
    let dir = tempfile::tempdir().unwrap();
    let job = archive(dir.path());
    let summary = run(&job);
    assert_eq!((summary.written, summary.present, summary.rounded), (4, 0, 0));
    assert_eq!(
        summary.classes,
        BTreeMap::from([("Dog".into(), 3), ("cat/\"x\"".into(), 1)])
    );
    let wanted = |from: usize, to: usize| (from..to).map(sample).collect::<Vec<i16>>();
    assert_eq!(samples(&job, "Dog/a_1.000.wav"), wanted(4_000, 20_000));
    // The recording begins or ends before the padding does.
    assert_eq!(samples(&job, "Dog/a_0.200.wav"), wanted(0, 7_200));
    assert_eq!(samples(&job, "cat__x_/a_9.500.wav"), wanted(72_000, 80_000));
    let rows = table::read(&job.out).unwrap();
    assert_eq!(rows.len(), 4);
    let of = |file: &str| rows.iter().find(|row| row.file == file).unwrap();
    let cat = of("cat__x_/a_9.500.wav");
    assert_eq!(
        (cat.class.as_str(), cat.recording.as_str(), cat.score),
        ("cat/\"x\"", "in/a.wav", 0.8)
    );
    assert_eq!((cat.detected, cat.cut), ((9.5, 10.0), (9.0, 10.0)));
    // Another recording of the same name has a name of its own.
    let other = rows.iter().find(|row| row.recording == "in/deep/a.wav").unwrap();
    assert!(other.file.starts_with("Dog/a_1.000-"), "{}", other.file);
    assert_eq!(samples(&job, &other.file), wanted(4_000, 16_000));
}

#[test]
fn a_second_run_adds_what_is_missing_and_changes_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let job = archive(dir.path());
    let first = ExtractJob {
        per_class: 1,
        ..job.clone()
    };
    assert_eq!(run(&first).written, 2);
    let summary = run(&job);
    assert_eq!((summary.written, summary.present), (2, 2));
    let all = contents(&job.out);
    assert_eq!(run(&job).written, 0);
    assert!(contents(&job.out) == all);
    // In one go, from a table in another order: the same bytes.
    let mut lines: Vec<&str> = ROWS.lines().rev().collect();
    lines[0] = "in/a.wav,9.5,10.0,\"cat/\"\"x\"\"\",0.8";
    let tags = dir.path().join("other.csv");
    let head = "file,start_seconds,end_seconds,class,score";
    fs::write(&tags, format!("{head}\n{}\n", lines.join("\n"))).unwrap();
    let other = ExtractJob {
        tags,
        out: dir.path().join("other"),
        ..job.clone()
    };
    run(&other);
    let below = |found: BTreeMap<PathBuf, Vec<u8>>, folder: &Path| -> BTreeMap<PathBuf, Vec<u8>> {
        let below =
            |(path, bytes): (PathBuf, Vec<u8>)| (path.strip_prefix(folder).unwrap().to_path_buf(), bytes);
        found.into_iter().map(below).collect()
    };
    assert!(below(contents(&other.out), &other.out) == below(all.clone(), &job.out));
    // What was removed is cut again under its name, and what a killed run left without a row as well.
    fs::remove_file(job.out.join("Dog/a_1.000.wav")).unwrap();
    fs::remove_file(job.out.join("extracts.csv")).unwrap();
    assert_eq!(run(&job).written, 4);
    assert!(contents(&job.out) == all);
    let message = refused(&ExtractJob {
        pad_seconds: 2.0,
        ..job
    });
    assert!(
        message.contains("was cut out with another --pad, --longest or --format"),
        "{message}"
    );
}

#[test]
fn what_can_not_be_read_is_named_and_the_rest_is_cut() {
    let dir = tempfile::tempdir().unwrap();
    write_recording(&dir.path().join("cut.wav"), 10);
    let whole = fs::read(dir.path().join("cut.wav")).unwrap();
    fs::write(dir.path().join("cut.wav"), &whole[..whole.len() / 2]).unwrap();
    write_recording(&dir.path().join("short.wav"), 2);
    let job = job(
        dir.path(),
        "cut.wav,1,2,Dog,0.9\ncut.wav,4.6,4.9,Dog,0.9\nmissing.wav,0,1,Dog,0.9\nshort.wav,2.1,3,Dog,0.9\n",
    );
    let summary = run(&job);
    assert_eq!(summary.written, 1);
    assert_eq!(samples(&job, "Dog/cut_1.000.wav").len(), 16_000);
    assert_eq!(summary.skipped.len(), 1);
    assert_eq!(summary.skipped[0].0, "missing.wav");
    let damaged: Vec<&str> = summary.damaged.iter().map(|(file, _)| file.as_str()).collect();
    assert_eq!(damaged, ["cut.wav", "short.wav"]);
    assert!(
        summary.damaged[0].1.starts_with("1 cut-out left out: "),
        "{:?}",
        summary.damaged
    );
    assert_eq!(summary.damaged[1].1, "1 cut-out left out: it ends before 2.100 s");
}

#[test]
fn floats_stay_floats_and_flac_says_what_it_rounded() {
    let dir = tempfile::tempdir().unwrap();
    let fine: Vec<f32> = (0..16_000).map(|k| (k as f32 * 0.01).sin() * 1.2).collect();
    fs::write(dir.path().join("fine.wav"), encode_wav_float(&fine, RATE)).unwrap();
    write_recording(&dir.path().join("plain.wav"), 2);
    let wav = job(dir.path(), "fine.wav,0.5,1,Dog,0.9\nplain.wav,0.5,1,Dog,0.9\n");
    assert_eq!(run(&wav).rounded, 0);
    let clip = read_native(&wav.out.join("Dog/fine_0.500.wav")).unwrap();
    assert_eq!(
        (clip.source.codec.as_str(), &clip.clip.samples[..]),
        ("float 32-bit", &fine[..12_000])
    );
    let flac = ExtractJob {
        format: CutFormat::Flac,
        out: dir.path().join("flac"),
        ..wav.clone()
    };
    assert_eq!(run(&flac).rounded, 1);
    assert_eq!(
        samples(&flac, "Dog/plain_0.500.flac"),
        samples(&wav, "Dog/plain_0.500.wav")
    );
    let rounded = read_native(&flac.out.join("Dog/fine_0.500.flac"))
        .unwrap()
        .clip
        .samples;
    let far = |(a, b): (&f32, &f32)| (a - b.clamp(-1.0, 1.0)).abs() > 1e-4;
    assert!(!rounded.iter().zip(&fine).any(far));
}

#[test]
fn long_detections_are_cut_short_and_numbers_are_checked() {
    let dir = tempfile::tempdir().unwrap();
    write_recording(&dir.path().join("a.wav"), 10);
    let mut job = job(dir.path(), "a.wav,1,9,Dog,0.9\n");
    job.longest_seconds = 2.0;
    run(&job);
    assert_eq!(samples(&job, "Dog/a_1.000.wav").len(), 24_000);
    for (change, message) in [
        ((0, 1.0, 1.0), "--per-class 0: "),
        ((1, -1.0, 1.0), "--pad -1: "),
        ((1, f64::NAN, 1.0), "--pad NaN: "),
        ((1, 1.0, 0.0), "--longest 0: "),
    ] {
        (job.per_class, job.pad_seconds, job.longest_seconds) = change;
        assert!(refused(&job).starts_with(message), "{message}");
    }
    // What is there of another program is not overwritten.
    let other = ExtractJob {
        per_class: 1,
        pad_seconds: 1.0,
        longest_seconds: 1.0,
        out: dir.path().join("other"),
        ..job
    };
    fs::create_dir(&other.out).unwrap();
    fs::write(other.out.join("extracts.csv"), "a,b\n1,2\n").unwrap();
    assert!(refused(&other).contains("is not a table of `earmark extract`"));
}

#[test]
fn a_table_names_no_files_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    write_recording(&dir.path().join("a.wav"), 3);
    let job = job(dir.path(), "a.wav,1,2,Dog,0.9\n");
    run(&job);
    let table = job.out.join("extracts.csv");
    let whole = fs::read_to_string(&table).unwrap();
    for name in [
        "../a_1.000.wav",
        "Dog/../../a.wav",
        "/a.wav",
        "a.wav",
        "Dog/deep/a.wav",
        "",
    ] {
        fs::write(&table, whole.replace("Dog/a_1.000.wav", name)).unwrap();
        let message = refused(&job);
        assert!(
            message.contains("extracts.csv:2: its file is not CLASS/NAME"),
            "{name}: {message}"
        );
    }
    assert!(!dir.path().join("a_1.000.wav").exists());
}
