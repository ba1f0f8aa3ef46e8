//! Which vector instructions the kernels use, decided once at run time.
//!
//! Loops are written once, as generic code that the compiler vectorises; `multiversion!`
//! compiles each a second time with AVX2 and FMA enabled. Only the matrix-product tile and the
//! transposing pack are written with intrinsics.

/// The instruction set that kernels run with.
///
/// A value other than [`Isa::portable`] exists only if this processor was seen to have the
/// instructions, which is what makes calling the vector code sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Isa(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
}

impl Isa {
    /// Code that runs on every processor of the target architecture (on AArch64 that includes NEON).
    pub const fn portable() -> Self {
        Self(Kind::Portable)
    }

    /// The fastest set that this processor has.
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            return Self(Kind::Avx2);
        }
        Self::portable()
    }

    /// Every set that this processor can run, portable first: for tests that compare them.
    pub fn available() -> Vec<Self> {
        let mut all = vec![Self::portable()];
        if Self::detect() != Self::portable() {
            all.push(Self::detect());
        }
        all
    }

    pub(crate) const fn kind(self) -> Kind {
        self.0
    }
}

/// Whether the portable code may use `mul_add`: only where it is one instruction, since it is a
/// slow library call elsewhere.
pub(crate) const PORTABLE_FMA: bool = cfg!(any(target_arch = "aarch64", target_feature = "fma"));

/// `a * b + c`, fused where `FMA` says that the instruction exists.
#[inline(always)]
pub(crate) fn madd<const FMA: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}

/// Defines `fn name(isa, args...)` that runs `body::<FMA>(args...)` compiled for `isa`.
/// `body` must be `#[inline(always)]` so that it takes on the features of its caller.
macro_rules! multiversion {
    ($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $ty:ty),* $(,)?) $(-> $ret:ty)? = $body:ident) => {
        $(#[$meta])*
        #[allow(clippy::too_many_arguments)]
        $vis fn $name(isa: $crate::simd::Isa, $($arg: $ty),*) $(-> $ret)? {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            #[allow(clippy::too_many_arguments)]
            fn avx2($($arg: $ty),*) $(-> $ret)? {
                $body::<true>($($arg),*)
            }
            match isa.kind() {
                // SAFETY: `Kind::Avx2` is only made after AVX2 and FMA were detected.
                #[cfg(target_arch = "x86_64")]
                $crate::simd::Kind::Avx2 => unsafe { avx2($($arg),*) },
                $crate::simd::Kind::Portable => $body::<{ $crate::simd::PORTABLE_FMA }>($($arg),*),
            }
        }
    };
}
pub(crate) use multiversion;
