//! Examples of clips of any length.

use super::{Levels, OnnxExamples};
use crate::examples::{Cutting, Pad, Place};
use earmark_onnx::{Builder, Tensor, Value, signed};

/// Cuts `[batch, frames, channels x bands]` into `[batch x examples, channels, bands, length]`.
pub(super) fn cut(
    g: &mut Builder,
    levels: &Levels,
    cutting: Option<&Cutting>,
    longest: usize,
) -> OnnxExamples {
    let (channels, bands) = (levels.channels, levels.bands);
    let (value, count) = match cutting {
        None => pieces(g, levels, longest),
        Some(cutting) => {
            let count = count(g, &levels.count, cutting);
            let filled = fill(g, levels, &count, cutting);
            let frame = indices(g, &count, cutting);
            let cut = g.op("Gather", &[&filled, &frame], &[("axis", 1.into())]); // [batch, examples, length, channels x bands]
            let shape = [-1, signed(cutting.length), signed(channels), signed(bands)];
            (g.reshape(&cut, &shape), count)
        }
    };
    OnnxExamples {
        features: g.transpose(&value, &[0, 2, 3, 1]),
        count,
        channels,
        bands,
        frames: cutting.map(|c| c.length),
    }
}

/// The whole clip, or equal pieces of it where it has more than `longest` frames: `[batch x pieces, frames, channels, bands]` and how
/// many pieces, `[1]`. Piece `k` starts at `k (frames - length) / (pieces - 1)`, rounded down.
fn pieces(g: &mut Builder, levels: &Levels, longest: usize) -> (Value, Value) {
    // At least one frame is computed, whatever the clip's own count.
    let frames = g.length_of(&levels.value, 1);
    let (one, minus) = (g.length(1), g.ints(&[-1]));
    let up = g.length(longest - 1);
    let longest = g.length(longest);
    let sum = g.op("Add", &[&frames, &up], &[]);
    let count = g.op("Div", &[&sum, &longest], &[]);
    let less = g.op("Add", &[&count, &minus], &[]);
    let sum = g.op("Add", &[&frames, &less], &[]);
    let length = g.op("Div", &[&sum, &count], &[]);
    let gaps = g.op("Max", &[&less, &one], &[]);
    let rest = g.op("Sub", &[&frames, &length], &[]);
    let piece = g.count_to(&count);
    let start = g.op("Mul", &[&piece, &rest], &[]);
    let start = g.op("Div", &[&start, &gaps], &[]);
    let start = g.reshape(&start, &[-1, 1]);
    let place = g.count_to(&length);
    let frame = g.op("Add", &[&start, &place], &[]); // [pieces, length]
    let cut = g.op("Gather", &[&levels.value, &frame], &[("axis", 1.into())]); // [batch, pieces, length, channels x bands]
    let size = g.ints(&[signed(levels.channels), signed(levels.bands)]);
    let shape = g.concat(&[&minus, &length, &size], 0);
    (g.op("Reshape", &[&cut, &shape], &[]), count)
}

/// [`Cutting::count`] of so many frames, `[1]`.
fn count(g: &mut Builder, frames: &Value, cutting: &Cutting) -> Value {
    let (hop, one) = (g.length(cutting.hop), g.length(1));
    match cutting.place {
        Place::Middle => one,
        Place::Start => {
            let up = g.length(cutting.hop - 1);
            let sum = g.op("Add", &[frames, &up], &[]);
            let count = g.op("Div", &[&sum, &hop], &[]);
            g.op("Max", &[&count, &one], &[])
        }
        Place::Centre => {
            // 1 + what one example does not hold, divided by the hop and rounded up.
            let (length, up) = (g.length(cutting.length), g.length(cutting.hop - 1));
            let more = g.op("Max", &[frames, &length], &[]);
            let more = g.op("Sub", &[&more, &length], &[]);
            let more = g.op("Add", &[&more, &up], &[]);
            let more = g.op("Div", &[&more, &hop], &[]);
            g.op("Add", &[&more, &one], &[])
        }
    }
}

/// The clip's frames with filling around them, as many as the examples span.
fn fill(g: &mut Builder, levels: &Levels, count: &Value, cutting: &Cutting) -> Value {
    let axis = g.length(1);
    let zero = g.length(0);
    let (clip, frames) = match cutting.place {
        Place::Start | Place::Centre => {
            let clip = g.op("Slice", &[&levels.value, &zero, &levels.count, &axis], &[]);
            (clip, levels.count.clone())
        }
        Place::Middle => {
            // What it is longer than an example is left out on both sides.
            let length = g.length(cutting.length);
            let kept = g.op("Min", &[&levels.count, &length], &[]);
            let too_many = g.op("Sub", &[&levels.count, &kept], &[]);
            let two = g.length(2);
            let from = g.op("Div", &[&too_many, &two], &[]);
            let to = g.op("Add", &[&from, &kept], &[]);
            (g.op("Slice", &[&levels.value, &from, &to, &axis], &[]), kept)
        }
    };
    let frames = &frames;
    // length + (count - 1) hop
    let hop = g.length(cutting.hop);
    let rest = g.length(cutting.length - cutting.hop);
    let span = g.op("Mul", &[count, &hop], &[]);
    let span = g.op("Add", &[&span, &rest], &[]);
    let missing = g.op("Sub", &[&span, frames], &[]); // never below 0, as a hop is no longer than an example
    let (before, after) = match cutting.place {
        Place::Start => (zero.clone(), missing),
        Place::Centre | Place::Middle => {
            let two = g.length(2);
            let before = g.op("Div", &[&missing, &two], &[]);
            let after = g.op("Sub", &[&missing, &before], &[]);
            (before, after)
        }
    };
    match cutting.pad {
        Pad::Value(value) => {
            let pads = g.concat(&[&zero, &before, &zero, &zero, &after, &zero], 0);
            let value = g.float(value as f32);
            g.op("Pad", &[&clip, &pads, &value], &[])
        }
        Pad::Minimum => {
            // Each clip has its own. Of no frames it is 0, and the one that was computed all the same does not count.
            let axes = ("axes", [1_usize, 2][..].into());
            let least = g.op("ReduceMin", &[&levels.value], &[axes]); // [batch, 1, 1]
            let any = g.op("Min", &[frames, &axis], &[]);
            let any = g.op("Cast", &[&any], &[("to", 1.into())]);
            let least = g.op("Mul", &[&least, &any], &[]);
            let width = g.length(levels.channels * levels.bands);
            let one = axis; // [1] of 1, for which each clip's own length stands in
            let filling = |g: &mut Builder, frames: &Value| {
                let shape = g.concat(&[&one, frames, &width], 0);
                g.op("Expand", &[&least, &shape], &[])
            };
            let after = filling(g, &after);
            match cutting.place {
                Place::Start => g.concat(&[&clip, &after], 1),
                Place::Centre | Place::Middle => {
                    let before = filling(g, &before);
                    g.concat(&[&before, &clip, &after], 1)
                }
            }
        }
    }
}

/// The frame at each place of each example, `[examples, length]`.
fn indices(g: &mut Builder, count: &Value, cutting: &Cutting) -> Value {
    let example = g.count_to(count);
    let hop = g.int(cutting.hop);
    let start = g.op("Mul", &[&example, &hop], &[]);
    let start = g.reshape(&start, &[-1, 1]);
    let places = (0..cutting.length).map(signed).collect();
    let places = g.constant("example", Tensor::ints(&[1, cutting.length], places));
    g.op("Add", &[&start, &places], &[])
}
