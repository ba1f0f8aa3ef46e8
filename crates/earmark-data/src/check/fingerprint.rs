//! What a recording sounds like, in 32 bits per 23 ms: nearly the same for a copy that is cut, louder, resampled or compressed again.
//!
//! After Haitsma and Kalker 2002, "A Highly Robust Audio Fingerprinting System": a bit says whether the difference between two of 33
//! neighbouring bands, from 300 to 2000 Hz, grows or shrinks from one frame to the next.

use earmark_features::real_fft;
use std::f32::consts::TAU;

/// Rate to which recordings are averaged down, roughly: a whole number of samples becomes one.
const RATE_HZ: f64 = 5512.5;

/// Length of a frame and distance to the next.
const FRAME_SECONDS: f64 = 0.3715;
const HOP_SECONDS: f64 = 0.0232;

/// Of a longer recording the beginning counts.
const LONGEST_SECONDS: f64 = 60.0;

/// Band edges.
const LOWEST_HZ: f64 = 300.0;
const HIGHEST_HZ: f64 = 2000.0;
const BANDS: usize = 33;

/// Share of the loudest frame's power below which a frame says nothing: silence is alike in all recordings.
const SILENT_SHARE: f32 = 1e-5;

/// The bits of each frame of a recording; `None` where it is silent.
pub(super) type Fingerprint = Vec<Option<u32>>;

/// Takes the samples of one recording, block by block.
pub(super) struct Fingerprinter {
    /// Samples that become one.
    factor: usize,
    /// The rate after that.
    rate_hz: f64,
    samples: Vec<f32>,
    sum: f32,
    count: usize,
}

impl Fingerprinter {
    pub fn new(sample_rate_hz: u32) -> Self {
        let rate = f64::from(sample_rate_hz);
        let factor = (rate / RATE_HZ).round().max(1.0);
        Self {
            factor: factor as usize,
            rate_hz: rate / factor,
            samples: Vec::new(),
            sum: 0.0,
            count: 0,
        }
    }

    /// Adds samples; those behind the first minute are passed over.
    pub fn push(&mut self, block: &[f32]) {
        let longest = (LONGEST_SECONDS * self.rate_hz) as usize;
        for &sample in block {
            if self.samples.len() >= longest {
                return;
            }
            self.sum += sample;
            self.count += 1;
            if self.count == self.factor {
                self.samples.push(self.sum / self.factor as f32);
                (self.sum, self.count) = (0.0, 0);
            }
        }
    }

    /// The fingerprint; empty for a recording shorter than a frame, or of a rate that has not all of the bands.
    pub fn finish(self) -> Fingerprint {
        let frame = (FRAME_SECONDS * self.rate_hz).round() as usize;
        let hop = (HOP_SECONDS * self.rate_hz).round() as usize;
        if self.samples.len() < frame || self.rate_hz < 2.0 * HIGHEST_HZ {
            return Fingerprint::new();
        }
        let fft = real_fft::forward_f32(frame);
        let window: Vec<f32> = (0..frame)
            .map(|n| 0.5 - 0.5 * (TAU * n as f32 / frame as f32).cos())
            .collect();
        let edges = band_edges(frame, self.rate_hz);
        let (mut input, mut bins) = (fft.make_input_vec(), fft.make_output_vec());
        let mut frames: Vec<(u32, f32)> = Vec::new(); // bits, power
        let mut before: Option<[f32; BANDS - 1]> = None;
        for start in (0..=self.samples.len() - frame).step_by(hop) {
            let samples = self.samples[start..].iter().zip(&window);
            input.iter_mut().zip(samples).for_each(|(to, (x, w))| *to = x * w);
            fft.process(&mut input, &mut bins)
                .expect("the buffers are those of the plan");
            let power = |band: usize| -> f32 {
                let bins = &bins[edges[band].0..edges[band].1];
                bins.iter().map(|bin| bin.norm_sqr()).sum()
            };
            let powers: [f32; BANDS] = std::array::from_fn(power);
            let differences: [f32; BANDS - 1] = std::array::from_fn(|band| powers[band] - powers[band + 1]);
            if let Some(before) = before {
                let grows = |band: &usize| differences[*band] > before[*band];
                let bits = (0..BANDS - 1)
                    .filter(grows)
                    .fold(0, |bits, band| bits | 1 << band);
                frames.push((bits, powers.iter().sum()));
            }
            before = Some(differences);
        }
        let loudest = frames.iter().map(|(_, power)| *power).fold(0.0, f32::max);
        let audible = |power: f32| power > SILENT_SHARE * loudest;
        let bits = frames.into_iter();
        bits.map(|(bits, power)| audible(power).then_some(bits)).collect()
    }
}

/// The first bin of each band and the one behind its last, in a transform of `frame` samples.
fn band_edges(frame: usize, rate_hz: f64) -> Vec<(usize, usize)> {
    let bin = |band: usize| {
        let share = band as f64 / BANDS as f64;
        let hz = LOWEST_HZ * (HIGHEST_HZ / LOWEST_HZ).powf(share);
        (hz * frame as f64 / rate_hz).ceil() as usize
    };
    let last = frame / 2 + 1;
    let edges = (0..BANDS).map(|band| (bin(band), bin(band + 1).max(bin(band) + 1)));
    edges.map(|(from, to)| (from.min(last), to.min(last))).collect()
}
