//! Recordings tagged with small networks of random weights: what they say means nothing, and must be the same whichever
//! way it is asked.

mod archives;
mod in_memory;
mod index_events;
mod score_files;
mod stream_ends;
mod window_rule;

use super::*;
use crate::devices_by_name::Device;
use crate::{PredictJob, ThresholdConfig};
use earmark_audio::Damaged;
use earmark_engine::{FORMAT, ModelFile, ModelMeta};
use earmark_features::Extractor;
use earmark_metrics::{BlendMean, Calibration, CalibrationLine, CalibrationRule};
use earmark_models::{Network, VarId, Vars};
use earmark_recipe::Recipe;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

const RATE: u32 = 8_000;

/// A model of three classes, on examples of one second every half.
fn model(path: &Path, seed: u64, more: &[&str]) -> String {
    let sets = [
        "front-end.sample-rate-hz=8000",
        "front-end.mel.bands=32",
        "front-end.mel.max-hz=4000",
        "network.width=0.01",
        // Keeps differences alive through all layers.
        "network.init={kind=\"kaiming-normal\"}",
    ];
    let sets: Vec<String> = sets.iter().chain(more).map(|s| (*s).to_owned()).collect();
    write_model(
        path,
        seed,
        &Recipe::load("dcase2019-baseline/1-noisy", &sets).unwrap(),
    )
}

/// A model of a recipe and three classes.
fn write_model(path: &Path, seed: u64, recipe: &Recipe) -> String {
    let channels = Extractor::new(&recipe.predict_front_end()).unwrap().channels();
    let (network, specs) = Network::build(&recipe.network, channels, 3).unwrap();
    let mut vars = Vars::init(specs, seed, Device::cpu().unwrap().burn());
    drop(network);
    // Untrained layers shrink what comes in, the depthwise ones most; without this, all windows would score alike.
    for i in 0..vars.len() {
        if vars.specs()[i].name.ends_with(".bn.gamma") {
            let gamma = vec![1.7; vars.specs()[i].len()];
            vars.set_vec(VarId(i), gamma);
        }
    }
    let meta = ModelMeta {
        format: FORMAT,
        version: earmark_core::VERSION.into(),
        recipe: recipe.to_toml(),
        classes: ["a", "b", "c"].map(String::from).to_vec(),
        licence: None,
        source: None,
        calibration: None,
        step: 0,
    };
    ModelFile::write(path, &meta, &vars).unwrap();
    path.to_string_lossy().into_owned()
}

/// A sound that never stands still, 16 bits.
fn sound(seconds: f64, seed: u32) -> Vec<i16> {
    let mut random = seed;
    (0..(seconds * f64::from(RATE)).round() as usize)
        .map(|i| {
            let t = i as f64 / f64::from(RATE);
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = f64::from(random >> 8) / f64::from(1 << 24) - 0.5;
            let chirp = (t * (400.0 + 130.0 * t + 50.0 * f64::from(seed)) * std::f64::consts::TAU).sin();
            ((chirp * (1.0 + (t * 1.7).sin()) + noise) * 8_000.0) as i16
        })
        .collect()
}

fn wav(path: &Path, samples: &[i16]) {
    let bytes = samples.len() as u32 * 2;
    let mut file = b"RIFF".to_vec();
    file.extend((36 + bytes).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    file.extend(RATE.to_le_bytes());
    file.extend((2 * RATE).to_le_bytes());
    file.extend(b"\x02\0\x10\0data");
    file.extend(bytes.to_le_bytes());
    file.extend(samples.iter().flat_map(|s| s.to_le_bytes()));
    fs::write(path, file).unwrap();
}

fn request(models: &[String]) -> TagConfig {
    TagConfig {
        models: models.to_vec(),
        mean: BlendMean::Geometric,
        device: "cpu".into(),
        precision: None,
        window_seconds: None,
        hop: WindowHop::Default,
        classes: vec![],
        thresholds: ThresholdConfig::default(),
        release: 0.9,
        merge_seconds: 0.0,
        min_seconds: 0.0,
        event_score: EventScore::Max,
        top: None,
        windows: true,
        damaged: Damaged::Refuse,
    }
}

/// A job with an observer; without one, `quiet`.
fn job<'a>(tagger: &'a Tagger, observer: &'a (dyn Fn(TagEvent) + Sync), stop: &'a AtomicBool) -> TagJob<'a> {
    TagJob {
        tagger,
        threads: 1,
        workers: 1,
        observer,
        stop,
        times_and_places: None,
    }
}

fn quiet(_: TagEvent) {}

fn lines(text: &[u8]) -> Vec<serde_json::Value> {
    String::from_utf8_lossy(text)
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect()
}

/// Scores of windows as (first sample, scores).
fn windows(tag: &TagConfig, file: &Path) -> Vec<(usize, Vec<f64>)> {
    let tagger = Tagger::new(tag).unwrap();
    let stop = AtomicBool::new(false);
    let inputs = inputs::find(&[file.to_path_buf()]).unwrap();
    let mut out = Vec::new();
    let summary = to_stream(&job(&tagger, &quiet, &stop), &inputs, Format::Ndjson, &mut out).unwrap();
    assert!(summary.complete && summary.skipped.is_empty(), "{summary:?}");
    lines(&out)
        .iter()
        .map(|l| {
            let start = (l["start_seconds"].as_f64().unwrap() * f64::from(RATE)).round() as usize;
            let scores = ["a", "b", "c"].map(|c| l["scores"][c].as_f64().unwrap());
            (start, scores.to_vec())
        })
        .collect()
}

/// A window scores what `predict` says of a file that holds its samples and no others.
#[test]
fn windows_score_as_clips_of_their_samples() {
    let dir = tempfile::tempdir().unwrap();
    let one = model(&dir.path().join("one.safetensors"), 1, &[]);
    let two = model(
        &dir.path().join("two.safetensors"),
        2,
        &["front-end.mel.bands=20"],
    );
    let samples = sound(12.3, 1);
    let file = dir.path().join("long.wav");
    wav(&file, &samples);
    for (models, window, hop, length, count) in [
        // One segment: 99 frames of 80 samples and a window of 200.
        (vec![one.clone()], None, WindowHop::Default, 8_120, 24),
        (vec![one.clone()], Some(2.1), WindowHop::Hop(1.0), 16_800, 12),
        (vec![one, two], Some(1.5), WindowHop::Overlap(0.25), 12_000, 10),
    ] {
        let tag = TagConfig {
            window_seconds: window,
            hop,
            ..request(&models)
        };
        let found = windows(&tag, &file);
        assert_eq!(found.len(), count);
        let files: Vec<PathBuf> = found
            .iter()
            .map(|(start, _)| {
                let path = dir.path().join(format!("{start:08}.wav"));
                wav(&path, &samples[*start..(start + length).min(samples.len())]);
                path
            })
            .collect();
        let job = PredictJob {
            models,
            data: None,
            subset: None,
            files,
            shard: None,
            read: earmark_data::ReadAs::default(),
            mean: BlendMean::Geometric,
            raw: false,
            weights: None,
            device: "cpu".into(),
            precision: None,
        };
        let wanted = crate::predict(&job, &|_| {}, &AtomicBool::new(false))
            .unwrap()
            .unwrap();
        let mut spread = 0.0_f64;
        for ((start, scores), (_, wanted)) in found.iter().zip(wanted.scores.rows()) {
            for (score, wanted) in scores.iter().zip(wanted) {
                // Passes of another size add up in another order.
                assert!(
                    (score - f64::from(*wanted)).abs() < 1e-5,
                    "{start}: {scores:?}, {wanted:?}"
                );
            }
            let from_first = scores.iter().zip(&found[0].1).map(|(a, b)| (a - b).abs());
            spread = from_first.fold(spread, f64::max);
        }
        assert!(spread > 1e-3, "windows differ by {spread}: nothing was tested");
    }
}

/// The padding of an encoder's last frame gets no window of its own, unless it is longer than 20 ms.
#[test]
fn splinters_at_the_end_get_no_window() {
    let dir = tempfile::tempdir().unwrap();
    let one = model(&dir.path().join("one.safetensors"), 1, &[]);
    let tag = TagConfig {
        window_seconds: Some(1.0),
        ..request(&[one])
    };
    let of = |samples: usize| {
        let file = dir.path().join(format!("{samples}.wav"));
        wav(&file, &sound(6.0, 3)[..samples]);
        windows(&tag, &file)
    };
    let whole = of(40_000);
    assert_eq!(whole.len(), 9, "five seconds in windows of one, every half");
    assert_eq!(of(40_008), whole, "5.001 s");
    assert_eq!(of(40_159), whole, "one sample less than 20 ms");
    let longer = of(40_160);
    assert_eq!((longer.len(), &longer[..9]), (10, &whole[..]));
    assert_eq!(of(8).len(), 1, "a recording is tagged however short it is");
}

/// Calibrated scores are those of a calibrated model; its thresholds count unless one is given.
#[test]
fn calibration_is_applied_to_every_window() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("m.safetensors");
    let models = [model(&path, 1, &[])];
    let sound_file = dir.path().join("a.wav");
    wav(&sound_file, &sound(7.0, 1));
    let raw = windows(&request(&models), &sound_file);
    assert_eq!(
        Tagger::new(&request(&models)).unwrap().thresholds().values(),
        [0.3; 3]
    );
    let line = |slope, shift| CalibrationLine { slope, shift };
    let calibration = Calibration {
        rule: CalibrationRule::Classes {
            lines: vec![line(2.0, -0.5), CalibrationLine::IDENTITY, line(0.5, 1.0)],
        },
        thresholds: vec![0.2, 0.4, 0.6],
        clips: 10,
    };
    let mut file = ModelFile::read(&path).unwrap();
    file.meta.calibration = Some(calibration.clone());
    file.save(&path).unwrap();
    for ((_, raw), (_, got)) in raw.iter().zip(windows(&request(&models), &sound_file)) {
        let mut wanted: Vec<f32> = raw.iter().map(|s| *s as f32).collect();
        calibration.apply(&mut wanted);
        assert!(
            wanted
                .iter()
                .zip(&got)
                .all(|(w, g)| (f64::from(*w) - g).abs() < 1e-6)
        );
        assert!((raw[0] - got[0]).abs() > 1e-3, "it changes nothing");
    }
    let tag = TagConfig {
        classes: vec!["a,c".into()],
        ..request(&models)
    };
    assert_eq!(Tagger::new(&tag).unwrap().thresholds().values(), [0.2, 0.6]);
    let given = TagConfig {
        thresholds: ThresholdConfig::all(0.7).with_class("C", 0.1),
        ..tag
    };
    assert_eq!(Tagger::new(&given).unwrap().thresholds().values(), [0.7, 0.1]);
}

#[test]
fn requests_that_can_not_be_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let one = model(&dir.path().join("one.safetensors"), 1, &[]);
    let other = model(
        &dir.path().join("other.safetensors"),
        1,
        &["front-end.sample-rate-hz=16000", "front-end.mel.max-hz=8000"],
    );
    let refused = |change: &dyn Fn(&mut TagConfig)| {
        let mut tag = request(std::slice::from_ref(&one));
        change(&mut tag);
        Tagger::new(&tag).unwrap_err().to_string()
    };
    assert_eq!(
        refused(&|t| t.thresholds = ThresholdConfig::all(1.5)),
        "--threshold 1.5: give a number from 0 to 1"
    );
    assert_eq!(
        refused(&|t| t.merge_seconds = -1.0),
        "--merge -1: give a number of seconds, 0 or more, at most a day (86400)"
    );
    assert_eq!(
        refused(&|t| t.top = Some(0)),
        "--top-k 0: leaves no class; give 1 or more"
    );
    assert_eq!(
        refused(&|t| t.window_seconds = Some(0.0)),
        "--window 0: give seconds, from 0.025 (a frame of the model's spectrogram) to 86400"
    );
    assert_eq!(
        refused(&|t| t.hop = WindowHop::Hop(3.0)),
        "--hop 3: is longer than a window of 1.015 s, so sound between windows would be missed; give at most that"
    );
    assert_eq!(
        refused(&|t| t.hop = WindowHop::Overlap(2.0)),
        "--overlap 2: must be less than a window of 1.015 s, by 0.01 s or more; give less"
    );
    assert_eq!(
        refused(&|t| t.classes = vec!["d".into()]),
        "--classes d: the model has no class of that name; did you mean a?"
    );
    assert_eq!(
        refused(&|t| t.thresholds = ThresholdConfig::default().with_class("d", 0.5)),
        "--threshold d=0.5: the model has no class of that name; did you mean a?"
    );
    let error = refused(&|t| t.models.push(other.clone()));
    assert!(
        error.ends_with("at 8000 Hz; tag with one of them at a time"),
        "{error}"
    );
}
