//! The DCASE baseline and the starter against TensorFlow 2.21.0.

use crate::common::{assert_log_mel, dcase, golden, log_mel, signal, starter, worst};
use earmark_features::Features;
use std::path::PathBuf;

#[test]
fn dcase_log_mel() {
    let want = golden("dcase-logmel.npy");
    let got = log_mel(&dcase(), &signal(44_100, 44_100));
    assert_eq!(
        (got.channels, got.bands, got.frames),
        (want.channels, want.bands, want.frames)
    );
    assert_log_mel(&got.data, &want.data);
}

#[test]
fn dcase_mel_matrix() {
    let want = golden("dcase-mel.npy");
    let matrix = dcase().mel.unwrap().matrix(44_100, 2048).unwrap();
    let got: Vec<f32> = matrix
        .iter()
        .flat_map(|row| (0..want.frames).map(|k| row.get(9 * k).map_or(0.0, |w| *w as f32)))
        .collect();
    // TensorFlow computes its matrix in single precision, where 3,800 mels are good to 2e-4 and a side is 39 mels long.
    let difference = worst(&got, &want.data);
    println!("largest difference {difference:.1e}");
    assert!(difference < 2e-5, "{difference}");
}

#[test]
fn dcase_log_mel_of_a_recording() {
    let Some(audio) = esc10() else { return };
    let clip = earmark_audio::read_native(&audio.join("1-100032-A-0.ogg"))
        .unwrap()
        .clip
        .samples;
    let got = log_mel(&dcase(), &clip);
    let want = golden("dcase-esc10.npy");
    let every_fifth: Vec<f32> = got
        .rows()
        .flat_map(|row| row.iter().step_by(5).copied())
        .collect();
    assert_log_mel(&every_fifth, &want.data);
}

#[test]
fn starter_magnitude_and_phase() {
    let want = golden("starter-logmag.npy");
    let got = log_mel(&starter(), &signal(16_000, 16_000));
    assert_eq!((got.channels, got.bands, got.frames), (2, 257, 98));
    let every_eighth: Vec<f32> = got
        .rows()
        .flat_map(|row| row.iter().step_by(8).copied())
        .collect();
    let (magnitude, angle) = every_eighth.split_at(every_eighth.len() / 2);
    let (want_magnitude, want_angle) = want.data.split_at(magnitude.len());
    assert!(
        worst(magnitude, want_magnitude) < 5e-6,
        "{}",
        worst(magnitude, want_magnitude)
    );
    // An angle means something only where there is some magnitude, and -1 and 1 are the same.
    let mut compared = 0;
    for ((got, want), level) in angle.iter().zip(want_angle).zip(magnitude) {
        if *level > 0.01 {
            let apart = (got - want).abs();
            assert!(apart.min(2.0 - apart) < 1e-4, "{got} is not {want} at {level}");
            compared += 1;
        }
    }
    assert!(compared > 1_000, "only {compared} angles had magnitude");
}

#[test]
fn short_clips_have_no_frames_and_one_segment() {
    let front_end = dcase();
    let extractor = earmark_features::Extractor::new(&front_end).unwrap();
    for samples in [0, 1, 1101] {
        let features = log_mel(&front_end, &vec![0.5; samples]);
        assert_eq!(
            (features.bands, features.frames),
            (96, 0),
            "as tf.signal.stft of {samples} samples"
        );
        assert_eq!(extractor.segment_count(features.frames), 1);
        let segment = extractor.segment(&features, 0).unwrap();
        assert_eq!(segment, Features::new(1, 96, 100, vec![0.0; 9_600]).unwrap());
    }
    assert_eq!(log_mel(&front_end, &[0.5; 1102]).frames, 1);
}

/// The folder of ESC-10 recordings, if it exists.
fn esc10() -> Option<PathBuf> {
    let shared = std::env::var_os("EARMARK_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
        PathBuf::from,
    );
    let audio = shared.join("data/esc10/audio");
    if audio.is_dir() {
        return Some(audio);
    }
    let required = std::env::var_os("EARMARK_REQUIRE_SHARED").is_some_and(|value| value == "1");
    assert!(
        !required,
        "EARMARK_REQUIRE_SHARED=1, and {} is not there",
        audio.display()
    );
    println!("skipped: {} is not there", audio.display());
    None
}
