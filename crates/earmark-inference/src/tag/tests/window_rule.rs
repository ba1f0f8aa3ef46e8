//! How long windows are: as long as in training, for recordings and for streams.

use super::*;
use crate::stream::{StreamConfig, StreamTagger};
use crate::{Model, WindowLength, WindowRule};
use serde_json::json;

#[test]
fn windows_are_as_long_as_in_training_in_recordings_and_in_streams() {
    let dir = tempfile::tempdir().unwrap();
    let settings: [(&[&str], f64, f64); 4] = [
        (&[], 1.015, 0.5),
        // Half a segment, whatever the distance of the segments.
        (&["front-end.segments.hop-seconds=1.0"], 1.015, 0.5),
        // What prediction takes at a time is not what was trained on.
        (&["predict.segments={length-frames=64,hop-frames=16}"], 1.015, 0.5),
        (
            &["front-end.segments.length-seconds=3.0", "predict.whole=true"],
            3.015,
            1.5,
        ),
    ];
    for (k, (more, window, hop)) in settings.into_iter().enumerate() {
        let path = model(&dir.path().join(format!("{k}.safetensors")), 1, more);
        let tagger = Tagger::new(&request(std::slice::from_ref(&path))).unwrap();
        let rule = *tagger.window_rule();
        assert_eq!((rule.seconds(), rule.hop_seconds()), (window, hop), "{more:?}");
        assert_eq!(rule.length(), WindowLength::Trained);
        let mut stream = StreamConfig::new(&path);
        assert_eq!(*StreamTagger::open(&stream, RATE).unwrap().window_rule(), rule);
        // What is given counts in both.
        let tag = TagConfig {
            window_seconds: Some(2.0),
            hop: WindowHop::Hop(0.5),
            ..request(&[path])
        };
        (stream.window_seconds, stream.hop_seconds) = (Some(2.0), Some(0.5));
        let given = *Tagger::new(&tag).unwrap().window_rule();
        assert_eq!((given.seconds(), given.hop_seconds()), (2.0, 0.5));
        assert_eq!(*StreamTagger::open(&stream, RATE).unwrap().window_rule(), given);
    }
}

/// Handcrafted features are of whole clips, so that no length was trained on.
#[test]
fn whole_clips_have_a_default_length() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("m.safetensors");
    write_model(&path, 1, &Recipe::load("summary-baseline/any", &[]).unwrap());
    let model = Model::open_file(&path, &Device::cpu().unwrap()).unwrap();
    let rule = WindowRule::new(&model, None, WindowHop::Default).unwrap();
    assert_eq!(rule.samples(), (88_200, 44_100));
    assert_eq!(
        rule.describe(),
        "windows of 2 s every 1 s (the default length, as training took clips whole, overlapping by half)"
    );
}

#[test]
fn the_rule_in_words_and_for_programs() {
    let dir = tempfile::tempdir().unwrap();
    let path = model(&dir.path().join("m.safetensors"), 1, &[]);
    let model = Model::open_file(path.as_ref(), &Device::cpu().unwrap()).unwrap();
    let of = |window, hop| WindowRule::new(&model, window, hop).unwrap();
    let own = of(None, WindowHop::Default);
    assert_eq!(
        own.describe(),
        "windows of 1.01 s every 500 ms (the length used in training, overlapping by half)"
    );
    assert_eq!(
        serde_json::to_value(own).unwrap(),
        json!({ "seconds": 1.015, "hop_seconds": 0.5, "length": "trained", "hop": "half" })
    );
    assert_eq!(
        of(Some(2.0), WindowHop::Overlap(0.5)).describe(),
        "windows of 2 s every 1.5 s (as given)"
    );
    assert_eq!(
        WindowRule::of_index(&model, 16_000, 12_000).describe(),
        "windows of 2 s every 1.5 s (those of the index)"
    );
    assert_eq!(
        of(None, WindowHop::Hop(0.25)).describe(),
        "windows of 1.01 s every 250 ms (the length used in training, distance as given)"
    );
    assert_eq!(
        of(Some(2.0), WindowHop::Default).describe(),
        "windows of 2 s every 1 s (as given, overlapping by half)"
    );
}

#[test]
fn windows_and_distances_that_can_not_work_are_refused_with_the_least() {
    let dir = tempfile::tempdir().unwrap();
    let path = model(
        &dir.path().join("m.safetensors"),
        1,
        &["front-end.stft.window-seconds=0.0512"],
    );
    let model = Model::open_file(path.as_ref(), &Device::cpu().unwrap()).unwrap();
    let of = |window, hop| WindowRule::new(&model, window, hop).map_err(|e| e.to_string());
    let frame = "give seconds, from 0.0513 (a frame of the model's spectrogram) to 86400";
    for window in [0.0, -1.0, 0.0001, 0.05, f64::NAN, f64::INFINITY, 1e9] {
        let refused = of(Some(window), WindowHop::Default).unwrap_err();
        assert_eq!(refused, format!("--window {window}: {frame}"));
    }
    for hop in [0.0, -1.0, 0.0001, f64::NAN, 1e9] {
        let refused = of(None, WindowHop::Hop(hop)).unwrap_err();
        assert_eq!(refused, format!("--hop {hop}: give seconds, from 0.01 to 86400"));
    }
    for overlap in [-1.0, 1.999, 2.0, f64::NAN, f64::INFINITY] {
        let refused = of(Some(2.0), WindowHop::Overlap(overlap)).unwrap_err();
        assert!(
            refused.starts_with(&format!("--overlap {overlap}: ")),
            "{refused}"
        );
    }
    assert_eq!(
        of(Some(0.0513), WindowHop::Hop(0.01)).unwrap().samples(),
        (410, 80)
    );
    assert_eq!(
        of(Some(2.0), WindowHop::Overlap(1.99)).unwrap().samples(),
        (16_000, 80)
    );
}

/// A model that takes any length scores a recording shorter than a window as it is, as `predict` does; what is shorter than two
/// seconds is filled with silence.
#[test]
fn short_recordings_are_not_diluted() {
    let dir = tempfile::tempdir().unwrap();
    let any_length = ["front-end.segments.length-seconds=8.0", "predict.whole=true"];
    let path = model(&dir.path().join("m.safetensors"), 1, &any_length);
    let samples = sound(5.0, 1);
    let silence = [0; RATE as usize];
    let files = [
        ("whole.wav", samples.clone()),
        ("short.wav", samples[..RATE as usize].to_vec()),
        ("filled.wav", [&samples[..RATE as usize], &silence].concat()),
    ];
    let paths = files.map(|(name, samples)| {
        let file = dir.path().join(name);
        wav(&file, &samples);
        file
    });
    let job = PredictJob {
        models: vec![path.clone()],
        files: paths.to_vec(),
        device: "cpu".into(),
        ..PredictJob::default()
    };
    let clips = crate::predict(&job, &|_| {}, &AtomicBool::new(false))
        .unwrap()
        .unwrap();
    let clip = |name: &str| {
        let mut rows = clips.scores.rows();
        let found = rows.find(|(file, _)| file.ends_with(name));
        found.unwrap().1.to_vec()
    };
    assert_ne!(clip("short.wav"), clip("filled.wav"));
    for (file, wanted) in [(&paths[0], "whole.wav"), (&paths[1], "filled.wav")] {
        let found = windows(&request(std::slice::from_ref(&path)), file);
        assert_eq!(found.len(), 1);
        for (score, wanted) in found[0].1.iter().zip(clip(wanted)) {
            assert!((score - f64::from(wanted)).abs() < 1e-5, "{score} and {wanted}");
        }
    }
}
