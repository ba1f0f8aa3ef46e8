//! Spectral contrast: peaks over valleys, octave by octave.
//!
//! After `librosa.feature.spectral_contrast` of 0.6.2 (Jiang et al., "Music type classification by spectral contrast
//! feature", 2002): in seven bands, 0 to 200 Hz and six octaves from there, the mean of the highest fiftieth of the
//! bins over the mean of the lowest fiftieth, in decibels.

use super::stft::{BINS, FFT};
use std::ops::Range;

/// Number of bands, one row each.
pub(super) const BANDS: usize = 7;
const FIRST_EDGE_HZ: f64 = 200.0;
const SHARE: f64 = 0.02;
/// librosa's `power_to_db`: smallest value, and range of levels below the loudest.
const LEAST: f64 = 1e-10;
const TOP_DB: f64 = 80.0;

/// The bins of a band, and how many of them make a peak or a valley.
struct ContrastBand {
    bins: Range<usize>,
    extreme: usize,
}

/// The seven bands.
fn bands(rate: f64) -> [ContrastBand; BANDS] {
    let hz = |k: usize| k as f64 * rate / FFT as f64;
    std::array::from_fn(|band| {
        let high = FIRST_EDGE_HZ * f64::from(1 << band);
        let low = if band == 0 { 0.0 } else { high / 2.0 };
        // The bin below a band belongs to it, and the last band reaches to the end.
        let start = (0..BINS).find(|&k| hz(k) >= low).unwrap_or(BINS);
        let start = start.saturating_sub(usize::from(band > 0));
        let end = match band + 1 {
            BANDS => BINS,
            _ => (0..BINS).rfind(|&k| hz(k) <= high).map_or(0, |k| k + 1),
        };
        let extreme = ((end - start) as f64 * SHARE).round_ties_even().max(1.0) as usize;
        // The last bin belongs to the next band.
        let bins = start..if band + 1 < BANDS { end - 1 } else { end };
        ContrastBand { bins, extreme }
    })
}

/// Contrasts in decibels, `[BANDS][frames]`, of magnitudes `[frames, BINS]`.
///
/// Quirk(mobilenetv2-pca-2018): magnitudes are treated as powers, so that these decibels are half of real ones; and
/// levels are limited to 80 of them below the loudest of the whole clip, separately for peaks and valleys.
pub(super) fn contrast(magnitudes: &[f32], rate: f64) -> Vec<Vec<f64>> {
    let frames = magnitudes.len() / BINS;
    let (mut peaks, mut valleys) = (vec![vec![0.0; frames]; BANDS], vec![vec![0.0; frames]; BANDS]);
    let mut values: Vec<f32> = Vec::with_capacity(BINS);
    let decibels = |values: &[f32]| {
        let mean = values.iter().map(|x| f64::from(*x)).sum::<f64>() / values.len() as f64;
        10.0 * mean.max(LEAST).log10()
    };
    let bands = bands(rate);
    for (t, frame) in magnitudes.chunks_exact(BINS).enumerate() {
        for (b, ContrastBand { bins, extreme }) in bands.iter().enumerate() {
            values.clear();
            values.extend_from_slice(&frame[bins.clone()]);
            values.select_nth_unstable_by(extreme - 1, f32::total_cmp);
            valleys[b][t] = decibels(&values[..*extreme]);
            let first = values.len() - extreme;
            values.select_nth_unstable_by(first, f32::total_cmp);
            peaks[b][t] = decibels(&values[first..]);
        }
    }
    for levels in [&mut peaks, &mut valleys] {
        let loudest = levels.iter().flatten().copied().fold(f64::NEG_INFINITY, f64::max);
        let floor = loudest - TOP_DB;
        for level in levels.iter_mut().flatten() {
            *level = level.max(floor);
        }
    }
    for (peak, valley) in peaks.iter_mut().flatten().zip(valleys.iter().flatten()) {
        *peak -= valley;
    }
    peaks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spectral_line_stands_out_in_its_band() {
        let bands = bands(44_100.0);
        assert_eq!((bands[0].bins.clone(), bands[0].extreme), (0..9, 1));
        assert_eq!((bands[6].bins.clone(), bands[6].extreme), (297..BINS, 15));
        let mut frame = vec![0.001_f32; BINS];
        frame[100] = 1.0; // 2,153 Hz, in the band from 1,600 Hz on
        let rows = contrast(&frame, 44_100.0);
        let got: Vec<f64> = rows.iter().map(|row| row[0]).collect();
        for (band, level) in got.iter().enumerate() {
            // 76 bins belong to that band, of which two make the peak: the mean of 1 and 0.001 over 0.001.
            let want = if band == 4 { 10.0 * 500.5_f64.log10() } else { 0.0 };
            assert!((level - want).abs() < 1e-4, "{got:?}");
        }
        assert!(contrast(&[], 44_100.0).iter().all(Vec::is_empty));
    }
}
