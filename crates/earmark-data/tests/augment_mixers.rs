//! Mixers with forced draws against numpy and PyTorch (`xtask/golden/augment_mixers.py`), and their settings.

use earmark_core::random;
use earmark_core::{Check, Within};
use earmark_data::augment::mixing::{Mix, MixLabels, Mixed};
use earmark_data::batches::BatchConfig;
use serde_json::{Value, json};

fn floats(value: &Value) -> Vec<f32> {
    serde_json::from_value(value.clone()).unwrap()
}

#[test]
fn mixed_as_others_mix() {
    let golden: Value = serde_json::from_str(include_str!("golden/mixers.json")).unwrap();
    let frames = golden["frames"].as_u64().unwrap() as usize;
    for case in golden["cases"].as_array().unwrap() {
        let labels = match case["labels"].as_str().unwrap() {
            "union" => MixLabels::Union,
            _ => MixLabels::Blend,
        };
        let mixed = match case["weight"].as_f64() {
            Some(weight) => Mixed::Blend {
                weight: weight as f32,
                labels,
            },
            None => Mixed::SigmoidConcat {
                half_range: case["half_range"].as_f64().unwrap() as f32,
                labels,
            },
        };
        let (mut x, mut y) = (floats(&golden["a"]), floats(&golden["y_a"]));
        mixed.apply(
            frames,
            (&mut x, &mut y),
            (&floats(&golden["b"]), &floats(&golden["y_b"])),
        );
        for (got, want) in x
            .iter()
            .chain(&y)
            .zip(floats(&case["x"]).iter().chain(&floats(&case["y"])))
        {
            // Seven digits; what is left of two values of about 40 that cancel out.
            assert!((got - want).abs() <= 1e-5, "{mixed:?}: {got} for {want}");
        }
    }
}

#[test]
fn draws_are_as_frequent_as_the_weights_say() {
    let mix = Mix::default();
    let (mut alone, mut concat, mut ranges, mut kept) = (0u32, 0u32, [0u32; 13], 0.0);
    for seed in 0..20_000 {
        match mix.draw(&mut random::stream(seed, &[])) {
            Mixed::Alone => alone += 1,
            Mixed::SigmoidConcat { half_range, labels } => {
                assert_eq!(labels, MixLabels::Union);
                concat += 1;
                ranges[half_range as usize] += 1;
            }
            Mixed::Blend { weight, labels } => {
                assert_eq!(labels, MixLabels::Blend);
                assert!((0.5..=1.0).contains(&weight));
                kept += f64::from(weight);
            }
        }
    }
    // Four standard deviations: 4000 alone, 9600 concatenations of ten ranges, and a mean weight of 0.75.
    assert!(
        alone.abs_diff(4000) < 230 && concat.abs_diff(9600) < 285,
        "{alone} {concat}"
    );
    assert!(ranges[3..].iter().all(|n| n.abs_diff(960) < 125), "{ranges:?}");
    let mean = kept / f64::from(20_000 - alone - concat);
    assert!((mean - 0.75).abs() < 0.0075, "{mean}");
}

#[test]
fn settings_are_read_and_checked() {
    let read = |mix: Value| serde_json::from_value::<BatchConfig>(json!({"mix": mix}));
    assert_eq!(read(json!({})).unwrap().mix, Some(Mix::default()));
    let refused = |mix: Value| {
        read(mix)
            .unwrap()
            .check()
            .within("batches")
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        refused(json!({"one-of": []})),
        "batches.mix.one-of = (no weight): needs at least one entry with a weight above 0"
    );
    assert_eq!(
        refused(json!({"one-of": [{"mixer": {"kind": "sigmoid-concat", "min-half-range": 20}}]})),
        "batches.mix.one-of[0].mixer.min-half-range = 20: must be between 1 and max-half-range = 12"
    );
    assert_eq!(
        refused(
            json!({"one-of": [{"mixer": {"kind": "add", "share": {"uniform": {"min": 0.6, "max": 0.5}}}}]})
        ),
        "batches.mix.one-of[0].mixer.share.uniform.min = 0.6: must be between 0 and max = 0.5"
    );
    assert!(
        refused(json!({"one-of": [{"mixer": {"kind": "mixup", "alpha": 0.0}}]})).contains("mixer.alpha = 0")
    );
    assert!(read(json!({"one-of": [{"mixer": {"kind": "cutmix"}}]})).is_err());
    let both = serde_json::from_value::<BatchConfig>(json!({"mix": {}, "mixup": {}})).unwrap();
    assert!(
        both.check()
            .within("batches")
            .unwrap_err()
            .to_string()
            .starts_with("batches.mixup = (set): batches.mix is set as well")
    );
}
