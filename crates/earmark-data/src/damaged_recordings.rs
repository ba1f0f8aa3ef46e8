//! What is said of a recording: of a damaged one, how much of it is used and what is lost.

use std::fmt;

use earmark_audio::{ClipNote, LostSound};
use serde::{Deserialize, Serialize};

/// Losses that a message names.
const NAMED: usize = 2;

/// Losses that are remembered of one recording; a file of noise may have any number.
const REMEMBERED: usize = 100;

/// What could not be read of a recording whose rest is used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClipDamage {
    /// Seconds of sound that are used, without the silence that replaces lost sound.
    pub seconds: f64,
    /// Seconds that are lost, as far as that is known.
    pub lost_seconds: Option<f64>,
    /// What is lost, in words: at most a hundred losses.
    pub losses: Vec<String>,
}

/// Rounded, so that what a cache gives back is equal.
fn to_microseconds(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e6
}

impl ClipDamage {
    /// What is said of a recording that gave these `seconds`, silence for lost sound included; `None` where nothing is lost.
    pub fn of(seconds: f64, losses: &[LostSound]) -> Option<Self> {
        let known = |silent: bool| -> Option<f64> {
            let some = losses.iter().filter(|loss| loss.is_silence || !silent);
            some.filter_map(|loss| loss.seconds).reduce(|a, b| a + b)
        };
        (!losses.is_empty()).then(|| Self {
            seconds: to_microseconds((seconds - known(true).unwrap_or(0.0)).max(0.0)),
            lost_seconds: known(false).map(to_microseconds),
            losses: losses.iter().take(REMEMBERED).map(LostSound::to_string).collect(),
        })
    }

    /// How much of the recording is used: "150.0 of 150.1 s".
    pub fn used(&self) -> String {
        let used = self.seconds;
        match self.lost_seconds {
            None => format!("{used:.1} s"),
            // A lost frame shows only in milliseconds.
            Some(lost) if lost < 0.1 => format!("{used:.3} of {:.3} s", used + lost),
            Some(lost) => format!("{used:.1} of {:.1} s", used + lost),
        }
    }
}

impl fmt::Display for ClipDamage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of it are used", self.used())?;
        for loss in self.losses.iter().take(NAMED) {
            write!(f, "; {loss}")?;
        }
        match self.losses.len().saturating_sub(NAMED) {
            0 => Ok(()),
            more => write!(f, "; and {more} more losses"),
        }
    }
}

/// What decoding said about a recording that a user should know, apart from its rate and channels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClipRemarks {
    /// What is missing of it.
    pub damage: Option<ClipDamage>,
    /// What contradicts its sound, or is odd about it.
    pub notes: Vec<String>,
}

impl ClipRemarks {
    /// Those among what was noted; `None` where there are none.
    pub fn of(notes: &[ClipNote], damage: Option<&ClipDamage>) -> Option<Self> {
        let of_this_file = notes.iter().filter(|note| is_about_one_file(note));
        let remarks = Self {
            damage: damage.cloned(),
            notes: of_this_file.map(ClipNote::to_string).collect(),
        };
        (remarks != Self::default()).then_some(remarks)
    }
}

impl fmt::Display for ClipRemarks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let damage = self.damage.as_ref().map(ClipDamage::to_string);
        let all: Vec<String> = damage.into_iter().chain(self.notes.iter().cloned()).collect();
        f.write_str(&all.join("; "))
    }
}

/// Whether a note is about this one file, rather than about what is done to many.
pub fn is_about_one_file(note: &ClipNote) -> bool {
    matches!(note, ClipNote::Contradiction(_) | ClipNote::Cancels)
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_audio::FilePosition;

    fn loss(seconds: Option<f64>, is_silence: bool) -> LostSound {
        LostSound {
            reason: "the frame has a wrong checksum".into(),
            is_cut_off: false,
            at: FilePosition::Byte(7),
            seconds,
            bytes: Some(3),
            is_silence,
        }
    }

    #[test]
    fn what_is_used_and_what_is_lost() {
        assert_eq!(ClipDamage::of(1.0, &[]), None);
        let cut = ClipDamage::of(150.0, &[loss(Some(0.1), false)]).unwrap();
        assert_eq!((cut.seconds, cut.used().as_str()), (150.0, "150.0 of 150.1 s"));
        // Silence has the length of what it replaces.
        let gap = ClipDamage::of(10.0, &[loss(Some(2.0), true), loss(Some(0.5), false)]).unwrap();
        assert_eq!((gap.seconds, gap.lost_seconds), (8.0, Some(2.5)));
        assert_eq!(gap.used(), "8.0 of 10.5 s");
        let frame = ClipDamage::of(3.0, &[loss(Some(0.026), false)]).unwrap();
        assert_eq!(frame.used(), "3.000 of 3.026 s");
        let unknown = ClipDamage::of(3.0, &[loss(None, false)]).unwrap();
        assert_eq!((unknown.used().as_str(), unknown.lost_seconds), ("3.0 s", None));
    }

    #[test]
    fn many_losses_are_counted() {
        let text = ClipDamage::of(3.0, &vec![loss(None, false); 5])
            .unwrap()
            .to_string();
        assert!(text.starts_with("3.0 s of it are used; "), "{text}");
        assert!(text.ends_with("; and 3 more losses"), "{text}");
        assert_eq!(text.matches("wrong checksum").count(), 2, "{text}");
        let many = ClipDamage::of(3.0, &vec![loss(None, false); 5000]).unwrap();
        assert_eq!(many.losses.len(), REMEMBERED);
    }

    #[test]
    fn what_is_done_to_many_files_is_no_remark() {
        let notes = [
            ClipNote::DownMixed { channels: 2 },
            ClipNote::Resampled { from: 1, to: 2 },
        ];
        assert_eq!(ClipRemarks::of(&notes, None), None);
        let notes = [ClipNote::Contradiction("its size is wrong".into())];
        let remarks = ClipRemarks::of(&notes, None).unwrap();
        assert_eq!(remarks.notes, ["its size is wrong"]);
    }
}
