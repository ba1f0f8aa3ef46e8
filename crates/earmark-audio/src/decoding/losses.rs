//! Sound that could not be read: collected, or the fault that ends everything.

use crate::clip::{Damaged, LostSound};
use crate::error::Fault;
use crate::limit_checks::most_silence_seconds;

/// Most losses that are listed one by one: a file of noise may have one for every other sample.
const MOST_LISTED: usize = 1_000;

/// Samples of silence that are given at a time.
pub(super) const SILENT_BLOCK: u64 = 1 << 15;

/// What a reader could not read so far.
pub(crate) struct Losses {
    damaged: Damaged,
    found: Vec<LostSound>,
    /// The frame behind the last loss: a loss that begins there with the same reason is the same loss.
    ends_at: Option<u64>,
    /// Frames of silence in the place of lost sound so far, and by how many seconds they may outgrow the sound.
    silent_frames: u64,
    most_silence_seconds: u64,
}

impl Losses {
    /// No losses yet, in a file of this many bytes.
    pub(crate) fn new(damaged: Damaged, file_bytes: u64) -> Self {
        Self {
            damaged,
            found: Vec::new(),
            ends_at: None,
            silent_frames: 0,
            most_silence_seconds: most_silence_seconds(file_bytes),
        }
    }

    pub(crate) fn found(&self) -> &[LostSound] {
        &self.found
    }

    /// Whether damage is read over.
    pub(crate) fn is_salvage(&self) -> bool {
        self.damaged == Damaged::Salvage
    }

    /// Notes a loss of unknown or no length in time; where damage is refused, it is the fault.
    pub(crate) fn add(&mut self, loss: LostSound) -> Result<(), Fault> {
        if self.damaged == Damaged::Refuse {
            return Err(loss.into_fault());
        }
        self.ends_at = None;
        if self.found.len() > MOST_LISTED
            && let Some(last) = self.found.last_mut()
        {
            last.seconds = sum(last.seconds, loss.seconds);
            last.bytes = sum(last.bytes, loss.bytes);
            last.is_silence &= loss.is_silence;
            last.is_cut_off |= loss.is_cut_off;
            return Ok(());
        }
        let mut loss = loss;
        if self.found.len() == MOST_LISTED {
            let reason = &loss.reason;
            loss.reason =
                format!("{reason}; there are more than {MOST_LISTED} losses, and the rest is added up here");
        }
        self.found.push(loss);
        Ok(())
    }

    /// How many frames of silence fill a gap of `frames` behind frame `at` of the output: all, or none where it is
    /// longer than [`most_silence_seconds`], or silence would outgrow sound by more than that.
    pub(crate) fn silence(&mut self, at: u64, frames: u64, sample_rate_hz: u32) -> u64 {
        let longest = self.most_silence_seconds * u64::from(sample_rate_hz);
        let sound = at.saturating_sub(self.silent_frames);
        let is_silence = frames <= longest && self.silent_frames + frames <= sound.saturating_add(longest);
        let silence = if is_silence { frames } else { 0 };
        self.silent_frames += silence;
        silence
    }

    /// Notes the loss of `frames` behind frame `at` of the output. Returns how many frames of
    /// [`silence`](Self::silence) replace them.
    pub(crate) fn add_gap(
        &mut self,
        loss: LostSound,
        at: u64,
        frames: u64,
        sample_rate_hz: u32,
    ) -> Result<u64, Fault> {
        let silence = self.silence(at, frames, sample_rate_hz);
        let is_silence = silence > 0;
        self.add_at(LostSound { is_silence, ..loss }, at, frames, sample_rate_hz)?;
        Ok(silence)
    }

    /// Notes the loss of `frames` behind frame `at` of the output; whether silence replaces them is in the loss.
    pub(crate) fn add_at(
        &mut self,
        loss: LostSound,
        at: u64,
        frames: u64,
        sample_rate_hz: u32,
    ) -> Result<(), Fault> {
        let seconds = frames as f64 / f64::from(sample_rate_hz.max(1));
        let end = if loss.is_silence { at + frames } else { at };
        match self.found.last_mut() {
            Some(last)
                if self.ends_at == Some(at)
                    && (last.is_silence, last.is_cut_off) == (loss.is_silence, loss.is_cut_off)
                    && last.reason == loss.reason =>
            {
                last.seconds = last.seconds.map(|before| before + seconds);
                last.bytes = last.bytes.zip(loss.bytes).map(|(a, b)| a + b);
            }
            _ => self.add(LostSound {
                seconds: Some(seconds),
                ..loss
            })?,
        }
        self.ends_at = Some(end);
        Ok(())
    }
}

/// The sum of what is known.
fn sum<T: std::ops::Add<Output = T>>(a: Option<T>, b: Option<T>) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a + b),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loss(reason: &str) -> LostSound {
        LostSound::damaged(reason, 5_u64)
    }

    #[test]
    fn where_damage_is_refused_a_loss_is_the_fault() {
        let mut losses = Losses::new(Damaged::Refuse, u64::MAX);
        assert!(matches!(losses.add(loss("bad")), Err(Fault::Corrupt(..))));
        let cut = LostSound::cut_off("short", 5_u64);
        assert!(matches!(
            losses.add_gap(cut, 0, 10, 8_000),
            Err(Fault::Truncated(..))
        ));
        assert!(losses.found().is_empty());
    }

    #[test]
    fn adjoining_losses_of_one_kind_are_one() {
        let mut losses = Losses::new(Damaged::Salvage, u64::MAX);
        assert_eq!(losses.add_gap(loss("bad"), 100, 50, 1_000).unwrap(), 50);
        assert_eq!(losses.add_gap(loss("bad"), 150, 50, 1_000).unwrap(), 50);
        assert_eq!(losses.add_gap(loss("worse"), 200, 50, 1_000).unwrap(), 50);
        assert_eq!(losses.add_gap(loss("worse"), 300, 50, 1_000).unwrap(), 50);
        let seconds: Vec<_> = losses.found().iter().map(|loss| loss.seconds.unwrap()).collect();
        assert_eq!(seconds, [0.1, 0.05, 0.05]);
        assert!(losses.found().iter().all(|loss| loss.is_silence));
    }

    #[test]
    fn of_very_many_losses_the_rest_is_added_up() {
        let mut losses = Losses::new(Damaged::Salvage, u64::MAX);
        for at in 0..5_000 {
            losses.add_at(loss("bad"), at * 2, 1, 1_000).unwrap();
        }
        let found = losses.found();
        assert_eq!(found.len(), MOST_LISTED + 1);
        let seconds: f64 = found.iter().filter_map(|loss| loss.seconds).sum();
        assert!((seconds - 5.0).abs() < 1e-9, "{seconds}");
        assert!(
            found[MOST_LISTED].reason.contains("added up"),
            "{:?}",
            found[MOST_LISTED]
        );
    }

    #[test]
    fn silence_never_outgrows_sound_by_more_than_ten_minutes() {
        let mut losses = Losses::new(Damaged::Refuse, u64::MAX);
        let given = (0..100).fold(0, |given, _| given + 10 + losses.silence(given, 60_000, 1_000));
        assert_eq!(given, 100 * 10 + 10 * 60_000);
        assert!(losses.found().is_empty());
    }

    #[test]
    fn few_bytes_ask_for_little_silence() {
        let mut losses = Losses::new(Damaged::Salvage, 4_000);
        // 41 seconds more than there is sound.
        assert_eq!(losses.silence(0, 41_001, 1_000), 0);
        assert_eq!(losses.silence(0, 41_000, 1_000), 41_000);
        assert_eq!(losses.silence(41_000, 1, 1_000), 0);
        assert_eq!(losses.silence(43_000, 2_000, 1_000), 2_000);
    }

    #[test]
    fn long_gaps_are_closed_and_reported() {
        let mut losses = Losses::new(Damaged::Salvage, u64::MAX);
        assert_eq!(losses.add_gap(loss("gap"), 0, 600_001, 1_000).unwrap(), 0);
        let reported = &losses.found()[0];
        assert_eq!((reported.seconds, reported.is_silence), (Some(600.001), false));
        // Ten minutes of silence are kept, ten more only with as much sound before them.
        assert_eq!(losses.add_gap(loss("gap"), 10, 600_000, 1_000).unwrap(), 600_000);
        assert_eq!(losses.add_gap(loss("gap"), 600_030, 600_000, 1_000).unwrap(), 0);
        let at = 1_200_000;
        assert_eq!(losses.add_gap(loss("gap"), at, 600_000, 1_000).unwrap(), 600_000);
    }
}
