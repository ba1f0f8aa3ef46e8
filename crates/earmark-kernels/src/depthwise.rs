//! Depthwise convolution over channels-outermost tensors, one channel a piece of work.
//!
//! Each plane is read through the pending normalisation and activation into padded phases
//! ([`crate::window`]), where it is convolved by contiguous multiply-adds whatever its width; the result's mean and variance are
//! taken before it leaves the cache.

use rayon::prelude::*;

use crate::activation::Activation;
use crate::epilogue::Epilogue;
use crate::memory::{Buffer, Workspace};
use crate::norm::{Input, InputGrad, OutputGrad};
use crate::rows::{Moments, RowMap, back_row, map_in_place, map_row, moments};
use crate::taps::{correlate, weigh};
use crate::window::{Geometry, Window};

/// Scratch of one channel: activated plane, its phases, flat outputs.
struct Scratch {
    plane: Buffer,
    phases: Buffer,
    flat: Buffer,
}

/// Where each tap reads inside all phases, laid end to end.
fn offsets(geo: &Geometry) -> Vec<usize> {
    geo.taps
        .iter()
        .map(|&(phase, at)| phase * geo.phase + at)
        .collect()
}

/// Reads a plane through `map` into the phases.
fn load(ws: &Workspace, geo: &Geometry, scratch: &mut Scratch, plane: &[f32], map: RowMap) {
    let plain = map.act == Activation::Identity && map.mean == 0.0 && map.scale == 1.0 && map.shift == 0.0;
    let from = if plain {
        plane
    } else {
        map_row(ws.isa(), &mut scratch.plane, plane, map);
        &scratch.plane[..plane.len()]
    };
    for (r, row) in from.chunks_exact(geo.size[1]).enumerate() {
        geo.put_row(&mut scratch.phases, r + geo.window.before[0], row);
    }
}

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
    fn check(&self, weight: &[f32], x: &Input<'_>) -> (Geometry, usize) {
        let Self {
            channels,
            window,
            size,
        } = *self;
        let taps = window.kernel[0] * window.kernel[1];
        let geo = Geometry::new(window, size);
        assert_eq!(
            weight.len(),
            channels * taps,
            "depthwise weights must be [{channels}, {taps}]"
        );
        let image = channels * geo.pixels();
        assert!(
            image > 0 && x.raw.len().is_multiple_of(image),
            "input must be [{channels}, B * {} * {}]",
            size[0],
            size[1]
        );
        let batch = x.raw.len() / image;
        x.check(channels, batch * geo.pixels());
        (geo, batch)
    }
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
    let (geo, batch) = shape.check(weight, &x);
    let (channels, n) = (shape.channels, batch * geo.pixels());
    epilogue.check(channels);
    assert_eq!(
        out.len(),
        channels * batch * geo.out_pixels(),
        "output must be [{channels}, B * {:?}]",
        geo.out
    );
    if batch == 0 {
        return Vec::new();
    }
    let (at, taps) = (offsets(&geo), geo.taps.len());
    let channel = |scratch: &mut Scratch, c: usize, out: &mut [f32]| {
        let mut sum = Moments::default();
        let planes = x.raw[c * n..(c + 1) * n].chunks_exact(geo.pixels());
        for (plane, out) in planes.zip(out.chunks_exact_mut(geo.out_pixels())) {
            load(ws, &geo, scratch, plane, x.map(c));
            weigh(
                ws.isa(),
                &mut scratch.flat,
                &scratch.phases,
                &at,
                &weight[c * taps..][..taps],
            );
            for (to, from) in out
                .chunks_exact_mut(geo.out[1])
                .zip(scratch.flat.chunks_exact(geo.width))
            {
                to.copy_from_slice(&from[..geo.out[1]]);
            }
            match epilogue {
                Epilogue::Raw => {}
                Epilogue::Moments => sum = sum.merge(moments(ws.isa(), out)),
                Epilogue::Apply(norm, act) => map_in_place(ws.isa(), out, norm.row(c, act)),
            }
        }
        sum
    };
    // Small planes go by the dozen: a task and three buffers for each would cost more than they do.
    let group = GROUP_PIXELS.div_ceil(n).min(channels);
    let all: Vec<Vec<Moments>> = out
        .par_chunks_mut(group * batch * geo.out_pixels())
        .enumerate()
        .with_min_len(ws.grain())
        .map(|(g, out)| {
            // Every plane fills the same places of the phases, so that what is zero around them stays so.
            let mut scratch = Scratch {
                plane: ws.take(geo.pixels()),
                phases: ws.zeroed(geo.phases() * geo.phase),
                flat: ws.take(geo.flat),
            };
            out.chunks_exact_mut(batch * geo.out_pixels())
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

/// Pixels that one piece of work takes at least.
const GROUP_PIXELS: usize = 1 << 12;

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
    let (geo, batch) = shape.check(weight, &x);
    let (channels, n) = (shape.channels, batch * geo.pixels());
    dy.check(channels, batch * geo.out_pixels());
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
    let job = Backward::new(ws, &geo, weight, x, dy);
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
    geo: &'a Geometry,
    weight: &'a [f32],
    x: Input<'a>,
    dy: OutputGrad<'a>,
    at: Vec<usize>,
    /// For each phase of the input: the taps that read it, and where they read the output gradient.
    phases: Vec<(Vec<usize>, Vec<usize>)>,
}

impl<'a> Backward<'a> {
    fn new(
        ws: &'a Workspace,
        geo: &'a Geometry,
        weight: &'a [f32],
        x: Input<'a>,
        dy: OutputGrad<'a>,
    ) -> Self {
        let phases = (0..geo.phases())
            .map(|phase| {
                let taps: Vec<usize> = (0..geo.taps.len()).filter(|&t| geo.taps[t].0 == phase).collect();
                // The flat gradient has `reach` zeros before it, so that going back by an offset stays inside.
                let reads = taps.iter().map(|&t| geo.reach - geo.taps[t].1).collect();
                (taps, reads)
            })
            .collect();
        Self {
            ws,
            geo,
            weight,
            x,
            dy,
            at: offsets(geo),
            phases,
        }
    }

    fn channel(&self, c: usize, batch: usize, dx: &mut [f32]) -> ((f64, f64), Vec<f32>) {
        let (ws, geo, isa) = (self.ws, self.geo, self.ws.isa());
        let (n, out_n, taps) = (batch * geo.pixels(), batch * geo.out_pixels(), geo.taps.len());
        let mut scratch = Scratch {
            plane: ws.take(geo.pixels().max(geo.out_pixels())),
            phases: ws.zeroed(geo.phases() * geo.phase),
            flat: ws.zeroed(geo.phase + geo.reach),
        };
        let mut back = ws.take(geo.phases() * geo.phase);
        let mut weight = vec![0.0f64; taps];
        let (mut s1, mut s2) = (0.0, 0.0);
        let map = self.x.map(c);
        let kernel = &self.weight[c * taps..][..taps];
        let per_phase: Vec<Vec<f32>> = self
            .phases
            .iter()
            .map(|(taps, _)| taps.iter().map(|&t| kernel[t]).collect())
            .collect();
        for (b, dx) in dx.chunks_exact_mut(geo.pixels()).enumerate() {
            let raw = &self.x.raw[c * n + b * geo.pixels()..][..geo.pixels()];
            load(ws, geo, &mut scratch, raw, map);
            self.dy.read(
                ws,
                c,
                out_n,
                b * geo.out_pixels(),
                &mut scratch.plane[..geo.out_pixels()],
            );
            let rows = scratch.plane[..geo.out_pixels()].chunks_exact(geo.out[1]);
            for (from, to) in rows.zip(scratch.flat[geo.reach..].chunks_mut(geo.width)) {
                to[..geo.out[1]].copy_from_slice(from);
            }
            correlate(
                isa,
                &mut weight,
                &scratch.flat[geo.reach..][..geo.flat],
                &scratch.phases,
                &self.at,
            );
            let blocks = back.chunks_exact_mut(geo.phase);
            for ((block, (_, reads)), kernel) in blocks.zip(&self.phases).zip(&per_phase) {
                weigh(isa, block, &scratch.flat, reads, kernel);
            }
            if geo.skips_pixels() {
                dx.fill(0.0);
            }
            for (r, row) in dx.chunks_exact_mut(geo.size[1]).enumerate() {
                geo.get_row(&back, r + geo.window.before[0], row);
            }
            let (a, b) = back_row(isa, dx, raw, map);
            s1 += a;
            s2 += b;
        }
        ((s1, s2), weight.iter().map(|&v| v as f32).collect())
    }
}
