//! The transforms of Winograd's F(4x4, 3x3) for as many tiles at a time as a panel of the product has columns.
//!
//! Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2016). Their constants of up to 8 cost about one decimal
//! digit of f32: 1e-5 of the largest output instead of 1e-6.

use crate::gemm::micro_kernel::NR;
use crate::hardware::simd::{madd, multiversion};

/// Numbers of a transformed tile.
pub(crate) const POINTS: usize = 36;
/// Side of an output tile.
pub(crate) const OUT: usize = 4;

/// 6 x 6 tiles, as many as a panel of the product has columns, side by side.
pub(crate) type Tiles6 = [[f32; NR]; POINTS];
/// 4 x 4 tiles, likewise.
pub(crate) type Tiles4 = [[f32; NR]; OUT * OUT];
/// 3 x 3 kernels, likewise.
pub(crate) type Kernels = [[f32; NR]; 9];

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

/// Transforms along both axes: `I x I` numbers to `O x O`, lane by lane, first along the rows, then along the columns (the other
/// way round with `TURNED`).
#[inline(always)]
fn both_axes<const I: usize, const O: usize, const FROM: usize, const TO: usize, const TURNED: bool>(
    from: &[[f32; NR]; FROM],
    to: &mut [[f32; NR]; TO],
    line: impl Fn([f32; I]) -> [f32; O],
) {
    let at = |row: usize, column: usize, side: usize| match TURNED {
        true => column * side + row,
        false => row * side + column,
    };
    let mut t = [[0.0f32; NR]; POINTS];
    for y in 0..I {
        for l in 0..NR {
            let line = line(std::array::from_fn(|x| from[at(y, x, I)][l]));
            for x in 0..O {
                t[y * O + x][l] = line[x];
            }
        }
    }
    for x in 0..O {
        for l in 0..NR {
            let line = line(std::array::from_fn(|y| t[y * O + x][l]));
            for y in 0..O {
                to[at(y, x, O)][l] = line[y];
            }
        }
    }
}

#[inline(always)]
fn input_body<const FMA: bool>(d: &Tiles6, v: &mut Tiles6) {
    both_axes::<6, 6, _, _, false>(d, v, input_line::<FMA>);
}
multiversion! { pub(crate) fn transform_input(d: &Tiles6, v: &mut Tiles6) = input_body }

#[inline(always)]
fn output_body<const FMA: bool>(m: &Tiles6, out: &mut Tiles4) {
    both_axes::<6, 4, _, _, false>(m, out, output_line::<FMA>);
}
multiversion! { pub(crate) fn transform_output(m: &Tiles6, out: &mut Tiles4) = output_body }

#[inline(always)]
fn gradient_body<const FMA: bool>(dy: &Tiles4, m: &mut Tiles6) {
    both_axes::<4, 6, _, _, false>(dy, m, gradient_line::<FMA>);
}
multiversion! {
    /// Output gradients to the gradients of their 36 numbers.
    pub(crate) fn transform_gradient(dy: &Tiles4, m: &mut Tiles6) = gradient_body
}

#[inline(always)]
fn kernel_body<const FMA: bool>(g: &Kernels, u: &mut Tiles6) {
    both_axes::<3, 6, _, _, false>(g, u, kernel_line);
}
multiversion! { pub(crate) fn transform_kernel(g: &Kernels, u: &mut Tiles6) = kernel_body }

#[inline(always)]
fn kernel_gradient_body<const FMA: bool>(u: &Tiles6, g: &mut Kernels) {
    both_axes::<6, 3, _, _, true>(u, g, kernel_gradient_line);
}
multiversion! {
    /// The gradients of kernels from those of their 36 numbers.
    pub(crate) fn kernel_gradient(u: &Tiles6, g: &mut Kernels) = kernel_gradient_body
}
