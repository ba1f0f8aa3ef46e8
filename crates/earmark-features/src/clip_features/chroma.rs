//! Chroma: the level of each note, from spectra, in twelve rows from C to B.
//!
//! After `librosa.filters.chroma` and `feature.chroma_stft` of 0.6.2 (D. Ellis 2007): a bin counts for the notes
//! around it by a Gaussian of its own width, and most around A5 (880 Hz, two octaves each way), where notes are
//! separated best.

use super::stft::{BINS, FFT};

/// Notes per octave.
pub(super) const NOTES: usize = 12;
/// Centre of the weight over octaves, counted from A0 = 27.5 Hz.
const CENTRE_OCTAVE: f64 = 5.0;
/// Its width in octaves.
const WIDTH_OCTAVES: f64 = 2.0;

/// The weight of each bin for each note, `[BINS][NOTES]`; `tuning` in semitones.
pub(super) fn bank(rate: f64, tuning: f64) -> Vec<[f64; NOTES]> {
    let notes = NOTES as f64;
    let a0 = 440.0 * 2.0_f64.powf(tuning / notes) / 16.0;
    let pitch = |k: usize| notes * (k as f64 * rate / FFT as f64 / a0).log2();
    // The bin at 0 Hz has no pitch: it is placed one and a half octaves below the next one.
    let position = |k: usize| if k == 0 { pitch(1) - 1.5 * notes } else { pitch(k) };
    let column = |k: usize| {
        let width = (position(k + 1) - position(k)).max(1.0);
        let mut column: [f64; NOTES] = std::array::from_fn(|note| {
            // A is note 0 of `position`, C is note 0 of the result.
            let a_based = (note + 3) % NOTES;
            let half = notes / 2.0;
            let distance = (position(k) - a_based as f64 + half + 10.0 * notes).rem_euclid(notes) - half;
            (-0.5 * (2.0 * distance / width).powi(2)).exp()
        });
        let norm = column.iter().map(|w| w * w).sum::<f64>().sqrt();
        let octave = (-0.5 * ((position(k) / notes - CENTRE_OCTAVE) / WIDTH_OCTAVES).powi(2)).exp();
        column.iter_mut().for_each(|w| *w *= octave / norm);
        column
    };
    (0..BINS).map(column).collect()
}

/// Notes of one spectrum, scaled so that the loudest is 1; all 0 in silence.
pub(super) fn chroma(bank: &[[f64; NOTES]], magnitudes: &[f32]) -> [f64; NOTES] {
    let mut notes = [0.0; NOTES];
    for (column, x) in bank.iter().zip(magnitudes) {
        for (note, w) in notes.iter_mut().zip(column) {
            *note += w * f64::from(*x);
        }
    }
    normalised_to_loudest(notes)
}

/// Divided by the loudest, unless all are silent.
pub(super) fn normalised_to_loudest(mut notes: [f64; NOTES]) -> [f64; NOTES] {
    let loudest = notes.iter().copied().fold(0.0, f64::max);
    if loudest >= f64::from(f32::MIN_POSITIVE) {
        notes.iter_mut().for_each(|note| *note /= loudest);
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_is_its_note() {
        let bank = bank(44_100.0, 0.0);
        // Bin 41 is 882.8 Hz, A5; bin 73 is 1,571.9 Hz, G6.
        for (bin, note) in [(41, 9), (73, 7)] {
            let mut frame = vec![0.0; BINS];
            frame[bin] = 0.3;
            let notes = chroma(&bank, &frame);
            assert_eq!(notes[note], 1.0);
            assert!(
                notes.iter().enumerate().all(|(i, x)| i == note || *x < 0.7),
                "{notes:?}"
            );
        }
        assert_eq!(chroma(&bank, &[0.0; BINS]), [0.0; NOTES]);
    }
}
