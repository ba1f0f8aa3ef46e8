//! What products multiply: single precision, or numbers of fewer bits where the processor has instructions for them.

use crate::hardware::simd::{Isa, IsaKind};

/// What the products of a chain multiply; sums are always of single precision or exact.
///
/// A value other than [`Products::single`] exists only if this processor was seen to have the instructions, which is
/// what makes calling them sound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Products(Option<Reduced>);

/// Numbers of fewer bits than single precision, packed into words of 32 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reduced {
    /// The upper half of single precision, two in a word; `vdpbf16ps`.
    Bf16,
    /// Bytes, four in a word, with a scale for each pixel and each output channel; `vpdpbusd`.
    Int8,
}

impl Reduced {
    /// Numbers in a word.
    pub const fn per_word(self) -> usize {
        match self {
            Self::Bf16 => 2,
            Self::Int8 => 4,
        }
    }

    /// Words that hold `count` numbers.
    pub const fn words(self, count: usize) -> usize {
        count.div_ceil(self.per_word())
    }
}

impl Products {
    /// Single precision, on every processor.
    pub const fn single() -> Self {
        Self(None)
    }

    /// Both factors rounded to bfloat16; `None` where the instructions are missing or `limit` does not include them.
    pub fn bf16(limit: Isa) -> Option<Self> {
        Self::of(Reduced::Bf16, limit)
    }

    /// Weights rounded to bytes with a scale for each output channel, inputs with a scale for each pixel; `None` as for
    /// [`Products::bf16`].
    pub fn int8(limit: Isa) -> Option<Self> {
        Self::of(Reduced::Int8, limit)
    }

    fn of(reduced: Reduced, limit: Isa) -> Option<Self> {
        has(reduced, limit).then_some(Self(Some(reduced)))
    }

    /// The reduced numbers; `None` for single precision.
    pub(crate) const fn reduced(self) -> Option<Reduced> {
        self.0
    }
}

/// Whether an instruction set that this processor has includes the products of such numbers.
fn has(reduced: Reduced, isa: Isa) -> bool {
    match (isa.kind(), reduced) {
        #[cfg(target_arch = "x86_64")]
        (IsaKind::Avx512, Reduced::Bf16) => is_x86_feature_detected!("avx512bf16"),
        #[cfg(target_arch = "x86_64")]
        (IsaKind::Avx512, Reduced::Int8) => is_x86_feature_detected!("avx512vnni"),
        _ => false,
    }
}
