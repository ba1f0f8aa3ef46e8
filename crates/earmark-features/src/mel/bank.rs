//! A mel matrix without its zeros.

use crate::simd::{LANES, Lanes};
use std::ops::Range;

/// A mel matrix that stores only the bins under each triangle.
pub(crate) struct MelBank {
    weights: Vec<f32>,
    bands: Vec<MelBand>,
}

struct MelBand {
    /// First bin.
    bin: usize,
    /// End of its weights in `weights`; they start at the end of the previous band's.
    end: usize,
}

/// The bins under a triangle: the range of its weights above 0.
pub(crate) fn support(row: &[f64]) -> Range<usize> {
    let start = row.iter().position(|w| *w > 0.0).unwrap_or(0);
    start..row.iter().rposition(|w| *w > 0.0).map_or(0, |last| last + 1)
}

impl MelBank {
    pub fn new(matrix: &[Vec<f64>]) -> Self {
        let mut bank = Self {
            weights: Vec::new(),
            bands: Vec::new(),
        };
        for row in matrix {
            let bins = support(row);
            bank.weights.extend(row[bins.clone()].iter().map(|w| *w as f32));
            bank.bands.push(MelBand {
                bin: bins.start,
                end: bank.weights.len(),
            });
        }
        bank
    }

    /// Bands that no bin falls into, counted from 0.
    pub fn empty_bands(&self) -> Vec<usize> {
        let start = |i: usize| if i == 0 { 0 } else { self.bands[i - 1].end };
        let empty = |i: &usize| start(*i) == self.bands[*i].end;
        (0..self.bands.len()).filter(empty).collect()
    }

    /// Sums the bins of eight frames under each triangle, from low to high, and passes `(band, sums)` on.
    #[inline(always)]
    pub fn apply(&self, bins: &[Lanes], mut out: impl FnMut(usize, &Lanes)) {
        let mut start = 0;
        for (i, band) in self.bands.iter().enumerate() {
            let weights = &self.weights[start..band.end];
            start = band.end;
            let mut sums = [0.0; LANES];
            for (x, w) in bins[band.bin..][..weights.len()].iter().zip(weights) {
                for (sum, x) in sums.iter_mut().zip(x) {
                    *sum += x * w;
                }
            }
            out(i, &sums);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Mel;

    #[test]
    fn sparse_and_dense_matrix_agree() {
        let mel = Mel {
            bands: 40,
            ..Mel::default()
        };
        let dense = mel.matrix(44_100, 2048).unwrap();
        let bank = MelBank::new(&dense);
        let bins: Vec<Lanes> = (0..1025)
            .map(|k| std::array::from_fn(|frame| ((k * (37 + frame)) % 101) as f32 / 50.0))
            .collect();
        bank.apply(&bins, |band, sums| {
            for (frame, sum) in sums.iter().enumerate() {
                let exact: f64 = dense[band]
                    .iter()
                    .zip(&bins)
                    .map(|(w, x)| w * f64::from(x[frame]))
                    .sum();
                assert!(
                    (f64::from(*sum) - exact).abs() < 1e-5 * exact.max(1.0),
                    "band {band}: {sum} is not {exact}"
                );
            }
        });
    }

    #[test]
    fn empty_bands_are_named() {
        let mel = Mel {
            bands: 128,
            max_hz: 8_000.0,
            ..Mel::default()
        };
        let bank = MelBank::new(&mel.matrix(16_000, 512).unwrap());
        assert_eq!(bank.empty_bands(), [3]);
        let mut sums = Vec::new();
        bank.apply(&[[1.0; LANES]; 257], |_, group| sums.push(group[0]));
        assert_eq!((sums.len(), sums[3]), (128, 0.0));
        assert!(sums.iter().enumerate().all(|(band, sum)| band == 3 || *sum > 0.0));
    }
}
