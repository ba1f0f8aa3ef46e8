//! Parts of a recording at other sample rates, converted to the rate of its first part.

use crate::error::Fault;
use crate::resampling::Resampler;

/// Largest ratio of the rates within one recording. Beyond it, one of them is damage, and a packet would become huge.
const LARGEST_RATIO: u32 = 64;

pub(super) struct ToFirstRate {
    to_hz: u32,
    /// What is in use, and the rate that it converts from.
    resampler: Option<(u32, Resampler)>,
}

impl ToFirstRate {
    pub(super) fn new(to_hz: u32) -> Self {
        Self {
            to_hz,
            resampler: None,
        }
    }

    /// Whether samples of this rate can be converted.
    pub(super) fn accepts(&self, from_hz: u32) -> bool {
        let (low, high) = (from_hz.min(self.to_hz), from_hz.max(self.to_hz));
        from_hz == self.to_hz || (low > 0 && high <= low.saturating_mul(LARGEST_RATIO))
    }

    /// Whether samples of this rate go through as they are.
    pub(super) fn keeps(&self, from_hz: u32) -> bool {
        self.resampler.is_none() && from_hz == self.to_hz
    }

    /// Appends samples of this rate.
    ///
    /// # Errors
    /// [`Fault::Unsupported`] for rates that are too far apart.
    pub(super) fn push(&mut self, samples: &[f32], from_hz: u32, out: &mut Vec<f32>) -> Result<(), Fault> {
        if self.resampler.as_ref().map_or(self.to_hz, |(hz, _)| *hz) != from_hz {
            self.flush(out);
            if from_hz != self.to_hz {
                self.resampler = Some((from_hz, self.resampler_from(from_hz)?));
            }
        }
        match &mut self.resampler {
            None => out.extend_from_slice(samples),
            Some((_, resampler)) => resampler.push(samples, out),
        }
        Ok(())
    }

    fn resampler_from(&self, from_hz: u32) -> Result<Resampler, Fault> {
        let changes = format!("changes its sample rate from {} Hz to {from_hz} Hz", self.to_hz);
        if !self.accepts(from_hz) {
            return Err(Fault::Unsupported(changes));
        }
        Resampler::new(from_hz, self.to_hz).map_err(|_| Fault::Unsupported(changes))
    }

    /// Ends what was pushed at another rate: appends the rest of it.
    pub(super) fn flush(&mut self, out: &mut Vec<f32>) {
        if let Some((_, resampler)) = self.resampler.take() {
            resampler.finish(out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_other_rates_keep_their_duration() {
        let (mut rate, mut out) = (ToFirstRate::new(8_000), Vec::new());
        rate.push(&[0.5; 800], 8_000, &mut out).unwrap();
        assert_eq!(out, [0.5; 800]);
        for _ in 0..16 {
            rate.push(&[0.25; 100], 16_000, &mut out).unwrap();
        }
        rate.push(&[0.125; 400], 4_000, &mut out).unwrap();
        rate.push(&[0.75; 8], 8_000, &mut out).unwrap();
        rate.flush(&mut out);
        assert_eq!(out.len(), 800 + 800 + 800 + 8);
        assert_eq!(out[2_400..], [0.75; 8]);
        let middle = out[1_200];
        assert!((middle - 0.25).abs() < 1e-3, "{middle}");
    }

    #[test]
    fn rates_far_apart_are_refused() {
        let mut rate = ToFirstRate::new(192_000);
        let fault = rate.push(&[0.0], 1_000, &mut Vec::new()).unwrap_err();
        assert!(fault.to_string().contains("from 192000 Hz to 1000 Hz"), "{fault}");
    }
}
