//! Which notes sound, from spectra: twelve rows from C to B.
//!
//! After `librosa.filters.chroma` and `feature.chroma_stft` of 0.6.2 (D. Ellis 2007): a bin counts for the notes around it by a
//! Gaussian as wide as itself, and most around C5 or so (440 Hz x 2, two octaves each way), where notes are told apart best.

use super::transform::{BINS, FFT};

/// Notes of an octave.
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
    // The bin at 0 Hz has no pitch: it is put one and a half octaves below the next.
    let place = |k: usize| if k == 0 { pitch(1) - 1.5 * notes } else { pitch(k) };
    let column = |k: usize| {
        let width = (place(k + 1) - place(k)).max(1.0);
        let mut column: [f64; NOTES] = std::array::from_fn(|note| {
            // A is note 0 of `place`, C note 0 of what comes out.
            let a_based = (note + 3) % NOTES;
            let half = notes / 2.0;
            let distance = (place(k) - a_based as f64 + half + 10.0 * notes).rem_euclid(notes) - half;
            (-0.5 * (2.0 * distance / width).powi(2)).exp()
        });
        let norm = column.iter().map(|w| w * w).sum::<f64>().sqrt();
        let octave = (-0.5 * ((place(k) / notes - CENTRE_OCTAVE) / WIDTH_OCTAVES).powi(2)).exp();
        column.iter_mut().for_each(|w| *w *= octave / norm);
        column
    };
    (0..BINS).map(column).collect()
}

/// Notes of one spectrum, the loudest 1; all 0 in silence.
pub(super) fn chroma(bank: &[[f64; NOTES]], magnitudes: &[f32]) -> [f64; NOTES] {
    let mut notes = [0.0; NOTES];
    for (column, x) in bank.iter().zip(magnitudes) {
        for (note, w) in notes.iter_mut().zip(column) {
            *note += w * f64::from(*x);
        }
    }
    normalised_to_loudest(notes)
}

/// Divided by the greatest, where that is any.
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
