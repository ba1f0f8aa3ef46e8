//! Depthwise convolution with the channels of a pixel next to each other.

#![allow(
    clippy::needless_range_loop,
    reason = "loops over indices are unrolled, which keeps a block in registers"
)]

use std::ops::Range;

use crate::channels_last::{Finish, row_len};
use crate::conv::window::ConvWindow;
use crate::elementwise::activation::{Activation, with_activation};
use crate::elementwise::batch_norm::Norm;
use crate::gemm::micro_kernel::NR;
use crate::hardware::lengths::check_len;
use crate::hardware::simd::{Isa, madd, multiversion};

/// Outputs of a row that are computed together.
const TOGETHER: usize = 4;

/// Weights as `[kernel rows, kernel columns, C]`, and what follows the convolution.
#[derive(Debug)]
pub(crate) struct PixelTaps {
    weight: Vec<f32>,
    pub channels: usize,
    finish: Finish,
}

impl PixelTaps {
    /// From weights `[C, kernel rows, kernel columns]`.
    ///
    /// # Panics
    /// If the length does not fit.
    pub fn pack(weight: &[f32], taps: usize, norm: &Norm, act: Activation) -> Self {
        let channels = norm.channels();
        check_len("depthwise weights", weight, channels * taps);
        let ld = row_len(channels);
        let mut packed = vec![0.0; taps * ld];
        for (c, kernel) in weight.chunks_exact(taps).enumerate() {
            for (t, &w) in kernel.iter().enumerate() {
                packed[t * ld + c] = w;
            }
        }
        Self {
            weight: packed,
            channels,
            finish: Finish::new(norm, act),
        }
    }

    /// Convolves output pixels of the planes `x`, counted through all images, and finishes them: `to` is
    /// `[pixels, ld]`.
    pub fn convolve(&self, isa: Isa, planes: &Planes, x: &[f32], pixels: Range<usize>, to: &mut [f32]) {
        let ld = row_len(self.channels);
        let ([height, width], [out_height, out_width]) = (planes.size, planes.out);
        assert!(to.len() >= pixels.len() * ld, "room for {pixels:?}");
        let mut run = Run {
            weights: Vec::new(),
            from: Vec::new(),
            step: planes.window.stride[1] * ld,
        };
        let (first, mut at) = (pixels.start, pixels.start);
        while at < pixels.end {
            let (row, begin) = (at / out_width, at % out_width);
            let (image, y) = (row / out_height, row % out_height);
            let end = out_width.min(begin + pixels.end - at);
            let rows = planes.inside(0, y);
            let whole = planes.whole_columns();
            let mut column = begin;
            while column < end {
                let inside = whole.contains(&column);
                let columns = planes.inside(1, column);
                let count = if inside { end.min(whole.end) - column } else { 1 };
                run.clear();
                for ty in rows.clone() {
                    let line = image * height + y * planes.window.stride[0] + ty - planes.window.before[0];
                    for tx in columns.clone() {
                        let from =
                            line * width + column * planes.window.stride[1] + tx - planes.window.before[1];
                        run.weights.push((ty * planes.window.kernel[1] + tx) * ld);
                        run.from.push(from * ld);
                    }
                }
                let to = &mut to[(at - first) * ld..][..count * ld];
                weigh(isa, self, &run, x, to);
                column += count;
                at += count;
            }
        }
    }
}

/// The planes of a depthwise convolution, in and out.
#[derive(Clone, Copy)]
pub(crate) struct Planes {
    pub window: ConvWindow,
    pub size: [usize; 2],
    pub out: [usize; 2],
}

impl Planes {
    /// The kernel's rows (axis 0) or columns (axis 1) that are inside the plane for an output at this place.
    fn inside(&self, axis: usize, place: usize) -> Range<usize> {
        let (start, before) = (place * self.window.stride[axis], self.window.before[axis]);
        let kernel = self.window.kernel[axis];
        let first = before.saturating_sub(start).min(kernel);
        let end = (self.size[axis] + before).saturating_sub(start).min(kernel);
        first..end.max(first)
    }

    /// Pixels of an output plane.
    pub fn out_pixels(&self) -> usize {
        self.out[0] * self.out[1]
    }

    /// How many input rows the first `rows` output rows read.
    pub fn rows_read(&self, rows: usize) -> usize {
        let window = &self.window;
        let end = rows.saturating_sub(1) * window.stride[0] + window.kernel[0];
        end.saturating_sub(window.before[0]).min(self.size[0])
    }

    /// The output columns for which all of the kernel's columns are inside.
    fn whole_columns(&self) -> Range<usize> {
        let (stride, before) = (self.window.stride[1], self.window.before[1]);
        let first = before.div_ceil(stride);
        let reach = (self.size[1] + before).checked_sub(self.window.kernel[1]);
        let end = reach.map_or(0, |reach| reach / stride + 1).min(self.out[1]);
        first..end.max(first)
    }
}

/// Outputs of a row that read the same taps.
struct Run {
    /// Where each tap's weights begin.
    weights: Vec<usize>,
    /// Where the pixel begins that the first output reads with it.
    from: Vec<usize>,
    /// From what an output reads to what the next does.
    step: usize,
}

impl Run {
    fn clear(&mut self) {
        self.weights.clear();
        self.from.clear();
    }
}

#[inline(always)]
fn weigh_body<const FMA: bool>(taps: &PixelTaps, run: &Run, x: &[f32], to: &mut [f32]) {
    let ld = row_len(taps.channels);
    let count = to.len() / ld;
    let furthest = run
        .from
        .iter()
        .max()
        .map_or(0, |&from| from + (count - 1) * run.step + ld);
    let weights = run.weights.iter().max().map_or(0, |&at| at + ld);
    assert!(
        furthest <= x.len() && weights <= taps.weight.len() && run.from.len() == run.weights.len(),
        "taps outside of the plane"
    );
    let mut done = 0;
    for outputs in to.chunks_mut(TOGETHER * ld) {
        let mut place = done;
        if outputs.len() == TOGETHER * ld {
            // SAFETY: the taps of all outputs, checked above, and the room for them.
            unsafe { together::<FMA, TOGETHER>(taps, run, x, place, outputs) };
        } else {
            for output in outputs.chunks_exact_mut(ld) {
                // SAFETY: as above.
                unsafe { together::<FMA, 1>(taps, run, x, place, output) };
                place += 1;
            }
        }
        done += TOGETHER;
    }
}
multiversion! {
    /// All outputs of a run.
    fn weigh(taps: &PixelTaps, run: &Run, x: &[f32], to: &mut [f32]) = weigh_body
}

/// `Q` outputs from number `place` of a run.
///
/// # Safety
/// Every tap's weights, and what it reads for each of these outputs, must have the numbers of a row; `to` has `Q` rows.
#[inline(always)]
unsafe fn together<const FMA: bool, const Q: usize>(
    taps: &PixelTaps,
    run: &Run,
    x: &[f32],
    place: usize,
    to: &mut [f32],
) {
    let ld = to.len() / Q;
    for c in (0..taps.channels).step_by(NR) {
        let mut v = [[0.0f32; NR]; Q];
        for (t, (&weight, &from)) in run.weights.iter().zip(&run.from).enumerate() {
            // SAFETY: c + NR <= ld, and the caller vouches for the rows.
            unsafe {
                let w: [f32; NR] = *taps.weight.as_ptr().add(weight + c).cast();
                for q in 0..Q {
                    let x: [f32; NR] = *x.as_ptr().add(from + (place + q) * run.step + c).cast();
                    for l in 0..NR {
                        v[q][l] = if t == 0 {
                            w[l] * x[l]
                        } else {
                            madd::<FMA>(w[l], x[l], v[q][l])
                        };
                    }
                }
            }
        }
        let [mean, scale, shift] = taps.finish.vector(c);
        with_activation!(taps.finish.act, f => {
            for q in 0..Q {
                let mut done = [0.0f32; NR];
                for l in 0..NR {
                    done[l] = f(madd::<FMA>(v[q][l] - mean[l], scale[l], shift[l]));
                }
                to[q * ld + c..][..NR].copy_from_slice(&done);
            }
        });
    }
}
