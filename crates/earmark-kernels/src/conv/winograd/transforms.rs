//! The transforms of Winograd's F(4x4, 3x3) for as many channels at a time as a panel of the product has columns.
//!
//! Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2016). Their constants of up to 8 cost about one decimal
//! digit of f32: 1e-5 of the largest output instead of 1e-6.

#![allow(
    clippy::needless_range_loop,
    reason = "loops over lanes vectorise, and those over rows and columns are unrolled"
)]

use crate::gemm::micro_kernel::NR;
use crate::hardware::simd::{madd, multiversion};

/// Numbers of a transformed tile.
pub(crate) const POINTS: usize = 36;
/// Side of an output tile.
pub(crate) const OUT: usize = 4;

/// Where the numbers of a tile are: vectors of [`NR`] channels, the places of its rows and columns this far apart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Steps {
    pub row: usize,
    pub column: usize,
}

/// A 6 x 6 tile whose 36 numbers, of [`NR`] channels each, are `step` apart.
const fn points(step: usize) -> Steps {
    Steps {
        row: 6 * step,
        column: step,
    }
}

#[inline(always)]
fn input_line<const FMA: bool>(d: [f32; 6]) -> [f32; 6] {
    let a = madd::<FMA>(-4.0, d[2], d[4]);
    let b = madd::<FMA>(-4.0, d[1], d[3]);
    let c = d[4] - d[2];
    let e = 2.0 * (d[3] - d[1]);
    [
        madd::<FMA>(4.0, d[0], madd::<FMA>(-5.0, d[2], d[4])),
        a + b,
        a - b,
        c + e,
        c - e,
        madd::<FMA>(4.0, d[1], madd::<FMA>(-5.0, d[3], d[5])),
    ]
}

#[inline(always)]
fn output_line<const FMA: bool>(m: [f32; 6]) -> [f32; 4] {
    let (a, b, c, d) = (m[1] + m[2], m[1] - m[2], m[3] + m[4], m[3] - m[4]);
    [
        m[0] + a + c,
        madd::<FMA>(2.0, d, b),
        madd::<FMA>(4.0, c, a),
        madd::<FMA>(8.0, d, b) + m[5],
    ]
}

/// The transpose of [`output_line`].
#[inline(always)]
fn gradient_line<const FMA: bool>(y: [f32; 4]) -> [f32; 6] {
    let (a, b) = (y[0] + y[2], y[1] + y[3]);
    let c = madd::<FMA>(4.0, y[2], y[0]);
    let d = 2.0 * madd::<FMA>(4.0, y[3], y[1]);
    [y[0], a + b, a - b, c + d, c - d, y[3]]
}

#[inline(always)]
fn kernel_line(g: [f32; 3]) -> [f32; 6] {
    let (a, b) = (
        (g[0] + g[2]) * (1.0 / 6.0),
        g[0] * (1.0 / 24.0) + g[2] * (1.0 / 6.0),
    );
    let (c, d) = (g[1] * (1.0 / 6.0), g[1] * (1.0 / 12.0));
    [g[0] * 0.25, -a - c, c - a, b + d, b - d, g[2]]
}

/// The transpose of [`kernel_line`].
#[inline(always)]
fn kernel_gradient_line(u: [f32; 6]) -> [f32; 3] {
    let (a, b) = (u[1] + u[2], u[3] + u[4]);
    [
        u[0] * 0.25 - a * (1.0 / 6.0) + b * (1.0 / 24.0),
        (u[2] - u[1]) * (1.0 / 6.0) + (u[3] - u[4]) * (1.0 / 12.0),
        (b - a) * (1.0 / 6.0) + u[5],
    ]
}

/// Transforms along both axes: `I x I` vectors of [`NR`] numbers to `O x O`, lane by lane, first along the rows, then along the columns (the
/// other way round with `TURNED`).
///
/// # Panics
/// If a vector is outside of its slice.
#[inline(always)]
fn both_axes<const I: usize, const O: usize, const TURNED: bool>(
    (from, from_steps): (&[f32], Steps),
    (to, to_steps): (&mut [f32], Steps),
    line: impl Fn([f32; I]) -> [f32; O],
) {
    let at = |row: usize, column: usize, steps: Steps| match TURNED {
        true => column * steps.row + row * steps.column,
        false => row * steps.row + column * steps.column,
    };
    assert!(
        from.len() >= at(I - 1, I - 1, from_steps) + NR && to.len() >= at(O - 1, O - 1, to_steps) + NR,
        "a tile leaves its slice"
    );
    let (from, to) = (from.as_ptr(), to.as_mut_ptr());
    let mut t = [[0.0f32; NR]; POINTS];
    for y in 0..I {
        for l in 0..NR {
            // SAFETY: rows and columns are below I; the last one is inside the slice, as checked above.
            let line = line(std::array::from_fn(|x| unsafe {
                *from.add(at(y, x, from_steps) + l)
            }));
            for x in 0..O {
                t[y * O + x][l] = line[x];
            }
        }
    }
    for x in 0..O {
        for l in 0..NR {
            let line = line(std::array::from_fn(|y| t[y * O + x][l]));
            for y in 0..O {
                // SAFETY: rows and columns are below O; the last one is inside the slice, as checked above.
                unsafe { *to.add(at(y, x, to_steps) + l) = line[y] };
            }
        }
    }
}

/// [`both_axes`] for some vectors of channels that follow each other.
#[inline(always)]
fn groups<const I: usize, const O: usize, const TURNED: bool>(
    count: usize,
    (from, from_steps): (&[f32], Steps),
    (to, to_steps): (&mut [f32], Steps),
    line: impl Fn([f32; I]) -> [f32; O] + Copy,
) {
    for at in (0..count * NR).step_by(NR) {
        both_axes::<I, O, TURNED>((&from[at..], from_steps), (&mut to[at..], to_steps), line);
    }
}

#[inline(always)]
fn input_body<const FMA: bool>(d: &[f32], steps: Steps, v: &mut [f32], step: usize, count: usize) {
    groups::<6, 6, false>(count, (d, steps), (v, points(step)), input_line::<FMA>);
}
multiversion! {
    /// A tile of 6 x 6 pixels to its 36 numbers, `step` apart, for `count` vectors of channels.
    pub(crate) fn transform_input(d: &[f32], steps: Steps, v: &mut [f32], step: usize, count: usize) = input_body
}

#[inline(always)]
fn output_body<const FMA: bool>(m: &[f32], step: usize, y: &mut [f32], steps: Steps, count: usize) {
    groups::<6, 4, false>(count, (m, points(step)), (y, steps), output_line::<FMA>);
}
multiversion! {
    /// 36 numbers, `step` apart, to a tile of 4 x 4 pixels, for `count` vectors of channels.
    pub(crate) fn transform_output(m: &[f32], step: usize, y: &mut [f32], steps: Steps, count: usize) = output_body
}

#[inline(always)]
fn gradient_body<const FMA: bool>(dy: &[f32], steps: Steps, m: &mut [f32], step: usize, count: usize) {
    groups::<4, 6, false>(count, (dy, steps), (m, points(step)), gradient_line::<FMA>);
}
multiversion! {
    /// The gradients of a tile of 4 x 4 outputs to those of its 36 numbers, `step` apart, for `count` vectors of channels.
    pub(crate) fn transform_gradient(dy: &[f32], steps: Steps, m: &mut [f32], step: usize, count: usize) = gradient_body
}

/// Where the vectors of 3 x 3 kernels are.
const KERNEL: Steps = Steps {
    row: 3 * NR,
    column: NR,
};

#[inline(always)]
fn kernel_body<const FMA: bool>(g: &[f32], u: &mut [f32], step: usize) {
    both_axes::<3, 6, false>((g, KERNEL), (u, points(step)), kernel_line);
}
multiversion! {
    /// Kernels, a vector for each tap, to their 36 numbers, `step` apart.
    pub(crate) fn transform_kernel(g: &[f32], u: &mut [f32], step: usize) = kernel_body
}

#[inline(always)]
fn kernel_gradient_body<const FMA: bool>(u: &[f32], step: usize, g: &mut [f32]) {
    both_axes::<6, 3, true>((u, points(step)), (g, KERNEL), kernel_gradient_line);
}
multiversion! {
    /// The gradients of kernels, a vector for each tap, from those of their 36 numbers, `step` apart.
    pub(crate) fn kernel_gradient(u: &[f32], step: usize, g: &mut [f32]) = kernel_gradient_body
}
