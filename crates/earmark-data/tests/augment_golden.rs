//! Spectrogram augmentations with forced draws against numpy, scipy and PyTorch (`xtask/golden/augment_spectrogram.py`).

use std::borrow::Cow;

use earmark_data::augment::spectrogram::{
    Axis, BandGains, BothMasks, ClipPadding, ErasedPatch, FilterShape, Flip, FrameCrop, LevelUnit, MaskValue,
    PadFill, Resize, Shift, ShiftFill, SpectrogramChange,
};
use earmark_features::Features;
use serde_json::Value;

fn golden() -> Value {
    serde_json::from_str(include_str!("golden/augment.json")).unwrap()
}

fn features(rows: &Value) -> Features {
    let rows: Vec<Vec<f32>> = serde_json::from_value(rows.clone()).unwrap();
    // Two channels, so that an operation on the first alone would be noticed.
    let data: Vec<f32> = rows.concat();
    Features::new(2, rows.len(), rows[0].len(), [data.clone(), data].concat()).unwrap()
}

fn size(case: &Value, key: &str) -> usize {
    usize::try_from(case[key].as_u64().unwrap()).unwrap()
}

fn pairs(case: &Value, key: &str) -> Vec<(usize, usize)> {
    serde_json::from_value(case[key].clone()).unwrap()
}

fn floats(case: &Value, key: &str) -> Vec<f64> {
    serde_json::from_value(case[key].clone()).unwrap()
}

/// Golden numbers have 7 digits and the image values up to 30: float32 arithmetic is good to 1e-5 of that.
fn same(input: &Value, change: &dyn SpectrogramChange, expected: &Value) {
    let input = features(input);
    let mut image = Cow::Borrowed(&input);
    change.apply(&mut image);
    let expected = features(expected);
    assert_eq!(
        (image.channels, image.bands, image.frames),
        (expected.channels, expected.bands, expected.frames),
        "{change}"
    );
    for (got, want) in image.data.iter().zip(&expected.data) {
        assert!(
            (got - want).abs() <= 2e-5 * want.abs().max(1.0),
            "{change}: {got} for {want}"
        );
    }
}

#[test]
fn fillings() {
    let golden = golden();
    for case in golden["pad"].as_array().unwrap() {
        let fill = match &case["fill"] {
            Value::String(name) if name == "wrap" => PadFill::Wrap,
            Value::String(name) if name == "symmetric" => PadFill::Symmetric,
            Value::String(_) => PadFill::Minimum,
            value => PadFill::Constant(value.as_f64().unwrap() as f32),
        };
        let (before, frames) = (size(case, "before"), size(case, "frames"));
        same(
            &golden["short"],
            &ClipPadding { before, frames, fill },
            &case["out"],
        );
    }
}

#[test]
fn crops() {
    let golden = golden();
    for case in golden["crop"].as_array().unwrap() {
        let (start, frames) = (size(case, "start"), size(case, "frames"));
        same(&golden["image"], &FrameCrop { start, frames }, &case["out"]);
    }
    for case in golden["resize"].as_array().unwrap() {
        let resize = Resize {
            band: size(case, "band"),
            bands: size(case, "bands"),
            frame: size(case, "frame"),
            frames: size(case, "frames"),
        };
        same(&golden["image"], &resize, &case["out"]);
    }
}

#[test]
fn what_hides() {
    let golden = golden();
    for case in golden["masks"].as_array().unwrap() {
        let value = match &case["value"] {
            Value::String(name) if name == "mean" => MaskValue::Mean,
            Value::String(_) => MaskValue::Min,
            value => MaskValue::Constant(value.as_f64().unwrap() as f32),
        };
        let masks = BothMasks::new(pairs(case, "bands"), pairs(case, "frames"), value);
        same(&golden["image"], &masks, &case["out"]);
    }
    for case in golden["erase"].as_array().unwrap() {
        let patch = ErasedPatch {
            band: size(case, "band"),
            bands: size(case, "bands"),
            frame: size(case, "frame"),
            frames: size(case, "frames"),
            value: MaskValue::Constant(case["value"].as_f64().unwrap() as f32),
        };
        same(&golden["image"], &patch, &case["out"]);
    }
}

#[test]
fn shifts_and_flips() {
    let golden = golden();
    for case in golden["shift"].as_array().unwrap() {
        let fill = match case["fill"].as_str().unwrap() {
            "wrap" => ShiftFill::Wrap,
            "edge" => ShiftFill::Edge,
            _ => ShiftFill::Min,
        };
        let by = case["by"].as_i64().unwrap() as isize;
        let axis = match size(case, "axis") {
            0 => Axis::Frequency,
            _ => Axis::Time,
        };
        same(&golden["image"], &Shift { axis, by, fill }, &case["out"]);
    }
    same(&golden["image"], &Flip(Axis::Time), &golden["flip"]["time"]);
    same(&golden["image"], &Flip(Axis::Frequency), &golden["flip"]["freq"]);
}

#[test]
fn filters() {
    let golden = golden();
    for case in golden["filter"].as_array().unwrap() {
        let shape = match case["shape"].as_str().unwrap() {
            "linear" => FilterShape::Linear,
            _ => FilterShape::Step,
        };
        let edges: Vec<usize> = serde_json::from_value(case["edges"].clone()).unwrap();
        let gains = BandGains::new(&edges, &floats(case, "gains"), shape, LevelUnit::Decibel);
        same(&golden["image"], &gains, &case["out"]);
    }
}
