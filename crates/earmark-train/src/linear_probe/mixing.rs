//! How a copy differs from what it is made of: background behind it, another level, noise. Drawn first, then applied.

use earmark_core::random::{self, ChaCha8Rng, Purpose};

/// How far the background is below the clip, in decibels.
const SNR_DB: [f64; 2] = [5.0, 40.0];
/// The change of level, in decibels.
const GAIN_DB: [f64; 2] = [-10.0, 6.0];
/// The level of white noise, as the exponent of a tenth of full scale.
const NOISE_EXPONENT: [f64; 2] = [2.5, 4.5];

/// The seed of all copies: the same data gives the same probe.
const SEED: u64 = 0;

/// The random stream of a piece of work on copies; it depends on nothing but what the path names.
pub(super) fn stream(path: &[u64]) -> ChaCha8Rng {
    let path: Vec<u64> = [Purpose::ProbeCopy as u64].iter().chain(path).copied().collect();
    random::stream(SEED, &path)
}

/// What was drawn for a copy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct CopyDraw {
    /// The example that is copied, and the number of the copy: its noise follows from them.
    path: [u64; 2],
    /// Which of the pieces of background is mixed in.
    pub piece: usize,
    snr_db: f64,
    gain_db: f64,
    /// Root mean square of the white noise.
    noise: f64,
}

impl CopyDraw {
    /// Draws a copy of an example, to be mixed with one of `pieces` pieces of background.
    pub fn of(example: usize, copy: usize, pieces: usize) -> Self {
        let path = [example as u64, copy as u64];
        let rng = &mut stream(&path);
        let mut within = |[low, high]: [f64; 2]| random::uniform(rng, low, high);
        let (snr_db, gain_db) = (within(SNR_DB), within(GAIN_DB));
        let noise = 10_f64.powf(-within(NOISE_EXPONENT));
        Self {
            path,
            piece: random::below(rng, pieces),
            snr_db,
            gain_db,
            noise,
        }
    }

    /// The copy: background is added, then the level is changed, then noise is added.
    pub fn apply(&self, clip: &[f32], background: Option<&[f32]>) -> Vec<f32> {
        let mut samples = clip.to_vec();
        if let Some(background) = background {
            add_background(&mut samples, background, self.snr_db);
        }
        let gain = amplitude(self.gain_db);
        let rng = &mut stream(&[self.path[0], self.path[1], 1]);
        // Numbers between -w and w have the root mean square w / sqrt(3).
        let widest = self.noise * 3_f64.sqrt();
        for sample in &mut samples {
            *sample = (f64::from(*sample) * gain + random::uniform(rng, -widest, widest)) as f32;
        }
        samples
    }
}

/// Adds background, cut or repeated to the same length, that is `snr_db` softer; nothing where one of the two is
/// silent.
fn add_background(samples: &mut [f32], background: &[f32], snr_db: f64) {
    let behind = background.iter().cycle().take(samples.len());
    let (own, other) = (rms(samples.iter()), rms(behind.clone()));
    if own > 0.0 && other > 0.0 {
        let factor = own / other * amplitude(-snr_db);
        for (sample, behind) in samples.iter_mut().zip(behind) {
            *sample += (f64::from(*behind) * factor) as f32;
        }
    }
}

/// Root mean square; 0 without samples.
fn rms<'a>(samples: impl Iterator<Item = &'a f32>) -> f64 {
    let (mut sum, mut count) = (0.0, 0_usize);
    for sample in samples {
        sum += f64::from(*sample) * f64::from(*sample);
        count += 1;
    }
    (sum / count.max(1) as f64).sqrt()
}

/// The factor of a level in decibels.
fn amplitude(db: f64) -> f64 {
    10_f64.powf(db / 20.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(length: usize, step: f32) -> Vec<f32> {
        (0..length).map(|i| 0.3 * (i as f32 * step).sin()).collect()
    }

    fn decibels(a: &[f32], b: &[f32]) -> f64 {
        20.0 * (rms(a.iter()) / rms(b.iter())).log10()
    }

    /// The background is as far below the clip as was drawn, whether it is longer, shorter or louder.
    #[test]
    fn background_has_the_level_that_was_drawn() {
        let clip = tone(8000, 0.2);
        for (length, level) in [(20_000, 1.0), (8000, 0.001), (700, 50.0), (1, 0.5)] {
            let background: Vec<f32> = tone(length, 1.7).iter().map(|x| level * (x + 0.01)).collect();
            for snr_db in [5.0, 22.2, 40.0] {
                let mut mixed = clip.clone();
                add_background(&mut mixed, &background, snr_db);
                let added: Vec<f32> = mixed.iter().zip(&clip).map(|(m, c)| m - c).collect();
                let got = decibels(&clip, &added);
                assert!(
                    (got - snr_db).abs() < 0.01,
                    "{length}, {level}: {got} for {snr_db}"
                );
                // Repeated from its start.
                let again = (added[3] - added[(3 + length) % 8000]).abs();
                assert!(length >= 8000 || again < 1e-6, "{again}");
            }
        }
        for (clip, background) in [
            (clip.clone(), vec![0.0; 10]),
            (vec![0.0; 10], clip.clone()),
            (clip, vec![]),
        ] {
            let mut mixed = clip.clone();
            add_background(&mut mixed, &background, 5.0);
            assert_eq!(mixed, clip, "silence has no level");
        }
    }

    #[test]
    fn draws_are_within_bounds_and_follow_from_example_and_copy() {
        let all: Vec<CopyDraw> = (0..400).map(|k| CopyDraw::of(k / 4, k % 4, 7)).collect();
        let spread = |of: fn(&CopyDraw) -> f64| {
            let values = all.iter().map(of);
            let low = values.clone().fold(f64::INFINITY, f64::min);
            [low, values.fold(f64::NEG_INFINITY, f64::max)]
        };
        for (got, [low, high]) in [
            (spread(|d| d.snr_db), SNR_DB),
            (spread(|d| d.gain_db), GAIN_DB),
            (spread(|d| -d.noise.log10()), NOISE_EXPONENT),
            (spread(|d| d.piece as f64), [0.0, 6.0]),
        ] {
            let part = 0.05 * (high - low);
            assert!(got[0] >= low - 1e-9 && got[0] <= low + part, "{got:?}, {low}");
            assert!(got[1] <= high + 1e-9 && got[1] >= high - part, "{got:?}, {high}");
        }
        assert_eq!(CopyDraw::of(2, 1, 7), all[9]);
        assert_ne!(all[8].snr_db, all[9].snr_db);
        assert_eq!(CopyDraw::of(2, 1, 0).piece, 0, "without background");
    }

    #[test]
    fn a_copy_has_the_level_and_the_noise_that_were_drawn() {
        let draw = CopyDraw::of(5, 2, 1);
        let silence = draw.apply(&[0.0; 20_000], None);
        let noise = rms(silence.iter());
        assert!((noise / draw.noise - 1.0).abs() < 0.05, "{noise}, {draw:?}");
        let clip = tone(20_000, 0.3);
        let copy = draw.apply(&clip, None);
        let clean: Vec<f32> = copy.iter().zip(&silence).map(|(c, n)| c - n).collect();
        let got = decibels(&clean, &clip);
        assert!((got - draw.gain_db).abs() < 0.01, "{got}, {draw:?}");
        assert_eq!(draw.apply(&clip, None), copy);
        assert_ne!(CopyDraw::of(5, 3, 1).apply(&[0.0; 100], None), silence[..100]);
    }
}
