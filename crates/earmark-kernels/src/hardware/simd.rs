//! Which vector instructions the kernels use, decided once at run time.
//!
//! Loops are written once, as generic code that the compiler vectorises; `multiversion!` compiles each
//! once more with AVX2 and FMA enabled and once with AVX-512. Only the matrix-product tiles and the
//! transposing pack are written with intrinsics. On AArch64, NEON is part of the architecture, so that the
//! portable code is vector code there; it has been neither built nor run on such a machine.
//!
//! AVX2 and AVX-512 give the same bits: a sum's order is written down in the loops (lanes, then their total) and
//! does not follow from the width of a vector, and both fuse the same multiply-adds. Portable code on x86-64 has no fused
//! multiply-add and agrees to rounding.

use std::ffi::OsString;

/// The instruction set that kernels run with.
///
/// A value other than [`Isa::portable`] exists only if this processor was seen to have the
/// instructions, which is what makes calling the vector code sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Isa(IsaKind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IsaKind {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// Why a requested instruction set is unavailable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IsaError {
    /// No set of that name.
    #[error(
        "{VARIABLE}={0}: unknown instruction set; choose one that this machine supports: {here}",
        here = supported()
    )]
    Unknown(String),
    /// This processor (or this build's architecture) lacks it.
    #[error(
        "{VARIABLE}={0}: this machine does not support it; choose one that it supports ({here}), or unset the variable to use the fastest",
        here = supported()
    )]
    Missing(String),
}

/// The names of the sets that this machine supports.
fn supported() -> String {
    let names: Vec<_> = Isa::available().into_iter().map(Isa::name).collect();
    names.join(", ")
}

/// The environment variable that [`Isa::wanted`] reads.
pub const VARIABLE: &str = "EARMARK_SIMD";

impl Isa {
    /// Code that runs on every processor of the target architecture (on AArch64 that includes NEON).
    pub const fn portable() -> Self {
        Self(IsaKind::Portable)
    }

    /// The fastest set that this processor has: the widest, except on AMD's Zen 4. That computes 512 bits in two halves, so that AVX-512 has
    /// nothing to win there and loses a few hundredths in short products, and AVX2 is chosen.
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        if halves_512_bits() && is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            return Self(IsaKind::Avx2);
        }
        Self::widest()
    }

    /// The widest set that this processor has.
    fn widest() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            let avx512 = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl");
            if avx2 && avx512 {
                return Self(IsaKind::Avx512);
            }
            if avx2 {
                return Self(IsaKind::Avx2);
            }
        }
        Self::portable()
    }

    /// Every set that this processor can run, portable first: for tests that compare them.
    pub fn available() -> Vec<Self> {
        match Self::widest().0 {
            IsaKind::Portable => vec![Self::portable()],
            #[cfg(target_arch = "x86_64")]
            IsaKind::Avx2 => vec![Self::portable(), Self(IsaKind::Avx2)],
            #[cfg(target_arch = "x86_64")]
            IsaKind::Avx512 => vec![Self::portable(), Self(IsaKind::Avx2), Self(IsaKind::Avx512)],
        }
    }

    /// The set of a name: `portable`, `avx2` (with FMA) or `avx512` (F, BW, DQ and VL).
    ///
    /// # Errors
    /// If no set has that name or this processor lacks it.
    pub fn named(name: &str) -> Result<Self, IsaError> {
        let found = Self::available().into_iter().find(|isa| isa.name() == name);
        found.ok_or_else(|| match name {
            "avx2" | "avx512" => IsaError::Missing(name.to_owned()),
            _ => IsaError::Unknown(name.to_owned()),
        })
    }

    /// The set that the environment variable [`VARIABLE`] names, else the fastest ([`Isa::detect`]): to compare sets, or to reproduce an older machine's
    /// numbers exactly on a newer one.
    ///
    /// # Errors
    /// As [`Isa::named`].
    pub fn wanted() -> Result<Self, IsaError> {
        match asked_for() {
            Some(name) => Self::named(&name.to_string_lossy()),
            None => Ok(Self::detect()),
        }
    }

    /// The widest set that may be used: the one that [`VARIABLE`] names, else the widest that this processor has, even
    /// where [`Isa::detect`] prefers another. What products of fewer bits ask for.
    ///
    /// # Errors
    /// As [`Isa::named`].
    pub fn limit() -> Result<Self, IsaError> {
        match asked_for() {
            Some(name) => Self::named(&name.to_string_lossy()),
            None => Ok(Self::widest()),
        }
    }

    /// Its name, as [`Isa::named`] takes it.
    pub const fn name(self) -> &'static str {
        match self.0 {
            IsaKind::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            IsaKind::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            IsaKind::Avx512 => "avx512",
        }
    }

    pub(crate) const fn kind(self) -> IsaKind {
        self.0
    }
}

/// What [`VARIABLE`] names.
fn asked_for() -> Option<OsString> {
    std::env::var_os(VARIABLE).filter(|name| !name.is_empty())
}

/// Whether [`VARIABLE`] names an instruction set.
pub(crate) fn is_asked_for() -> bool {
    asked_for().is_some()
}

/// Whether this is a processor of AMD's family 19h (Zen 3 has no AVX-512, Zen 4 has it with units of 256 bits).
#[cfg(target_arch = "x86_64")]
fn halves_512_bits() -> bool {
    use std::arch::x86_64::__cpuid;
    let vendor = __cpuid(0);
    let amd = [vendor.ebx, vendor.edx, vendor.ecx]
        .map(u32::to_le_bytes)
        .concat()
        == b"AuthenticAMD";
    let signature = __cpuid(1).eax;
    let family = (signature >> 8 & 0xf) + (signature >> 20 & 0xff);
    amd && family == 0x19
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
        $vis fn $name(isa: $crate::hardware::simd::Isa, $($arg: $ty),*) $(-> $ret)? {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            #[allow(clippy::too_many_arguments)]
            fn avx2($($arg: $ty),*) $(-> $ret)? {
                $body::<true>($($arg),*)
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
            #[allow(clippy::too_many_arguments)]
            fn avx512($($arg: $ty),*) $(-> $ret)? {
                $body::<true>($($arg),*)
            }
            match isa.kind() {
                // SAFETY: `IsaKind::Avx512` is only made after all of these were detected.
                #[cfg(target_arch = "x86_64")]
                $crate::hardware::simd::IsaKind::Avx512 => unsafe { avx512($($arg),*) },
                // SAFETY: `IsaKind::Avx2` is only made after AVX2 and FMA were detected.
                #[cfg(target_arch = "x86_64")]
                $crate::hardware::simd::IsaKind::Avx2 => unsafe { avx2($($arg),*) },
                $crate::hardware::simd::IsaKind::Portable => $body::<{ $crate::hardware::simd::PORTABLE_FMA }>($($arg),*),
            }
        }
    };
}
pub(crate) use multiversion;
