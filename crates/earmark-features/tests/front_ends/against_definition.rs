//! Front ends against naive implementations of their definitions in double precision.

use crate::common::{Noise, argus, assert_log_mel, dcase, front_end, log_mel, signal};
use earmark_features::{AmplitudeScale, Extractor, FrontEnd};
use proptest::prelude::*;
use std::f64::consts::TAU;

/// Magnitudes of bins 0 to `fft / 2` of one windowed frame, by the definition of the DFT.
fn magnitudes(frame: &[f32], fft: usize) -> Vec<f64> {
    let n = frame.len() as f64;
    let windowed: Vec<f64> = frame
        .iter()
        .enumerate()
        .map(|(i, x)| f64::from(*x) * (0.5 - 0.5 * (TAU * i as f64 / n).cos()))
        .collect();
    let turns: Vec<(f64, f64)> = (0..fft)
        .map(|i| (-TAU * i as f64 / fft as f64).sin_cos())
        .collect();
    (0..=fft / 2)
        .map(|k| {
            let (im, re) = windowed.iter().enumerate().fold((0.0, 0.0), |(im, re), (i, x)| {
                let (sin, cos) = turns[(i * k) % fft];
                (im + x * sin, re + x * cos)
            });
            re.hypot(im)
        })
        .collect()
}

#[test]
fn dcase_log_mel_in_double_precision() {
    let samples = signal(44_100, 44_100);
    let got = log_mel(&dcase(), &samples);
    let hz_to_mel = |hz: f64| 2595.0 * (1.0 + hz / 700.0).log10();
    let (low, high) = (hz_to_mel(20.0), hz_to_mel(20_000.0));
    let corner = |i: usize| low + (high - low) * i as f64 / 97.0;
    let (mut all_got, mut all_want) = (Vec::new(), Vec::new());
    for frame in (0..98).step_by(7) {
        let spectrum = magnitudes(&samples[frame * 441..][..1102], 2048);
        for band in 0..96 {
            let (left, peak, right) = (corner(band), corner(band + 1), corner(band + 2));
            let mel: f64 = spectrum
                .iter()
                .enumerate()
                .skip(1) // the DC bin is cleared
                .map(|(k, x)| {
                    let pitch = hz_to_mel(k as f64 * 44_100.0 / 2048.0);
                    x * ((pitch - left) / (peak - left))
                        .min((right - pitch) / (right - peak))
                        .max(0.0)
                })
                .sum();
            all_want.push((mel + 0.001).ln() as f32);
            all_got.push(got.data[band * 98 + frame]);
        }
    }
    assert_log_mel(&all_got, &all_want);
}

#[test]
fn argus_power_in_double_precision() {
    let samples = signal(44_100, 44_100);
    let config = FrontEnd {
        mel: None,
        amplitude: AmplitudeScale::Linear,
        ..argus()
    };
    let got = log_mel(&config, &samples);
    for frame in [2, 20, 37, 60] {
        let want = magnitudes(&samples[frame * 690 - 1280..][..2560], 2560);
        let loudest = want.iter().copied().fold(0.0, f64::max).powi(2);
        for (k, want) in want.iter().enumerate() {
            let difference = (f64::from(got.data[k * 64 + frame]) - want * want).abs();
            assert!(
                difference <= 2e-6 * loudest,
                "bin {k} of frame {frame}: off by {difference:e} of {loudest:e}"
            );
        }
    }
}

#[test]
fn pauses_next_to_loud_frames_stay_quiet() {
    // Each frame has its own transform: two frames in one would leak 1e-7 of the loud one into the quiet one.
    let mut samples = signal(44_100, 44_100);
    samples[11_025..].fill(0.0);
    let got = log_mel(&dcase(), &samples);
    let floor = 0.001_f32.ln();
    assert!(
        got.rows()
            .all(|row| row[25..].iter().all(|x| (x - floor).abs() < 1e-6))
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// A frame depends on its own samples only, not on samples around it or on the start of a block of frames.
    #[test]
    fn frames_are_independent(skip in 1_usize..40, seed: u32) {
        let mut noise = Noise(seed);
        let samples: Vec<f32> = (0..16_000).map(|_| noise.next() as f32).collect();
        let config = front_end(r#"
            sample-rate-hz = 16000
            stft = { window-samples = 400, hop-samples = 160 }
            mel = { bands = 20, min-hz = 0, max-hz = 8000 }
            amplitude.log = { offset = 0.001 }
        "#);
        let (whole, rest) = (log_mel(&config, &samples), log_mel(&config, &samples[skip * 160..]));
        prop_assert_eq!(rest.frames, whole.frames - skip);
        for (whole, rest) in whole.rows().zip(rest.rows()) {
            prop_assert_eq!(&whole[skip..], rest);
        }
    }

    /// Reused working memory changes nothing.
    #[test]
    fn scratch_has_no_memory(first in 0_usize..3_000, second in 0_usize..3_000, seed: u32) {
        let mut noise = Noise(seed);
        let samples: Vec<f32> = (0..3_000).map(|_| noise.next() as f32).collect();
        let extractor = Extractor::new(&argus()).unwrap();
        let mut scratch = extractor.scratch();
        extractor.log_mel(&samples[..first], &mut scratch).unwrap();
        let reused = extractor.log_mel(&samples[..second], &mut scratch).unwrap();
        prop_assert_eq!(reused, log_mel(&argus(), &samples[..second]));
    }

    /// Twice the amplitude is ln 2 more, far above the offset.
    #[test]
    fn loudness_shifts(seed: u32) {
        let mut noise = Noise(seed);
        let soft: Vec<f32> = (0..4_410).map(|_| noise.next() as f32 * 0.4).collect();
        let loud: Vec<f32> = soft.iter().map(|x| x * 2.0).collect();
        let mut config = dcase();
        config.amplitude = AmplitudeScale::Log { offset: 1e-20 };
        for (soft, loud) in log_mel(&config, &soft).data.iter().zip(&log_mel(&config, &loud).data) {
            prop_assert!((loud - soft - std::f32::consts::LN_2).abs() < 2e-6);
        }
    }
}
