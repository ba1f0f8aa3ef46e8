//! A part of an example, drawn out to the size of the whole.

use serde::{Deserialize, Serialize};

use super::{Shape, Spec};
use crate::setting::{SettingError, check_share};
use earmark_core::random::{self, ChaCha8Rng};

/// Cuts a rectangle out of an example and enlarges it to the example's size: a change of tempo and of pitch at once.
///
/// The rule is that of torchvision's transform of this name, which argus-2019 uses ("helps a lot, but I can't explain
/// why"), but for the aspect, which is relative to the example's own so that it suits examples of any shape: argus's 1.7 to 2.3
/// frames a band of an example of 256 x 128 are 0.85 to 1.15.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ResizedCrop {
    /// Smallest area, as a share of the example.
    pub min_area: f64,
    /// Largest area, as a share of the example.
    pub max_area: f64,
    /// Narrowest: frames a band, relative to the whole example.
    pub min_aspect: f64,
    /// Widest: frames a band, relative to the whole example.
    pub max_aspect: f64,
}

impl Default for ResizedCrop {
    /// argus-2019's.
    fn default() -> Self {
        Self {
            min_area: 0.8,
            max_area: 1.0,
            min_aspect: 0.85,
            max_aspect: 1.15,
        }
    }
}

/// A rectangle as drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resize {
    /// The first band.
    pub band: usize,
    /// How many bands.
    pub bands: usize,
    /// The first frame.
    pub frame: usize,
    /// How many frames.
    pub frames: usize,
}

/// Rectangles tried before the fallback.
const ATTEMPTS: usize = 10;

impl ResizedCrop {
    pub(super) fn check(&self, section: &str) -> Result<(), SettingError> {
        check_share(section, "max-area", self.max_area)?;
        if !(self.min_area > 0.0 && self.min_area <= self.max_area) {
            let remedy = format!("must be above 0 and not above max-area = {}", self.max_area);
            return Err(SettingError::new(section, "min-area", self.min_area, remedy));
        }
        if !(0.01..=100.0).contains(&self.max_aspect) {
            let remedy = "must be between 0.01 and 100; 1 is the example's own";
            return Err(SettingError::new(section, "max-aspect", self.max_aspect, remedy));
        }
        if !(0.01..=self.max_aspect).contains(&self.min_aspect) {
            let remedy = format!(
                "must be between 0.01 and max-aspect = {}; 1 is the example's own",
                self.max_aspect
            );
            return Err(SettingError::new(section, "min-aspect", self.min_aspect, remedy));
        }
        Ok(())
    }

    /// Draws a rectangle of an example of this shape: the area uniform, the aspect uniform in its logarithm, the place
    /// uniform. Where ten of them don't fit, the largest one in the middle whose aspect is allowed.
    pub fn draw(&self, rng: &mut ChaCha8Rng, shape: Shape) -> Resize {
        let Shape { bands, frames, .. } = shape;
        let own = frames as f64 / bands.max(1) as f64;
        let (low, high) = (libm::log(self.min_aspect), libm::log(self.max_aspect));
        for _ in 0..ATTEMPTS {
            let area = random::uniform(rng, self.min_area, self.max_area) * (bands * frames) as f64;
            let aspect = own * libm::exp(random::uniform(rng, low, high));
            let wide = (area * aspect).sqrt().round_ties_even() as usize;
            let high = (area / aspect).sqrt().round_ties_even() as usize;
            if (1..=frames).contains(&wide) && (1..=bands).contains(&high) {
                return Resize {
                    band: random::below(rng, bands - high + 1),
                    bands: high,
                    frame: random::below(rng, frames - wide + 1),
                    frames: wide,
                };
            }
        }
        let (mut high, mut wide) = (bands, frames);
        if self.min_aspect > 1.0 {
            high = ((bands as f64 / self.min_aspect) as usize).clamp(1, bands.max(1));
        } else if self.max_aspect < 1.0 {
            wide = ((frames as f64 * self.max_aspect) as usize).clamp(1, frames.max(1));
        }
        Resize {
            band: (bands - high.min(bands)) / 2,
            bands: high.min(bands),
            frame: (frames - wide.min(frames)) / 2,
            frames: wide.min(frames),
        }
    }
}

impl Resize {
    /// Enlarges the rectangle to the whole, by bilinear interpolation between the middles of the cells; beyond the outermost
    /// middles the outermost value holds.
    pub fn apply(&self, spec: &mut Spec) {
        let Shape { bands, frames, .. } = spec.shape();
        let whole = self.bands == bands && self.frames == frames;
        if whole || self.bands == 0 || self.frames == 0 {
            return;
        }
        let columns = taps(self.frames, frames);
        let rows = taps(self.bands, bands);
        let mut wide = vec![0.0; self.bands * frames];
        for plane in spec.planes() {
            // First along time, [cut bands, frames], then along frequency.
            for (band, out) in wide.chunks_exact_mut(frames).enumerate() {
                let row = &plane[(self.band + band) * frames + self.frame..][..self.frames];
                for (out, &(at, next, share)) in out.iter_mut().zip(&columns) {
                    *out = row[at] + share * (row[next] - row[at]);
                }
            }
            for (out, &(at, next, share)) in plane.chunks_exact_mut(frames).zip(&rows) {
                let (low, high) = (&wide[at * frames..][..frames], &wide[next * frames..][..frames]);
                for ((out, low), high) in out.iter_mut().zip(low).zip(high) {
                    *out = low + share * (high - low);
                }
            }
        }
    }
}

/// For each of `to` places the two of `from` that it lies between, and how near it is to the second.
fn taps(from: usize, to: usize) -> Vec<(usize, usize, f32)> {
    (0..to)
        .map(|place| {
            let at = (place as f64 + 0.5) * from as f64 / to as f64 - 0.5;
            let at = at.clamp(0.0, (from - 1) as f64);
            let first = at.floor() as usize;
            (first, (first + 1).min(from - 1), (at - at.floor()) as f32)
        })
        .collect()
}
