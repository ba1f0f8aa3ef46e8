//! Archives: the same bytes with any number of workers, whatever fails.

use super::*;
use crate::tag::many_recordings::few_threads::LEFT;
use crate::tag::many_recordings::tag_all;
use crate::tag::workers::Milestone;

/// An archive of sounds, an empty one and a broken one.
fn archive(dir: &Path) -> PathBuf {
    let folder = dir.join("in");
    fs::create_dir_all(folder.join("deep")).unwrap();
    for (k, seconds) in [3.0, 0.3, 21.0, 1.0, 5.5, 2.2, 9.0].iter().enumerate() {
        wav(&folder.join(format!("{k}.wav")), &sound(*seconds, k as u32));
    }
    wav(&folder.join("deep/empty.wav"), &[]);
    let whole = fs::read(folder.join("0.wav")).unwrap();
    fs::write(folder.join("deep/broken.wav"), &whole[..whole.len() / 2]).unwrap();
    folder
}

/// A threshold that some windows reach and others do not.
fn threshold(tag: &TagConfig, folder: &Path) -> f32 {
    let mut scores: Vec<f64> = windows(tag, &folder.join("2.wav"))
        .iter()
        .map(|(_, s)| s[0])
        .collect();
    scores.sort_by(f64::total_cmp);
    scores[scores.len() / 2] as f32
}

#[test]
fn results_do_not_depend_on_workers_or_threads() {
    let dir = tempfile::tempdir().unwrap();
    let models = [model(&dir.path().join("m.safetensors"), 1, &[])];
    let folder = archive(dir.path());
    let inputs = inputs::find(std::slice::from_ref(&folder)).unwrap();
    let level = threshold(&request(&models), &folder);
    for windows in [false, true] {
        let tag = TagConfig {
            windows,
            thresholds: ThresholdConfig::all(level),
            ..request(&models)
        };
        let tagger = Tagger::new(&tag).unwrap();
        let mut seen: Option<(Vec<u8>, TagSummary)> = None;
        for (threads, workers) in [(1, 1), (4, 4), (2, 3), (3, 1)] {
            let stop = AtomicBool::new(false);
            let job = TagJob {
                threads,
                workers,
                ..job(&tagger, &quiet, &stop)
            };
            let mut stream = Vec::new();
            let summary = to_stream(&job, &inputs, Format::Ndjson, &mut stream).unwrap();
            let target = OutputTarget {
                format: Format::Ndjson,
                fresh: false,
                keep_log: false,
            };
            let path = dir.path().join("out.ndjson");
            assert_eq!(to_file(&job, &inputs, target, &path).unwrap(), summary);
            assert!(
                fs::read(&path).unwrap() == stream,
                "a file is what a stream is, {threads} threads"
            );
            assert!(!dir.path().join("out.ndjson.journal").exists());
            assert_eq!(summary.tagged, 8);
            assert_eq!(summary.skipped.len(), 1);
            assert!(
                summary.skipped[0].0.ends_with("in/deep/broken.wav")
                    && summary.skipped[0].1.starts_with("is cut off"),
                "{summary:?}"
            );
            assert!(windows || summary.events > 3, "{summary:?}");
            match &seen {
                Some((bytes, first)) => {
                    assert!(*bytes == stream, "{threads} threads, {workers} workers");
                    assert_eq!(*first, summary);
                }
                None => seen = Some((stream, summary)),
            }
        }
    }
}

/// What is wrong with a single recording costs that recording, and the empty one is not wrong.
#[test]
fn a_recording_that_grows_while_it_is_read_is_no_result() {
    let dir = tempfile::tempdir().unwrap();
    let models = [model(&dir.path().join("m.safetensors"), 1, &[])];
    let file = dir.path().join("growing.wav");
    wav(&file, &sound(30.0, 1));
    let tagger = Tagger::new(&request(&models)).unwrap();
    let inputs = inputs::find(std::slice::from_ref(&file)).unwrap();
    let reasons = Mutex::new(Vec::new());
    let observer = |event: TagEvent| match event {
        TagEvent::Progress { files: 0, .. } => {
            use std::io::Write;
            let mut file = fs::OpenOptions::new().append(true).open(&file).unwrap();
            file.write_all(b"more").unwrap();
        }
        TagEvent::Skipped { reason, .. } => reasons.lock().unwrap().push(reason.to_owned()),
        _ => {}
    };
    let stop = AtomicBool::new(false);
    let mut out = Vec::new();
    let summary = to_stream(&job(&tagger, &observer, &stop), &inputs, Format::Ndjson, &mut out).unwrap();
    assert_eq!((summary.tagged, summary.skipped.len()), (0, 1));
    assert!(
        summary.skipped[0].1.starts_with("changed while it was read; "),
        "{summary:?}"
    );
    assert_eq!(reasons.into_inner().unwrap(), [summary.skipped[0].1.clone()]);
    let found = lines(&out);
    assert_eq!(found.len(), 1, "none of its windows is written");
    assert!(found[0]["error"].as_str().unwrap().starts_with("changed"));
}

/// Stopped after each recording in turn, it ends with the same bytes; each recording is processed to its end once.
#[test]
fn what_is_stopped_resumes() {
    let dir = tempfile::tempdir().unwrap();
    let models = [model(&dir.path().join("m.safetensors"), 1, &[])];
    let folder = archive(dir.path());
    let inputs = inputs::find(std::slice::from_ref(&folder)).unwrap();
    let tagger = Tagger::new(&request(&models)).unwrap();
    let target = OutputTarget {
        format: Format::Csv,
        fresh: false,
        keep_log: false,
    };
    let whole = dir.path().join("whole.csv");
    let stop = AtomicBool::new(false);
    let wanted = to_file(&job(&tagger, &quiet, &stop), &inputs, target, &whole).unwrap();
    let parts = dir.path().join("parts.csv");
    for round in 0.. {
        let stop = AtomicBool::new(false);
        let (first, before) = (AtomicBool::new(true), AtomicUsize::new(0));
        let observer = |event: TagEvent| {
            if let TagEvent::Progress { files, .. } = event {
                // The first report says what was there before.
                if first.swap(false, Ordering::SeqCst) {
                    before.store(files, Ordering::SeqCst);
                }
                if files > before.load(Ordering::SeqCst) {
                    stop.store(true, Ordering::SeqCst);
                }
            }
        };
        let summary = to_file(&job(&tagger, &observer, &stop), &inputs, target, &parts).unwrap();
        if summary.complete {
            assert_eq!(
                (summary.tagged, summary.seconds, &summary.skipped),
                (wanted.tagged, wanted.seconds, &wanted.skipped)
            );
            break;
        }
        assert!(!parts.exists() && round < 20, "{summary:?}");
    }
    assert_eq!(fs::read(&parts).unwrap(), fs::read(&whole).unwrap());
}

#[test]
fn a_kept_log_spares_what_is_known() {
    let dir = tempfile::tempdir().unwrap();
    let models = [model(&dir.path().join("m.safetensors"), 1, &[])];
    let folder = archive(dir.path());
    let tagger = Tagger::new(&request(&models)).unwrap();
    let stop = AtomicBool::new(false);
    let job = job(&tagger, &quiet, &stop);
    let target = OutputTarget {
        format: Format::Ndjson,
        fresh: false,
        keep_log: true,
    };
    let out = dir.path().join("out.ndjson");
    let summary = |target| {
        let inputs = inputs::find(std::slice::from_ref(&folder)).unwrap();
        let summary = to_file(&job, &inputs, target, &out).unwrap();
        (summary.resumed, summary.tagged, summary.skipped.len())
    };
    assert_eq!(summary(target), (0, 8, 1));
    let first = fs::read(&out).unwrap();
    assert_eq!(summary(target), (8, 8, 1), "the broken one is tried again");
    assert!(fs::read(&out).unwrap() == first);
    // One is new, one has changed, one is gone.
    wav(&folder.join("new.wav"), &sound(1.0, 9));
    wav(&folder.join("1.wav"), &sound(4.0, 9));
    fs::remove_file(folder.join("3.wav")).unwrap();
    assert_eq!(summary(target), (6, 8, 1));
    let grown = fs::read(&out).unwrap();
    let fresh = OutputTarget {
        fresh: true,
        keep_log: false,
        ..target
    };
    assert_eq!(summary(fresh), (0, 8, 1));
    assert!(fs::read(&out).unwrap() == grown);
}

#[test]
fn a_folder_gets_a_file_for_each_recording() {
    let dir = tempfile::tempdir().unwrap();
    let models = [model(&dir.path().join("m.safetensors"), 1, &[])];
    let folder = archive(dir.path());
    let level = threshold(&request(&models), &folder);
    let tag = TagConfig {
        windows: false,
        thresholds: ThresholdConfig::all(level),
        ..request(&models)
    };
    let tagger = Tagger::new(&tag).unwrap();
    let stop = AtomicBool::new(false);
    let job = job(&tagger, &quiet, &stop);
    let target = OutputTarget {
        format: Format::Audacity,
        fresh: false,
        keep_log: true,
    };
    let out = dir.path().join("labels");
    let inputs = inputs::find(&[folder]).unwrap();
    let summary = to_folder(&job, &inputs, target, &out).unwrap();
    assert_eq!((summary.tagged, summary.skipped.len()), (8, 1));
    let labels = fs::read_to_string(out.join("2.wav.txt")).unwrap();
    assert!(
        labels.lines().count() > 0 && labels.lines().all(|l| l.split('\t').count() == 3),
        "{labels}"
    );
    assert_eq!(fs::read(out.join("deep/empty.wav.txt")).unwrap(), b"");
    assert!(!out.join("deep/broken.wav.txt").exists());
    // What somebody took away comes again from the resume log.
    fs::remove_file(out.join("2.wav.txt")).unwrap();
    let summary = to_folder(&job, &inputs, target, &out).unwrap();
    assert_eq!(summary.resumed, 8);
    assert_eq!(fs::read_to_string(out.join("2.wav.txt")).unwrap(), labels);
}

/// With `salvage`, the half that is there has results, a note in every place for one, and no influence on the others.
#[test]
fn what_is_whole_of_a_damaged_recording_is_tagged() {
    let dir = tempfile::tempdir().unwrap();
    let models = [model(&dir.path().join("m.safetensors"), 1, &[])];
    let folder = archive(dir.path());
    let inputs = inputs::find(std::slice::from_ref(&folder)).unwrap();
    let stop = AtomicBool::new(false);
    let stream = |damaged| {
        let tag = TagConfig {
            windows: false,
            damaged,
            ..request(&models)
        };
        let tagger = Tagger::new(&tag).unwrap();
        let mut out = Vec::new();
        let summary = to_stream(&job(&tagger, &quiet, &stop), &inputs, Format::Ndjson, &mut out).unwrap();
        (summary, lines(&out))
    };
    let (refused, without) = stream(Damaged::Refuse);
    assert_eq!((refused.tagged, refused.damaged.len()), (8, 0));
    let (summary, found) = stream(Damaged::Salvage);
    assert_eq!((summary.tagged, summary.skipped.len()), (9, 0));
    let [(file, what)] = summary.damaged.as_slice() else {
        panic!("{summary:?}");
    };
    assert!(
        file.ends_with("in/deep/broken.wav") && what.contains(" of 3.0 s of it are used; "),
        "{what}"
    );
    for (with, without) in found.iter().zip(&without) {
        if !with["file"].as_str().unwrap().ends_with("broken.wav") {
            assert_eq!(with, without);
            continue;
        }
        assert_eq!(with["note"], what.as_str());
        assert_eq!(with["damaged"], true);
        assert!((1.4..1.5).contains(&with["seconds"].as_f64().unwrap()), "{with}");
    }
}

/// Where the system starts few threads, or none, it takes longer and ends with the same bytes, and that is said.
#[test]
fn few_threads_make_no_difference() {
    let dir = tempfile::tempdir().unwrap();
    let models = [model(&dir.path().join("m.safetensors"), 1, &[])];
    let inputs = inputs::find(&[archive(dir.path())]).unwrap();
    let tagger = Tagger::new(&request(&models)).unwrap();
    let tagged = |left: usize| {
        let warnings = Mutex::new(Vec::new());
        let observer = |event: TagEvent| {
            if let TagEvent::Warning(text) = event {
                warnings.lock().unwrap().push(text);
            }
        };
        let stop = AtomicBool::new(false);
        let job = TagJob {
            threads: 4,
            workers: 4,
            ..job(&tagger, &observer, &stop)
        };
        let mut out = Vec::new();
        LEFT.set(left);
        let summary = to_stream(&job, &inputs, Format::Ndjson, &mut out).unwrap();
        LEFT.set(usize::MAX);
        (out, summary, warnings.into_inner().unwrap())
    };
    let (whole, summary, warnings) = tagged(usize::MAX);
    assert!(summary.complete && warnings.is_empty(), "{warnings:?}");
    for (left, said) in [
        (
            0,
            "no thread can be started (there are too many): recordings are processed one by one; ",
        ),
        (
            2,
            "only 2 of 4 workers can be started (there are too many): it takes longer; ",
        ),
    ] {
        let (out, found, warnings) = tagged(left);
        assert!(out == whole && found == summary, "{left}: {found:?}");
        assert_eq!(rayon::current_num_threads(), 1, "the calling thread alone");
        assert!(
            warnings.len() == 1 && warnings[0].starts_with(said),
            "{warnings:?}"
        );
    }
}

/// Who asks a job to end may not wait for the recordings in work: that it was asked is noted while they are.
#[test]
fn that_it_was_asked_to_end_is_noted_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let models = [model(&dir.path().join("m.safetensors"), 1, &[])];
    let file = dir.path().join("a.wav");
    wav(&file, &sound(3.0, 1));
    let inputs = inputs::find(std::slice::from_ref(&file)).unwrap();
    let tagger = Tagger::new(&request(&models)).unwrap();
    let stop = AtomicBool::new(false);
    let (is_noted, wait) = std::sync::mpsc::channel();
    let wait = Mutex::new(wait);
    let note = |milestone: Milestone| -> Result<(), TagError> {
        match milestone {
            Milestone::Begun(_) => {
                stop.store(true, Ordering::SeqCst);
                wait.lock().unwrap().recv().unwrap();
            }
            Milestone::Reached { .. } => {}
            Milestone::Stopping => is_noted.send(()).unwrap(),
        }
        Ok(())
    };
    let job = job(&tagger, &quiet, &stop);
    let is_whole = tag_all(&job, &inputs.files, &[0], dir.path(), &note, |_| Ok(()));
    assert!(!is_whole.unwrap());
}
