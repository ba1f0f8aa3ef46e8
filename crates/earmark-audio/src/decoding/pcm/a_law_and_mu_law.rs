//! The logarithmic codes of telephony, one byte per sample: A-law and mu-law (ITU-T G.711).

/// A-law: sign, three exponent bits, four mantissa bits, even bits inverted.
pub(super) fn a_law(code: u8) -> f32 {
    let code = code ^ 0x55;
    let (exponent, mantissa) = ((code >> 4) & 7, i32::from(code & 15));
    let magnitude = match exponent {
        0 => (mantissa << 4) + 8,
        e => ((mantissa << 4) + 0x108) << (e - 1),
    };
    let value = if code & 0x80 != 0 { magnitude } else { -magnitude };
    value as f32 / 32_768.0
}

/// mu-law: all bits inverted, bias 132.
pub(super) fn mu_law(code: u8) -> f32 {
    let code = !code;
    let magnitude = (((i32::from(code & 15) << 3) + 132) << ((code >> 4) & 7)) - 132;
    let value = if code & 0x80 != 0 { -magnitude } else { magnitude };
    value as f32 / 32_768.0
}
