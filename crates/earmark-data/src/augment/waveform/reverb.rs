//! The echoes of a room, of its simplest model: noise that dies away exponentially (Polack 1988).

use rand::Rng;
use serde::{Deserialize, Serialize};

use super::check_bounds;
use super::fourier::convolve;
use crate::setting::{SettingError, check_share};
use earmark_core::random::{self, ChaCha8Rng};

/// Puts a clip into a made-up room.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Reverb {
    /// Probability that a clip is changed.
    pub prob: f64,
    /// Shortest time in which echoes fall by 60 dB, in seconds.
    pub min_t60_seconds: f64,
    /// Longest such time, in seconds.
    pub max_t60_seconds: f64,
    /// Least energy of the echoes relative to the direct sound, in decibels.
    pub min_wet_db: f64,
    /// Most energy of the echoes, in decibels.
    pub max_wet_db: f64,
}

impl Default for Reverb {
    /// From a furnished room to a hall.
    fn default() -> Self {
        Self {
            prob: 0.5,
            min_t60_seconds: 0.2,
            max_t60_seconds: 1.5,
            min_wet_db: -20.0,
            max_wet_db: 0.0,
        }
    }
}

/// A room as drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Room {
    /// Time in which echoes fall by 60 dB, in seconds.
    pub t60_seconds: f64,
    /// Energy of the echoes relative to the direct sound, in decibels.
    pub wet_db: f64,
    /// The key of the stream that its echoes come from.
    pub key: u64,
}

impl Reverb {
    pub(super) fn check(&self, section: &str) -> Result<(), SettingError> {
        check_share(section, "prob", self.prob)?;
        check_bounds(
            section,
            ("min-t60-seconds", self.min_t60_seconds),
            ("max-t60-seconds", self.max_t60_seconds),
            (0.01, 20.0),
        )?;
        check_bounds(
            section,
            ("min-wet-db", self.min_wet_db),
            ("max-wet-db", self.max_wet_db),
            (-80.0, 40.0),
        )
    }

    pub(super) fn draw(&self, rng: &mut ChaCha8Rng) -> Option<Room> {
        let drawn = random::chance(rng, self.prob);
        let room = Room {
            t60_seconds: random::uniform(rng, self.min_t60_seconds, self.max_t60_seconds),
            wet_db: random::uniform(rng, self.min_wet_db, self.max_wet_db),
            key: rng.next_u64(),
        };
        drawn.then_some(room)
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
        let energy: f64 = response.iter().map(|echo| echo * echo).sum();
        let factor = libm::pow(10.0, self.wet_db / 20.0) / energy.max(f64::MIN_POSITIVE).sqrt();
        response.iter_mut().for_each(|echo| *echo *= factor);
        response[0] = 1.0;
        response
    }

    /// The clip in the room, as long as before and with the same energy, so that a room does not tell itself by loudness.
    pub fn apply(&self, samples: Vec<f32>, sample_rate_hz: u32) -> Vec<f32> {
        let energy = |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>();
        let before = energy(&mut samples.iter().map(|&sample| f64::from(sample)));
        if before == 0.0 {
            return samples;
        }
        let wet = convolve(&samples, &self.response(sample_rate_hz));
        let after = energy(&mut wet.iter().copied());
        let factor = (before / after.max(f64::MIN_POSITIVE)).sqrt();
        wet.into_iter().map(|sample| (factor * sample) as f32).collect()
    }
}
