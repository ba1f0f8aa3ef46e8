//! Depthwise convolution over channels-outermost tensors, one channel a piece of work.
//!
//! Each plane is read through the pending normalisation and activation into shifted copies
//! (the module `shifts`), from which it is convolved by contiguous multiply-adds whatever its width; the result's mean and variance are
//! taken, or the result is normalised and activated, before it leaves the cache.

use rayon::prelude::*;

use crate::activation::Activation;
use crate::epilogue::Epilogue;
use crate::memory::{Buffer, Workspace};
use crate::norm::{Input, InputGrad, OutputGrad};
use crate::rows::{Moments, RowMap, back_row, map_row, moments};
use crate::shifts::{Shifts, signed};
use crate::simd::{Isa, multiversion};
use crate::taps::{correlate, weigh, weigh_and_map};
use crate::window::Window;

/// The shape of a depthwise convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DepthwiseShape {
    /// Channels, in and out.
    pub channels: usize,
    /// Kernel, stride and padding.
    pub window: Window,
    /// Rows and columns of an input plane.
    pub size: [usize; 2],
}

impl DepthwiseShape {
    pub(crate) fn check(&self, weight: &[f32], x: &Input<'_>) -> (Planes, usize) {
        let Self {
            channels,
            window,
            size,
        } = *self;
        let taps = window.kernel[0] * window.kernel[1];
        let planes = Planes::new(window, size);
        assert_eq!(
            weight.len(),
            channels * taps,
            "depthwise weights must be [{channels}, {taps}]"
        );
        let image = channels * planes.pixels();
        assert!(
            image > 0 && x.raw.len().is_multiple_of(image),
            "input must be [{channels}, B * {} * {}]",
            size[0],
            size[1]
        );
        let batch = x.raw.len() / image;
        x.check(channels, batch * planes.pixels());
        (planes, batch)
    }
}

/// The planes of one convolution, in and out.
pub(crate) struct Planes {
    window: Window,
    size: [usize; 2],
    out: [usize; 2],
    shifts: Shifts,
}

/// What one thread needs while it works on the planes of one convolution.
pub(crate) struct Scratch {
    plane: Buffer,
    copies: Buffer,
}

impl Planes {
    /// # Panics
    /// If the kernel is longer than the padded plane.
    fn new(window: Window, size: [usize; 2]) -> Self {
        let out = window.output(size).unwrap_or_else(|| {
            panic!(
                "a window {window:?} does not fit a plane of {} x {}",
                size[0], size[1]
            )
        });
        let taps: Vec<_> = taps(&window)
            .map(|(y, x)| {
                (
                    signed(y) - signed(window.before[0]),
                    signed(x) - signed(window.before[1]),
                )
            })
            .collect();
        let shifts = Shifts::new(size, window.stride, out, &taps);
        Self {
            window,
            size,
            out,
            shifts,
        }
    }

    pub(crate) fn pixels(&self) -> usize {
        self.size[0] * self.size[1]
    }

    pub(crate) fn out_pixels(&self) -> usize {
        self.out[0] * self.out[1]
    }

    /// Channels of one piece of work: a task and its buffers, which have to be zero, would cost more than a few small planes do.
    pub(crate) fn group(&self, channels: usize, batch: usize) -> usize {
        let by_pixels = GROUP_PIXELS.div_ceil((batch * self.pixels()).max(1));
        by_pixels.max(channels.div_ceil(PIECES)).min(channels)
    }

    pub(crate) fn scratch(&self, ws: &Workspace) -> Scratch {
        Scratch {
            plane: ws.take(self.pixels().max(self.out_pixels())),
            copies: ws.zeroed(self.shifts.len),
        }
    }

    /// Reads a plane through `map` into the shifted copies.
    fn load(&self, isa: Isa, scratch: &mut Scratch, plane: &[f32], map: RowMap) {
        let plain =
            map.act == Activation::Identity && map.mean == 0.0 && map.scale == 1.0 && map.shift == 0.0;
        let from = if plain {
            plane
        } else {
            map_row(isa, &mut scratch.plane, plane, map);
            &scratch.plane[..plane.len()]
        };
        self.shifts.fill(isa, &mut scratch.copies, from);
    }

    /// The output of one plane, normalised and activated if there is a map for it.
    pub(crate) fn convolve(
        &self,
        isa: Isa,
        scratch: &mut Scratch,
        (plane, read): (&[f32], RowMap),
        kernel: &[f32],
        out: &mut [f32],
        then: Option<RowMap>,
    ) {
        self.load(isa, scratch, plane, read);
        match then {
            Some(map) => weigh_and_map(isa, out, &scratch.copies, &self.shifts.at, kernel, map),
            None => weigh(isa, out, &scratch.copies, &self.shifts.at, kernel),
        }
    }
}

/// Rows and columns of a kernel's taps, row by row.
fn taps(window: &Window) -> impl Iterator<Item = (usize, usize)> + use<> {
    let [kh, kw] = window.kernel;
    (0..kh).flat_map(move |y| (0..kw).map(move |x| (y, x)))
}

/// Computes `out[C, B * Ho * Wo]` from `x[C, B * H * W]` with weights `[C, kernel rows, kernel columns]`;
/// returns the moments of each channel if the epilogue asks for them.
///
/// # Panics
/// If a length does not fit, or the kernel is longer than the padded plane.
pub fn forward(
    ws: &Workspace,
    weight: &[f32],
    shape: &DepthwiseShape,
    x: Input<'_>,
    out: &mut [f32],
    epilogue: Epilogue<'_>,
) -> Vec<Moments> {
    let (planes, batch) = shape.check(weight, &x);
    let (channels, n, out_n) = (
        shape.channels,
        batch * planes.pixels(),
        batch * planes.out_pixels(),
    );
    epilogue.check(channels);
    assert_eq!(
        out.len(),
        channels * out_n,
        "output must be [{channels}, B * {:?}]",
        planes.out
    );
    if batch == 0 {
        return Vec::new();
    }
    let taps = planes.shifts.at.len();
    let channel = |scratch: &mut Scratch, c: usize, out: &mut [f32]| {
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
        .with_min_len(ws.grain())
        .map(|(g, out)| {
            let mut scratch = planes.scratch(ws);
            out.chunks_exact_mut(out_n)
                .enumerate()
                .map(|(i, out)| channel(&mut scratch, g * group + i, out))
                .collect()
        })
        .collect();
    if matches!(epilogue, Epilogue::Moments) {
        all.concat()
    } else {
        Vec::new()
    }
}

/// Pixels that one piece of work takes at least, and pieces that are enough to keep all threads busy.
const GROUP_PIXELS: usize = 1 << 12;
const PIECES: usize = 16;

/// The way back of [`forward`]: fills `dx[C, B * H * W]`, if given, with the gradient of the normalised input and returns the
/// weight gradient and the sums for [`crate::norm::Norm::backward`].
///
/// # Panics
/// As [`forward`].
pub fn backward(
    ws: &Workspace,
    weight: &[f32],
    shape: &DepthwiseShape,
    x: Input<'_>,
    dy: OutputGrad<'_>,
    dx: Option<&mut [f32]>,
) -> InputGrad {
    let (planes, batch) = shape.check(weight, &x);
    let (channels, n) = (shape.channels, batch * planes.pixels());
    dy.check(channels, batch * planes.out_pixels());
    // Without a wish for the input gradient it is computed all the same: only a network's first
    // layer could save it, and none of ours starts with a depthwise one.
    let mut unwanted = dx.is_none().then(|| ws.take(x.raw.len()));
    let dx = match (dx, &mut unwanted) {
        (Some(dx), _) => dx,
        (None, Some(buffer)) => &mut buffer[..],
        (None, None) => &mut [],
    };
    assert_eq!(
        dx.len(),
        x.raw.len(),
        "input gradient must be as long as the input"
    );
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
        .with_min_len(ws.grain())
        .map(|(c, dx)| job.channel(c, batch, dx))
        .collect();
    let sums = parts.iter().map(|p| p.0).collect();
    InputGrad {
        sums,
        weight: parts.into_iter().flat_map(|p| p.1).collect(),
    }
}

/// What the channels of one backward pass have in common.
struct Backward<'a> {
    ws: &'a Workspace,
    planes: &'a Planes,
    weight: &'a [f32],
    x: Input<'a>,
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
    shifts: Shifts,
    pixels: usize,
}

impl<'a> Backward<'a> {
    fn new(
        ws: &'a Workspace,
        planes: &'a Planes,
        weight: &'a [f32],
        x: Input<'a>,
        dy: OutputGrad<'a>,
    ) -> Self {
        let Window {
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
                shifts: Shifts::new(planes.out, [1, 1], size, &offsets),
                pixels: size[0] * size[1],
            }
        };
        let phases: Vec<_> = (0..sh)
            .flat_map(|a| (0..sw).map(move |b| (a, b)))
            .map(|(a, b)| phase(a, b))
            .collect();
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
        let mut parts = ws.take(if self.phases.len() == 1 {
            0
        } else {
            self.most * self.phases.len()
        });
        let mut weight = vec![0.0f64; taps];
        let (mut s1, mut s2) = (0.0, 0.0);
        let map = self.x.map(c);
        let kernel = &self.weight[c * taps..][..taps];
        let per_phase: Vec<Vec<f32>> = self
            .phases
            .iter()
            .map(|p| p.taps.iter().map(|&t| kernel[t]).collect())
            .collect();
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
                let to = if self.phases.len() == 1 {
                    &mut *dx
                } else {
                    &mut parts[i * self.most..][..phase.pixels]
                };
                weigh(isa, to, copies, &phase.shifts.at, kernel);
            }
            if self.phases.len() > 1 {
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
    /// A plane from its phases, which lie `most` apart; `widths` are the columns of each phase of columns.
    fn unite(to: &mut [f32], parts: &[f32], most: usize, stride: [usize; 2], widths: &[usize]) = unite_body
}
