//! Bytes between rows of frames that are not sound.

use crate::clip::{ClipNote, LostSound};

/// The reader closes longer gaps too, so that a few wrong bytes can't ask for hours of silence.
const LONGEST_SILENCE_SECONDS: f64 = 600.0;

/// Bytes that are neither sound nor a tag, and the sound that is missing in their place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Gap {
    pub(crate) at: u64,
    pub(crate) bytes: u64,
    pub(crate) reason: String,
    /// Missing sound per channel, where that is known.
    pub(crate) samples: Option<u64>,
    /// Whether `samples` is more than an estimate.
    pub(crate) is_exact: bool,
    pub(crate) is_cut_off: bool,
}

impl Gap {
    /// Bytes that can't be understood.
    pub(crate) fn new(at: u64, bytes: u64, reason: impl Into<String>) -> Self {
        Self {
            at,
            bytes,
            reason: reason.into(),
            samples: None,
            is_exact: false,
            is_cut_off: false,
        }
    }

    /// The same gap with this much missing sound.
    pub(crate) fn with_samples(self, samples: u64, is_exact: bool) -> Self {
        Self {
            samples: Some(samples),
            is_exact,
            ..self
        }
    }

    /// Takes up a later gap, with no sound between the two.
    pub(crate) fn join(&mut self, later: Gap) {
        self.bytes += later.bytes;
        self.samples = self.samples.zip(later.samples).map(|(a, b)| a + b);
        self.is_exact &= later.is_exact;
        self.is_cut_off |= later.is_cut_off;
    }

    /// Whether no sound is missing: that is known, or at the end of a file there are fewer bytes than `frame_bytes`, those of a
    /// frame.
    pub(crate) fn is_harmless(&self, frame_bytes: Option<u64>) -> bool {
        match self.samples {
            Some(samples) => samples == 0 && self.is_exact,
            None => !self.is_cut_off && frame_bytes.is_some_and(|frame| self.bytes < frame),
        }
    }

    /// The loss that it is in a recording of this rate; silence replaces it where something follows.
    pub(crate) fn to_loss(&self, sample_rate_hz: u32, is_inside: bool) -> LostSound {
        let rate = f64::from(sample_rate_hz.max(1));
        let seconds = self.samples.map(|samples| samples as f64 / rate);
        let is_short = seconds.is_some_and(|s| s > 0.0 && s <= LONGEST_SILENCE_SECONDS);
        let loss = match self.is_cut_off {
            true => LostSound::cut_off(self.reason.as_str(), self.at),
            false => LostSound::damaged(self.reason.as_str(), self.at),
        };
        LostSound {
            seconds,
            bytes: Some(self.bytes),
            is_silence: is_inside && self.is_exact && is_short,
            ..loss
        }
    }

    /// The remark that it is where no sound is missing.
    pub(crate) fn to_note(&self) -> ClipNote {
        let Gap { bytes, at, .. } = self;
        let what = match bytes {
            1 => "1 byte is".to_string(),
            bytes => format!("{bytes} bytes are"),
        };
        ClipNote::Contradiction(format!("{what} neither sound nor a known tag at byte {at}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_gaps_add_up_and_know_as_much_as_the_vaguer_one() {
        let mut gap = Gap::new(10, 100, "a").with_samples(1152, true);
        gap.join(Gap::new(110, 50, "b").with_samples(576, true));
        assert_eq!((gap.bytes, gap.samples, gap.is_exact), (150, Some(1728), true));
        gap.join(Gap::new(160, 1, "c"));
        assert_eq!((gap.bytes, gap.samples, gap.is_exact), (151, None, false));
        assert_eq!((gap.at, gap.reason.as_str()), (10, "a"));
    }

    #[test]
    fn silence_stands_only_for_short_gaps_of_known_length() {
        let gap = |samples, is_exact| {
            Gap::new(0, 1, "x")
                .with_samples(samples, is_exact)
                .to_loss(1_000, true)
        };
        assert!(gap(600_000, true).is_silence);
        assert!(!gap(600_001, true).is_silence, "longer than ten minutes");
        assert!(!gap(1_000, false).is_silence, "an estimate");
        assert!(!gap(0, true).is_silence);
        assert!(
            !Gap::new(0, 1, "x")
                .with_samples(5, true)
                .to_loss(1_000, false)
                .is_silence
        );
    }
}
