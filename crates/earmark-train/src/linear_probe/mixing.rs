//! How a copy differs from what it is made of: a clip is moved and has background behind it, background has another
//! speed; both have another level, and noise. Drawn first, then applied.

use earmark_core::random::{self, ChaCha8Rng, Purpose};

/// How far the background is below the clip, in decibels.
const SNR_DB: [f64; 2] = [5.0, 40.0];
/// The change of level, in decibels.
const GAIN_DB: [f64; 2] = [-10.0, 6.0];
/// The level of white noise, as the exponent of a tenth of full scale.
const NOISE_EXPONENT: [f64; 2] = [2.5, 4.5];
/// How far a clip is moved, in windows. Windows of a recording begin half a window apart, and the mean of
/// two is what counts, of which the second may have no more than half of a sound.
const SHIFT: [f64; 2] = [-0.5, 0.5];
/// The least level of what is left of a moved clip, as a share of the clip's own; with less, its sound
/// was in the other part.
const LEAST_LEFT: f64 = 0.3;
/// The speed of background, as the exponent of 2: sounds that are not in the background as it is.
const SPEED_EXPONENT: [f64; 2] = [-1.0, 1.0];

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
    shift: f64,
    speed: f64,
}

impl CopyDraw {
    /// Draws a copy of an example, to be mixed with one of `pieces` pieces of background.
    pub fn of(example: usize, copy: usize, pieces: usize) -> Self {
        let path = [example as u64, copy as u64];
        let rng = &mut stream(&path);
        let mut within = |[low, high]: [f64; 2]| random::uniform(rng, low, high);
        let (snr_db, gain_db) = (within(SNR_DB), within(GAIN_DB));
        let noise = 10_f64.powf(-within(NOISE_EXPONENT));
        let (shift, speed) = (within(SHIFT), within(SPEED_EXPONENT).exp2());
        Self {
            path,
            piece: random::below(rng, pieces),
            snr_db,
            gain_db,
            noise,
            shift,
            speed,
        }
    }

    /// The copy of a clip, whose length it keeps: the clip is moved and background added, then the level is changed and
    /// noise added. Recordings are cut into windows of `window` samples.
    pub fn of_clip(&self, clip: &[f32], background: Option<&[f32]>, window: usize) -> Vec<f32> {
        let mut samples = moved(clip, self.shift * clip.len().min(window) as f64);
        if let Some(background) = background {
            add_background(
                &mut samples,
                background,
                rms(clip.iter()) * amplitude(-self.snr_db),
            );
        }
        self.at_another_level(samples)
    }

    /// The copy of a piece of background, whose length it keeps: its speed and level are changed, then noise is added.
    pub fn of_background(&self, piece: &[f32]) -> Vec<f32> {
        self.at_another_level(at_speed(piece, self.speed))
    }

    /// Changes the level, then adds noise.
    fn at_another_level(&self, mut samples: Vec<f32>) -> Vec<f32> {
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

/// A clip that begins `by` samples later, or earlier if that is below 0, with silence where nothing of it is; as it was
/// if too little of its sound would be left.
fn moved(clip: &[f32], by: f64) -> Vec<f32> {
    let far = (by.abs().round() as usize).min(clip.len());
    let left = clip.len() - far;
    let (from, to) = if by < 0.0 { (far, 0) } else { (0, far) };
    let kept = &clip[from..from + left];
    if rms(kept.iter()) < LEAST_LEFT * rms(clip.iter()) {
        return clip.to_vec();
    }
    let mut samples = vec![0.0; clip.len()];
    samples[to..to + left].copy_from_slice(kept);
    samples
}

/// A sound at another speed, and so at another pitch, cut or repeated to the same length. Values between samples are on
/// the line through both.
fn at_speed(sound: &[f32], speed: f64) -> Vec<f32> {
    let at = |i: usize| {
        let place = i as f64 * speed;
        let [before, after] = [0, 1].map(|k| sound[(place as usize + k) % sound.len()]);
        before + (after - before) * place.fract() as f32
    };
    (0..sound.len()).map(at).collect()
}

/// Adds background, cut or repeated to the same length, with the root mean square `level`; nothing if it is silent.
fn add_background(samples: &mut [f32], background: &[f32], level: f64) {
    let behind = background.iter().cycle().take(samples.len());
    let own = rms(behind.clone());
    if own > 0.0 {
        let factor = level / own;
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

    /// A draw that moves nothing and leaves speed and level alone, almost without noise.
    fn plain() -> CopyDraw {
        CopyDraw {
            path: [5, 2],
            piece: 0,
            snr_db: 20.0,
            gain_db: 0.0,
            noise: 1e-9,
            shift: 0.0,
            speed: 1.0,
        }
    }

    /// The background is as far below the clip as was drawn, whether it is longer, shorter or louder.
    #[test]
    fn background_has_the_level_that_was_drawn() {
        let clip = tone(8000, 0.2);
        for (length, level) in [(20_000, 1.0), (8000, 0.001), (700, 50.0), (1, 0.5)] {
            let background: Vec<f32> = tone(length, 1.7).iter().map(|x| level * (x + 0.01)).collect();
            // Half of a moved clip is silence, and the background as loud as behind all of it.
            for (snr_db, shift) in [(5.0, 0.0), (22.2, 0.0), (40.0, 0.0), (22.2, 0.5), (22.2, -0.5)] {
                let draw = CopyDraw {
                    snr_db,
                    shift,
                    ..plain()
                };
                let mixed = draw.of_clip(&clip, Some(&background), usize::MAX);
                let bare = moved(&clip, shift * 8000.0);
                let added: Vec<f32> = mixed.iter().zip(&bare).map(|(m, c)| m - c).collect();
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
            add_background(&mut mixed, &background, 0.1 * rms(clip.iter()));
            assert_eq!(mixed, clip, "silence has no level");
        }
    }

    #[test]
    fn a_moved_clip_keeps_its_length_and_most_of_its_sound() {
        let clip = [0.1, 0.2, 0.3, 0.4];
        assert_eq!(moved(&clip, 1.2), [0.0, 0.1, 0.2, 0.3]);
        assert_eq!(moved(&clip, -1.8), [0.3, 0.4, 0.0, 0.0]);
        assert_eq!(moved(&clip, 0.0), clip);
        assert_eq!(moved(&[], 3.0), [0.0; 0]);
        // All of the sound is in the first half: what moves it out is not done, the other way is.
        let early = [0.5, -0.5, 0.01, 0.02];
        assert_eq!(moved(&early, -2.0), early);
        assert_eq!(moved(&early, 2.0), [0.0, 0.0, 0.5, -0.5]);
        // By half a window at most, however long the clip is.
        let long = tone(1000, 0.2);
        let far = CopyDraw {
            shift: 0.5,
            ..plain()
        };
        let copy = far.of_clip(&long, None, 100);
        let wanted = moved(&long, 50.0);
        assert!(copy.iter().zip(&wanted).all(|(a, b)| (a - b).abs() < 1e-6));
    }

    #[test]
    fn background_at_another_speed_has_another_pitch_and_the_same_length() {
        assert_eq!(at_speed(&[0.0, 1.0, 2.0, 3.0], 2.0), [0.0, 2.0, 0.0, 2.0]);
        assert_eq!(at_speed(&[0.0, 1.0, 2.0, 3.0], 0.5), [0.0, 0.5, 1.0, 1.5]);
        assert_eq!(at_speed(&[0.0, 1.0, 2.0], 1.25), [0.0, 1.25, 1.0]);
        assert_eq!(at_speed(&[], 2.0), [0.0; 0]);
        let (sound, faster) = (tone(4000, 0.02), tone(4000, 0.03));
        let got = at_speed(&sound, 1.5);
        // Up to where the sound is repeated.
        let mut pairs = got.iter().zip(&faster).take(2600);
        assert!(pairs.all(|(a, b)| (a - b).abs() < 1e-3));
        let draw = CopyDraw {
            speed: 1.5,
            ..plain()
        };
        let copy = draw.of_background(&sound);
        assert!(copy.iter().zip(&got).all(|(a, b)| (a - b).abs() < 1e-6));
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
            (spread(|d| d.shift), SHIFT),
            (spread(|d| d.speed.log2()), SPEED_EXPONENT),
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
        let silence = draw.of_background(&[0.0; 20_000]);
        let noise = rms(silence.iter());
        assert!((noise / draw.noise - 1.0).abs() < 0.05, "{noise}, {draw:?}");
        let clip = tone(20_000, 0.3);
        let copy = draw.of_clip(&clip, None, 20_000);
        let clean: Vec<f32> = copy.iter().zip(&silence).map(|(c, n)| c - n).collect();
        let got = decibels(&clean, &moved(&clip, draw.shift * 20_000.0));
        assert!((got - draw.gain_db).abs() < 0.01, "{got}, {draw:?}");
        assert_eq!(draw.of_clip(&clip, None, 20_000), copy);
        assert_ne!(CopyDraw::of(5, 3, 1).of_background(&[0.0; 100]), silence[..100]);
    }
}
