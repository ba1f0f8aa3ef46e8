//! The rows behind the first 985 features: 197 values per frame, in blocks.

use super::chroma::{self, NOTES, normalised_to_loudest};
use super::constant_q::{notes, tonal_centroid};
use super::harmonic_part::keep_harmonic;
use super::spectral_contrast::{self, contrast};
use super::spectral_moments::moments;
use super::stft::{BINS, FFT, InvertibleStft, magnitudes};
use super::tuning::tuning;
use super::zero_crossings::zero_crossings;
use crate::mel::{Mel, MelNorm, MelScale, Triangles, support};
use std::f64::consts::PI;

const MELS: usize = 128;
const CEPSTRA: usize = 40;

/// The blocks of rows in order: name, number of rows (several are numbered), and the unit that follows the number.
pub(super) const BLOCKS: [(&str, usize, &str); 9] = [
    ("mel", MELS, ""),
    ("mfcc", CEPSTRA, ""),
    ("chroma", NOTES, ""),
    ("contrast", spectral_contrast::BANDS, "-db"),
    ("roll-off", 1, "-hz"),
    ("centroid", 1, "-hz"),
    ("bandwidth", 1, "-hz"),
    ("tonnetz", 6, ""),
    ("zero-crossings", 1, ""),
];

/// The tables of all rows, shared by threads.
pub(super) struct FrameRows {
    rate: f64,
    stft: InvertibleStft,
    /// First bin and weights of each band.
    mel: Vec<(usize, Vec<f64>)>,
    /// `[BINS][CEPSTRA]`.
    cosines: Vec<[f64; CEPSTRA]>,
}

impl FrameRows {
    pub fn new(sample_rate_hz: u32) -> Self {
        let mel = Mel {
            bands: MELS as u32,
            min_hz: 0.0,
            max_hz: f64::from(sample_rate_hz) / 2.0,
            scale: MelScale::Slaney,
            triangles: Triangles::Hz,
            norm: MelNorm::Slaney,
        };
        let matrix = mel.matrix(sample_rate_hz, FFT).expect("up to half the rate");
        let sparse = |row: &Vec<f64>| {
            let bins = support(row);
            (bins.start, row[bins].to_vec())
        };
        // Quirk(mobilenetv2-pca-2018): the cosine transform is applied to the 1,025 magnitudes, where cepstra use
        // logarithms of mel bands.
        let cosine = |bin: usize, c: usize| {
            let scale = if c == 0 { 1.0 } else { 2.0 };
            let angle = PI * c as f64 * (2 * bin + 1) as f64 / (2 * BINS) as f64;
            (scale / BINS as f64).sqrt() * angle.cos()
        };
        let cosines = |bin| std::array::from_fn(|c| cosine(bin, c));
        Self {
            rate: f64::from(sample_rate_hz),
            stft: InvertibleStft::new(),
            mel: matrix.iter().map(sparse).collect(),
            cosines: (0..BINS).map(cosines).collect(),
        }
    }

    /// All rows of a clip, `[197][frames]`, in the order of [`BLOCKS`].
    pub fn of(&self, samples: &[f32]) -> Vec<Vec<f64>> {
        let mut spectra = self.stft.spectra(samples);
        let magnitudes = magnitudes(&spectra);
        let mut rows = self.frame_rows(&magnitudes);
        let start = MELS + CEPSTRA + NOTES;
        rows.splice(start..start, contrast(&magnitudes, self.rate));
        keep_harmonic(&mut spectra, &magnitudes);
        rows.extend(self.tonnetz(&self.stft.signal(&spectra, samples.len())));
        rows.push(zero_crossings(samples));
        rows
    }

    /// Rows that depend on one spectrum at a time: mel, cosine transform, chroma, roll-off, centroid, bandwidth.
    fn frame_rows(&self, magnitudes: &[f32]) -> Vec<Vec<f64>> {
        let frames = magnitudes.len() / BINS;
        let bank = chroma::bank(self.rate, tuning(magnitudes, self.rate));
        let mut rows = vec![vec![0.0; frames]; MELS + CEPSTRA + NOTES + 3];
        for (t, frame) in magnitudes.chunks_exact(BINS).enumerate() {
            let (mel, rest) = rows.split_at_mut(MELS);
            for (row, (first, weights)) in mel.iter_mut().zip(&self.mel) {
                let pairs = weights.iter().zip(&frame[*first..]);
                row[t] = pairs.map(|(w, x)| w * f64::from(*x)).sum();
            }
            let mut cepstra = [0.0; CEPSTRA];
            for (cosines, x) in self.cosines.iter().zip(frame) {
                let x = f64::from(*x);
                for (sum, cosine) in cepstra.iter_mut().zip(cosines) {
                    *sum += cosine * x;
                }
            }
            let notes = chroma::chroma(&bank, frame);
            let values = cepstra.into_iter().chain(notes).chain(moments(self.rate, frame));
            for (row, value) in rest.iter_mut().zip(values) {
                row[t] = value;
            }
        }
        rows
    }

    /// Tonal centroids over time of the harmonic part.
    fn tonnetz(&self, harmonic: &[f32]) -> Vec<Vec<f64>> {
        let tuning = tuning(&magnitudes(&self.stft.spectra(harmonic)), self.rate);
        let frames = notes(harmonic, self.rate, tuning);
        let mut rows = vec![Vec::new(); 6];
        for notes in frames {
            let centroid = tonal_centroid(&normalised_to_loudest(notes));
            rows.iter_mut().zip(centroid).for_each(|(row, x)| row.push(x));
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_have_all_rows() {
        let rows = FrameRows::new(44_100);
        assert_eq!(BLOCKS.iter().map(|(_, rows, _)| rows).sum::<usize>(), 197);
        for (samples, frames) in [(0, 0), (1, 1), (511, 1), (5_000, 10)] {
            let x: Vec<f32> = (0..samples)
                .map(|i| ((i * 37) % 101) as f32 / 100.0 - 0.5)
                .collect();
            let got = rows.of(&x);
            assert_eq!(got.len(), 197);
            assert!(
                got.iter()
                    .all(|row| row.len() == frames && row.iter().all(|x| x.is_finite()))
            );
        }
    }
}
