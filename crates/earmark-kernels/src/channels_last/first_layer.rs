//! What the first convolution of a chain reads, gathered from planes with channels outermost.

use std::ops::Range;

use crate::channels_last::depthwise::Planes;
use crate::elementwise::rows::take_every;

/// Planes `[I, B, H, W]` of which some images are convolved.
#[derive(Clone, Copy)]
pub(crate) struct OutermostPlanes<'a> {
    pub x: &'a [f32],
    pub inputs: usize,
    /// Images of a channel.
    pub batch: usize,
    /// The first image that is meant.
    pub first: usize,
}

impl OutermostPlanes<'_> {
    /// Gathers what output pixels, counted through the images, read: one row for each channel, kernel row and kernel
    /// column, `ld` apart.
    pub fn gather(&self, planes: &Planes, pixels: Range<usize>, to: &mut [f32], ld: usize) {
        let (window, out, [height, width]) = (&planes.window, planes.out, planes.size);
        let [kh, kw] = window.kernel;
        let rows = self.inputs * kh * kw;
        for (k, to) in to.chunks_mut(ld).enumerate().take(rows) {
            let (c, ty, tx) = (k / (kh * kw), k / kw % kh, k % kw);
            let mut at = pixels.start;
            while at < pixels.end {
                let (row, begin) = (at / out[1], at % out[1]);
                let (image, y) = (row / out[0], row % out[0]);
                let count = (out[1] - begin).min(pixels.end - at);
                let to = &mut to[at - pixels.start..][..count];
                at += count;
                let Some(line) = inside(y * window.stride[0] + ty, window.before[0], height) else {
                    to.fill(0.0);
                    continue;
                };
                let plane = (c * self.batch + self.first + image) * height;
                let from = &self.x[(plane + line) * width..][..width];
                copy_columns(
                    to,
                    from,
                    (begin * window.stride[1] + tx, window.before[1]),
                    window.stride[1],
                );
            }
        }
    }
}

fn inside(place: usize, before: usize, size: usize) -> Option<usize> {
    place.checked_sub(before).filter(|&at| at < size)
}

/// `to[j] = from[start + j * step - before]`, zero outside.
fn copy_columns(to: &mut [f32], from: &[f32], (start, before): (usize, usize), step: usize) {
    let first = before.saturating_sub(start).div_ceil(step).min(to.len());
    let end = (from.len() + before)
        .saturating_sub(start)
        .div_ceil(step)
        .clamp(first, to.len());
    to[..first].fill(0.0);
    to[end..].fill(0.0);
    if first < end {
        take_every(step, &mut to[first..end], &from[start + first * step - before..]);
    }
}
