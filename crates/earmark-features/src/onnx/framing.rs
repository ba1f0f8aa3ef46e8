//! Samples to frames: `[batch, samples]` to `[batch, frames, rows, columns]`.

use super::spectrum::Plan;
use crate::stft::{Centre, Framing};
use earmark_onnx::{Builder, Tensor, Value, signed};

/// The frames of a batch of clips.
pub(super) struct Frames {
    /// `[batch, frames, rows, columns]`, the transform's samples row by row as [`Plan`] wants them; at least one frame.
    pub samples: Value,
    /// How many frames the clips have, `[1]`; may be 0.
    pub count: Value,
}

impl Frames {
    /// Makes the frame that is computed of a clip without any silent.
    pub fn silence_where_none(&mut self, g: &mut Builder) {
        let one = g.length(1);
        let any = g.op("Min", &[&self.count, &one], &[]);
        let any = g.op("Cast", &[&any], &[("to", 1.into())]);
        self.samples = g.op("Mul", &[&self.samples, &any], &[]);
    }
}

/// `y[t] = x[t + 1] - c x[t]`, a sample fewer.
pub(super) fn emphasise(g: &mut Builder, x: &Value, c: f64) -> Value {
    let (first, second, axis) = (g.length(0), g.length(1), g.length(1));
    let (last, end) = (g.ints(&[-1]), g.ints(&[i64::MAX]));
    let now = g.op("Slice", &[x, &first, &last, &axis], &[]);
    let next = g.op("Slice", &[x, &second, &end, &axis], &[]);
    let c = g.float(c as f32);
    let now = g.op("Mul", &[&now, &c], &[]);
    g.op("Sub", &[&next, &now], &[])
}

/// Numbers of samples, all in int64.
fn add(g: &mut Builder, a: &Value, b: &Value) -> Value {
    g.op("Add", &[a, b], &[])
}

/// Takes the clips apart into frames. With `phase`, the window lies at its own place in the transform, else at its start (which changes
/// angles alone).
pub(super) fn frames(g: &mut Builder, waveform: &Value, framing: &Framing, phase: bool) -> Frames {
    let plan = Plan::of(framing, phase);
    let lead = if phase { framing.lead() } else { 0 };
    let n = g.length_of(waveform, 1);
    let count = count(g, &n, framing);
    let padded = pad(g, waveform, &n, framing, lead, plan.rows * plan.columns);
    let one = g.length(1);
    let computed = g.op("Max", &[&count, &one], &[]);
    // Index of every sample of every frame.
    let frame = g.count_to(&computed);
    let hop = g.int(framing.hop);
    let start = g.op("Mul", &[&frame, &hop], &[]);
    let start = g.reshape(&start, &[-1, 1, 1]);
    let places = (0..plan.rows * plan.columns).map(signed).collect();
    let places = g.constant("places", Tensor::ints(&[1, plan.rows, plan.columns], places));
    let indices = add(g, &start, &places); // [frames, rows, columns]
    let samples = g.op("Gather", &[&padded, &indices], &[("axis", 1.into())]);
    Frames { samples, count }
}

/// [`Framing::frames`] of `n` samples, `[1]`.
fn count(g: &mut Builder, n: &Value, framing: &Framing) -> Value {
    let hop = g.length(framing.hop);
    match framing.centre {
        Centre::None => {
            // 1 + (n - window) / hop, and 0 where the window does not fit.
            let more = g.ints(&[signed(framing.hop) - signed(framing.window)]);
            let zero = g.length(0);
            let room = add(g, n, &more);
            let room = g.op("Max", &[&room, &zero], &[]);
            g.op("Div", &[&room, &hop], &[])
        }
        Centre::Reflect | Centre::Zero => {
            // 1 + (n - fft % 2) / hop, and 0 of nothing.
            let more = g.length(framing.hop - framing.fft % 2);
            let room = add(g, n, &more);
            let frames = g.op("Div", &[&room, &hop], &[]);
            g.op("Min", &[&frames, n], &[])
        }
    }
}

/// The clip with what stands around it, so that the window of every frame lies inside and `span` samples follow each frame's start.
fn pad(g: &mut Builder, waveform: &Value, n: &Value, framing: &Framing, lead: usize, span: usize) -> Value {
    let before = match framing.centre {
        Centre::None => 0,
        Centre::Reflect | Centre::Zero => framing.fft / 2 - framing.lead(),
    };
    // Zeros that the window does not see, or that it weighs with zero.
    let behind = span - lead;
    if framing.centre != Centre::Reflect {
        let pads = g.ints(&[0, signed(before + lead), 0, signed(behind)]);
        return g.op("Pad", &[waveform, &pads], &[]);
    }
    // ONNX mirrors no further than the clip is long: the mirrored samples are picked one by one, at distance d from the first
    // sample, where d modulo the period is the same sample and so is the period minus that. A clip without samples has a zero.
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
    let whole = g.concat(&[&front, waveform, &back], 1);
    let pads = g.ints(&[0, signed(lead), 0, signed(behind)]);
    g.op("Pad", &[&whole, &pads], &[])
}
