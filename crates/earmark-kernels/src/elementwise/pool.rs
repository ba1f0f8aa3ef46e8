//! Pooling over channels-outermost tensors: windows that touch but do not overlap, without padding.
//!
//! A global pool is a window as large as the plane. Rows and columns that do not fill a window are left out,
//! as in PyTorch and in TensorFlow's VALID.

use rayon::prelude::*;

use crate::elementwise::postponed_normalisation::OpInput;
use crate::elementwise::rows::add_row;
use crate::hardware::chunks::each_chunk;
use crate::hardware::lengths::check_len;
use crate::hardware::reused_buffers::Workspace;
use crate::hardware::simd::multiversion;

/// What a window yields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pool {
    /// The mean; its gradient is spread evenly.
    Mean,
    /// The largest value (a NaN if there is one); its gradient goes to the first that is largest.
    Max,
}

/// Rows and columns of a pooled plane; `None` if the window is empty or larger than the plane.
pub fn output(size: [usize; 2], window: [usize; 2]) -> Option<[usize; 2]> {
    let fits = (0..2).all(|a| window[a] > 0 && window[a] <= size[a]);
    fits.then(|| [size[0] / window[0], size[1] / window[1]])
}

/// The shape of a pooling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolShape {
    /// What a window yields.
    pub pool: Pool,
    /// Rows and columns of a window.
    pub window: [usize; 2],
    /// Channels, in and out.
    pub channels: usize,
    /// Rows and columns of an input plane.
    pub size: [usize; 2],
}

impl PoolShape {
    /// Output plane and batch.
    fn check(&self, x: &OpInput<'_>) -> ([usize; 2], usize) {
        let (window, size) = (self.window, self.size);
        let out = output(size, window)
            .unwrap_or_else(|| panic!("a window {window:?} does not fit a plane {size:?}"));
        (out, x.batch(self.channels, size[0] * size[1]))
    }
}

/// Computes `y[C, B * (H / h) * (W / w)]` from `x[C, B * H * W]` for windows of `[h, w]`.
///
/// # Panics
/// If a length does not fit or the window is larger than the plane.
pub fn forward(ws: &Workspace, shape: &PoolShape, x: OpInput<'_>, y: &mut [f32]) {
    let (out, batch) = shape.check(&x);
    let (pool, window, channels, size) = (shape.pool, shape.window, shape.channels, shape.size);
    let (pixels, out_pixels) = (size[0] * size[1], out[0] * out[1]);
    check_len("output", y, channels * batch * out_pixels);
    if batch == 0 {
        return;
    }
    let n = batch * pixels;
    each_chunk(y, batch * out_pixels, ws.grain, &|c, y| {
        let mut plane = ws.take(pixels);
        for (b, y) in y.chunks_exact_mut(out_pixels).enumerate() {
            x.read(ws, c, c * n + b * pixels, &mut plane);
            for (r, y) in y.chunks_exact_mut(out[1]).enumerate() {
                let rows = &mut plane[r * window[0] * size[1]..][..window[0] * size[1]];
                match pool {
                    Pool::Mean => mean_of_rows(ws, rows, size[1], window, y),
                    Pool::Max => max_of_rows(ws.isa(), rows, size[1], window[1], y),
                }
            }
        }
    });
}

/// Sums the rows of a band into its first, then runs of that.
fn mean_of_rows(ws: &Workspace, band: &mut [f32], width: usize, window: [usize; 2], y: &mut [f32]) {
    let (first, others) = band.split_at_mut(width);
    for row in others.chunks_exact(width) {
        add_row(ws.isa(), first, row);
    }
    let scale = 1.0 / (window[0] * window[1]) as f32;
    mean_of_runs(ws.isa(), first, window[1], scale, y);
}

#[inline(always)]
fn mean_body<const FMA: bool>(row: &[f32], run: usize, scale: f32, y: &mut [f32]) {
    match run {
        // A loop that vectorises.
        2 => {
            for (y, x) in y.iter_mut().zip(row.chunks_exact(2)) {
                *y = (x[0] + x[1]) * scale;
            }
        }
        _ => {
            for (y, x) in y.iter_mut().zip(row.chunks_exact(run)) {
                *y = x.iter().sum::<f32>() * scale;
            }
        }
    }
}
multiversion! {
    /// The scaled sum of each run of a row.
    fn mean_of_runs(row: &[f32], run: usize, scale: f32, y: &mut [f32]) = mean_body
}

/// The larger of two numbers; one that is not a number wins.
#[inline(always)]
pub(crate) fn larger(a: f32, b: f32) -> f32 {
    if (b > a) | b.is_nan() { b } else { a }
}

#[inline(always)]
fn max_body<const FMA: bool>(band: &mut [f32], width: usize, columns: usize, y: &mut [f32]) {
    let (first, others) = band.split_at_mut(width);
    for row in others.chunks_exact(width) {
        first.iter_mut().zip(row).for_each(|(a, &b)| *a = larger(*a, b));
    }
    if columns == 2 {
        for (y, x) in y.iter_mut().zip(first.chunks_exact(2)) {
            *y = larger(x[0], x[1]);
        }
    } else {
        for (y, x) in y.iter_mut().zip(first.chunks_exact(columns)) {
            *y = x[1..].iter().fold(x[0], |a, &b| larger(a, b));
        }
    }
}
multiversion! {
    /// The largest value of each window of a band of rows, over whose first row it writes.
    fn max_of_rows(band: &mut [f32], width: usize, columns: usize, y: &mut [f32]) = max_body
}

/// Where in a band of rows the first largest value of window `j` is.
fn largest(band: &[f32], width: usize, window: [usize; 2], j: usize) -> usize {
    let mut best = j * window[1];
    for r in 0..window[0] {
        for at in r * width + j * window[1]..r * width + (j + 1) * window[1] {
            if band[at] > band[best] || (band[at].is_nan() && !band[best].is_nan()) {
                best = at;
            }
        }
    }
    best
}

#[inline(always)]
fn give_body<const FMA: bool>(band: &[f32], dy: &[f32], grad: &mut [f32]) {
    let is = |x: f32, max: f32| (x == max) | (x.is_nan() & max.is_nan());
    let width = band.len() / 2;
    let (top, bottom) = band.split_at(width);
    let (grad_top, grad_bottom) = grad.split_at_mut(width);
    let values = top.chunks_exact(2).zip(bottom.chunks_exact(2));
    let grads = grad_top.chunks_exact_mut(2).zip(grad_bottom.chunks_exact_mut(2));
    for ((&g, (x, y)), (dx, dy)) in dy.iter().zip(values).zip(grads) {
        let max = larger(larger(x[0], x[1]), larger(y[0], y[1]));
        let first = is(x[0], max);
        let second = is(x[1], max) & !first;
        let third = is(y[0], max) & !first & !second;
        let fourth = !first & !second & !third;
        dx[0] = if first { g } else { 0.0 };
        dx[1] = if second { g } else { 0.0 };
        dy[0] = if third { g } else { 0.0 };
        dy[1] = if fourth { g } else { 0.0 };
    }
}
multiversion! {
    /// What [`largest`] says for windows of 2 x 2, without a branch: the gradient of each window goes to its first
    /// largest value, and 0 to the other three.
    fn give_to_largest(band: &[f32], dy: &[f32], grad: &mut [f32]) = give_body
}

/// The backward pass of [`forward`]: fills `dx[C, B * H * W]` with the gradient of the normalised input and returns the sums for
/// [`crate::elementwise::batch_norm::Norm::backward`].
///
/// # Panics
/// As [`forward`].
pub fn backward(
    ws: &Workspace,
    shape: &PoolShape,
    x: OpInput<'_>,
    dy: &[f32],
    dx: &mut [f32],
) -> Vec<(f64, f64)> {
    let (out, batch) = shape.check(&x);
    let (pool, window, channels, size) = (shape.pool, shape.window, shape.channels, shape.size);
    let (pixels, out_pixels) = (size[0] * size[1], out[0] * out[1]);
    check_len("output gradient", dy, channels * batch * out_pixels);
    check_len("input gradient", dx, x.raw.len());
    if batch == 0 {
        return vec![(0.0, 0.0); channels];
    }
    let n = batch * pixels;
    dx.par_chunks_mut(n)
        .zip(dy.par_chunks(batch * out_pixels))
        .enumerate()
        .with_min_len(ws.grain)
        .map(|(c, (dx, dy))| {
            let mut plane = ws.take(pixels);
            let mut sums = (0.0, 0.0);
            let planes = dx.chunks_exact_mut(pixels).zip(dy.chunks_exact(out_pixels));
            for (b, (dx, dy)) in planes.enumerate() {
                let at = c * n + b * pixels;
                let whole = (0..2).all(|a| size[a].is_multiple_of(window[a]));
                let by_window = pool == Pool::Max && window != [2, 2];
                if by_window || !whole {
                    dx.fill(0.0);
                }
                if pool == Pool::Max {
                    x.read(ws, c, at, &mut plane);
                }
                for (r, dy) in dy.chunks_exact(out[1]).enumerate() {
                    let band = r * window[0] * size[1]..(r + 1) * window[0] * size[1];
                    match pool {
                        Pool::Mean => spread(ws, &mut dx[band], size[1], window, dy),
                        Pool::Max if !by_window => {
                            give_to_largest(ws.isa(), &plane[band.clone()], dy, &mut dx[band]);
                        }
                        Pool::Max => {
                            for (j, &g) in dy.iter().enumerate() {
                                dx[band.start + largest(&plane[band.clone()], size[1], window, j)] = g;
                            }
                        }
                    }
                }
                let (a, b) = x.back(ws, c, at, dx);
                sums.0 += a;
                sums.1 += b;
            }
            sums
        })
        .collect()
}

/// Writes each window's share of its gradient to one row, and copies that row down the band.
fn spread(ws: &Workspace, band: &mut [f32], width: usize, window: [usize; 2], dy: &[f32]) {
    let (first, others) = band.split_at_mut(width);
    spread_row(
        ws.isa(),
        first,
        dy,
        window[1],
        1.0 / (window[0] * window[1]) as f32,
    );
    for row in others.chunks_exact_mut(width) {
        row.copy_from_slice(first);
    }
}

#[inline(always)]
fn spread_body<const FMA: bool>(row: &mut [f32], dy: &[f32], run: usize, scale: f32) {
    match run {
        // A loop that vectorises.
        2 => {
            for (to, &g) in row.chunks_exact_mut(2).zip(dy) {
                (to[0], to[1]) = (g * scale, g * scale);
            }
        }
        _ => {
            for (to, &g) in row.chunks_exact_mut(run).zip(dy) {
                to.fill(g * scale);
            }
        }
    }
}
multiversion! {
    /// Fills runs of a row with scaled numbers, each with its own; the rest is left as it is.
    fn spread_row(row: &mut [f32], dy: &[f32], run: usize, scale: f32) = spread_body
}

/// The gradient of a mean pool's output as the backward pass before it reads it, instead of one for each of the pool's inputs, which then never
/// exists in memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MeanGrad<'a> {
    shape: PoolShape,
    out: [usize; 2],
    /// What was pooled.
    x: OpInput<'a>,
    dy: &'a [f32],
}

impl<'a> MeanGrad<'a> {
    /// # Panics
    /// If a length does not fit, or the pool does not yield means.
    pub fn new(shape: PoolShape, x: OpInput<'a>, dy: &'a [f32]) -> Self {
        let (out, batch) = shape.check(&x);
        assert_eq!(shape.pool, Pool::Mean, "the pool");
        check_len("output gradient", dy, shape.channels * batch * out[0] * out[1]);
        Self { shape, out, x, dy }
    }

    /// The sums that [`backward`] returns.
    pub fn sums(&self, ws: &Workspace) -> Vec<(f64, f64)> {
        let pixels = self.shape.size[0] * self.shape.size[1];
        let channels = self.shape.channels;
        let n = self.x.raw.len() / channels;
        let sums = |c: usize| {
            let mut plane = ws.take(pixels);
            let planes = (0..n).step_by(pixels);
            planes.fold((0.0, 0.0), |sums: (f64, f64), at| {
                self.spread(ws, c, at, &mut plane);
                let (a, b) = self.x.back(ws, c, c * n + at, &mut plane);
                (sums.0 + a, sums.1 + b)
            })
        };
        let channels = (0..channels).into_par_iter();
        channels.with_min_len(ws.grain).map(sums).collect()
    }

    /// The channels and values of each of the pool's input.
    pub fn input(&self) -> (usize, usize, OpInput<'a>) {
        (
            self.shape.channels,
            self.x.raw.len() / self.shape.channels,
            self.x,
        )
    }

    /// The gradient of whole rows of a channel's activated values, from value `at` of the channel on.
    ///
    /// # Panics
    /// If they are not whole rows.
    pub fn spread(&self, ws: &Workspace, channel: usize, at: usize, dst: &mut [f32]) {
        let ([height, width], [rows, columns], [down, across]) =
            (self.shape.size, self.out, self.shape.window);
        assert!(
            at.is_multiple_of(width) && dst.len().is_multiple_of(width),
            "rows of {width} values, not {} from {at} on",
            dst.len()
        );
        let images = self.x.raw.len() / self.shape.channels / (height * width);
        let scale = 1.0 / (down * across) as f32;
        for (row, to) in (at / width..).zip(dst.chunks_exact_mut(width)) {
            let (image, band) = (row / height, row % height / down);
            if band < rows {
                let from = ((channel * images + image) * rows + band) * columns;
                spread_row(ws.isa(), to, &self.dy[from..][..columns], across, scale);
                to[columns * across..].fill(0.0);
            } else {
                to.fill(0.0);
            }
        }
    }
}
