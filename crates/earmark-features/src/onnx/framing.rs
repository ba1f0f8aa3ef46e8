//! Framing: samples to frames, `[batch, samples]` to `[batch, frames, rows, columns]`.

use super::fourier_plan::FourierPlan;
use super::lengths::{any, indices, length_op};
use crate::stft::{Centre, Framing};
use earmark_onnx::{Builder, Tensor, Value, signed};

/// Cuts clips into frames: the samples of a transform row by row as [`FourierPlan`] needs them, of at least one frame,
/// and the number of frames, `[1]`, which may be 0. With `phase`, the window has its own position in the transform, else
/// it is at the start, which changes angles only.
pub(super) fn frames(g: &mut Builder, waveform: &Value, framing: &Framing, phase: bool) -> (Value, Value) {
    let plan = FourierPlan::of(framing, phase);
    let lead = if phase { framing.lead() } else { 0 };
    let n = g.length_of(waveform, 1);
    let count = count(g, &n, framing);
    let (padded, before) = match framing.centre {
        Centre::None | Centre::Zero => (waveform.clone(), framing.padding()),
        Centre::Reflect => (mirror_ends(g, waveform, &n, framing), 0),
    };
    // Zeros outside the window, or under a window weight of zero: `rows * columns` samples must follow each frame's
    // start.
    let behind = plan.rows * plan.columns - lead;
    let pads = g.ints(&[0, signed(before + lead), 0, signed(behind)]);
    let padded = g.op("Pad", &[&padded, &pads], &[]);
    let computed = length_op(g, "Max", &count, 1);
    let indices = indices(g, &computed, framing.hop, "places", &[plan.rows, plan.columns]);
    let samples = g.op("Gather", &[&padded, &indices], &[("axis", 1.into())]);
    (samples, count)
}

/// Silences the one frame that is computed for a clip without frames.
pub(super) fn silence_where_none(g: &mut Builder, samples: &Value, count: &Value) -> Value {
    let any = any(g, count);
    g.op("Mul", &[samples, &any], &[])
}

/// [`Framing::frames`] of `n` samples, `[1]`.
fn count(g: &mut Builder, n: &Value, framing: &Framing) -> Value {
    match framing.centre {
        Centre::None => {
            // 1 + (n - window) / hop, and 0 where the clip is shorter than the window.
            let more = g.ints(&[signed(framing.hop) - signed(framing.window)]);
            let room = g.op("Add", &[n, &more], &[]);
            let room = length_op(g, "Max", &room, 0);
            length_op(g, "Div", &room, framing.hop)
        }
        Centre::Reflect | Centre::Zero => {
            // 1 + (n - fft % 2) / hop, and 0 without samples.
            let room = length_op(g, "Add", n, framing.hop - framing.fft % 2);
            let frames = length_op(g, "Div", &room, framing.hop);
            g.op("Min", &[&frames, n], &[])
        }
    }
}

/// The clip with its ends mirrored as far as the windows of its frames reach.
fn mirror_ends(g: &mut Builder, waveform: &Value, n: &Value, framing: &Framing) -> Value {
    let before = framing.padding();
    // ONNX mirrors no further than the clip's length. Here each mirrored sample is gathered by its distance d from
    // the first sample: d modulo the period is the same sample, and so is the period minus that. An empty clip has
    // one zero.
    let one_more = g.ints(&[0, 0, 0, 1]);
    let source = g.op("Pad", &[waveform, &one_more], &[]);
    let len = length_op(g, "Max", n, 1);
    let last = length_op(g, "Sub", &len, 1);
    let period = length_op(g, "Mul", &last, 2);
    let period = length_op(g, "Max", &period, 1);
    let mirrored = |g: &mut Builder, distance: &Value| {
        let there = g.op("Mod", &[distance, &period], &[]);
        let back = g.op("Sub", &[&period, &there], &[]);
        let index = g.op("Min", &[&there, &back], &[]);
        g.op("Gather", &[&source, &index], &[("axis", 1.into())])
    };
    let distances: Vec<i64> = (1..=signed(before)).rev().collect();
    let front = g.constant("front", Tensor::ints(&[before], distances));
    let front = mirrored(g, &front);
    let after = framing.window - before;
    let distances: Vec<i64> = (0..signed(after)).collect();
    let back = g.constant("back", Tensor::ints(&[after], distances));
    let back = g.op("Add", &[&back, n], &[]);
    let back = mirrored(g, &back);
    g.concat(&[&front, waveform, &back], 1)
}
