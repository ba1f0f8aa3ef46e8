//! The list of a recipe: what it draws, how often, and what is refused.

use std::any::Any;

use earmark_core::{Check, Within, random};
use earmark_data::augment::Augment;
use earmark_data::augment::spectrogram::{
    AugmentContext, BandGains, BothMasks, ClipPadding, ErasedPatch, FrameCrop, LevelUnit, PadFill, Resize,
    SpectrogramShape,
};
use earmark_features::{AmplitudeScale, Extractor, Features, FrontEnd, Segments};
use serde_json::{Value, json};

const CONTEXT: AugmentContext = AugmentContext {
    segment_frames: 64,
    unit: Some(LevelUnit::Decibel),
};

/// argus-2019's list.
fn argus() -> Augment {
    read(json!([
        {"kind": "one-of", "choices": [
            {"weight": 0.5, "step": {"kind": "pad", "fill": "wrap"}},
            {"weight": 0.5, "step": {"kind": "pad", "fill": "minimum"}},
        ]},
        {"kind": "random-crop"},
        {"kind": "with-prob", "prob": 0.33, "step": {"kind": "resized-crop"}},
        {"kind": "with-prob", "prob": 0.5, "step": {"kind": "spec-augment"}},
    ]))
}

fn read(list: Value) -> Augment {
    serde_json::from_value(json!({"list": list})).unwrap()
}

fn shape(frames: usize) -> SpectrogramShape {
    SpectrogramShape { bands: 32, frames }
}

#[test]
fn draws_are_as_frequent_as_the_list_says() {
    let augment = argus();
    augment.check().unwrap();
    assert!(augment.one_segment_per_clip());
    let (mut wrapped, mut resized, mut masked, mut two) = (0, 0, 0, 0);
    let mut starts = [0u32; 37];
    for seed in 0..20_000 {
        let changes = augment.draw(&mut random::stream(seed, &[]), shape(100), CONTEXT);
        for change in &changes {
            let drawn: &dyn Any = &**change;
            if let Some(padding) = drawn.downcast_ref::<ClipPadding>() {
                wrapped += u32::from(padding.fill == PadFill::Wrap);
            } else if let Some(crop) = drawn.downcast_ref::<FrameCrop>() {
                starts[crop.start] += 1;
            } else if let Some(r) = drawn.downcast_ref::<Resize>() {
                resized += 1;
                let area = (r.bands * r.frames) as f64 / (32.0 * 64.0);
                let aspect = r.frames as f64 / r.bands as f64 / 2.0;
                // Rounding to whole bands and frames moves both by up to a half in 26 or so.
                assert!(
                    (0.76..=1.0).contains(&area) && (0.82..=1.2).contains(&aspect),
                    "{r:?}"
                );
            } else if let Some(masks) = drawn.downcast_ref::<BothMasks>() {
                masked += 1;
                two += u32::from(masks.frames.ranges.len() == 2);
                assert!(masks.bands.ranges.iter().all(|(s, e)| e - s <= 4));
                assert!(masks.frames.ranges.iter().all(|(s, e)| e - s <= 12));
            } else {
                panic!("{change} is not in the list");
            }
        }
    }
    // Within four standard deviations of a binomial.
    for (name, count, expected) in [
        ("wrap", wrapped, 10_000.0),
        ("resize", resized, 6_600.0),
        ("masks", masked, 10_000.0),
        // Two masks in half of the cases, each of 13 widths, of which one is nothing.
        ("two", two, 5_000.0 * (12.0f64 / 13.0).powi(2)),
    ] {
        assert!(
            (f64::from(count) - expected).abs() < 290.0,
            "{name}: {count} of {expected}"
        );
    }
    assert!(starts.iter().all(|&n| n.abs_diff(541) < 95), "{starts:?}");
}

#[test]
fn every_clip_gives_a_segment_of_the_right_length() {
    let front_end = FrontEnd {
        segments: Some(Segments {
            length_seconds: None,
            length_frames: Some(64),
            hop_seconds: None,
            hop_frames: Some(64),
            ..Segments::default()
        }),
        ..FrontEnd::default()
    };
    let extractor = Extractor::new(&front_end).unwrap();
    for frames in [0, 1, 5, 63, 64, 65, 300] {
        let data: Vec<f32> = (0..96 * frames).map(|i| (i % frames.max(1)) as f32).collect();
        let clip = Features::new(1, 96, frames, data).unwrap();
        let plain =
            read(json!([{"kind": "pad", "fill": "wrap", "place": "random"}, {"kind": "random-crop"}]));
        for seed in 0..20 {
            let (image, changes) = plain
                .segment(64, &extractor, &clip, 0, &mut random::stream(seed, &[]))
                .unwrap();
            assert_eq!((image.bands, image.frames, changes.len()), (96, 64, 2));
            // Each frame holds its number: wrapped or not, each follows the one before.
            for row in image.rows().filter(|_| frames > 0) {
                assert!(
                    row.windows(2)
                        .all(|w| (w[0] as usize + 1) % frames == w[1] as usize)
                );
            }
            // A crop without a pad fills with the minimum.
            let (image, _) = argus()
                .segment(64, &extractor, &clip, 0, &mut random::stream(seed, &[]))
                .unwrap();
            assert_eq!((image.frames, image.data.len()), (64, 96 * 64));
            let lone = read(json!([{"kind": "random-crop"}]));
            let (image, _) = lone
                .segment(64, &extractor, &clip, 0, &mut random::stream(seed, &[]))
                .unwrap();
            assert_eq!(image.frames, 64);
            assert_eq!(image.minimum(), if frames > 64 { image.minimum() } else { 0.0 });
        }
    }
}

#[test]
fn noise_is_normal_and_as_strong_as_drawn() {
    let augment = read(json!([{"kind": "noise", "prob": 1.0, "min-deviation": 2.0, "max-deviation": 2.0}]));
    let mut values = Vec::new();
    for seed in 0..20 {
        let clip = Features::new(1, 32, 64, vec![5.0; 32 * 64]).unwrap();
        let changes = augment.draw(&mut random::stream(seed, &[]), shape(64), CONTEXT);
        let mut image = std::borrow::Cow::Borrowed(&clip);
        changes.iter().for_each(|change| change.apply(&mut image));
        values.extend(image.data.iter().map(|value| f64::from(value - 5.0) / 2.0));
    }
    let n = values.len() as f64;
    let moment = |power| values.iter().map(|v| v.powi(power)).sum::<f64>() / n;
    // 40,960 values: four standard errors of each moment (1, 2, 15 and 96 over n for moments one to four).
    assert!(moment(1).abs() < 0.02, "{}", moment(1));
    assert!((moment(2) - 1.0).abs() < 0.028, "{}", moment(2));
    assert!(moment(3).abs() < 0.08, "{}", moment(3));
    assert!((moment(4) - 3.0).abs() < 0.2, "{}", moment(4));
}

#[test]
fn rectangles_fit_and_filters_keep_their_bounds() {
    let erase = read(json!([{"kind": "erase", "prob": 1.0, "value": {"uniform": {"min": 0.0, "max": 1.0}}}]));
    let filter = read(json!([{"kind": "filter", "prob": 1.0}]));
    let mut areas = Vec::new();
    for seed in 0..2_000 {
        let mut rng = random::stream(seed, &[]);
        let changes = erase.draw(&mut rng, shape(64), CONTEXT);
        let drawn: &dyn Any = &*changes[0];
        let patch = drawn.downcast_ref::<ErasedPatch>().unwrap();
        assert!(patch.band + patch.bands <= 32 && patch.frame + patch.frames <= 64);
        areas.push((patch.bands * patch.frames) as f64 / 2048.0);
        let changes = filter.draw(&mut rng, shape(64), CONTEXT);
        let drawn: &dyn Any = &*changes[0];
        let gains = drawn.downcast_ref::<BandGains>().unwrap();
        assert_eq!(gains.added.len(), 32);
        assert!(gains.added.iter().all(|gain| (-6.0..=6.0).contains(gain)));
    }
    assert!(areas.iter().all(|area| *area <= 0.4) && areas.iter().any(|area| *area > 0.3));
}

#[test]
fn lists_that_cannot_work_are_named() {
    let refused = |list: Value| read(list).check().within("augment").unwrap_err().to_string();
    assert_eq!(
        refused(json!([{"kind": "noise"}, {"kind": "erase", "min-area": 0.5}])),
        "augment.list[1].min-area = 0.5: must be between 0 and max-area = 0.4"
    );
    assert_eq!(
        refused(json!([{"kind": "one-of", "choices": [{"weight": 0.0, "step": {"kind": "noise"}}]}])),
        "augment.list[0].choices = (no weight): needs at least one entry with a weight above 0"
    );
    assert_eq!(
        refused(json!([{"kind": "with-prob", "prob": 1.0, "step": {"kind": "random-crop"}}])),
        "augment.list[0].kind = random-crop: must be in augment.list itself, not inside another step"
    );
    assert!(refused(json!([{"kind": "random-crop"}, {"kind": "random-crop"}])).contains("twice"));
    assert!(
        refused(json!([{"kind": "random-crop"}, {"kind": "pad"}])).starts_with("augment.list[1].kind = pad")
    );
    assert_eq!(
        refused(
            json!([{"kind": "with-prob", "prob": 0.3, "step": {"kind": "resized-crop", "min-area": 0.0}}])
        ),
        "augment.list[0].step.min-area = 0: must be above 0 and not above max-area = 1"
    );
    let unknown = |list: Value| {
        serde_json::from_value::<Augment>(json!({"list": list}))
            .unwrap_err()
            .to_string()
    };
    assert!(unknown(json!([{"kind": "blur"}])).starts_with("unknown variant `blur`"));
    assert!(unknown(json!([{"kind": "noise", "sigma": 1}])).starts_with("unknown field `sigma`"));
    let linear = FrontEnd {
        amplitude: AmplitudeScale::Linear,
        ..FrontEnd::default()
    };
    let filter = read(json!([{"kind": "sequence", "steps": [{"kind": "filter"}]}]));
    assert!(
        filter
            .check_with(&linear)
            .within("augment")
            .unwrap_err()
            .to_string()
            .starts_with("augment.list[0].kind = gain-db or filter: needs logarithmic")
    );
}
