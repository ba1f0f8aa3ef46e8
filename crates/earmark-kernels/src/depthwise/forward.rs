//! The forward pass of depthwise convolution, one channel at a time.

use rayon::prelude::*;

use crate::depthwise::planes::{DepthwiseShape, PlaneBuffers};
use crate::elementwise::epilogue::Epilogue;
use crate::elementwise::postponed_normalisation::OpInput;
use crate::elementwise::rows::{Moments, moments};
use crate::hardware::lengths::check_len;
use crate::hardware::reused_buffers::Workspace;

/// Computes `out[C, B * Ho * Wo]` from `x[C, B * H * W]` with weights `[C, kernel rows, kernel columns]`;
/// returns the moments of each channel if the epilogue asks for them.
///
/// # Panics
/// If a length does not fit, or the kernel is longer than the padded plane.
pub fn forward(
    ws: &Workspace,
    weight: &[f32],
    shape: &DepthwiseShape,
    x: OpInput<'_>,
    out: &mut [f32],
    epilogue: Epilogue<'_>,
) -> Vec<Moments> {
    let (planes, batch) = shape.check(weight, &x);
    let (n, out_n) = (batch * planes.pixels(), batch * planes.out_pixels());
    let channels = shape.channels;
    epilogue.check(channels);
    check_len("output", out, channels * out_n);
    if batch == 0 {
        return Vec::new();
    }
    let taps = planes.shifts.at.len();
    let channel = |scratch: &mut PlaneBuffers, c: usize, out: &mut [f32]| {
        let mut sum = Moments::default();
        let then = match epilogue {
            Epilogue::Apply(norm, act) => Some(norm.row(c, act)),
            Epilogue::Raw | Epilogue::Moments => None,
        };
        let from = x.raw[c * n..(c + 1) * n].chunks_exact(planes.pixels());
        for (plane, out) in from.zip(out.chunks_exact_mut(planes.out_pixels())) {
            let kernel = &weight[c * taps..][..taps];
            planes.convolve(ws.isa(), scratch, (plane, x.map(c)), kernel, out, then);
            if let Epilogue::Moments = epilogue {
                sum = sum.merge(moments(ws.isa(), out));
            }
        }
        sum
    };
    let group = planes.group(channels, batch);
    let all: Vec<Vec<Moments>> = out
        .par_chunks_mut(group * out_n)
        .enumerate()
        .with_min_len(ws.grain)
        .map(|(g, out)| {
            let mut scratch = planes.scratch(ws);
            out.chunks_exact_mut(out_n)
                .enumerate()
                .map(|(i, out)| channel(&mut scratch, g * group + i, out))
                .collect()
        })
        .collect();
    match epilogue {
        Epilogue::Moments => all.concat(),
        Epilogue::Raw | Epilogue::Apply(..) => Vec::new(),
    }
}
