//! Trimming against librosa, and properties that hold for any signal.

use earmark_features::{TrimPadding, TrimPass, Trimming};
use proptest::prelude::*;
use serde_json::Value;
use std::path::Path;

/// The signal of xtask/golden/audio_signals.py.
fn bursts(seed: u32, n: usize) -> Vec<f32> {
    let mut state = seed;
    (0..n)
        .map(|i| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let level = [0, 3, 0, 2_000, 1, 900, 0][i * 7 / n];
            (f64::from((state >> 16).cast_signed() - 32_768) * f64::from(level) / 32_768.0 / 32_768.0) as f32
        })
        .collect()
}

#[test]
fn librosa_trims_to_the_same_range() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/trim.json");
    let text = std::fs::read_to_string(path).expect("golden vectors");
    let cases: Value = serde_json::from_str(&text).expect("JSON");
    let cases = cases.as_array().expect("an array");
    let mut cut = 0;
    for case in cases {
        let number = |key: &str| case[key].as_u64().expect("a number") as usize;
        let samples = bursts(number("seed") as u32, number("samples"));
        let trim = Trimming {
            top_db: case["top_db"].as_f64().expect("a number"),
            frame_samples: number("frame_samples") as u32,
            hop_samples: number("hop_samples") as u32,
            padding: if case["padding"] == "zeros" {
                TrimPadding::Zeros
            } else {
                TrimPadding::Reflect
            },
            min_seconds: None,
        };
        // Whole numbers of samples: no tolerance.
        assert_eq!(trim.range(&samples), number("start")..number("end"), "{case}");
        cut += usize::from(number("start") > 0 && number("end") < samples.len());
    }
    assert_eq!(cases.len(), 72);
    assert!(cut > 20, "only {cut} cases cut both ends");
}

#[test]
fn edges() {
    let trim = Trimming::default();
    assert_eq!(trim.range(&[]), 0..0);
    assert_eq!(trim.range(&[0.5]), 0..1);
    assert_eq!(trim.range(&[0.5, -0.5]), 0..2);
    // In silence every frame is as loud as the loudest: librosa keeps all of it, and so do we.
    assert_eq!(trim.range(&[0.0; 5_000]), 0..5_000);
    let odd = Trimming {
        frame_samples: 0,
        hop_samples: 0,
        ..Trimming::default()
    };
    assert_eq!(odd.range(&[0.5; 100]), 0..0);
    assert!(trim.apply(&[], 44_100).is_empty());
}

#[test]
fn the_settings_are_spelled_as_in_recipes() {
    let text = "top-db = 40.0\nframe-samples = 1024\nhop-samples = 256\npadding = \"zeros\"\n";
    let trim: Trimming = toml::from_str(text).expect("valid");
    let wanted = Trimming {
        top_db: 40.0,
        frame_samples: 1024,
        hop_samples: 256,
        padding: TrimPadding::Zeros,
        min_seconds: None,
    };
    assert_eq!(trim, wanted);
    assert_eq!(
        toml::from_str::<Trimming>("").expect("valid"),
        Trimming::default()
    );
    assert!(toml::from_str::<Trimming>("top_db = 40.0").is_err());
}

/// The samples of a recording that is read in blocks of this size, trimmed.
fn trimmed_in_blocks(trim: &Trimming, samples: &[f32], block: usize, rate_hz: u32) -> Vec<f32> {
    let mut pass = TrimPass::first(trim);
    samples.chunks(block).for_each(|block| pass.push(block));
    let mut pass = TrimPass::second(trim, pass.loudest());
    samples.chunks(block).for_each(|block| pass.push(block));
    let span = pass.span(rate_hz);
    let zeros = |count| vec![0.0_f32; count];
    [
        zeros(span.zeros_before),
        samples[span.samples].to_vec(),
        zeros(span.zeros_after),
    ]
    .concat()
}

#[test]
fn recordings_without_sound_are_trimmed_in_blocks_as_well() {
    let trim = Trimming {
        min_seconds: Some(0.5),
        ..Trimming::default()
    };
    for samples in [&[][..], &[0.5], &[0.0; 50_000]] {
        let wanted = trim.apply(samples, 8_000);
        assert_eq!(trimmed_in_blocks(&trim, samples, 700, 8_000), *wanted);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        rng_seed: proptest::test_runner::RngSeed::Fixed(3),
        failure_persistence: None,
        ..Default::default()
    })]

    #[test]
    fn the_loudest_sample_stays_and_more_decibels_keep_more(
        len in 1usize..20_000,
        index in 0usize..20_000,
        frame in 1u32..3_000,
        hop in 1u32..1_000,
        reflect in any::<bool>(),
    ) {
        let padding = if reflect { TrimPadding::Reflect } else { TrimPadding::Zeros };
        // A hop longer than half a frame leaves samples that no frame sees.
        let frame_samples = frame.max(2 * hop);
        let trim = Trimming { top_db: 30.0, frame_samples, hop_samples: hop, padding, min_seconds: None };
        let index = index % len;
        let mut samples = vec![0.0f32; len];
        samples[index] = 1.0;
        let narrow = trim.range(&samples);
        prop_assert!(narrow.end <= len);
        prop_assert!(!narrow.is_empty());
        let wide = Trimming { top_db: 200.0, ..trim.clone() }.range(&samples);
        prop_assert!(wide.start <= narrow.start && narrow.end <= wide.end);
        prop_assert_eq!(trim.apply(&samples, 8_000).len(), narrow.len());
    }

    #[test]
    fn blocks_are_trimmed_as_a_whole_recording_is(
        len in 1usize..20_000,
        seed in 0u32..1_000,
        block in 1usize..5_000,
        frame in 1u32..3_000,
        hop in 1u32..1_000,
        reflect in any::<bool>(),
        min_seconds in proptest::option::of(0.1f64..4.0),
    ) {
        let padding = if reflect { TrimPadding::Reflect } else { TrimPadding::Zeros };
        let frame_samples = frame.max(hop);
        let trim = Trimming { top_db: 60.0, frame_samples, hop_samples: hop, padding, min_seconds };
        let samples = bursts(seed, len);
        let wanted = trim.apply(&samples, 8_000);
        prop_assert_eq!(trimmed_in_blocks(&trim, &samples, block, 8_000), wanted.into_owned());
    }
}
