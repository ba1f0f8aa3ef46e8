//! AMX, the matrix unit of some processors of Intel: whether it can be used, and its configuration.

/// Whether products are computed by it: the processor has tiles with products of bfloat16 and bytes, the system lets
/// this process use them, and no instruction set is asked for, as its sums of bfloat16 are others than AVX-512's.
#[cfg(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu"))]
pub(crate) fn is_there() -> bool {
    use std::sync::OnceLock;
    static FOUND: OnceLock<bool> = OnceLock::new();
    *FOUND.get_or_init(|| !crate::hardware::simd::is_asked_for() && has_instructions() && is_permitted())
}

/// Elsewhere the system is not asked, and it is not used.
#[cfg(not(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu")))]
pub(crate) fn is_there() -> bool {
    false
}

#[cfg(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu"))]
fn has_instructions() -> bool {
    use std::arch::x86_64::{__cpuid, __cpuid_count};
    // What rounds the words, and what follows the sums.
    let words = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bf16")
        && is_x86_feature_detected!("avx512vnni");
    // Leaf 7: AMX-BF16 (22), AMX-TILE (24), AMX-INT8 (25).
    const BITS: u32 = 1 << 22 | 1 << 24 | 1 << 25;
    words && __cpuid(0).eax >= 7 && __cpuid_count(7, 0).edx & BITS == BITS
}

/// Asks Linux for the state of tiles, which it gives a process on request; the answer holds for all threads.
#[cfg(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu"))]
fn is_permitted() -> bool {
    const ARCH_REQ_XCOMP_PERM: libc::c_long = 0x1023;
    const XFEATURE_XTILEDATA: libc::c_long = 18;
    // SAFETY: the call takes two numbers and changes nothing but what this process may use.
    unsafe { libc::syscall(libc::SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0 }
}

/// This thread's unit, configured for eight tiles of sixteen rows of 64 bytes until this is dropped. One at a time: the
/// first of two that is dropped ends both.
#[cfg(target_arch = "x86_64")]
pub(crate) struct Configured {
    /// Registers are a thread's own.
    _here: std::marker::PhantomData<*const ()>,
}

#[cfg(target_arch = "x86_64")]
impl Configured {
    /// # Panics
    /// If the processor has no matrix unit.
    pub(crate) fn new() -> Self {
        assert!(is_there(), "the processor has no matrix unit");
        /// Palette 1: bytes of a row from byte 16 on, two for each tile; rows from byte 48 on, one for each.
        #[repr(align(64))]
        struct Shapes([u8; 64]);
        static SHAPES: Shapes = {
            let mut shapes = [0; 64];
            shapes[0] = 1;
            let mut tile = 0;
            while tile < 8 {
                shapes[16 + 2 * tile] = 64;
                shapes[48 + tile] = 16;
                tile += 1;
            }
            Shapes(shapes)
        };
        // SAFETY: the unit is there; it reads 64 bytes.
        unsafe {
            std::arch::asm!(
                "ldtilecfg [{}]",
                in(reg) SHAPES.0.as_ptr(),
                out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                options(nostack, readonly, preserves_flags),
            );
        }
        Self {
            _here: std::marker::PhantomData,
        }
    }
}

#[cfg(target_arch = "x86_64")]
impl Drop for Configured {
    fn drop(&mut self) {
        // SAFETY: the unit is there, and what its registers hold was stored.
        unsafe {
            std::arch::asm!(
                "tilerelease",
                out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                options(nostack, nomem, preserves_flags),
            );
        }
    }
}
