//! Where the frames of a FLAC stream are in its time, and whether all that its header promises is there.

use super::frame_header::{FrameHeader, Number};
use super::frames::Skipped;
use crate::clip::LostSound;
use crate::containers::StreamInfo;
use crate::error::FilePosition;

/// How a frame follows on those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Next,
    /// This many samples per channel are missing in between.
    Gap(u64),
    /// Its number is lower than it should be.
    Back,
}

/// Where the frames of one stream are in its time.
#[derive(Default)]
pub(super) struct Timeline {
    /// Samples per channel of a block, where frames count blocks.
    block_frames: Option<u32>,
    /// The place of the next frame, as frames count.
    due: Option<u64>,
    /// Samples per channel so far, lost ones included.
    passed: u64,
}

impl Timeline {
    pub(super) fn passed(&self) -> u64 {
        self.passed
    }

    /// Takes the number of the next frame. `is_behind_damage`: whether something before it could not be read.
    pub(super) fn step(&mut self, header: &FrameHeader, info: &StreamInfo, is_behind_damage: bool) -> Step {
        let block_frames = *self
            .block_frames
            .get_or_insert_with(|| match info.block_frames() {
                // The last block may be shorter, so only the first block shows their size.
                (least, most) if least == most && header.number != Number::Block(0) => most,
                _ => header.frames,
            });
        let place = match header.number {
            Number::Block(number) => number.saturating_mul(u64::from(block_frames)),
            Number::Sample(sample) => sample,
        };
        // A stream that begins with a later number is a part of a longer one, unless its beginning is damaged.
        let due = self.due.unwrap_or(if is_behind_damage { 0 } else { place });
        self.due = Some(place);
        match place.checked_sub(due) {
            None => Step::Back,
            Some(0) => Step::Next,
            Some(gap) => {
                self.passed = self.passed.saturating_add(gap);
                Step::Gap(gap)
            }
        }
    }

    /// Moves on behind a frame.
    pub(super) fn advance(&mut self, frames: u32) {
        let frames = u64::from(frames);
        self.due = self.due.map(|due| due.saturating_add(frames));
        self.passed = self.passed.saturating_add(frames);
    }
}

/// What was read of a stream, and what its header promises.
#[derive(Clone, Copy)]
pub(super) struct FlacTotals {
    /// Samples per channel by the header; 0 where it does not say.
    pub(super) stated: u64,
    /// Samples per channel so far, lost ones included.
    pub(super) passed: u64,
    /// Whether the samples match their checksum, where there is one and nothing is missing.
    pub(super) is_sum_right: Option<bool>,
    /// Whether something is missing already.
    pub(super) is_lossy: bool,
    pub(super) sample_rate_hz: u32,
    /// Where the recording is now.
    pub(super) here: FilePosition,
}

/// What the end of a stream shows.
#[derive(Debug, PartialEq)]
pub(super) enum StreamEnd {
    Complete,
    Lost(LostSound),
    /// A contradiction without a loss.
    Odd(String),
    /// The samples are not those that were encoded, and nothing shows which.
    WrongSum,
}

/// What is said of a rest in which frames are not looked for any longer.
const GIVEN_UP: &str =
    "its bytes look like ever more beginnings of frames, of which none is whole; the rest is not searched";

/// No more bytes behind a complete stream are only noted: they are about one frame of compressed sound at most.
const MAX_STRAY_BYTES: u64 = 512;

/// Compares what was read of a stream with what its header promises. `tail` is what follows the last frame, other than tags.
pub(super) fn compare_end(totals: &FlacTotals, tail: Option<&Skipped>, is_end_of_file: bool) -> StreamEnd {
    let FlacTotals { stated, passed, .. } = *totals;
    let seconds = |frames: u64| frames as f64 / f64::from(totals.sample_rate_hz.max(1));
    let missing = (stated > passed).then(|| seconds(stated - passed));
    let is_complete = stated > 0 && missing.is_none();
    let promise = format!("its header promises {stated} frames");
    match tail {
        Some(tail) if !is_complete => {
            let is_cut = is_end_of_file && tail.is_unfinished;
            let reason = match (stated > 0, is_cut) {
                _ if tail.is_given_up => GIVEN_UP.into(),
                (true, _) => promise,
                (false, true) => "its last frame is incomplete".into(),
                (false, false) if tail.frame.is_some() => "the checksum of its last frame is wrong".into(),
                (false, false) => "what follows is not a FLAC frame".into(),
            };
            let of_frame = tail.frame.map(|frame| seconds(u64::from(frame.frames)));
            StreamEnd::Lost(LostSound {
                is_cut_off: is_cut,
                seconds: missing.or(of_frame),
                bytes: Some(tail.bytes),
                ..LostSound::damaged(reason, totals.here)
            })
        }
        // Another recording may follow, of another format.
        Some(tail) if tail.is_given_up || tail.bytes > MAX_STRAY_BYTES => {
            let reason = match tail.is_given_up {
                true => GIVEN_UP.into(),
                false => format!("{} bytes of an unknown kind follow its last frame", tail.bytes),
            };
            StreamEnd::Lost(LostSound {
                bytes: Some(tail.bytes),
                ..LostSound::damaged(reason, tail.at)
            })
        }
        Some(tail) if totals.is_sum_right != Some(false) => {
            let (bytes, at) = (tail.bytes, tail.at);
            StreamEnd::Odd(format!(
                "{bytes} bytes behind its last frame, from byte {at} on, are not sound"
            ))
        }
        // A cut between two frames leaves whole frames, too: only with the checksum of the samples is it known.
        None if missing.is_some()
            && (totals.is_sum_right == Some(false) || totals.is_lossy || passed == 0) =>
        {
            StreamEnd::Lost(LostSound {
                seconds: missing,
                ..LostSound::cut_off(promise, totals.here)
            })
        }
        None if missing.is_some() => StreamEnd::Odd(format!(
            "{promise}, but its frames, all of them whole, have {passed}"
        )),
        _ if totals.is_sum_right == Some(false) => StreamEnd::WrongSum,
        _ if stated > 0 && passed > stated => StreamEnd::Odd(format!(
            "it has {passed} frames, more than the {stated} that its header promises"
        )),
        _ => StreamEnd::Complete,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(least: u16, most: u16) -> StreamInfo {
        let mut bytes = [0; 34];
        bytes[..2].copy_from_slice(&least.to_be_bytes());
        bytes[2..4].copy_from_slice(&most.to_be_bytes());
        StreamInfo { bytes }
    }

    fn header(number: Number, frames: u32) -> FrameHeader {
        FrameHeader {
            len: 6,
            frames,
            sample_rate_hz: None,
            channels: 1,
            bits: None,
            number,
        }
    }

    #[test]
    fn gaps_show_by_the_numbers_of_frames() {
        let mut time = Timeline::default();
        let step = |time: &mut Timeline, number, frames| {
            let step = time.step(&header(number, frames), &info(16, 4_096), false);
            time.advance(frames);
            step
        };
        assert_eq!(step(&mut time, Number::Block(0), 1_000), Step::Next);
        assert_eq!(step(&mut time, Number::Block(1), 1_000), Step::Next);
        assert_eq!(step(&mut time, Number::Block(4), 1_000), Step::Gap(2_000));
        assert_eq!(step(&mut time, Number::Block(5), 300), Step::Next);
        assert_eq!(time.passed(), 5_300);
        assert_eq!(step(&mut time, Number::Block(0), 1_000), Step::Back);
        assert_eq!(step(&mut time, Number::Block(1), 1_000), Step::Next);

        let mut time = Timeline::default();
        assert_eq!(step(&mut time, Number::Sample(0), 700), Step::Next);
        assert_eq!(step(&mut time, Number::Sample(700), 50), Step::Next);
        assert_eq!(step(&mut time, Number::Sample(1_000), 50), Step::Gap(250));
    }

    #[test]
    fn a_later_number_at_the_start_is_a_loss_only_behind_damage() {
        let first = header(Number::Block(3), 100);
        let mut time = Timeline::default();
        assert_eq!(time.step(&first, &info(4_096, 4_096), false), Step::Next);
        let mut time = Timeline::default();
        assert_eq!(time.step(&first, &info(4_096, 4_096), true), Step::Gap(3 * 4_096));
    }

    fn totals(stated: u64, passed: u64, is_sum_right: Option<bool>) -> FlacTotals {
        FlacTotals {
            stated,
            passed,
            is_sum_right,
            is_lossy: false,
            sample_rate_hz: 1_000,
            here: FilePosition::Byte(9),
        }
    }

    #[test]
    fn a_wrong_total_is_a_loss_only_where_sound_is_missing() {
        let end = |stated, passed, sum| compare_end(&totals(stated, passed, sum), None, true);
        assert_eq!(end(500, 500, Some(true)), StreamEnd::Complete);
        assert_eq!(end(0, 500, None), StreamEnd::Complete);
        assert!(matches!(end(900, 500, None), StreamEnd::Odd(_)));
        assert!(matches!(end(900, 500, Some(true)), StreamEnd::Odd(_)));
        assert!(matches!(end(400, 500, None), StreamEnd::Odd(_)));
        assert_eq!(end(500, 500, Some(false)), StreamEnd::WrongSum);
        for end in [end(900, 500, Some(false)), end(500, 0, None)] {
            let StreamEnd::Lost(loss) = end else {
                panic!("{end:?}")
            };
            assert!(loss.is_cut_off && loss.seconds > Some(0.39), "{loss:?}");
        }
    }

    #[test]
    fn what_follows_the_last_frame_is_reported() {
        let tail = |frame, is_unfinished| Skipped {
            at: 70,
            bytes: 30,
            frame,
            is_unfinished,
            is_given_up: false,
        };
        let cut = tail(Some(header(Number::Block(9), 250)), true);
        let StreamEnd::Lost(loss) = compare_end(&totals(0, 500, None), Some(&cut), true) else {
            panic!("not lost");
        };
        assert!(loss.is_cut_off, "{loss:?}");
        assert_eq!((loss.seconds, loss.bytes), (Some(0.25), Some(30)));
        // All that is promised is there: nothing is missing.
        let end = compare_end(&totals(500, 500, Some(true)), Some(&tail(None, false)), true);
        assert!(matches!(end, StreamEnd::Odd(_)), "{end:?}");
        // More bytes may be another recording.
        let long = Skipped {
            bytes: 600,
            ..tail(None, false)
        };
        let StreamEnd::Lost(loss) = compare_end(&totals(500, 500, Some(true)), Some(&long), true) else {
            panic!("not lost");
        };
        assert_eq!((loss.seconds, loss.bytes), (None, Some(600)));
        let end = compare_end(&totals(0, 500, None), Some(&tail(None, false)), true);
        let StreamEnd::Lost(loss) = end else {
            panic!("{end:?}")
        };
        assert_eq!(
            (loss.is_cut_off, loss.seconds, loss.bytes),
            (false, None, Some(30))
        );
    }
}
