//! Numbers of single precision rounded and packed into words.

use crate::gemm::micro_kernel::NR;
use crate::hardware::products::Reduced;

/// The upper half of a number, rounded to the nearest and to even, as `vcvtne2ps2bf16` does: what is below the smallest
/// normal number becomes zero.
pub(crate) fn bf16_bits(v: f32) -> u16 {
    let bits = v.to_bits();
    if v.is_nan() {
        return (bits >> 16) as u16 | 0x40;
    }
    if v.abs() < f32::MIN_POSITIVE {
        return (bits >> 16) as u16 & 0x8000;
    }
    ((bits + 0x7fff + (bits >> 16 & 1)) >> 16) as u16
}

/// Two of them, the one with the lower index in the lower half.
pub(crate) const fn word_of_bf16(first: u16, second: u16) -> u32 {
    first as u32 | (second as u32) << 16
}

/// Packs rows of `numbers` numbers, `ld` apart, as rows of words, `row` apart; what is behind a row's last number in its
/// last word is zero. Of bytes, `factors` gets each row's step and its smallest number.
///
/// # Panics
/// If a slice is too short.
pub(crate) fn rows_to_words(
    reduced: Reduced,
    (x, ld): (&[f32], usize),
    [rows, numbers]: [usize; 2],
    (to, row): (&mut [u32], usize),
    [scale, shift]: [&mut [f32]; 2],
) {
    let words = reduced.words(numbers);
    assert!(
        rows == 0 || (x.len() >= (rows - 1) * ld + numbers && to.len() >= (rows - 1) * row + words),
        "rows end before {numbers} numbers"
    );
    for i in 0..rows {
        let (x, to) = (&x[i * ld..][..numbers], &mut to[i * row..][..words]);
        match reduced {
            // SAFETY: a `Reduced` in use means that the instructions were detected.
            #[cfg(target_arch = "x86_64")]
            Reduced::Bf16 => unsafe { avx512::row_to_bf16(x, to) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Reduced::Int8 => unsafe { (scale[i], shift[i]) = avx512::row_to_bytes(x, to) },
            #[cfg(not(target_arch = "x86_64"))]
            _ => {
                let _ = (x, to, &scale, &shift);
                unreachable!("no processor of this architecture has products of fewer bits");
            }
        }
    }
}

/// Where [`columns_to_words`] writes: word p of column j is `words[p * step + j / NR * panel + j % NR]`.
pub(crate) struct ColumnsTo<'a> {
    pub words: &'a mut [u32],
    pub step: usize,
    pub panel: usize,
}

/// Packs columns: number p of column j is `x[p * ld + j]`, words run along p. Sixteen columns are written at a time,
/// those that do not exist with words of zeros. Of bytes, `factors` gets each column's step and its smallest number.
///
/// # Panics
/// If a slice is too short.
pub(crate) fn columns_to_words(
    reduced: Reduced,
    (x, ld): (&[f32], usize),
    [columns, numbers]: [usize; 2],
    to: &mut ColumnsTo<'_>,
    [scale, shift]: [&mut [f32]; 2],
) {
    let (words, panels) = (reduced.words(numbers), columns.div_ceil(NR));
    assert!(numbers > 0 && columns > 0, "nothing to pack");
    assert!(
        x.len() >= (numbers - 1) * ld + columns
            && to.words.len() >= (words - 1) * to.step + (panels - 1) * to.panel + NR,
        "columns end before {numbers} numbers"
    );
    if reduced == Reduced::Int8 {
        assert!(
            scale.len() >= panels * NR && shift.len() >= panels * NR,
            "factors of {columns} columns"
        );
    }
    for panel in 0..panels {
        let (j, at) = (panel * NR, panel * to.panel);
        let (from, count) = (&x[j..], NR.min(columns - j));
        let (to, step) = (&mut to.words[at..], to.step);
        match reduced {
            // SAFETY: a `Reduced` in use means that the instructions were detected; the lengths were checked.
            #[cfg(target_arch = "x86_64")]
            Reduced::Bf16 => unsafe { avx512::columns_to_bf16(from, ld, [count, numbers], to, step) },
            #[cfg(target_arch = "x86_64")]
            Reduced::Int8 => {
                let factors = [&mut scale[j..j + NR], &mut shift[j..j + NR]];
                // SAFETY: as above.
                unsafe { avx512::columns_to_bytes(from, ld, [count, numbers], (to, step), factors) }
            }
            #[cfg(not(target_arch = "x86_64"))]
            _ => {
                let _ = (from, count, to, step);
                unreachable!("no processor of this architecture has products of fewer bits");
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod avx512 {
    use crate::gemm::micro_kernel::NR;
    use std::arch::x86_64::*;

    /// The first `count` lanes, all from 16 on.
    fn lanes(count: usize) -> u16 {
        if count >= NR { u16::MAX } else { (1 << count) - 1 }
    }

    /// # Safety
    /// The processor has AVX-512F and AVX512-BF16; `to` has room for the words of `x`.
    #[target_feature(enable = "avx512f,avx512bf16")]
    pub(super) unsafe fn row_to_bf16(x: &[f32], to: &mut [u32]) {
        for (x, to) in x.chunks(2 * NR).zip(to.chunks_mut(NR)) {
            let (low, high) = (lanes(x.len()), lanes(x.len().saturating_sub(NR)));
            // SAFETY: masked to what exists of both.
            unsafe {
                let low = _mm512_maskz_loadu_ps(low, x.as_ptr());
                let high = _mm512_maskz_loadu_ps(high, x.as_ptr().wrapping_add(NR));
                let words = std::mem::transmute::<__m512bh, __m512i>(_mm512_cvtne2ps_pbh(high, low));
                _mm512_mask_storeu_epi32(to.as_mut_ptr().cast::<i32>(), lanes(to.len()), words);
            }
        }
    }

    /// The step of what has these extremes, and its inverse.
    #[target_feature(enable = "avx512f")]
    fn steps(low: __m512, high: __m512) -> (__m512, __m512) {
        let step = _mm512_mul_ps(_mm512_sub_ps(high, low), _mm512_set1_ps(1.0 / 255.0));
        // A range of zero, or one whose step is too small to be inverted, is its smallest number everywhere.
        let wide = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(step, _mm512_set1_ps(f32::MIN_POSITIVE));
        (step, _mm512_maskz_div_ps(wide, _mm512_set1_ps(1.0), step))
    }

    /// `(x - low) / step`, rounded, at most 255; negative for what is not a number.
    #[target_feature(enable = "avx512f")]
    fn bytes(x: __m512, low: __m512, inverse: __m512) -> __m512i {
        let places = _mm512_mul_ps(_mm512_sub_ps(x, low), inverse);
        _mm512_min_epi32(_mm512_cvtps_epi32(places), _mm512_set1_epi32(255))
    }

    /// Not a number for lanes in which a byte was negative.
    #[target_feature(enable = "avx512f")]
    fn unless_broken(step: __m512, all: __m512i) -> __m512 {
        let broken = _mm512_cmplt_epi32_mask(all, _mm512_setzero_si512());
        _mm512_mask_mov_ps(step, broken, _mm512_set1_ps(f32::NAN))
    }

    /// # Safety
    /// The processor has AVX-512F; `to` has room for the words of `x`.
    #[target_feature(enable = "avx512f")]
    pub(super) unsafe fn row_to_bytes(x: &[f32], to: &mut [u32]) -> (f32, f32) {
        // The second operand is the result where one is not a number.
        let mut low = [_mm512_set1_ps(f32::INFINITY); 2];
        let mut high = [_mm512_set1_ps(f32::NEG_INFINITY); 2];
        let (whole, rest) = x.as_chunks::<{ 2 * NR }>();
        for x in whole {
            for i in 0..2 {
                // SAFETY: 32 numbers.
                let v = unsafe { _mm512_loadu_ps(x.as_ptr().add(i * NR)) };
                (low[i], high[i]) = (_mm512_min_ps(v, low[i]), _mm512_max_ps(v, high[i]));
            }
        }
        for x in rest.chunks(NR) {
            let mask = lanes(x.len());
            // SAFETY: masked to what exists.
            let v = unsafe { _mm512_maskz_loadu_ps(mask, x.as_ptr()) };
            low[0] = _mm512_mask_min_ps(low[0], mask, v, low[0]);
            high[0] = _mm512_mask_max_ps(high[0], mask, v, high[0]);
        }
        let low = _mm512_set1_ps(_mm512_reduce_min_ps(_mm512_min_ps(low[0], low[1])));
        let high = _mm512_set1_ps(_mm512_reduce_max_ps(_mm512_max_ps(high[0], high[1])));
        let (step, inverse) = steps(low, high);
        let mut all = _mm512_setzero_si512();
        let (whole, rest) = x.as_chunks::<NR>();
        let (to_whole, to_rest) = to.split_at_mut(whole.len() * NR / 4);
        for (x, to) in whole.iter().zip(to_whole.as_chunks_mut::<4>().0) {
            // SAFETY: sixteen numbers, and four words.
            unsafe {
                let found = bytes(_mm512_loadu_ps(x.as_ptr()), low, inverse);
                all = _mm512_or_si512(all, found);
                _mm_storeu_si128(to.as_mut_ptr().cast(), _mm512_cvtepi32_epi8(found));
            }
        }
        if !rest.is_empty() {
            let mask = lanes(rest.len());
            // SAFETY: masked to what exists.
            let v = unsafe { _mm512_maskz_loadu_ps(mask, rest.as_ptr()) };
            let found = _mm512_maskz_mov_epi32(mask, bytes(v, low, inverse));
            all = _mm512_or_si512(all, found);
            let mut words = [0u32; 4];
            // SAFETY: four words.
            unsafe { _mm_storeu_si128(words.as_mut_ptr().cast(), _mm512_cvtepi32_epi8(found)) };
            to_rest.copy_from_slice(&words[..to_rest.len()]);
        }
        let all = _mm512_set1_epi32(_mm512_reduce_or_epi32(all));
        (_mm512_cvtss_f32(unless_broken(step, all)), _mm512_cvtss_f32(low))
    }

    /// # Safety
    /// The processor has AVX-512F and AVX512-BF16; `count` columns of `numbers` numbers exist, `ld` apart; `to` has room
    /// for sixteen words at each of their steps.
    #[target_feature(enable = "avx512f,avx512bf16")]
    pub(super) unsafe fn columns_to_bf16(
        x: &[f32],
        ld: usize,
        [count, numbers]: [usize; 2],
        to: &mut [u32],
        step: usize,
    ) {
        let mask = lanes(count);
        for p in (0..numbers).step_by(2) {
            let second = if p + 1 < numbers { mask } else { 0 };
            // SAFETY: masked to what exists; the caller vouches for the room.
            unsafe {
                let first = _mm512_maskz_loadu_ps(mask, x.as_ptr().add(p * ld));
                let second = _mm512_maskz_loadu_ps(second, x.as_ptr().wrapping_add((p + 1) * ld));
                let first = std::mem::transmute::<__m256bh, __m256i>(_mm512_cvtneps_pbh(first));
                let second = std::mem::transmute::<__m256bh, __m256i>(_mm512_cvtneps_pbh(second));
                let second = _mm512_slli_epi32::<16>(_mm512_cvtepu16_epi32(second));
                let words = _mm512_or_si512(_mm512_cvtepu16_epi32(first), second);
                _mm512_storeu_si512(to.as_mut_ptr().add(p / 2 * step).cast(), words);
            }
        }
    }

    /// # Safety
    /// As [`columns_to_bf16`]; the factors have sixteen places each.
    #[target_feature(enable = "avx512f")]
    pub(super) unsafe fn columns_to_bytes(
        x: &[f32],
        ld: usize,
        [count, numbers]: [usize; 2],
        (to, step_to): (&mut [u32], usize),
        [scale, shift]: [&mut [f32]; 2],
    ) {
        let mask = lanes(count);
        // SAFETY: masked to what exists.
        let row = |p: usize| unsafe { _mm512_maskz_loadu_ps(mask, x.as_ptr().add(p * ld)) };
        // The second operand is the result where one is not a number.
        let (mut low, mut high) = (_mm512_set1_ps(f32::INFINITY), _mm512_set1_ps(f32::NEG_INFINITY));
        for p in 0..numbers {
            let v = row(p);
            (low, high) = (_mm512_min_ps(v, low), _mm512_max_ps(v, high));
        }
        let (step, inverse) = steps(low, high);
        let mut all = _mm512_setzero_si512();
        for p in (0..numbers).step_by(4) {
            let mut byte = |at: usize| {
                if p + at >= numbers {
                    return _mm512_setzero_si512();
                }
                let found = bytes(row(p + at), low, inverse);
                all = _mm512_or_si512(all, found);
                found
            };
            let (first, second) = (byte(0), _mm512_slli_epi32::<8>(byte(1)));
            let (third, fourth) = (_mm512_slli_epi32::<16>(byte(2)), _mm512_slli_epi32::<24>(byte(3)));
            let words = _mm512_or_si512(_mm512_or_si512(first, second), _mm512_or_si512(third, fourth));
            // SAFETY: the caller vouches for the room.
            unsafe { _mm512_storeu_si512(to.as_mut_ptr().add(p / 4 * step_to).cast(), words) };
        }
        // SAFETY: sixteen places each, by the caller's promise.
        unsafe {
            _mm512_storeu_ps(scale.as_mut_ptr(), unless_broken(step, all));
            _mm512_storeu_ps(shift.as_mut_ptr(), low);
        }
    }
}
