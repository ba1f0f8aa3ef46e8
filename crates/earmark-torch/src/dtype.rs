//! The number types of tensors.

/// The number type of a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DType {
    /// 64-bit float.
    F64,
    /// 32-bit float.
    F32,
    /// IEEE 16-bit float.
    F16,
    /// The upper half of a 32-bit float.
    BF16,
    /// An integer or boolean of this many bytes.
    Int(usize),
}

impl DType {
    /// The type of a storage class of PyTorch.
    pub(crate) fn of_storage(name: &str) -> Option<Self> {
        Some(match name {
            "DoubleStorage" => Self::F64,
            "FloatStorage" => Self::F32,
            "HalfStorage" => Self::F16,
            "BFloat16Storage" => Self::BF16,
            "LongStorage" => Self::Int(8),
            "IntStorage" => Self::Int(4),
            "ShortStorage" => Self::Int(2),
            "CharStorage" | "ByteStorage" | "BoolStorage" => Self::Int(1),
            _ => return None,
        })
    }

    /// Bytes per number.
    pub fn size(self) -> usize {
        match self {
            Self::F64 => 8,
            Self::F32 => 4,
            Self::F16 | Self::BF16 => 2,
            Self::Int(n) => n,
        }
    }

    /// A float from its little-endian bytes; `None` for integers.
    pub(crate) fn number(self, b: &[u8]) -> Option<f32> {
        Some(match (self, b) {
            (Self::F64, &[a, b, c, d, e, f, g, h]) => f64::from_le_bytes([a, b, c, d, e, f, g, h]) as f32,
            (Self::F32, &[a, b, c, d]) => f32::from_le_bytes([a, b, c, d]),
            (Self::F16, &[a, b]) => half(u16::from_le_bytes([a, b])),
            (Self::BF16, &[a, b]) => f32::from_le_bytes([0, 0, a, b]),
            _ => return None,
        })
    }
}

/// A 16-bit float, exactly.
fn half(bits: u16) -> f32 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, mantissa) = (i32::from(bits >> 10 & 31), f32::from(bits & 1023));
    sign * match exponent {
        0 => mantissa * 2f32.powi(-24),
        31 if mantissa == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1024.0 + mantissa) * 2f32.powi(exponent - 25),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_read_exactly() {
        // Values of the IEEE 754 table of binary16.
        for (bits, want) in [
            (0x3C00, 1.0),
            (0xC000, -2.0),
            (0x7BFF, 65504.0),
            (0x0400, 6.103_515_6e-5),
            (0x0001, 5.960_464_5e-8),
            (0x3555, 0.333_251_95),
            (0x7C00, f32::INFINITY),
        ] {
            assert_eq!(half(bits), want, "{bits:04x}");
        }
        assert!(half(0x7E00).is_nan());
        assert_eq!(DType::BF16.number(&[0x80, 0x3F]), Some(1.0));
        assert_eq!(DType::F64.number(&0.5f64.to_le_bytes()), Some(0.5));
        assert_eq!(DType::Int(8).number(&[0; 8]), None);
    }
}
