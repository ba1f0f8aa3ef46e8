//! A natural logarithm that compilers can vectorise: the standard library's is a function call per number.

/// Natural logarithm of a positive normal number, with a relative error below 3e-7; meaningless for anything else.
///
/// With `x = m 2^e`, `m` in `[sqrt(1/2), sqrt(2))` and `s = (m - 1) / (m + 1)`: `ln x = e ln 2 + 2 artanh s`, the
/// latter by its Taylor series up to `s^11` (the next term is below 6e-11, as `|s| < 0.172`). The series is
/// rearranged around `m - 1`, which is exact, so that numbers near 1 keep their precision.
#[inline(always)]
pub(super) fn ln(x: f32) -> f32 {
    const SQRT_HALF: u32 = std::f32::consts::FRAC_1_SQRT_2.to_bits();
    // ln 2 in two parts: the first has so few bits that its product with any exponent is exact.
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = (std::f64::consts::LN_2 - LN_2_HIGH as f64) as f32;

    let bits = x.to_bits();
    let exponent = bits.wrapping_sub(SQRT_HALF).cast_signed() >> 23;
    let mantissa = f32::from_bits(bits.wrapping_sub((exponent << 23).cast_unsigned()));
    let f = mantissa - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let tail = z * (2.0 / 3.0 + z * (2.0 / 5.0 + z * (2.0 / 7.0 + z * (2.0 / 9.0 + z * (2.0 / 11.0)))));
    let e = exponent as f32;
    e * LN_2_HIGH + (e * LN_2_LOW + (f - s * (f - tail)))
}

#[cfg(test)]
mod tests {
    use super::ln;

    #[test]
    fn agrees_with_double_precision() {
        let mut worst = 0.0_f64;
        // A stride coprime to the mantissa's length visits all exponents and mantissas.
        for bits in (f32::MIN_POSITIVE.to_bits()..f32::MAX.to_bits()).step_by(4_099) {
            let x = f32::from_bits(bits);
            let exact = f64::from(x).ln();
            worst = worst.max((f64::from(ln(x)) - exact).abs() / exact.abs().max(1e-30));
        }
        for step in -2_000_i16..2_000 {
            let x = 1.0 + f32::from(step) * f32::EPSILON;
            let exact = f64::from(x).ln();
            if step != 0 {
                worst = worst.max((f64::from(ln(x)) - exact).abs() / exact.abs());
            }
        }
        assert!(worst < 3e-7, "relative error {worst:e}");
        assert_eq!(ln(1.0), 0.0);
    }
}
