//! Deltas and scale as nodes.

use super::OnnxExamples;
use crate::band_scale::BandScale;
use crate::finish::{Finish, Scale, derivative_taps};
use earmark_onnx::{Builder, Tensor, Value, signed};

/// Finishes examples `[examples, channels, bands, frames]`.
pub(super) fn finish(g: &mut Builder, mut examples: OnnxExamples, finish: &Finish) -> OnnxExamples {
    if let Some(bands) = &finish.bands {
        scale_bands(g, &mut examples, bands);
    }
    if let Some(deltas) = &finish.deltas {
        let half = deltas.width_frames as usize / 2;
        let [first, second] = derivative_taps(half);
        let first = derive(g, &examples, "slope", &first);
        let second = derive(g, &examples, "bend", &second);
        examples.features = g.concat(&[&examples.features, &first, &second], 1);
        examples.channels *= 3;
    }
    if let Some(Scale { subtract, divide }) = finish.scale {
        let (subtract, factor) = (g.float(subtract as f32), g.float((1.0 / divide) as f32));
        let shifted = g.op("Sub", &[&examples.features, &subtract], &[]);
        examples.features = g.op("Mul", &[&shifted, &factor], &[]);
    }
    examples
}

/// Shifts and scales each band of the levels; a second channel holds angles, which stay.
fn scale_bands(g: &mut Builder, examples: &mut OnnxExamples, scale: &BandScale) {
    let (channels, bands) = (examples.channels, examples.bands);
    let mut row = |name: &str, rest: f32, values: &mut dyn Iterator<Item = f32>| {
        let mut all: Vec<f32> = values.collect();
        all.resize(channels * bands, rest);
        g.constant(name, Tensor::floats(&[channels, bands, 1], all))
    };
    let subtract = row("subtract", 0.0, &mut scale.subtract.iter().map(|x| *x as f32));
    let factors = scale
        .divide
        .as_ref()
        .map(|divide| row("factors", 1.0, &mut divide.iter().map(|x| (1.0 / x) as f32)));
    examples.features = g.op("Sub", &[&examples.features, &subtract], &[]);
    if let Some(factors) = factors {
        examples.features = g.op("Mul", &[&examples.features, &factors], &[]);
    }
}

/// Taps over time, each channel by itself; the first and last full window are repeated to the ends.
fn derive(g: &mut Builder, examples: &OnnxExamples, name: &str, taps: &[f64]) -> Value {
    let (channels, width) = (examples.channels, taps.len());
    let weights = taps
        .iter()
        .map(|t| *t as f32)
        .collect::<Vec<_>>()
        .repeat(channels);
    let weights = g.constant(name, Tensor::floats(&[channels, 1, 1, width], weights));
    let attributes = [
        ("group", channels.into()),
        ("kernel_shape", [1, width][..].into()),
    ];
    let inside = g.op("Conv", &[&examples.features, &weights], &attributes);
    let half = signed(width / 2);
    let pads = g.ints(&[0, 0, 0, half, 0, 0, 0, half]);
    g.op("Pad", &[&inside, &pads], &[("mode", "edge".into())])
}
