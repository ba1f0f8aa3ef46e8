//! Bytes between rows of frames that are not sound.

use crate::clip::{ClipNote, LostSound};

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

    /// Whether no sound is missing: that is known, or at the end of a file there are fewer bytes than `frame_bytes`,
    /// those of a frame.
    pub(crate) fn is_harmless(&self, frame_bytes: Option<u64>) -> bool {
        match self.samples {
            Some(samples) => samples == 0 && self.is_exact,
            None => !self.is_cut_off && frame_bytes.is_some_and(|frame| self.bytes < frame),
        }
    }

    /// The loss that it is in a recording of this rate. Where something follows, the reader may replace it by silence.
    pub(crate) fn to_loss(&self, sample_rate_hz: u32) -> LostSound {
        let rate = f64::from(sample_rate_hz.max(1));
        let loss = match self.is_cut_off {
            true => LostSound::cut_off(self.reason.as_str(), self.at),
            false => LostSound::damaged(self.reason.as_str(), self.at),
        };
        LostSound {
            seconds: self.samples.map(|samples| samples as f64 / rate),
            bytes: Some(self.bytes).filter(|bytes| *bytes > 0),
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
    fn a_loss_says_what_is_known() {
        let gap = Gap::new(0, 7, "x");
        let known = gap.clone().with_samples(1_500, false).to_loss(1_000);
        assert_eq!((known.seconds, known.bytes), (Some(1.5), Some(7)));
        assert_eq!(gap.to_loss(1_000).seconds, None);
        assert_eq!(Gap::new(0, 0, "x").to_loss(1_000).bytes, None);
    }
}
