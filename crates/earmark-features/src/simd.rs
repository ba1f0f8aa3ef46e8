//! Vectorised loops over eight frames side by side.
//!
//! Spectra run along bins; transposed, rows of one bin run along frames. Mel sums are then plain multiplications of
//! eight numbers at a time, without a horizontal sum at the end, and come out as parts of the output's rows.

use pulp::{Arch, WithSimd};

/// Frames side by side: one vector register.
pub(crate) const LANES: usize = 8;

/// One number of each of eight frames.
pub(crate) type Lanes = [f32; LANES];

/// Runs a loop compiled for the best vector instructions of this machine; the numbers are the same with any of them.
/// Every function in the loop, and the closure itself, must be `inline(always)`, so that the compiler sees the whole
/// loop.
#[inline(always)]
pub(crate) fn vectorised<R>(arch: Arch, op: impl FnMut() -> R) -> R {
    /// pulp takes a closure by value. A closure that borrows would go through an adapter that is not inlined, and its
    /// loop would be compiled for the baseline instruction set. Calling it by reference is direct.
    struct ByReference<F>(F);

    impl<R, F: FnMut() -> R> WithSimd for ByReference<F> {
        type Output = R;

        #[inline(always)]
        fn with_simd<S: pulp::Simd>(mut self, _: S) -> R {
            (self.0)()
        }
    }

    arch.dispatch(ByReference(op))
}

/// [`vectorised`] of an expression.
macro_rules! vectorise {
    ($arch:expr, $body:expr) => {
        $crate::simd::vectorised(
            $arch,
            #[inline(always)]
            || $body,
        )
    };
}
pub(crate) use vectorise;

/// Transposes eight spectra of `rows.len()` numbers each (a multiple of eight), stored one after the other.
#[inline(always)]
pub(crate) fn transpose(spectra: &[f32], rows: &mut [Lanes]) {
    let stride = rows.len();
    let spectra: [&[f32]; LANES] = std::array::from_fn(|frame| &spectra[frame * stride..][..stride]);
    for (square, rows) in rows.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
        *rows = transpose_square(std::array::from_fn(|frame| {
            let mut lanes = [0.0; LANES];
            lanes.copy_from_slice(&spectra[frame][square * LANES..][..LANES]);
            lanes
        }));
    }
}

/// Transposes 8 by 8 numbers in three rounds of exchanges between two rows: single numbers, pairs, halves. They are
/// spelled out as the exchanges that vector units offer within their 128-bit halves, which compilers recognise.
#[inline(always)]
fn transpose_square([a, b, c, d, e, f, g, h]: [Lanes; LANES]) -> [Lanes; LANES] {
    let (ab, cd) = (singles_low(a, b), singles_low(c, d));
    let (ef, gh) = (singles_low(e, f), singles_low(g, h));
    let (first, second) = (pairs_low(ab, cd), pairs_high(ab, cd));
    let (fifth, sixth) = (pairs_low(ef, gh), pairs_high(ef, gh));
    let (ab, cd) = (singles_high(a, b), singles_high(c, d));
    let (ef, gh) = (singles_high(e, f), singles_high(g, h));
    let (third, fourth) = (pairs_low(ab, cd), pairs_high(ab, cd));
    let (seventh, eighth) = (pairs_low(ef, gh), pairs_high(ef, gh));
    [
        halves_low(first, fifth),
        halves_low(second, sixth),
        halves_low(third, seventh),
        halves_low(fourth, eighth),
        halves_high(first, fifth),
        halves_high(second, sixth),
        halves_high(third, seventh),
        halves_high(fourth, eighth),
    ]
}

#[inline(always)]
fn singles_low(a: Lanes, b: Lanes) -> Lanes {
    [a[0], b[0], a[1], b[1], a[4], b[4], a[5], b[5]]
}

#[inline(always)]
fn singles_high(a: Lanes, b: Lanes) -> Lanes {
    [a[2], b[2], a[3], b[3], a[6], b[6], a[7], b[7]]
}

#[inline(always)]
fn pairs_low(a: Lanes, b: Lanes) -> Lanes {
    [a[0], a[1], b[0], b[1], a[4], a[5], b[4], b[5]]
}

#[inline(always)]
fn pairs_high(a: Lanes, b: Lanes) -> Lanes {
    [a[2], a[3], b[2], b[3], a[6], a[7], b[6], b[7]]
}

#[inline(always)]
fn halves_low(a: Lanes, b: Lanes) -> Lanes {
    [a[0], a[1], a[2], a[3], b[0], b[1], b[2], b[3]]
}

#[inline(always)]
fn halves_high(a: Lanes, b: Lanes) -> Lanes {
    [a[4], a[5], a[6], a[7], b[4], b[5], b[6], b[7]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spectra_are_transposed() {
        let spectra: Vec<f32> = (0..LANES * 24).map(|i| i as f32).collect();
        let mut rows = [[0.0; LANES]; 24];
        transpose(&spectra, &mut rows);
        for (bin, row) in rows.iter().enumerate() {
            for (frame, x) in row.iter().enumerate() {
                assert_eq!(*x, spectra[frame * 24 + bin]);
            }
        }
    }
}
