//! Enlarges a part of a segment to the size of the whole.

use std::borrow::Cow;

use earmark_core::random;
use earmark_core::{Check, ConfigError};
use earmark_features::Features;

use super::interface::{Drawing, SpectrogramAugmentation, SpectrogramChange, SpectrogramShape, planes};
use crate::augment::bounds::check_aspect;
use crate::settings::settings;

settings! {
    /// Cuts a rectangle out of a segment and enlarges it to the segment's size: a change of tempo and of pitch at once.
    // The rule is that of torchvision's transform of this name, which argus-2019 uses ("helps a lot, but I can't explain
    // why"), except for the aspect, which is relative to the segment's own so that it suits segments of any shape: argus's 1.7
    // to 2.3 frames per band of a segment of 256 x 128 are 0.85 to 1.15. The defaults are argus-2019's.
    pub struct ResizedCrop {
        /// Smallest area, as a share of the segment.
        pub min_area: f64 = 0.8,
        /// Largest area, as a share of the segment.
        pub max_area: f64 = 1.0,
        /// Narrowest aspect: frames per band, relative to the whole segment.
        pub min_aspect: f64 = 0.85,
        /// Widest aspect: frames per band, relative to the whole segment.
        pub max_aspect: f64 = 1.15,
    }
}

/// Rectangles tried before the fallback.
const ATTEMPTS: usize = 10;

impl Check for ResizedCrop {
    fn check(&self) -> Result<(), ConfigError> {
        ConfigError::check_share("max-area", self.max_area)?;
        let ok = self.min_area > 0.0 && self.min_area <= self.max_area;
        let remedy = format!("must be above 0 and not above max-area = {}", self.max_area);
        ConfigError::unless(ok, "min-area", self.min_area, remedy)?;
        check_aspect(self.min_aspect, self.max_aspect, "; 1 is the segment's own")
    }
}

impl SpectrogramAugmentation for ResizedCrop {
    /// The area is uniform, the aspect uniform in its logarithm, the place
    /// uniform. Where ten of them do not fit, the largest one in the middle whose aspect is allowed.
    fn draw(&self, drawing: &mut Drawing<'_>) {
        let (SpectrogramShape { bands, frames }, rng) = (drawing.shape, &mut *drawing.rng);
        let own = frames as f64 / bands.max(1) as f64;
        let (low, high) = (libm::log(self.min_aspect), libm::log(self.max_aspect));
        let fitting = (0..ATTEMPTS).find_map(|_| {
            let area = random::uniform(rng, self.min_area, self.max_area) * (bands * frames) as f64;
            let aspect = own * libm::exp(random::uniform(rng, low, high));
            let wide = (area * aspect).sqrt().round_ties_even() as usize;
            let high = (area / aspect).sqrt().round_ties_even() as usize;
            ((1..=frames).contains(&wide) && (1..=bands).contains(&high)).then(|| Resize {
                band: random::below(rng, bands - high + 1),
                bands: high,
                frame: random::below(rng, frames - wide + 1),
                frames: wide,
            })
        });
        let middle = || {
            let (mut high, mut wide) = (bands, frames);
            if self.min_aspect > 1.0 {
                high = ((bands as f64 / self.min_aspect) as usize).max(1).min(bands);
            } else if self.max_aspect < 1.0 {
                wide = ((frames as f64 * self.max_aspect) as usize).max(1).min(frames);
            }
            Resize {
                band: (bands - high) / 2,
                bands: high,
                frame: (frames - wide) / 2,
                frames: wide,
            }
        };
        drawing.push(Some(fitting.unwrap_or_else(middle)));
    }
}

/// A rectangle as drawn.
#[derive(Clone, Copy, Debug, derive_more::Display, PartialEq, Eq)]
#[display("bands {band} to {}, frames {frame} to {} enlarged", band + bands, frame + frames)]
pub struct Resize {
    /// The first band.
    pub band: usize,
    /// Number of bands.
    pub bands: usize,
    /// The first frame.
    pub frame: usize,
    /// Number of frames.
    pub frames: usize,
}

impl SpectrogramChange for Resize {
    /// Enlarges the rectangle to the whole, by bilinear interpolation between the centres of the cells; beyond the outermost
    /// centres the outermost value holds.
    fn apply(&self, features: &mut Cow<'_, Features>) {
        let SpectrogramShape { bands, frames } = SpectrogramShape::of(features);
        let whole = self.bands == bands && self.frames == frames;
        if whole || self.bands == 0 || self.frames == 0 {
            return;
        }
        let columns = taps(self.frames, frames);
        let rows = taps(self.bands, bands);
        let mut wide = vec![0.0; self.bands * frames];
        for plane in planes(features.to_mut()) {
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

/// For each of `to` places the two of `from` that it is between, and how near it is to the second.
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
