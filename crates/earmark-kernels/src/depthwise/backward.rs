//! The backward pass of depthwise convolution, one channel at a time.

use rayon::prelude::*;

use crate::conv::window::ConvWindow;
use crate::depthwise::planes::{DepthwisePlanes, DepthwiseShape, taps};
use crate::depthwise::shifted_copies::{ShiftedCopies, signed};
use crate::depthwise::taps::{correlate, weigh};
use crate::elementwise::output_gradient::OutputGrad;
use crate::elementwise::postponed_normalisation::{InputGrad, OpInput};
use crate::elementwise::rows::back_row;
use crate::hardware::lengths::check_len;
use crate::hardware::reused_buffers::Workspace;
use crate::hardware::simd::multiversion;

/// The backward pass of `forward`: fills `dx[C, B * H * W]`, if given, with the gradient of the normalised input and returns the
/// weight gradient and the sums for [`crate::elementwise::batch_norm::Norm::backward`].
///
/// # Panics
/// As `forward`.
pub fn backward(
    ws: &Workspace,
    weight: &[f32],
    shape: &DepthwiseShape,
    x: OpInput<'_>,
    dy: OutputGrad<'_>,
    dx: Option<&mut [f32]>,
) -> InputGrad {
    let (planes, batch) = shape.check(weight, &x);
    let (channels, n) = (shape.channels, batch * planes.pixels());
    dy.check(channels, batch * planes.out_pixels());
    // The input gradient is computed even if nobody asks for it: only a network's first layer
    // could skip it, and no network here starts with a depthwise one.
    let mut unwanted = dx.is_none().then(|| ws.take(x.raw.len()));
    let dx = match (dx, &mut unwanted) {
        (Some(dx), _) => dx,
        (None, Some(buffer)) => &mut buffer[..],
        (None, None) => &mut [],
    };
    check_len("input gradient", dx, x.raw.len());
    if batch == 0 {
        return InputGrad {
            sums: vec![(0.0, 0.0); channels],
            weight: vec![0.0; weight.len()],
        };
    }
    let job = Backward::new(ws, &planes, weight, x, dy);
    let parts: Vec<_> = dx
        .par_chunks_mut(n)
        .enumerate()
        .with_min_len(ws.grain)
        .map(|(c, dx)| job.channel(c, batch, dx))
        .collect();
    let (sums, weights): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
    InputGrad {
        sums,
        weight: weights.concat(),
    }
}

/// What the channels of one backward pass have in common.
struct Backward<'a> {
    ws: &'a Workspace,
    planes: &'a DepthwisePlanes,
    weight: &'a [f32],
    x: OpInput<'a>,
    dy: OutputGrad<'a>,
    phases: Vec<Phase>,
    /// Columns of each phase of columns, and the pixels of the largest phase.
    widths: Vec<usize>,
    most: usize,
}

/// The input pixels whose row and column have the same remainders by the stride: those that the same taps read.
struct Phase {
    taps: Vec<usize>,
    /// Where these taps' gradients lie.
    shifts: ShiftedCopies,
    pixels: usize,
}

impl<'a> Backward<'a> {
    fn new(
        ws: &'a Workspace,
        planes: &'a DepthwisePlanes,
        weight: &'a [f32],
        x: OpInput<'a>,
        dy: OutputGrad<'a>,
    ) -> Self {
        let ConvWindow {
            stride: [sh, sw],
            before: [top, left],
            ..
        } = planes.window;
        let [h, w] = planes.size;
        let phase = |a: usize, b: usize| {
            let size = [h.saturating_sub(a).div_ceil(sh), w.saturating_sub(b).div_ceil(sw)];
            // Tap (y, x) of output (r, c) read input row sh r + y - top: row i of this phase is sh i + a, so r = i + (a + top - y) / sh.
            let (mut which, mut offsets) = (Vec::new(), Vec::new());
            for (t, (y, x)) in taps(&planes.window).enumerate() {
                let (dy, dx) = (signed(a + top) - signed(y), signed(b + left) - signed(x));
                if dy.rem_euclid(signed(sh)) == 0 && dx.rem_euclid(signed(sw)) == 0 {
                    which.push(t);
                    offsets.push((dy.div_euclid(signed(sh)), dx.div_euclid(signed(sw))));
                }
            }
            Phase {
                taps: which,
                shifts: ShiftedCopies::new(planes.out, [1, 1], size, &offsets),
                pixels: size[0] * size[1],
            }
        };
        let remainders = (0..sh).flat_map(|a| (0..sw).map(move |b| (a, b)));
        let phases: Vec<_> = remainders.map(|(a, b)| phase(a, b)).collect();
        Self {
            ws,
            planes,
            weight,
            x,
            dy,
            most: phases.iter().map(|p| p.pixels).max().unwrap_or(0),
            widths: (0..sw).map(|b| w.saturating_sub(b).div_ceil(sw)).collect(),
            phases,
        }
    }

    fn channel(&self, c: usize, batch: usize, dx: &mut [f32]) -> ((f64, f64), Vec<f32>) {
        let (ws, planes, isa) = (self.ws, self.planes, self.ws.isa());
        let (pixels, out_pixels, taps) = (planes.pixels(), planes.out_pixels(), planes.shifts.at.len());
        let mut scratch = planes.scratch(ws);
        let mut copies = ws.zeroed(self.phases.iter().map(|p| p.shifts.len).sum());
        // With one phase, the plane itself.
        let parted = self.phases.len() > 1;
        let mut parts = ws.take(if parted { self.most * self.phases.len() } else { 0 });
        let mut weight = vec![0.0f64; taps];
        let (mut s1, mut s2) = (0.0, 0.0);
        let map = self.x.map(c);
        let kernel = &self.weight[c * taps..][..taps];
        let weights_of = |p: &Phase| p.taps.iter().map(|&t| kernel[t]).collect();
        let per_phase: Vec<Vec<f32>> = self.phases.iter().map(weights_of).collect();
        for (b, dx) in dx.chunks_exact_mut(pixels).enumerate() {
            let raw = &self.x.raw[(c * batch + b) * pixels..][..pixels];
            planes.load(isa, &mut scratch, raw, map);
            let g = &mut scratch.plane[..out_pixels];
            self.dy.read(ws, c, batch * out_pixels, b * out_pixels, g);
            correlate(isa, &mut weight, g, &scratch.copies, &planes.shifts.at);
            let mut rest = &mut copies[..];
            for (i, (phase, kernel)) in self.phases.iter().zip(&per_phase).enumerate() {
                let (copies, others) = rest.split_at_mut(phase.shifts.len);
                rest = others;
                phase.shifts.fill(isa, copies, g);
                let to = match parted {
                    true => &mut parts[i * self.most..][..phase.pixels],
                    false => &mut *dx,
                };
                weigh(isa, to, copies, &phase.shifts.at, kernel);
            }
            if parted {
                unite(isa, dx, &parts, self.most, planes.window.stride, &self.widths);
            }
            let (a, b) = back_row(isa, dx, raw, map);
            s1 += a;
            s2 += b;
        }
        ((s1, s2), weight.iter().map(|&v| v as f32).collect())
    }
}

#[inline(always)]
fn unite_body<const FMA: bool>(
    to: &mut [f32],
    parts: &[f32],
    most: usize,
    stride: [usize; 2],
    widths: &[usize],
) {
    let [sh, sw] = stride;
    let columns: usize = widths.iter().sum();
    for (r, row) in to.chunks_exact_mut(columns).enumerate() {
        let (a, i) = (r % sh, r / sh);
        let part = |b: usize| &parts[(a * sw + b) * most + i * widths[b]..][..widths[b]];
        if sw == 2 {
            let (even, odd) = (part(0), part(1));
            for ((pair, &e), &o) in row.chunks_exact_mut(2).zip(even).zip(odd) {
                pair[0] = e;
                pair[1] = o;
            }
            if let ([.., last], true) = (&mut *row, even.len() > odd.len()) {
                *last = even[odd.len()];
            }
        } else {
            for b in 0..sw {
                row.iter_mut()
                    .skip(b)
                    .step_by(sw)
                    .zip(part(b))
                    .for_each(|(t, &v)| *t = v);
            }
        }
    }
}
multiversion! {
    /// A plane from its phases, which are `most` apart; `widths` are the columns of each phase of columns.
    fn unite(to: &mut [f32], parts: &[f32], most: usize, stride: [usize; 2], widths: &[usize]) = unite_body
}
