//! The sound of a class of a published set: one of the demo's ten kinds at one of four speeds, steady or throbbing, so
//! that up to 80 classes differ.

use earmark_core::random::ChaCha8Rng;
use std::f64::consts::TAU;

use super::demo_sound::{DemoSound, SAMPLE_RATE_HZ};

/// How fast the speeds are, in octaves: pitch and tempo follow.
const OCTAVES: [f64; 4] = [-1.35, -0.45, 0.45, 1.35];

/// Where the treble begins to fall at the speed 1.
const CUTOFF_HZ: f64 = 6_000.0;

/// How often a sound throbs per second.
const THROB_HZ: f64 = 6.0;

/// `length` samples of a class, at any level.
pub(super) fn render(class: usize, length: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let (kind, variant) = (class % DemoSound::ALL.len(), class / DemoSound::ALL.len());
    let speed = libm::exp2(OCTAVES[variant % OCTAVES.len()]);
    let source = some_sound(DemoSound::ALL[kind], (length as f64 * speed) as usize + 2, rng);
    let is_throbbing = variant / OCTAVES.len() % 2 == 1;
    let rate = f64::from(SAMPLE_RATE_HZ);
    let smoothing = libm::exp(-TAU * CUTOFF_HZ * speed / rate);
    let mut smooth = 0.0;
    (0..length)
        .map(|index| {
            let at = index as f64 * speed;
            let (before, between) = (at as usize, at.fract());
            let sample = source[before] + between * (source[before + 1] - source[before]);
            smooth = sample + smoothing * (smooth - sample);
            match is_throbbing {
                true => smooth * 0.5 * (1.0 - libm::cos(TAU * THROB_HZ * index as f64 / rate)),
                false => smooth,
            }
        })
        .collect()
}

/// Some samples of a sound. In a short piece it may begin too late: then it is drawn again.
fn some_sound(sound: DemoSound, length: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let mut samples = Vec::new();
    for _ in 0..40 {
        samples = sound.render(length, rng);
        // Not in the last tenth alone, which may be cut off.
        if samples[..length - length / 10]
            .iter()
            .any(|sample| *sample != 0.0)
        {
            break;
        }
    }
    samples
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_core::random;

    #[test]
    fn classes_of_one_kind_differ() {
        let render = |class| render(class, 20_000, &mut random::stream(1, &[0]));
        // Bells: four speeds, steady and throbbing.
        let bells: Vec<Vec<f64>> = (0..8).map(|variant| render(10 * variant)).collect();
        for (k, bell) in bells.iter().enumerate() {
            assert_eq!(bell.len(), 20_000);
            assert!(bells[..k].iter().all(|other| other != bell), "{k}");
        }
        assert_eq!(render(70)[0], 0.0, "a throb begins with silence");
    }

    #[test]
    fn the_shortest_clips_have_some_sound() {
        let length = 3 * SAMPLE_RATE_HZ as usize / 10;
        for class in 0..80 {
            for seed in 0..3 {
                let samples = render(class, length, &mut random::stream(seed, &[0]));
                assert!(samples.iter().any(|sample| sample.abs() > 0.0), "{class}");
            }
        }
    }
}
