//! Settings and audio that can't work are refused, with key, value and remedy.

use crate::common::{argus, dcase};
use earmark_audio::Clip;
use earmark_core::{Check, Within};
use earmark_features::{
    AmplitudeScale, Deltas, Extractor, FrontEnd, GlobalScale, Pcen, SegmentPad, Trimming,
};

/// The message for the DCASE front end after a change.
fn refused(change: impl FnOnce(&mut FrontEnd)) -> String {
    let mut front_end = dcase();
    change(&mut front_end);
    let error = Extractor::new(&front_end).expect_err("this front end can't work");
    assert_eq!(front_end.check().within("front-end").unwrap_err(), error);
    error.to_string()
}

/// Asserts that a refusal names `key`.
fn start(message: String, key: &str) {
    assert!(message.starts_with(&format!("front-end.{key} = ")), "{message}");
}

#[test]
fn keys_before_the_amplitude_scale_are_checked() {
    start(refused(|f| f.sample_rate_hz = 10), "sample-rate-hz");
    start(
        refused(|f| f.stft.window_seconds = Some(f64::NAN)),
        "stft.window-seconds",
    );
    start(
        refused(|f| f.stft.window_seconds = Some(1e9)),
        "stft.window-seconds",
    );
    start(refused(|f| f.stft.hop_seconds = Some(1e-9)), "stft.hop-seconds");
    start(
        refused(|f| (f.stft.hop_seconds, f.stft.hop_samples) = (None, Some(0))),
        "stft.hop-samples",
    );
    start(refused(|f| f.stft.fft_samples = Some(1101)), "stft.fft-samples");
    start(
        refused(|f| f.stft.fft_samples = Some(1 << 24)),
        "stft.fft-samples",
    );
    start(refused(|f| f.stft.phase = true), "stft.phase");
    let trim = |change: fn(&mut Trimming)| refused(|f| change(f.trim.insert(Trimming::default())));
    start(trim(|t| t.top_db = 0.0), "trim.top-db");
    start(trim(|t| t.hop_samples = 2_049), "trim.hop-samples");
    start(trim(|t| t.min_seconds = Some(f64::NAN)), "trim.min-seconds");
    start(refused(|f| f.mel.as_mut().unwrap().bands = 0), "mel.bands");
    start(refused(|f| f.mel.as_mut().unwrap().min_hz = -1.0), "mel.min-hz");
    start(
        refused(|f| f.mel.as_mut().unwrap().min_hz = f64::NAN),
        "mel.min-hz",
    );
    start(
        refused(|f| f.mel.as_mut().unwrap().max_hz = 22_051.0),
        "mel.max-hz",
    );
    start(refused(|f| f.mel.as_mut().unwrap().max_hz = 20.0), "mel.max-hz");
}

#[test]
fn keys_of_the_amplitude_scale_are_checked() {
    start(
        refused(|f| f.amplitude = AmplitudeScale::Log { offset: 0.0 }),
        "amplitude.log.offset",
    );
    let db = |reference, amin, top_db| AmplitudeScale::Db {
        reference,
        amin,
        top_db,
    };
    start(
        refused(|f| f.amplitude = db(0.0, 1e-10, None)),
        "amplitude.db.reference",
    );
    start(
        refused(|f| f.amplitude = db(1.0, -1.0, None)),
        "amplitude.db.amin",
    );
    start(
        refused(|f| f.amplitude = db(1.0, 1e-10, Some(0.0))),
        "amplitude.db.top-db",
    );
    start(
        refused(|f| {
            f.amplitude = AmplitudeScale::Pcen(Pcen {
                eps: 0.0,
                ..Pcen::default()
            })
        }),
        "amplitude.pcen.eps",
    );
    start(
        refused(|f| {
            f.amplitude = AmplitudeScale::Pcen(Pcen {
                gain: -1.0,
                ..Pcen::default()
            })
        }),
        "amplitude.pcen.gain",
    );
}

#[test]
fn keys_of_segments_and_postprocessing_are_checked() {
    start(
        refused(|f| f.segments.as_mut().unwrap().length_seconds = Some(0.001)),
        "segments.length-seconds",
    );
    start(
        refused(|f| f.segments.as_mut().unwrap().hop_seconds = Some(2.0)),
        "segments.hop-seconds",
    );
    start(
        refused(|f| f.segments.as_mut().unwrap().pad = SegmentPad::Value(f64::INFINITY)),
        "segments.pad.value",
    );
    start(
        refused(|f| f.postprocess.deltas = Some(Deltas { width_frames: 8 })),
        "postprocess.deltas.width-frames",
    );
    start(
        refused(|f| f.postprocess.deltas = Some(Deltas { width_frames: 101 })),
        "postprocess.deltas.width-frames",
    );
    start(
        refused(|f| {
            f.postprocess.scale = Some(GlobalScale {
                subtract: 0.0,
                divide: 0.0,
            })
        }),
        "postprocess.scale.divide",
    );
}

#[test]
fn samples_that_are_not_numbers() {
    let extractor = Extractor::new(&dcase()).unwrap();
    let mut scratch = extractor.scratch();
    for (index, value) in [(0, f32::NAN), (1023, f32::INFINITY), (2_000, -1e7)] {
        let mut samples = vec![0.0; 3_000];
        samples[index] = value;
        let message = extractor.log_mel(&samples, &mut scratch).unwrap_err().to_string();
        assert!(
            message.starts_with(&format!("sample {index} is {value}")),
            "{message}"
        );
    }
}

#[test]
fn a_clip_of_another_rate() {
    let extractor = Extractor::new(&dcase()).unwrap();
    let clip = Clip {
        samples: vec![0.0; 100],
        sample_rate_hz: 22_050,
    };
    let message = extractor
        .log_mel_of_clip(&clip, &mut extractor.scratch())
        .unwrap_err()
        .to_string();
    assert_eq!(
        message,
        "the clip has 22050 Hz and the front end needs 44100 Hz; resample the clip first"
    );
}

#[test]
fn buffers_that_do_not_fit() {
    let extractor = Extractor::new(&argus()).unwrap();
    let features = extractor
        .log_mel(&[0.1; 5_000], &mut extractor.scratch())
        .unwrap();
    let message = extractor
        .write_segment(&features, 0, &mut [0.0; 7])
        .unwrap_err()
        .to_string();
    assert_eq!(
        message,
        "the segment's buffer holds 7 numbers, and [channels 1, bands 128, frames 256] needs 32768"
    );
}

#[test]
fn the_loudest_sample_stays_finite() {
    for front_end in [dcase(), argus()] {
        let extractor = Extractor::new(&front_end).unwrap();
        let features = extractor
            .log_mel(&[1e6; 5_000], &mut extractor.scratch())
            .unwrap();
        assert!(features.data.iter().all(|x| x.is_finite()));
    }
}
