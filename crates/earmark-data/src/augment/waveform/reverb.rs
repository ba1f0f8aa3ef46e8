//! Adds the echoes of a room in its simplest model: noise that decays exponentially (Polack 1988).

use earmark_core::random::{self, ChaCha8Rng};
use earmark_core::{Check, ConfigError};
use rand::Rng;

use super::fourier::convolve;
use super::interface::{WaveformAugmentation, WaveformChange, energy, when};
use crate::augment::bounds::check_ends;
use crate::settings::settings;

settings! {
    /// Adds the echoes of a synthetic room.
    // The defaults reach from a furnished room to a hall.
    pub struct Reverb {
        /// Probability that a clip is changed.
        pub prob: f64 = 0.5,
        /// Shortest time in which echoes decay by 60 dB, in seconds.
        pub min_t60_seconds: f64 = 0.2,
        /// Longest time in which echoes decay by 60 dB, in seconds.
        pub max_t60_seconds: f64 = 1.5,
        /// Lowest energy of the echoes relative to the direct sound, in decibels.
        pub min_wet_db: f64 = -20.0,
        /// Highest energy of the echoes relative to the direct sound, in decibels.
        pub max_wet_db: f64 = 0.0,
    }
}

/// A room as drawn.
#[derive(Clone, Copy, Debug, derive_more::Display, PartialEq)]
#[display("room of {t60_seconds:.2} s, {wet_db:+.1} dB")]
pub struct Room {
    /// Time in which echoes decay by 60 dB, in seconds.
    pub t60_seconds: f64,
    /// Energy of the echoes relative to the direct sound, in decibels.
    pub wet_db: f64,
    /// Key of the random stream that its echoes come from.
    pub key: u64,
}

impl Check for Reverb {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::check_share("prob", self.prob)?;
        let (low, high) = (self.min_t60_seconds, self.max_t60_seconds);
        check_ends(("min-t60-seconds", low), ("max-t60-seconds", high), 0.01..=20.0)?;
        let (low, high) = (self.min_wet_db, self.max_wet_db);
        check_ends(("min-wet-db", low), ("max-wet-db", high), -80.0..=40.0)
    }
}

impl WaveformAugmentation for Reverb {
    fn draw(&self, rng: &mut ChaCha8Rng, _: usize, _: u32) -> Option<Box<dyn WaveformChange>> {
        let drawn = random::chance(rng, self.prob);
        let room = Room {
            t60_seconds: random::uniform(rng, self.min_t60_seconds, self.max_t60_seconds),
            wet_db: random::uniform(rng, self.min_wet_db, self.max_wet_db),
            key: rng.next_u64(),
        };
        when(drawn, room)
    }
}

impl Room {
    /// The impulse response, as long as the echoes are above -60 dB: the direct sound, 1, then the echoes.
    pub fn response(&self, sample_rate_hz: u32) -> Vec<f64> {
        let length = ((self.t60_seconds * f64::from(sample_rate_hz)) as usize).max(1);
        let decay = libm::pow(10.0, -3.0 / (self.t60_seconds * f64::from(sample_rate_hz)));
        let mut rng = random::stream(self.key, &[]);
        let mut level = 1.0;
        let mut response: Vec<f64> = (0..=length)
            .map(|_| {
                let echo = level * random::normal_f64(&mut rng);
                level *= decay;
                echo
            })
            .collect();
        response[0] = 0.0;
        let energy = energy(response.iter().copied()).max(f64::MIN_POSITIVE);
        let factor = libm::pow(10.0, self.wet_db / 20.0) / energy.sqrt();
        response.iter_mut().for_each(|echo| *echo *= factor);
        response[0] = 1.0;
        response
    }
}

impl WaveformChange for Room {
    /// The clip in the room, as long as before and with the same energy, so that loudness does not give the room away.
    fn apply(&self, samples: Vec<f32>, sample_rate_hz: u32) -> Vec<f32> {
        let before = energy(samples.iter().map(|&sample| f64::from(sample)));
        if before == 0.0 {
            return samples;
        }
        let wet = convolve(&samples, &self.response(sample_rate_hz));
        let after = energy(wet.iter().copied());
        let factor = (before / after.max(f64::MIN_POSITIVE)).sqrt();
        wet.into_iter().map(|sample| (factor * sample) as f32).collect()
    }
}
