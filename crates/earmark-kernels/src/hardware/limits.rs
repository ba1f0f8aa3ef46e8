//! How many multiply-adds a core does at most: what a roofline needs.

use crate::hardware::simd::{Isa, IsaKind, madd, multiversion};

/// Chains side by side. A multiply-add takes four to five cycles and two begin in each, so that fewer would wait for
/// one another; more would not fit the sixteen registers of AVX2.
const CHAINS: usize = 12;

/// The chains in registers of `LANES` numbers. They stay near 1.
#[inline(always)]
fn chains<const FMA: bool, const LANES: usize>(rounds: usize, factor: f32) -> f32 {
    let mut sums = [[0.5_f32; LANES]; CHAINS];
    for _ in 0..rounds {
        for sum in &mut sums {
            for lane in sum {
                *lane = madd::<FMA>(*lane, factor, 1.0 - factor);
            }
        }
    }
    sums.iter().flatten().sum()
}

#[inline(always)]
fn of_4<const FMA: bool>(rounds: usize, factor: f32) -> f32 {
    chains::<FMA, 4>(rounds, factor)
}

#[inline(always)]
fn of_8<const FMA: bool>(rounds: usize, factor: f32) -> f32 {
    chains::<FMA, 8>(rounds, factor)
}

multiversion! { fn chains_of_4(rounds: usize, factor: f32) -> f32 = of_4 }
multiversion! { fn chains_of_8(rounds: usize, factor: f32) -> f32 = of_8 }

/// With intrinsics, as the compiler leaves arrays of sixteen in memory.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn avx512_chains(rounds: usize, factor: f32) -> f32 {
    use std::arch::x86_64::{_mm512_fmadd_ps, _mm512_reduce_add_ps, _mm512_set1_ps};
    let (factor, rest) = (_mm512_set1_ps(factor), _mm512_set1_ps(1.0 - factor));
    let mut sums = [_mm512_set1_ps(0.5); CHAINS];
    for _ in 0..rounds {
        for sum in &mut sums {
            *sum = _mm512_fmadd_ps(*sum, factor, rest);
        }
    }
    sums.into_iter().map(|sum| _mm512_reduce_add_ps(sum)).sum()
}

fn chains_of_16(isa: Isa, rounds: usize, factor: f32) -> f32 {
    match isa.kind() {
        // SAFETY: `IsaKind::Avx512` is only made after AVX-512 was detected.
        #[cfg(target_arch = "x86_64")]
        IsaKind::Avx512 => unsafe { avx512_chains(rounds, factor) },
        _ => chains_of_8(isa, rounds, factor) + chains_of_8(isa, rounds, factor),
    }
}

/// Does multiply-adds that wait for neither memory nor one another, on one thread; returns how many. Timed, they are the
/// most that a core does with these instructions.
pub fn multiply_adds(isa: Isa, rounds: usize) -> usize {
    let (lanes, run): (usize, fn(Isa, usize, f32) -> f32) = match isa.name() {
        "avx512" => (16, chains_of_16),
        "avx2" => (8, chains_of_8),
        _ => (4, chains_of_4),
    };
    let factor = std::hint::black_box(0.75);
    std::hint::black_box(run(isa, rounds, factor));
    rounds * CHAINS * lanes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_of_every_width_compute_what_they_count() {
        for isa in Isa::available() {
            // 0.5 nears 1 by a factor at each round: 1 - 0.5 * 0.5^3, and exactly so in binary.
            let wanted = |lanes: usize| 0.9375 * (CHAINS * lanes) as f32;
            assert_eq!(chains_of_4(isa, 3, 0.5), wanted(4), "{}", isa.name());
            assert_eq!(chains_of_8(isa, 3, 0.5), wanted(8), "{}", isa.name());
            assert_eq!(chains_of_16(isa, 3, 0.5), wanted(16), "{}", isa.name());
            let lanes = [("portable", 4), ("avx2", 8), ("avx512", 16)];
            let lanes = lanes.into_iter().find(|(name, _)| *name == isa.name()).unwrap().1;
            assert_eq!(multiply_adds(isa, 5), 5 * CHAINS * lanes);
        }
    }
}
