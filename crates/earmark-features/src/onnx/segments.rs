//! Segments of clips of any length.

use super::lengths::{any, div_ceil, indices, length_op};
use super::values::{OnnxLogMel, OnnxSegments};
use crate::segments::{SegmentPad, SegmentPlacement, Segmenter};
use earmark_onnx::{Builder, Value, signed};

/// Cuts `[batch, frames, channels x bands]` into `[batch x segments, channels, bands, length]`.
pub(super) fn segments(
    g: &mut Builder,
    log_mel: &OnnxLogMel,
    segmenter: Option<&Segmenter>,
    longest: usize,
) -> OnnxSegments {
    let (channels, bands) = (log_mel.channels, log_mel.bands);
    let (value, count) = match segmenter {
        None => pieces(g, log_mel, longest),
        Some(segmenter) => {
            let count = count(g, &log_mel.count, segmenter);
            let padded = pad(g, log_mel, &count, segmenter);
            let frame = indices(g, &count, segmenter.hop, "example", &[segmenter.length]);
            let cut = g.op("Gather", &[&padded, &frame], &[("axis", 1.into())]); // [batch, segments, length, channels x bands]
            let shape = [-1, signed(segmenter.length), signed(channels), signed(bands)];
            (g.reshape(&cut, &shape), count)
        }
    };
    OnnxSegments {
        features: g.transpose(&value, &[0, 2, 3, 1]),
        count,
        channels,
        bands,
        frames: segmenter.map(|s| s.length),
    }
}

/// The whole clip, or equal pieces of it where it has more than `longest` frames:
/// `[batch x pieces, frames, channels, bands]` and the number of pieces, `[1]`. Piece `k` starts at
/// `k (frames - length) / (pieces - 1)`, rounded down.
fn pieces(g: &mut Builder, log_mel: &OnnxLogMel, longest: usize) -> (Value, Value) {
    // At least one frame is computed, even for a clip without frames.
    let frames = g.length_of(&log_mel.value, 1);
    let minus = g.ints(&[-1]);
    let count = div_ceil(g, &frames, longest);
    let less = g.op("Add", &[&count, &minus], &[]);
    let sum = g.op("Add", &[&frames, &less], &[]);
    let length = g.op("Div", &[&sum, &count], &[]);
    let gaps = length_op(g, "Max", &less, 1);
    let rest = g.op("Sub", &[&frames, &length], &[]);
    let piece = g.count_to(&count);
    let start = g.op("Mul", &[&piece, &rest], &[]);
    let start = g.op("Div", &[&start, &gaps], &[]);
    let start = g.reshape(&start, &[-1, 1]);
    let offset = g.count_to(&length);
    let frame = g.op("Add", &[&start, &offset], &[]); // [pieces, length]
    let cut = g.op("Gather", &[&log_mel.value, &frame], &[("axis", 1.into())]); // [batch, pieces, length, channels x bands]
    let size = g.ints(&[signed(log_mel.channels), signed(log_mel.bands)]);
    let shape = g.concat(&[&minus, &length, &size], 0);
    (g.op("Reshape", &[&cut, &shape], &[]), count)
}

/// [`Segmenter::count`] of `frames`, `[1]`.
fn count(g: &mut Builder, frames: &Value, segmenter: &Segmenter) -> Value {
    match segmenter.place {
        SegmentPlacement::Middle => g.length(1),
        SegmentPlacement::Start => {
            let count = div_ceil(g, frames, segmenter.hop);
            length_op(g, "Max", &count, 1)
        }
        SegmentPlacement::Centre => {
            // 1 + the frames beyond one segment, divided by the hop and rounded up.
            let more = length_op(g, "Max", frames, segmenter.length);
            let more = length_op(g, "Sub", &more, segmenter.length);
            let more = div_ceil(g, &more, segmenter.hop);
            length_op(g, "Add", &more, 1)
        }
    }
}

/// The clip's frames with padding around them, as many as the segments span.
fn pad(g: &mut Builder, log_mel: &OnnxLogMel, count: &Value, segmenter: &Segmenter) -> Value {
    let axis = g.length(1);
    let zero = g.length(0);
    let (clip, frames) = match segmenter.place {
        SegmentPlacement::Start | SegmentPlacement::Centre => {
            let clip = g.op("Slice", &[&log_mel.value, &zero, &log_mel.count, &axis], &[]);
            (clip, log_mel.count.clone())
        }
        SegmentPlacement::Middle => {
            // Frames beyond the length of a segment are left out on both sides.
            let kept = length_op(g, "Min", &log_mel.count, segmenter.length);
            let too_many = g.op("Sub", &[&log_mel.count, &kept], &[]);
            let from = length_op(g, "Div", &too_many, 2);
            let to = g.op("Add", &[&from, &kept], &[]);
            (g.op("Slice", &[&log_mel.value, &from, &to, &axis], &[]), kept)
        }
    };
    let frames = &frames;
    // length + (count - 1) hop
    let span = length_op(g, "Mul", count, segmenter.hop);
    let span = length_op(g, "Add", &span, segmenter.length - segmenter.hop);
    let missing = g.op("Sub", &[&span, frames], &[]); // never below 0, because a hop is at most a segment
    let (before, after) = match segmenter.place {
        SegmentPlacement::Start => (zero.clone(), missing),
        SegmentPlacement::Centre | SegmentPlacement::Middle => {
            let before = length_op(g, "Div", &missing, 2);
            let after = g.op("Sub", &[&missing, &before], &[]);
            (before, after)
        }
    };
    match segmenter.pad {
        SegmentPad::Value(value) => {
            let pads = g.concat(&[&zero, &before, &zero, &zero, &after, &zero], 0);
            let value = g.float(value as f32);
            g.op("Pad", &[&clip, &pads, &value], &[])
        }
        SegmentPad::Minimum => {
            // Each clip has its own. Without frames it is 0: the frame that was computed nevertheless does not count.
            let axes = ("axes", [1_usize, 2][..].into());
            let minimum = g.op("ReduceMin", &[&log_mel.value], &[axes]); // [batch, 1, 1]
            let any = any(g, frames);
            let minimum = g.op("Mul", &[&minimum, &any], &[]);
            let width = g.length(log_mel.channels * log_mel.bands);
            let one = axis; // [1] holding 1: the batch axis of `minimum` broadcasts over it
            let padding = |g: &mut Builder, frames: &Value| {
                let shape = g.concat(&[&one, frames, &width], 0);
                g.op("Expand", &[&minimum, &shape], &[])
            };
            let after = padding(g, &after);
            match segmenter.place {
                SegmentPlacement::Start => g.concat(&[&clip, &after], 1),
                SegmentPlacement::Centre | SegmentPlacement::Middle => {
                    let before = padding(g, &before);
                    g.concat(&[&before, &clip, &after], 1)
                }
            }
        }
    }
}
