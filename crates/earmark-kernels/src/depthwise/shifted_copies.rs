//! A plane as shifted copies, so that every tap of a depthwise convolution is a constant offset.
//!
//! Output (i, j) of a tap reads row `sh i + dy` and column `sw j + dx` of the plane, for a stride of (sh, sw). With
//! `dx = sw q + p` (0 <= p < sw) and dy alike, there is a copy for each phase of rows, phase of columns and shift q of columns. It has as many
//! columns as the output, and zeros where the plane ends. So its rows follow each other as the output's do, a tap is the output's position plus a
//! constant, and the whole plane is one run of multiply-adds, whatever its width.
//!
//! With stride 1 and as many columns as the plane has (what networks mostly ask for), a copy is the plane itself, moved by q, with |q| columns set to
//! zero: a few long moves instead of many short ones.

use crate::elementwise::rows::take_every;
use crate::hardware::simd::{Isa, multiversion};

/// How the copies of one plane are made, and where taps find themselves in them.
#[derive(Clone, Debug)]
pub(crate) struct ShiftedCopies {
    /// Rows and columns of the plane.
    size: [usize; 2],
    stride: [usize; 2],
    /// Columns of every copy.
    width: usize,
    copies: Vec<ShiftedCopy>,
    /// Where each tap begins to read.
    pub at: Vec<usize>,
    /// Room for all copies.
    pub len: usize,
}

/// One copy. Its row i is the plane's row `stride i + row`, its column j the plane's column `stride j + column`.
#[derive(Clone, Copy, Debug)]
struct ShiftedCopy {
    start: usize,
    row: isize,
    column: isize,
    /// First row that exists in the plane, and the one after the last.
    rows: (usize, usize),
    /// The same for columns.
    columns: (usize, usize),
}

/// The indices i below `count` for which `stride i + offset` is in `0..size`.
fn existing(offset: isize, stride: usize, size: usize, count: usize) -> (usize, usize) {
    let to_index = |n: isize| usize::try_from(n).unwrap_or(0).div_ceil(stride).min(count);
    let (first, end) = (to_index(-offset), to_index(signed(size) - offset));
    (first, end.max(first))
}

pub(crate) fn signed(n: usize) -> isize {
    isize::try_from(n).expect("planes and strides are far smaller than the address space")
}

impl ShiftedCopies {
    /// For a plane of `size`, outputs of `out` rows and columns, and taps that read `(dy, dx)` from `stride` times the output's place.
    pub fn new(size: [usize; 2], stride: [usize; 2], out: [usize; 2], taps: &[(isize, isize)]) -> Self {
        let sh = signed(stride[0]);
        // (phase of rows, column) of each copy with its least and largest shift of rows.
        let mut found: Vec<((isize, isize), isize, isize)> = Vec::new();
        for &(dy, dx) in taps {
            let (key, shift) = ((dy.rem_euclid(sh), dx), dy.div_euclid(sh));
            match found.iter_mut().find(|f| f.0 == key) {
                Some(f) => (f.1, f.2) = (f.1.min(shift), f.2.max(shift)),
                None => found.push((key, shift, shift)),
            }
        }
        let (mut copies, mut len) = (Vec::with_capacity(found.len()), 0);
        for &((phase, column), least, most) in &found {
            let count = out[0] + most.abs_diff(least);
            let row = least * sh + phase;
            copies.push(ShiftedCopy {
                start: len,
                row,
                column,
                rows: existing(row, stride[0], size[0], count),
                columns: existing(column, stride[1], size[1], out[1]),
            });
            len += count * out[1];
        }
        let at = taps.iter().map(|&(dy, dx)| {
            let key = (dy.rem_euclid(sh), dx);
            let which = found.iter().position(|f| f.0 == key).unwrap_or(0);
            copies[which].start + dy.div_euclid(sh).abs_diff(found[which].1) * out[1]
        });
        Self {
            at: at.collect(),
            size,
            stride,
            width: out[1],
            copies,
            len,
        }
    }

    /// Makes the copies of a plane in a buffer of [`ShiftedCopies::len`] that was zero, or held other copies of these shifts.
    pub fn fill(&self, isa: Isa, to: &mut [f32], plane: &[f32]) {
        assert!(
            to.len() >= self.len && plane.len() == self.size[0] * self.size[1],
            "a plane of {:?} and room for {}",
            self.size,
            self.len
        );
        fill(isa, self, to, plane);
    }
}

#[inline(always)]
fn fill_body<const FMA: bool>(shifts: &ShiftedCopies, to: &mut [f32], plane: &[f32]) {
    for copy in &shifts.copies {
        if shifts.stride == [1, 1] && shifts.width == shifts.size[1] {
            move_plane(copy, shifts.width, to, plane);
        } else {
            move_rows(copy, shifts, to, plane);
        }
    }
}
multiversion! { fn fill(shifts: &ShiftedCopies, to: &mut [f32], plane: &[f32]) = fill_body }

/// The whole plane, moved by some columns.
#[inline(always)]
fn move_plane(copy: &ShiftedCopy, width: usize, to: &mut [f32], plane: &[f32]) {
    let (first, end) = copy.rows;
    let shift = copy.column.unsigned_abs();
    if first == end || shift >= width {
        return;
    }
    let n = (end - first) * width;
    let to = &mut to[copy.start + first * width..][..n];
    let from = &plane[first.saturating_add_signed(copy.row) * width..][..n];
    if copy.column >= 0 {
        to[..n - shift].copy_from_slice(&from[shift..]);
        for row in to.chunks_exact_mut(width) {
            row[width - shift..].iter_mut().for_each(|v| *v = 0.0);
        }
    } else {
        to[shift..].copy_from_slice(&from[..n - shift]);
        for row in to.chunks_exact_mut(width) {
            row[..shift].iter_mut().for_each(|v| *v = 0.0);
        }
    }
}

/// Row by row.
#[inline(always)]
fn move_rows(copy: &ShiftedCopy, shifts: &ShiftedCopies, to: &mut [f32], plane: &[f32]) {
    let (first, end) = copy.columns;
    if first == end {
        return;
    }
    let (columns, step) = (shifts.size[1], shifts.stride[1]);
    let begin = (first * step).saturating_add_signed(copy.column);
    for i in copy.rows.0..copy.rows.1 {
        let row = (i * shifts.stride[0]).saturating_add_signed(copy.row);
        let from = &plane[row * columns + begin..(row + 1) * columns];
        let to = &mut to[copy.start + i * shifts.width + first..][..end - first];
        take_every(step, to, from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every tap at every output against the definition, for strides and offsets of all signs.
    #[test]
    fn taps_read_what_they_should() {
        for (size, stride, out) in [
            ([5, 7], [1, 1], [5, 7]),
            ([5, 7], [1, 1], [4, 9]),
            ([6, 8], [2, 2], [3, 4]),
            ([5, 7], [2, 3], [3, 3]),
            ([1, 1], [2, 2], [2, 2]),
            ([4, 16], [1, 4], [4, 4]),
            ([4, 2], [1, 1], [4, 2]),
        ] {
            let taps: Vec<(isize, isize)> = (-3..4).flat_map(|y| (-4..3).map(move |x| (y, x))).collect();
            let shifts = ShiftedCopies::new(size, stride, out, &taps);
            for isa in Isa::available() {
                let mut copies = vec![0.0; shifts.len];
                // Twice: what an earlier plane left behind must not show.
                for base in [100.0, 1.0] {
                    let plane: Vec<f32> = (0..size[0] * size[1]).map(|i| base + i as f32).collect();
                    shifts.fill(isa, &mut copies, &plane);
                    for (&(dy, dx), &at) in taps.iter().zip(&shifts.at) {
                        for (i, j) in (0..out[0]).flat_map(|i| (0..out[1]).map(move |j| (i, j))) {
                            let (r, c) = (signed(i * stride[0]) + dy, signed(j * stride[1]) + dx);
                            let inside =
                                (0..signed(size[0])).contains(&r) && (0..signed(size[1])).contains(&c);
                            let want = if inside {
                                plane[r as usize * size[1] + c as usize]
                            } else {
                                0.0
                            };
                            let got = copies[at + i * out[1] + j];
                            assert_eq!(
                                got, want,
                                "{size:?} {stride:?} {out:?} tap ({dy}, {dx}) at ({i}, {j})"
                            );
                        }
                    }
                }
            }
        }
    }
}
