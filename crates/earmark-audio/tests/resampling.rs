//! The resampler against theory (sines, impulses, aliases), against scipy, and against itself in pieces.

mod common;

use common::{sine, snr_db};
use earmark_audio::{Resampler, resample, resampled_len};
use proptest::prelude::*;
use serde_json::Value;

const RATES: [(u32, u32); 10] = [
    (44_100, 22_050),
    (22_050, 44_100),
    (44_100, 48_000),
    (48_000, 44_100),
    (44_100, 16_000),
    (8_000, 44_100),
    (96_000, 44_100),
    // A rate of old sound cards, with a small common divisor with any other.
    (11_127, 44_100),
    (192_000, 1_000),
    // No common divisor at all.
    (44_101, 32_000),
];

/// Away from the ends, where the signal jumps from and to zero and every low-pass filter rings: output samples under
/// half a filter of 2,200 samples of the lower rate.
fn margin(from: u32, to: u32) -> usize {
    1_100 * to.div_ceil(from) as usize
}

/// Length of the test signals: long enough to leave a lot between the margins.
fn seconds(to: u32) -> usize {
    if to < 8_000 { 6 } else { 1 }
}

#[test]
fn a_sine_keeps_frequency_phase_and_amplitude() {
    for (from, to) in RATES {
        let nyquist = f64::from(from.min(to)) / 2.0;
        // The last one is at the top of the pass-band.
        for hz in [100.0, nyquist * 0.2, nyquist * 0.5, nyquist * 0.96] {
            let got =
                resample(&sine(from, hz, 0.5, from as usize * seconds(to)), from, to).expect("good rates");
            let wanted = sine(to, hz, 0.5, to as usize * seconds(to));
            assert_eq!(got.len(), wanted.len());
            // Single precision: about 24 bits, minus the noise of two FFTs. Measured: 117 dB and more.
            let snr = snr_db(&wanted, &got, margin(from, to));
            assert!(snr > 100.0, "{from} to {to}: {hz} Hz at {snr:.1} dB");
        }
    }
}

#[test]
fn nothing_above_the_new_nyquist_frequency_remains() {
    for (from, to) in RATES.into_iter().filter(|(from, to)| from > to) {
        let (new, old) = (f64::from(to) / 2.0, f64::from(from) / 2.0);
        for share in [0.0, 0.1, 0.5, 0.9] {
            let hz = new * 1.002 + (old - new) * share;
            if hz >= old {
                continue;
            }
            let got =
                resample(&sine(from, hz, 1.0, from as usize * seconds(to)), from, to).expect("good rates");
            let inner = &got[margin(from, to)..got.len() - margin(from, to)];
            let power = inner.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / inner.len() as f64;
            let db = 10.0 * (power / 0.5).log10();
            assert!(db < -80.0, "{from} to {to}: {hz:.0} Hz leaves {db:.1} dB");
        }
    }
}

#[test]
fn an_impulse_stays_where_it_is() {
    for (from, to) in RATES {
        for second in [0.0, 0.25, 0.5] {
            // At a time that is a whole sample at both rates, where there is one.
            let at = (f64::from(from) * second) as usize;
            let time = at as f64 / f64::from(from);
            let mut impulse = vec![0.0f32; from as usize * seconds(to)];
            impulse[at] = 1.0;
            let got = resample(&impulse, from, to).expect("good rates");
            let peak = (0..got.len())
                .max_by(|&a, &b| got[a].abs().total_cmp(&got[b].abs()))
                .expect("not empty");
            assert!(
                (peak as f64 - time * f64::from(to)).abs() <= 0.5,
                "{from} to {to}: {peak}"
            );
            if at > 0 && (time * f64::from(to)).fract() == 0.0 {
                // Linear phase: the same to the left and to the right.
                for k in 1..200 {
                    assert!(
                        (got[peak - k] - got[peak + k]).abs() < 1e-6,
                        "{from} to {to}: {k}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_constant_stays_constant() {
    for (from, to) in RATES {
        let got = resample(&vec![0.7; from as usize * seconds(to)], from, to).expect("good rates");
        let inner = &got[margin(from, to)..got.len() - margin(from, to)];
        assert!(inner.iter().all(|x| (x - 0.7).abs() < 1e-5), "{from} to {to}");
    }
}

#[test]
fn scipy_gives_the_same_result() {
    let text = std::fs::read_to_string(common::file("../golden/resample.json")).expect("golden vectors");
    let cases: Value = serde_json::from_str(&text).expect("JSON");
    for case in cases.as_array().expect("an array") {
        let number = |key: &str| case[key].as_u64().expect("a number");
        let (from, to) = (number("from_hz") as u32, number("to_hz") as u32);
        let n = from as usize / 20;
        let signal: Vec<f32> = (0..n)
            .map(|i| {
                let t = i as f64 / f64::from(from);
                let tau = 2.0 * std::f64::consts::PI;
                let window = 0.5 - 0.5 * (tau * i as f64 / (n - 1) as f64).cos();
                (0.5 * (tau * (200.0 * t + 20_000.0 * t * t)).sin() * window) as f32
            })
            .collect();
        let got: Vec<f32> = resample(&signal, from, to)
            .expect("good rates")
            .into_iter()
            .step_by(number("step") as usize)
            .collect();
        let wanted: Vec<f32> = case["samples"]
            .as_array()
            .expect("an array")
            .iter()
            .map(|v| v.as_f64().expect("a number") as f32)
            .collect();
        // scipy rounds the length up, we to the nearest.
        assert!(wanted.len().abs_diff(got.len()) <= 1);
        // Both are near perfect here; scipy's shorter filter (10 periods) has the wider pass-band ripple.
        let snr = snr_db(&wanted, &got, 0);
        assert!(snr > 70.0, "{from} to {to}: {snr:.1} dB");
    }
}

#[test]
fn the_same_rate_changes_nothing() {
    let signal = sine(8_000, 100.0, 0.3, 1_000);
    assert_eq!(resample(&signal, 8_000, 8_000).expect("good rates"), signal);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, rng_seed: proptest::test_runner::RngSeed::Fixed(7), failure_persistence: None, ..Default::default() })]

    #[test]
    fn pieces_do_not_matter_and_lengths_are_exact(
        len in 0usize..9_000,
        cuts in prop::collection::vec(0usize..9_000, 0..12),
        rates in prop::sample::select(RATES.to_vec()),
    ) {
        let (from, to) = rates;
        let signal = sine(from, 440.0, 0.5, len);
        let whole = resample(&signal, from, to).expect("good rates");
        prop_assert_eq!(whole.len() as u64, resampled_len(len as u64, from, to));
        let exact = len as f64 * f64::from(to) / f64::from(from);
        prop_assert!((whole.len() as f64 - exact).abs() <= 0.5);
        let mut cuts: Vec<usize> = cuts.into_iter().map(|c| c.min(len)).collect();
        cuts.sort_unstable();
        let mut resampler = Resampler::new(from, to).expect("good rates");
        let (mut out, mut start) = (Vec::new(), 0);
        for cut in cuts.into_iter().chain([len]) {
            resampler.push(&signal[start..cut], &mut out);
            start = cut;
        }
        resampler.finish(&mut out);
        prop_assert_eq!(out, whole);
    }
}
