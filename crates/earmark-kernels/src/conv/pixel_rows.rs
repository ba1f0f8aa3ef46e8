//! Some rows of a tensor with the channels of a pixel next to each other: what a piece of a convolution reads, activated and padded.

use crate::gemm::micro_kernel::NR;
use crate::gemm::transposed::interleave;
use crate::hardware::reused_buffers::{Buffer, Workspace};

/// Pixels that are turned at a time: with their channels, half a first-level cache.
const TURNED: usize = 256;

/// Which pixels: rows `begin..begin + rows` of the padded planes of some images, `width` pixels of each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub image0: usize,
    pub images: usize,
    pub begin: usize,
    pub rows: usize,
    pub width: usize,
    /// Zeros before the first row and column of a plane.
    pub before: [usize; 2],
    /// Rows and columns of a plane; what is behind them is zero.
    pub size: [usize; 2],
}

impl Span {
    /// The padded rows that exist, and how many pixels of them are used.
    fn existing(&self) -> (usize, usize, usize) {
        let ([h, w], [top, left]) = (self.size, self.before);
        let low = self.begin.max(top);
        let high = (self.begin + self.rows).min(h + top);
        (low, high.max(low), w.min(self.width.saturating_sub(left)))
    }
}

/// The pixels of a [`Span`], `[image][row][width][ld]`. What is behind the last channel of a pixel is unspecified.
pub(crate) struct PixelRows {
    pub data: Buffer,
    /// Numbers from one pixel to the next.
    pub ld: usize,
    /// Numbers from one row, and from one image, to the next.
    pub row: usize,
    pub image: usize,
}

/// Numbers from one pixel to the next for whole vectors of channels, and not a multiple of what makes pixels compete for the same
/// cache sets.
pub(crate) fn pixel_len(channels: usize) -> usize {
    let whole = channels.next_multiple_of(NR);
    match whole % (8 * NR) {
        0 => whole + NR,
        _ => whole,
    }
}

impl PixelRows {
    /// Fills one for channels `first..first + channels`, which take `ld` numbers of a pixel; `read(channel, position, row)` gives values
    /// from a position in the channel's `B * H * W`.
    pub fn load(
        ws: &Workspace,
        span: Span,
        (first, channels): (usize, usize),
        ld: usize,
        read: impl Fn(usize, usize, &mut [f32]),
    ) -> Self {
        let Span {
            size: [h, w],
            before: [top, left],
            ..
        } = span;
        let row = span.width * ld;
        let image = span.rows * row;
        // Vectors of the last pixel may be longer than it is.
        let mut data = ws.take(span.images * image + NR);
        data[span.images * image..].fill(0.0);
        let (low, high, count) = span.existing();
        let mut turner = Turner::new(ws, w.max(TURNED / w * w));
        for (i, pixels) in data.chunks_exact_mut(image).enumerate().take(span.images) {
            for (r, pixels) in pixels.chunks_exact_mut(row).enumerate() {
                if (low..high).contains(&(span.begin + r)) {
                    pixels[..left * ld].fill(0.0);
                    pixels[(left + count) * ld..].fill(0.0);
                } else {
                    pixels.fill(0.0);
                }
            }
            for r in (low..high).step_by(turner.most / w) {
                let rows = (turner.most / w).min(high - r);
                for c in (0..channels).step_by(NR) {
                    let lanes = NR.min(channels - c);
                    let at = (span.image0 + i) * h * w + (r - top) * w;
                    turner.turn(ws, lanes, rows * w, |lane, to| read(first + c + lane, at, to));
                    let from = turner.pixels.chunks_exact(w * NR);
                    let rows = pixels.chunks_exact_mut(row).skip(r - span.begin).take(rows);
                    for (to, from) in rows.zip(from) {
                        place(&mut to[left * ld + c..], ld, from, count, lanes);
                    }
                }
            }
        }
        Self { data, ld, row, image }
    }
}

/// Writes vectors of channels to pixels `ld` apart.
#[inline]
fn place(to: &mut [f32], ld: usize, from: &[f32], count: usize, lanes: usize) {
    let pixels = to.chunks_mut(ld).zip(from.chunks_exact(NR)).take(count);
    if ld < NR {
        pixels.for_each(|(to, from)| to[..lanes].copy_from_slice(&from[..lanes]));
    } else {
        pixels.for_each(|(to, from)| to[..NR].copy_from_slice(from));
    }
}

/// Turns rows of pixels, a vector of channels at a time.
struct Turner {
    /// Rows of channels, `ld` apart.
    rows: Buffer,
    ld: usize,
    /// Vectors of channels, pixel by pixel.
    pixels: Buffer,
    most: usize,
}

impl Turner {
    fn new(ws: &Workspace, most: usize) -> Self {
        // A line more than the pixels, so that rows do not compete for the same cache sets.
        let ld = most.next_multiple_of(NR) + NR;
        Self {
            rows: ws.take(NR * ld),
            ld,
            pixels: ws.take(most * NR),
            most,
        }
    }

    fn turn(&mut self, ws: &Workspace, lanes: usize, n: usize, read: impl Fn(usize, &mut [f32])) {
        for (lane, row) in self.rows.chunks_exact_mut(self.ld).enumerate() {
            let row = &mut row[..n];
            match lane < lanes {
                true => read(lane, row),
                false => row.fill(0.0),
            }
        }
        interleave::<NR>(ws.isa(), &mut self.pixels[..n * NR], &self.rows, self.ld, NR, n);
    }
}
