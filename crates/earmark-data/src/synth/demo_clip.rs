//! One clip: a background, one or two sounds at random levels, a random overall gain.

use super::demo_sound::{DemoSound, SAMPLE_RATE_HZ};
use earmark_core::random::{self, ChaCha8Rng};

/// The samples of a clip of 1 to 4 s with `sounds`.
pub(super) fn render(sounds: &[DemoSound], rng: &mut ChaCha8Rng) -> Vec<f32> {
    let seconds = random::uniform(rng, 1.0, 4.0);
    let length = (seconds * f64::from(SAMPLE_RATE_HZ)) as usize;
    mix(length, sounds, |sound, rng| sound.render(length, rng), rng)
}

/// The `length` samples of a clip with these sounds, each as `render` makes it, at any level.
pub(super) fn mix<S>(
    length: usize,
    sounds: &[S],
    render: impl Fn(&S, &mut ChaCha8Rng) -> Vec<f64>,
    rng: &mut ChaCha8Rng,
) -> Vec<f32> {
    let mut mix = background(length, rng);
    for sound in sounds {
        let samples = render(sound, rng);
        let peak = peak(&samples);
        // The second sound may be up to 12 dB below the first or above it, but never lost in the background.
        let level = decibels(random::uniform(rng, -12.0, 0.0));
        let scale = if peak > 0.0 { level / peak } else { 0.0 };
        for (out, sample) in mix.iter_mut().zip(&samples) {
            *out += scale * sample;
        }
    }
    let gain = decibels(random::uniform(rng, -15.0, -1.0)) / peak(&mix).max(1e-9);
    mix.into_iter().map(|sample| (sample * gain) as f32).collect()
}

/// Noise between white and brownish, 35 to 55 dB below full scale, with mains hum in some clips.
fn background(length: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let level = decibels(random::uniform(rng, -55.0, -35.0));
    let smoothing = random::uniform(rng, 0.0, 0.95);
    let hum_level = if random::chance(rng, 0.3) { level } else { 0.0 };
    let hum_step = 50.0 / f64::from(SAMPLE_RATE_HZ);
    let mut smooth = 0.0;
    (0..length)
        .map(|index| {
            smooth = smoothing * smooth + (1.0 - smoothing) * random::uniform(rng, -1.0, 1.0);
            // Smoothing by `a` leaves (1 - a) / (1 + a) of the power: restore it, so that `level` is the level.
            let noise = smooth * ((1.0 + smoothing) / (1.0 - smoothing)).sqrt();
            level * noise + hum_level * libm::sin(std::f64::consts::TAU * hum_step * index as f64)
        })
        .collect()
}

fn peak(samples: &[f64]) -> f64 {
    samples
        .iter()
        .fold(0.0_f64, |peak, sample| peak.max(sample.abs()))
}

/// The factor of an amplitude that is `level` decibels.
fn decibels(level: f64) -> f64 {
    libm::pow(10.0, level / 20.0)
}
