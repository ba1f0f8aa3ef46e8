//! Postprocessing: band scale, deltas, global scale.

use super::values::OnnxSegments;
use crate::postprocess::{BandScale, Postprocess, derivative_taps};
use earmark_onnx::{Builder, Tensor, Value, signed};

/// Postprocesses segments `[segments, channels, bands, frames]`.
pub(super) fn postprocess(
    g: &mut Builder,
    mut segments: OnnxSegments,
    settings: &Postprocess,
) -> OnnxSegments {
    if let Some(bands) = &settings.bands {
        scale_bands(g, &mut segments, bands);
    }
    if let Some(deltas) = &settings.deltas {
        let half = deltas.width_frames as usize / 2;
        let [first, second] = derivative_taps(half);
        let first = derive(g, &segments, "slope", &first);
        let second = derive(g, &segments, "bend", &second);
        segments.features = g.concat(&[&segments.features, &first, &second], 1);
        segments.channels *= 3;
    }
    if let Some(scale) = &settings.scale {
        let (subtract, factor) = scale.terms();
        let (subtract, factor) = (g.float(subtract), g.float(factor));
        let shifted = g.op("Sub", &[&segments.features, &subtract], &[]);
        segments.features = g.op("Mul", &[&shifted, &factor], &[]);
    }
    segments
}

/// Shifts and scales each band of the log-mel; a second channel, of angles, stays as it is.
fn scale_bands(g: &mut Builder, segments: &mut OnnxSegments, scale: &BandScale) {
    let (channels, bands) = (segments.channels, segments.bands);
    let mut row = |name: &str, rest: f32, values: &mut dyn Iterator<Item = f32>| {
        let mut all: Vec<f32> = values.collect();
        all.resize(channels * bands, rest);
        g.constant(name, Tensor::floats(&[channels, bands, 1], all))
    };
    let subtract = row("subtract", 0.0, &mut scale.subtract.iter().map(|x| *x as f32));
    let factors = |divide: &Vec<f64>| row("factors", 1.0, &mut divide.iter().map(|x| (1.0 / x) as f32));
    let factors = scale.divide.as_ref().map(factors);
    segments.features = g.op("Sub", &[&segments.features, &subtract], &[]);
    if let Some(factors) = factors {
        segments.features = g.op("Mul", &[&segments.features, &factors], &[]);
    }
}

/// Taps over time, per channel; the first and last full window are repeated to the ends.
fn derive(g: &mut Builder, segments: &OnnxSegments, name: &str, taps: &[f64]) -> Value {
    let (channels, width) = (segments.channels, taps.len());
    let weights: Vec<f32> = taps.iter().map(|t| *t as f32).collect();
    let weights = Tensor::floats(&[channels, 1, 1, width], weights.repeat(channels));
    let weights = g.constant(name, weights);
    let kernel = [1, width];
    let attributes = [("group", channels.into()), ("kernel_shape", kernel[..].into())];
    let inside = g.op("Conv", &[&segments.features, &weights], &attributes);
    let half = signed(width / 2);
    let pads = g.ints(&[0, 0, 0, half, 0, 0, 0, half]);
    g.op("Pad", &[&inside, &pads], &[("mode", "edge".into())])
}
