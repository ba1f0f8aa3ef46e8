//! Embeddings of windows, and the events of an index.

use super::*;
use crate::{AddJob, Event, Model, WindowEmbedder, add_to_index};
use earmark_audio::Clip;
use earmark_index::archive::{ArchiveIndex, ROWS_PER_SHARD, WindowClassifier};

fn embedder(dir: &Path, seconds: Option<f64>, hop: WindowHop) -> WindowEmbedder {
    let file = model(&dir.join("m.safetensors"), 1, &[]);
    let model = Model::open_file(Path::new(&file), &Device::cpu().unwrap()).unwrap();
    WindowEmbedder::new(model, seconds, hop, Damaged::Refuse).unwrap()
}

/// The last window is shorter than the others; there are more windows than share a batch.
#[test]
fn windows_are_embedded_as_clips_of_their_samples() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("x.wav");
    let played = sound(11.3, 3);
    wav(&file, &played);
    let embedder = embedder(dir.path(), None, WindowHop::Default);
    let found = embedder.embed(&file, &AtomicBool::new(false)).unwrap().unwrap();
    let (windows, width) = (embedder.index_windows(), embedder.width());
    assert!(found.windows > 16 && found.vectors.len() == found.windows * width);
    assert_eq!((found.samples, found.seconds), (played.len() as u64, 11.3));
    for (k, vector) in found.vectors.chunks_exact(width).enumerate() {
        let start = k * windows.hop_samples;
        let end = (start + windows.window_samples).min(played.len());
        let samples = played[start..end].iter().map(|v| f32::from(*v) / 32_768.0);
        let alone = embedder
            .model()
            .embed(&Clip::new(samples.collect(), RATE))
            .unwrap();
        for (a, b) in vector.iter().zip(&alone) {
            assert!((a - b).abs() <= 1e-4 * (1.0 + b.abs()), "window {k}: {a} and {b}");
        }
    }
    let stopped = embedder.embed(&file, &AtomicBool::new(true)).unwrap();
    assert_eq!(stopped, None);
    fs::write(&file, "no sound").unwrap();
    assert!(embedder.embed(&file, &AtomicBool::new(false)).is_err());
}

/// Where windows do not overlap, events are the runs of windows whose score reaches the threshold.
#[test]
fn events_of_an_index_are_runs_of_windows() {
    let dir = tempfile::tempdir().unwrap();
    let (archive, to) = (dir.path().join("in"), dir.path().join("x"));
    fs::create_dir(&archive).unwrap();
    for (name, seconds, seed) in [("a.wav", 9.0, 1), ("b.wav", 7.4, 2)] {
        wav(&archive.join(name), &sound(seconds, seed));
    }
    let embedder = embedder(dir.path(), Some(1.0), WindowHop::Hop(1.0));
    let archives = [archive];
    let (inputs, stop) = (inputs::find(&archives).unwrap(), AtomicBool::new(false));
    let job = AddJob {
        embedder: &embedder,
        model_name: "m",
        inputs: &inputs,
        archives: &archives,
        to: &to,
        rows_per_shard: ROWS_PER_SHARD,
        observer: &|_: Event| {},
        stop: &stop,
    };
    let added = add_to_index(&job).unwrap().unwrap();
    assert_eq!((added.added, added.windows), (2, 9 + 8));
    let index = ArchiveIndex::open(&to).unwrap();
    // Half of the windows are on either side of the middle logit.
    let weights = index.vectors(&[0]).unwrap();
    let mut classifier = WindowClassifier::new(&index, "c", weights, 0.0);
    let mut logits = index.logits(&[classifier.clone()]).unwrap().remove(0);
    logits.sort_by(f32::total_cmp);
    classifier.bias = -(logits[8] + logits[9]) / 2.0;
    let tag = TagConfig {
        release: 1.0,
        windows: false,
        ..request(&[])
    };
    let events = IndexEvents::new(&index, &[classifier.clone()], &tag).unwrap();
    let mut out = Vec::new();
    let summary = events.write(Format::Csv, &mut out, dir.path()).unwrap();
    let logits = index.logits(&[classifier]).unwrap().remove(0);
    let mut wanted = Vec::new();
    for placed in index.recordings() {
        let seconds = placed.recording.seconds;
        let mut open = None;
        for (k, row) in placed.rows().enumerate() {
            if logits[row] >= 0.0 {
                open.get_or_insert(k as f64);
            } else if let Some(start) = open.take() {
                wanted.push((placed.recording.file.clone(), start, k as f64));
            }
        }
        wanted.extend(open.map(|start| (placed.recording.file.clone(), start, seconds)));
    }
    assert!(wanted.len() > 1);
    assert_eq!((summary.recordings, summary.events), (2, wanted.len()));
    let text = String::from_utf8(out).unwrap();
    let found = text.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        assert_eq!(cells[2], "c");
        let seconds = |cell: usize| cells[cell].parse::<f64>().unwrap();
        (cells[4].to_owned(), seconds(0), seconds(1))
    });
    assert_eq!(found.collect::<Vec<_>>(), wanted);
}
