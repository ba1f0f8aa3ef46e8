//! Augmentations of waveforms: forced draws against librosa and scipy (`xtask/golden/augment_waveform.py`), and what must hold for all.

use earmark_core::{Within, random};
use earmark_data::augment::Augment;
use earmark_data::augment::waveform::{
    AddedNoise, Colour, Cut, Equaliser, Peak, Pitch, Room, Stretch, WaveformChange, mix_by_pressure,
    pressure_db,
};
use earmark_features::FrontEnd;
use serde_json::{Value, json};

/// The sounds of the script.
fn sound(samples: i64, seed: i64) -> Vec<f32> {
    (0..samples)
        .map(|n| {
            let noise = ((n * n * (7 + seed) + n * 31 * seed) % 2001 - 1000) as f64 / 2000.0;
            let saw = (n * (3 + seed) % 200 - 100) as f64 / 100.0;
            ((0.3 * noise + 0.5 * saw) * ((n % 4000) as f64 / 4000.0)) as f32
        })
        .collect()
}

fn golden() -> Value {
    serde_json::from_str(include_str!("golden/waveform.json")).unwrap()
}

fn floats(value: &Value) -> Vec<f64> {
    serde_json::from_value(value.clone()).unwrap()
}

/// Compares every eleventh sample, relative to the loudest.
fn close(got: &[f32], expected: &Value, tolerance: f64, what: &str) {
    let expected = floats(expected);
    let loudest = expected.iter().fold(0.0f64, |most, value| most.max(value.abs()));
    let some: Vec<f64> = got.iter().step_by(11).map(|&value| f64::from(value)).collect();
    assert_eq!(some.len(), expected.len(), "{what}");
    let worst = some
        .iter()
        .zip(&expected)
        .fold(0.0f64, |most, (a, b)| most.max((a - b).abs()));
    assert!(worst <= tolerance * loudest, "{what}: {worst} of {loudest}");
}

#[test]
fn the_phase_vocoder_is_librosas() {
    for case in golden()["stretched"].as_array().unwrap() {
        let rate = case["rate"].as_f64().unwrap();
        let out = Stretch { rate }.stretch(&sound(6000, 1));
        assert_eq!(out.len() as u64, case["length"].as_u64().unwrap());
        // Both in double precision; the input is rounded to float32 here.
        close(&out, &case["out"], 1e-5, &format!("rate {rate}"));
    }
}

#[test]
fn the_equaliser_is_scipys() {
    let golden = golden();
    let peaks: Vec<[f64; 3]> = serde_json::from_value(golden["peaks"].clone()).unwrap();
    let peaks = peaks
        .into_iter()
        .map(|[centre_hz, gain_db, quality]| Peak {
            centre_hz,
            gain_db,
            quality,
        })
        .collect();
    let out = Equaliser { peaks }.apply(sound(6000, 1), 16_000);
    close(&out, &golden["equalised"], 1e-5, "equaliser");
}

#[test]
fn sounds_are_mixed_by_their_pressure() {
    let (first, second) = (sound(6000, 1), sound(7000, 2));
    let second: Vec<f32> = second.iter().map(|sample| 0.1 * sample).collect();
    for case in golden()["mixed"].as_array().unwrap() {
        let (rate, ratio) = (
            case["rate"].as_u64().unwrap() as u32,
            case["ratio"].as_f64().unwrap(),
        );
        for (sound, expected) in [&first, &second].iter().zip(floats(&case["pressures"])) {
            // The corner frequencies of the standard are given with other numbers of digits.
            let got = pressure_db(sound, rate);
            assert!((got - expected).abs() < 1e-3, "{got} for {expected}");
        }
        close(
            &mix_by_pressure(&first, &second, ratio, rate),
            &case["out"],
            1e-4,
            "mix",
        );
    }
    // The ends of the ratio are the sounds themselves, and silence is allowed.
    assert_eq!(mix_by_pressure(&first, &second, 1.0, 16_000), first);
    assert_eq!(mix_by_pressure(&first, &second, 0.0, 16_000), second[..6000]);
    let silent = mix_by_pressure(&first, &[], 0.5, 16_000);
    assert!(silent.iter().all(|sample| sample.is_finite()));
    assert!((pressure_db(&[0.0; 9], 16_000) + 80.0).abs() < 1e-9);
}

#[test]
fn a_room_is_a_convolution_that_keeps_the_energy() {
    let room = Room {
        t60_seconds: 0.02,
        wet_db: -3.0,
        key: 5,
    };
    let response = room.response(8_000);
    assert_eq!((response.len(), response[0]), (161, 1.0));
    let echoes: f64 = response[1..].iter().map(|echo| echo * echo).sum();
    assert!((10.0 * echoes.log10() + 3.0).abs() < 1e-9);
    // Energy falls by 60 dB over the time: each quarter has 15 dB less than the one before, as exactly as 40 normal
    // numbers show.
    let quarter = |k: usize| {
        response[1 + 40 * k..41 + 40 * k]
            .iter()
            .map(|echo| echo * echo)
            .sum::<f64>()
    };
    for k in 0..3 {
        let fall = 10.0 * (quarter(k) / quarter(k + 1)).log10();
        assert!((fall - 15.0).abs() < 4.0, "{fall}");
    }
    let dry = sound(900, 3);
    let naive: Vec<f64> = (0..dry.len())
        .map(|n| {
            (0..=n.min(160))
                .map(|k| response[k] * f64::from(dry[n - k]))
                .sum()
        })
        .collect();
    let energy = |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>();
    let before = energy(&mut dry.iter().map(|&sample| f64::from(sample)));
    let factor = (before / energy(&mut naive.iter().copied())).sqrt();
    let wet = room.apply(dry, 8_000);
    for (got, want) in wet.iter().zip(&naive) {
        assert!((f64::from(*got) - factor * want).abs() < 1e-6);
    }
}

#[test]
fn noise_has_its_ratio_and_its_colour() {
    let clean = sound(1 << 16, 1);
    let power = |values: &[f64]| values.iter().map(|value| value * value).sum::<f64>();
    for colour in [Colour::White, Colour::Pink] {
        let mut rough = 0.0;
        for key in 0..16 {
            let noise = AddedNoise {
                snr_db: 12.0,
                colour,
                key,
            };
            let noisy = noise.apply(clean.clone(), 16_000);
            let noise: Vec<f64> = noisy.iter().zip(&clean).map(|(a, b)| f64::from(a - b)).collect();
            let signal: Vec<f64> = clean.iter().map(|&sample| f64::from(sample)).collect();
            let ratio = 10.0 * (power(&signal) / power(&noise)).log10();
            assert!((ratio - 12.0).abs() < 1e-3, "{ratio}");
            // Differences of neighbours, relative to the noise itself.
            let steps: Vec<f64> = noise.windows(2).map(|pair| pair[1] - pair[0]).collect();
            rough += power(&steps) / power(&noise) / 16.0;
        }
        match colour {
            Colour::White => assert!((rough - 2.0).abs() < 0.01, "{rough}"),
            // The sum of (2 - 2 cos w) / w over all bins by the sum of 1 / w is 0.300. One noise has 12 % more or less, as its lowest
            // bins weigh most; the mean of 16 has 3 %.
            _ => assert!((rough - 0.300).abs() < 0.036, "{rough}"),
        }
    }
    let silence = vec![0.0; 100];
    let noise = AddedNoise {
        snr_db: 0.0,
        colour: Colour::White,
        key: 1,
    };
    assert_eq!(noise.apply(silence.clone(), 16_000), silence);
}

/// The strongest frequency between two, by a scan of the transform at a tenth of a hertz.
fn strongest_hz(samples: &[f32], rate: f64, low: f64, high: f64) -> f64 {
    let power = |hz: f64| {
        let (mut re, mut im) = (0.0, 0.0);
        for (n, &sample) in samples.iter().enumerate() {
            let angle = std::f64::consts::TAU * hz * n as f64 / rate;
            let hann = 0.5 - 0.5 * (std::f64::consts::TAU * n as f64 / samples.len() as f64).cos();
            re += hann * f64::from(sample) * angle.cos();
            im += hann * f64::from(sample) * angle.sin();
        }
        re * re + im * im
    };
    let steps = ((high - low) * 2.0) as usize;
    (0..=steps)
        .map(|step| low + step as f64 / 2.0)
        .max_by(|a, b| power(*a).total_cmp(&power(*b)))
        .unwrap()
}

#[test]
fn pitch_moves_and_length_stays() {
    let tone: Vec<f32> = (0..16_000)
        .map(|n| (std::f64::consts::TAU * 440.0 * f64::from(n) / 16_000.0).sin() as f32)
        .collect();
    for semitones in [-5.0, 0.0, 3.0, 7.0] {
        let shifted = Pitch { semitones }.apply(tone.clone(), 16_000);
        assert_eq!(shifted.len(), tone.len());
        let expected = 440.0 * (semitones / 12.0f64).exp2();
        let got = strongest_hz(&shifted[4_000..8_000], 16_000.0, expected - 20.0, expected + 20.0);
        assert!((got - expected).abs() < 1.0, "{got} for {expected}");
    }
}

#[test]
fn cuts_have_their_length_and_place() {
    let clip = [1.0, 2.0, 3.0, 4.0];
    let cut = |start, samples| Cut { start, samples }.apply(clip.to_vec(), 16_000);
    assert_eq!(cut(1, 2), [2.0, 3.0]);
    assert_eq!(cut(-2, 4), [0.0, 0.0, 1.0, 2.0]);
    assert_eq!(cut(-1, 6), [0.0, 1.0, 2.0, 3.0, 4.0, 0.0]);
    assert_eq!(cut(-9, 3), [0.0; 3]);
    assert_eq!(cut(9, 2), [0.0; 2]);
}

#[test]
fn everything_survives_the_shortest_clips() {
    let augment: Augment = serde_json::from_value(json!({
        "waveform": [
            {"kind": "gain", "prob": 1.0}, {"kind": "time-stretch", "prob": 1.0}, {"kind": "pitch-shift", "prob": 1.0},
            {"kind": "equalise", "prob": 1.0}, {"kind": "reverb", "prob": 1.0}, {"kind": "noise", "prob": 1.0, "colour": "any"},
        ],
        "between-class": {},
    }))
    .unwrap();
    augment.check_with(&FrontEnd::default()).unwrap();
    for length in [0, 1, 2, 100, 5_000] {
        for (name, clip) in [
            ("sound", sound(length, 1)),
            ("silence", vec![0.0; length as usize]),
        ] {
            let partner = sound(3_000, 2);
            let augmented = augment.augment_waveform(
                &clip,
                Some(&partner),
                44_100,
                &mut random::stream(3, &[length as u64]),
            );
            assert!(
                augmented.samples.iter().all(|sample| sample.is_finite()),
                "{name} {length}"
            );
            assert_eq!(augmented.changes.len(), 6);
            assert!(augmented.ratio.is_some());
            let change: &dyn std::any::Any = &*augmented.changes[1];
            let rate = change.downcast_ref::<Stretch>().unwrap().rate;
            assert_eq!(
                augmented.samples.len(),
                (length as f64 / rate).round_ties_even() as usize
            );
        }
    }
}

#[test]
fn settings_are_checked() {
    let refused = |waveform: Value, rate: u32| {
        let augment: Augment = serde_json::from_value(json!({"waveform": [waveform]})).unwrap();
        let front_end = FrontEnd {
            sample_rate_hz: rate,
            ..FrontEnd::default()
        };
        augment
            .check_with(&front_end)
            .within("augment")
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        refused(json!({"kind": "time-stretch", "min-rate": 0.1}), 44_100),
        "augment.waveform[0].min-rate = 0.1: must be between 0.25 and 4"
    );
    assert_eq!(
        refused(json!({"kind": "reverb", "min-t60-seconds": 2.0}), 44_100),
        "augment.waveform[0].min-t60-seconds = 2: must not be above max-t60-seconds = 1.5"
    );
    assert!(
        refused(json!({"kind": "crop", "seconds": 0.0}), 44_100)
            .starts_with("augment.waveform[0].seconds = 0")
    );
    assert!(refused(json!({"kind": "gain", "max-db": 100.0}), 44_100).contains("max-db = 100"));
    assert!(
        refused(json!({"kind": "pitch-shift", "min-semitones": -24.0}), 2_000)
            .starts_with("augment.waveform[0].min-semitones = -24: is too far for 2000 Hz")
    );
    assert!(
        refused(json!({"kind": "noise", "min-snr-db": 50.0}), 44_100)
            .contains("must not be above max-snr-db = 40")
    );
    assert!(refused(json!({"kind": "equalise", "max-peaks": 0}), 44_100).contains("max-peaks = 0"));
}
