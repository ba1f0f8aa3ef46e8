//! Augmentations against what their draws say, element by element.

use std::any::Any;
use std::borrow::Cow;

use earmark_core::{Check, Within, random};
use earmark_data::augment::Augment;
use earmark_data::augment::mixing::Mixup;
use earmark_data::augment::spectrogram::{
    AugmentContext, FreqMask, Gain, GainDb, LevelUnit, MaskValue, Masks, Shift, SpectrogramChange,
    SpectrogramShape, TimeMask, TimeShift,
};
use earmark_features::{AmplitudeScale, Features, FrontEnd};
use proptest::prelude::*;
use serde_json::json;

/// Values that are their positions: 1, 2, 3, ...
fn image(channels: usize, bands: usize, frames: usize) -> Features {
    let values = (0..channels * bands * frames).map(|place| (place + 1) as f32);
    Features::new(channels, bands, frames, values.collect()).unwrap()
}

const CONTEXT: AugmentContext = AugmentContext {
    segment_frames: 20,
    unit: Some(LevelUnit::Decibel),
};

/// What the only augmentation of `augment` draws, if it draws anything.
fn drawn<C: SpectrogramChange + Clone>(
    augment: &Augment,
    seed: u64,
    shape: SpectrogramShape,
    context: AugmentContext,
) -> Option<C> {
    let changes = augment.draw(&mut random::stream(seed, &[]), shape, context);
    let change: &dyn Any = &**changes.first()?;
    change.downcast_ref().cloned()
}

/// The features after a change, if there is one.
fn changed<C: SpectrogramChange>(features: &Features, change: &Option<C>) -> Vec<f32> {
    let mut changed = Cow::Borrowed(features);
    change.iter().for_each(|change| change.apply(&mut changed));
    changed.into_owned().data
}

proptest! {
    #[test]
    fn masks_change_what_they_say_and_nothing_else(
        seed: u64, channels in 1usize..3, bands in 1usize..12, frames in 0usize..15, share in 0.0..=1.0f64, in_time: bool,
        value in prop_oneof![Just(MaskValue::Mean), Just(MaskValue::Min), Just(MaskValue::Constant(-7.0))],
    ) {
        let before = image(channels, bands, frames);
        let shape = SpectrogramShape::of(&before);
        let time_mask = TimeMask { prob: 1.0, max_masks: 3, max_share: share, value, ..TimeMask::default() };
        let freq_mask = FreqMask { prob: 1.0, max_masks: 3, max_share: share, value, ..FreqMask::default() };
        let augment = Augment {
            time_mask: in_time.then_some(time_mask),
            freq_mask: (!in_time).then_some(freq_mask),
            ..Augment::default()
        };
        let masks: Option<Masks> = drawn(&augment, seed, shape, CONTEXT);
        let (before, after) = (&before.data, changed(&before, &masks));
        let ranges = masks.map_or(Vec::new(), |masks| masks.ranges);
        let length = if in_time { frames } else { bands };
        prop_assert!(ranges.len() <= 3);
        for &(start, end) in &ranges {
            prop_assert!(start < end && end <= length && (end - start) as f64 <= share * length as f64);
        }
        let filling = match value {
            MaskValue::Mean => (before.len() + 1) as f32 / 2.0,
            MaskValue::Min => 1.0,
            MaskValue::Constant(value) => value,
        };
        for (place, (&old, &new)) in before.iter().zip(&after).enumerate() {
            let at = if in_time { place % frames } else { place / frames % bands };
            let hidden = ranges.iter().any(|&(start, end)| (start..end).contains(&at));
            prop_assert_eq!(new, if hidden { filling } else { old });
        }
    }

    #[test]
    fn a_shift_rolls_every_row(seed: u64, bands in 1usize..4, frames in 0usize..15, share in 0.0..=1.0f64) {
        let before = image(2, bands, frames);
        let time_shift = Some(TimeShift { prob: 1.0, max_share: share, ..TimeShift::default() });
        let augment = Augment { time_shift, ..Augment::default() };
        let shift: Option<Shift> = drawn(&augment, seed, SpectrogramShape::of(&before), CONTEXT);
        let (before, after) = (&before.data, changed(&before, &shift));
        let by = shift.map_or(0, |shift| shift.by);
        let farthest = (share * frames as f64) as usize;
        prop_assert!(by.unsigned_abs() <= farthest);
        for (place, &new) in after.iter().enumerate() {
            let (row, at) = (place / frames, place % frames);
            prop_assert_eq!(new, before[row * frames + (at.cast_signed() - by).rem_euclid(frames.cast_signed()) as usize]);
        }
    }
}

#[test]
fn widths_and_starts_are_uniform() {
    let shape = SpectrogramShape { bands: 1, frames: 10 };
    let mask = TimeMask {
        prob: 1.0,
        min_masks: 1,
        max_masks: 1,
        max_share: 0.4,
        value: MaskValue::Mean,
    };
    let augment = Augment {
        time_mask: Some(mask),
        ..Augment::default()
    };
    let mut widths = [0u32; 5];
    let mut first_of_widest = [0u32; 7];
    for seed in 0..20_000 {
        let masks: Option<Masks> = drawn(&augment, seed, shape, CONTEXT);
        let (start, end) = masks.map_or((0, 0), |masks| masks.ranges[0]);
        widths[end - start] += 1;
        if end - start == 4 {
            first_of_widest[start] += 1;
        }
    }
    // Each width 4000 times, each of the 7 starts of the widest about 571 times: within four standard deviations.
    assert!(
        widths.iter().all(|&count| count.abs_diff(4000) < 230),
        "{widths:?}"
    );
    assert!(
        first_of_widest.iter().all(|&count| count.abs_diff(571) < 95),
        "{first_of_widest:?}"
    );
}

#[test]
fn a_gain_is_what_louder_audio_gives() {
    let front_end = FrontEnd::default();
    let unit = LevelUnit::of(&front_end).unwrap();
    assert_eq!(unit, LevelUnit::LnMagnitude);
    let gain = GainDb {
        min_db: 6.0,
        max_db: 6.0,
    };
    let extractor = earmark_features::Extractor::new(&front_end).unwrap();
    let tone: Vec<f32> = (0..44_100).map(|n| 0.2 * (n as f32 * 0.1).sin()).collect();
    let louder: Vec<f32> = tone
        .iter()
        .map(|sample| sample * 10f32.powf(6.0 / 20.0))
        .collect();
    let softer = extractor.log_mel(&tone, &mut extractor.scratch()).unwrap();
    let context = AugmentContext {
        unit: Some(unit),
        ..CONTEXT
    };
    let augment = Augment {
        gain_db: Some(gain),
        ..Augment::default()
    };
    let gain: Option<Gain> = drawn(&augment, 0, SpectrogramShape::of(&softer), context);
    let augmented = changed(&softer, &gain);
    let expected = extractor.log_mel(&louder, &mut extractor.scratch()).unwrap();
    // Where the mel value is at least 1000 times the offset of 0.001, the offset hides less than 0.001 of the gain.
    let mut compared = 0;
    for ((&new, &expected), &old) in augmented.iter().zip(&expected.data).zip(&softer.data) {
        if old > 0.0 {
            compared += 1;
            assert!((new - expected).abs() < 1e-3, "{new} instead of {expected}");
        }
    }
    assert!(compared > 400, "only {compared} values are far above the offset");
    assert_eq!(
        LevelUnit::of(&FrontEnd {
            amplitude: AmplitudeScale::Linear,
            ..front_end
        }),
        None
    );
}

#[test]
fn an_augment_is_the_same_for_the_same_stream() {
    let augment: Augment = serde_json::from_value(json!({
        "gain-db": {"min-db": -3, "max-db": 3}, "time-shift": {}, "time-mask": {"prob": 1.0}, "freq-mask": {"value": "min"},
    }))
    .unwrap();
    augment.check_with(&FrontEnd::default()).unwrap();
    let shape = SpectrogramShape { bands: 8, frames: 20 };
    let run = |path: u64| {
        let changes = augment.draw(&mut random::stream(1, &[path]), shape, CONTEXT);
        format!("{changes:?}")
    };
    assert_eq!(run(0), run(0));
    assert_ne!(run(0), run(1));
    assert!(Augment::default().is_nothing());
}

#[test]
fn settings_that_cannot_work_are_named() {
    let refused = |value: serde_json::Value| match serde_json::from_value::<Augment>(value) {
        Ok(augment) => augment.check().within("augment").unwrap_err().to_string(),
        Err(error) => error.to_string(),
    };
    assert_eq!(
        refused(json!({"time-mask": {"max-share": 1.5}})),
        "augment.time-mask.max-share = 1.5: must be between 0 and 1"
    );
    assert_eq!(
        refused(json!({"freq-mask": {"min-masks": 3}})),
        "augment.freq-mask.min-masks = 3: must not be above max-masks = 2"
    );
    assert_eq!(
        refused(json!({"gain-db": {"min-db": 7}})),
        "augment.gain-db.min-db = 7: must not be above max-db = 6"
    );
    assert!(refused(json!({"time-warp": {}})).starts_with("unknown field `time-warp`"));
    assert!(refused(json!({"time-shift": {"share": 1}})).starts_with("unknown field `share`"));
    let mixup = Mixup {
        alpha: 0.0,
        ..Mixup::default()
    };
    assert_eq!(
        mixup.check().within("batches.mixup").unwrap_err().to_string(),
        "batches.mixup.alpha = 0: must be between 0.001 and 1000; leave mixup out for no blending"
    );
    let linear = FrontEnd {
        amplitude: AmplitudeScale::Linear,
        ..FrontEnd::default()
    };
    let gain = Augment {
        gain_db: Some(GainDb::default()),
        ..Augment::default()
    };
    assert_eq!(
        gain.check_with(&linear)
            .within("augment")
            .unwrap_err()
            .to_string(),
        "augment.gain-db = (set): needs logarithmic features: leave it out, or set front-end.amplitude to log or db"
    );
}
