//! Framing: samples to frames, `[batch, samples]` to `[batch, frames, rows, columns]`.

use super::fourier_plan::FourierPlan;
use super::values::OnnxFrames;
use crate::stft::{Centre, Framing};
use earmark_onnx::{Builder, Tensor, Value, signed};

/// The sum of two counts or indices in int64.
fn add(g: &mut Builder, a: &Value, b: &Value) -> Value {
    g.op("Add", &[a, b], &[])
}

/// Cuts clips into frames. With `phase`, the window has its own position in the transform, else it is at the start, which
/// changes angles only.
pub(super) fn frames(g: &mut Builder, waveform: &Value, framing: &Framing, phase: bool) -> OnnxFrames {
    let plan = FourierPlan::of(framing, phase);
    let lead = if phase { framing.lead() } else { 0 };
    let n = g.length_of(waveform, 1);
    let count = count(g, &n, framing);
    let padded = match framing.centre {
        Centre::None | Centre::Zero => waveform.clone(),
        Centre::Reflect => mirror_ends(g, waveform, &n, framing),
    };
    // Zeros outside the window, or under a window weight of zero: `rows * columns` samples must follow each frame's start.
    let before = if framing.centre == Centre::Zero {
        framing.padding()
    } else {
        0
    };
    let behind = plan.rows * plan.columns - lead;
    let pads = g.ints(&[0, signed(before + lead), 0, signed(behind)]);
    let padded = g.op("Pad", &[&padded, &pads], &[]);
    let one = g.length(1);
    let computed = g.op("Max", &[&count, &one], &[]);
    // The index of every sample of every frame.
    let frame = g.count_to(&computed);
    let hop = g.int(framing.hop);
    let start = g.op("Mul", &[&frame, &hop], &[]);
    let start = g.reshape(&start, &[-1, 1, 1]);
    let offsets = (0..plan.rows * plan.columns).map(signed).collect();
    let offsets = g.constant("places", Tensor::ints(&[1, plan.rows, plan.columns], offsets));
    let indices = add(g, &start, &offsets); // [frames, rows, columns]
    let samples = g.op("Gather", &[&padded, &indices], &[("axis", 1.into())]);
    OnnxFrames { samples, count }
}

/// Silences the one frame that is computed for a clip without frames.
pub(super) fn silence_where_none(g: &mut Builder, frames: &mut OnnxFrames) {
    let one = g.length(1);
    let any = g.op("Min", &[&frames.count, &one], &[]);
    let any = g.op("Cast", &[&any], &[("to", 1.into())]);
    frames.samples = g.op("Mul", &[&frames.samples, &any], &[]);
}

/// [`Framing::frames`] of `n` samples, `[1]`.
fn count(g: &mut Builder, n: &Value, framing: &Framing) -> Value {
    let hop = g.length(framing.hop);
    match framing.centre {
        Centre::None => {
            // 1 + (n - window) / hop, and 0 where the clip is shorter than the window.
            let more = g.ints(&[signed(framing.hop) - signed(framing.window)]);
            let zero = g.length(0);
            let room = add(g, n, &more);
            let room = g.op("Max", &[&room, &zero], &[]);
            g.op("Div", &[&room, &hop], &[])
        }
        Centre::Reflect | Centre::Zero => {
            // 1 + (n - fft % 2) / hop, and 0 without samples.
            let more = g.length(framing.hop - framing.fft % 2);
            let room = add(g, n, &more);
            let frames = g.op("Div", &[&room, &hop], &[]);
            g.op("Min", &[&frames, n], &[])
        }
    }
}

/// The clip with its ends mirrored as far as the windows of its frames reach.
fn mirror_ends(g: &mut Builder, waveform: &Value, n: &Value, framing: &Framing) -> Value {
    let before = framing.padding();
    // ONNX mirrors no further than the clip's length. Here each mirrored sample is gathered by its distance d from the first
    // sample: d modulo the period is the same sample, and so is the period minus that. An empty clip has one zero.
    let one_more = g.ints(&[0, 0, 0, 1]);
    let source = g.op("Pad", &[waveform, &one_more], &[]);
    let one = g.length(1);
    let len = g.op("Max", &[n, &one], &[]);
    let minus = g.ints(&[-1]);
    let two = g.length(2);
    let last = add(g, &len, &minus);
    let period = g.op("Mul", &[&last, &two], &[]);
    let period = g.op("Max", &[&period, &one], &[]);
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
    let back = add(g, &back, n);
    let back = mirrored(g, &back);
    g.concat(&[&front, waveform, &back], 1)
}
