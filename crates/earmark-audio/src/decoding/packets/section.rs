//! A section of packets: what each group decodes to, and where it belongs.

use super::decoder::PacketDecoder;
use super::group::{GroupPosition, PacketGroup};
use super::sources::PacketSource;
use crate::clip::{ClipNote, LostSound};
use crate::containers::PacketSection;
use crate::decoding::decoder_panics::guard;
use crate::decoding::losses::Losses;
use crate::decoding::mono_output::WRONG_SUM;
use crate::error::{Fault, FilePosition};

/// What is said of pauses, and of those that are too long for silence.
const FILLED: &str = "its times leave gaps in which nothing was recorded; silence fills them";
const CLOSED: &str = "its times leave gaps of more than 10 minutes, or too long for so small a file, in which nothing \
                      was recorded; they are closed, so what follows comes earlier than its times say";

/// Packets in sequence that last twice as long by the container as they decode to, after which this is not an accident.
const DOUBLED: u32 = 2;

/// Silence is given in pieces, however long it is.
static SILENT_PIECE: [f32; 1 << 11] = [0.0; 1 << 11];

/// Reads one section.
pub(super) struct SectionReader {
    pub(super) packets: PacketSource,
    pub(super) decoder: PacketDecoder,
    skip_left: u64,
    /// Frames that are still to come, where the rest is to be cut off.
    keep_left: Option<u64>,
    /// How many frames more the packets have than the container says, in total.
    surplus: i64,
    /// Packets in sequence that last twice as long by the container as they decode to.
    doubled: u32,
    /// Where the sound so far ends, in the positions of the container; unknown before the first.
    pub(super) ends_at: Option<i64>,
    /// Where it would end by times before or after those that went back: the last ones, and those that lead furthest.
    pub(super) other_ends: [Option<i64>; 2],
    /// What is missing, until the next position shows how long it was, and where in the decoded group that is.
    pub(super) gap: Option<(LostSound, usize)>,
    /// The sound of the group, before anything is dropped at the ends of the section.
    pub(super) samples: Vec<f32>,
    /// How much silence comes behind this many samples of it, and whether what follows is still to be given.
    silence_left: u64,
    behind_silence: usize,
    is_waiting: bool,
    is_damaged: bool,
    pub(super) notes: Vec<ClipNote>,
}

impl SectionReader {
    pub(super) fn new(section: PacketSection) -> Result<Self, Fault> {
        let sample_rate_hz = section.codec.sample_rate_hz();
        Ok(Self {
            packets: PacketSource::new(section.place, sample_rate_hz),
            decoder: PacketDecoder::new(section.codec)?,
            skip_left: section.skip_frames,
            keep_left: section.frames.filter(|_| section.is_cut_to_frames),
            surplus: 0,
            doubled: 0,
            ends_at: None,
            other_ends: [None; 2],
            gap: None,
            samples: Vec::new(),
            silence_left: 0,
            behind_silence: 0,
            is_waiting: false,
            is_damaged: false,
            notes: Vec::new(),
        })
    }

    pub(super) fn sample_rate_hz(&self) -> u32 {
        self.decoder.sample_rate_hz()
    }

    pub(super) fn channels(&self) -> u16 {
        u16::try_from(self.decoder.channels()).unwrap_or(u16::MAX)
    }

    /// Decodes a group and appends what belongs to the recording. `given` is the number of frames before it.
    pub(super) fn take_group(
        &mut self,
        group: &mut PacketGroup,
        out: &mut Vec<f32>,
        given: u64,
        losses: &mut Losses,
    ) -> Result<(), Fault> {
        self.samples.clear();
        if let Some(gap) = group.gap.take() {
            self.note_gap(gap, 0);
            self.decoder.go_on(true)?;
        }
        let mut has_sound = false;
        for index in 0..group.ends.len() {
            let packet = group.packet(index);
            if !self.decoder.is_header(packet) {
                has_sound = true;
                self.decode_packet(packet, group.at, given, losses)?;
            }
        }
        if !has_sound {
            return Ok(());
        }
        self.drop_ends(group.drop_start, group.drop_end);
        let is_start = matches!(group.position, GroupPosition::Start { .. });
        if self.samples.is_empty() && self.gap.is_some() && is_start {
            // Where the next block begins shows how much is missing.
            return Ok(());
        }
        let hole = self.place(group.position);
        self.append(hole, out, given, losses)
    }

    /// At the end: what is still missing, and whether everything arrived. `given` is the number of frames before it.
    pub(super) fn finish(&mut self, given: u64, losses: &mut Losses) -> Result<(), Fault> {
        if let Some((gap, _)) = self.gap.take() {
            losses.add(gap)?;
        }
        self.notes.extend(self.decoder.channel_note());
        if self.is_damaged {
            return Ok(());
        }
        if let Some(missing) = self.keep_left.filter(|left| *left > 0) {
            self.note(format!("its header promises {missing} frames more than it has"));
        }
        if self.surplus != 0 {
            let frames = self.surplus.unsigned_abs();
            self.note(format!(
                "the times of its packets differ from their sound by {frames} frames; all of it is read"
            ));
        }
        if self.decoder.checksum() == Some(false) {
            match losses.is_salvage() {
                true => self.note(WRONG_SUM.into()),
                false => losses.add(LostSound::damaged(
                    WRONG_SUM,
                    FilePosition::frame(given, self.sample_rate_hz()),
                ))?,
            }
        }
        Ok(())
    }

    pub(super) fn note(&mut self, text: String) {
        let note = ClipNote::Contradiction(text);
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Remembers what is missing behind this many samples of the group.
    pub(super) fn note_gap(&mut self, gap: LostSound, behind: usize) {
        self.is_damaged = true;
        match &mut self.gap {
            None => self.gap = Some((gap, behind)),
            // The first reason is given for all.
            Some((before, _)) => before.bytes = before.bytes.zip(gap.bytes).map(|(a, b)| a + b),
        }
    }

    fn decode_packet(
        &mut self,
        packet: &[u8],
        at: u64,
        given: u64,
        losses: &mut Losses,
    ) -> Result<(), Fault> {
        let before = self.samples.len();
        let here = FilePosition::frame(given + before as u64, self.sample_rate_hz());
        let (decoder, samples) = (&mut self.decoder, &mut self.samples);
        let decoded = guard(here, || {
            let decoded = decoder.decode(packet, samples);
            decoded.map_err(|reason| Fault::corrupt(reason, here))
        });
        let fault = match decoded {
            Ok(frames) => return self.take_length(frames as u64),
            Err(fault) => fault,
        };
        self.samples.truncate(before);
        self.is_damaged = true;
        let reason = match fault {
            Fault::Corrupt(reason, ..) => reason,
            other => return Err(other),
        };
        let loss = LostSound {
            bytes: Some(packet.len() as u64),
            ..LostSound::damaged(reason, at)
        };
        let rate = self.sample_rate_hz();
        let stated = self.packets.stated().map(|(frames, _)| frames);
        let stated = stated.filter(|frames| *frames <= u64::from(rate));
        match self.decoder.frames_of(packet).or(stated) {
            Some(frames) => {
                let silence = losses.add_gap(loss, given + before as u64, frames, rate)?;
                self.samples.resize(before + silence as usize, 0.0);
            }
            None if losses.is_salvage() => self.note_gap(loss, before),
            None => return Err(loss.into_fault()),
        }
        self.decoder.go_on(false)
    }

    /// Compares how many frames a packet has with how long it lasts by the container. Packets that last twice as long
    /// are of HE-AAC. What is cut off at the end is what the container cuts off there, whatever its times are before
    /// that.
    fn take_length(&mut self, frames: u64) -> Result<(), Fault> {
        let Some((stated, is_last)) = self.packets.stated() else {
            return Ok(());
        };
        let is_doubled = frames == 1_024 && stated == 2_048;
        self.doubled = if is_doubled { self.doubled + 1 } else { 0 };
        if self.doubled == DOUBLED {
            return Err(Fault::unsupported(
                "is HE-AAC (SBR), of which only the lower half could be decoded",
            ));
        }
        if !is_last {
            self.surplus = self
                .surplus
                .saturating_add_unsigned(frames)
                .saturating_sub_unsigned(stated);
            self.keep_left = self.keep_left.map(|left| match left > stated {
                true => left.saturating_add(frames) - stated,
                false => left,
            });
        }
        Ok(())
    }

    /// Drops what the container excludes of this group.
    fn drop_ends(&mut self, start: u64, end: u64) {
        let len = self.samples.len();
        let [start, end] = [start, end].map(|frames| usize::try_from(frames).unwrap_or(len).min(len));
        self.samples.truncate(len - end);
        self.samples.drain(..start.min(self.samples.len()));
    }

    /// Appends the group with silence where something is missing, without what is dropped at both ends of the section.
    fn append(
        &mut self,
        hole: u64,
        out: &mut Vec<f32>,
        given: u64,
        losses: &mut Losses,
    ) -> Result<(), Fault> {
        self.silence_left = hole;
        self.behind_silence = 0;
        if let Some((gap, behind)) = self.gap.take() {
            self.behind_silence = behind.min(self.samples.len());
            let at = given + self.behind_silence as u64;
            self.silence_left = match hole {
                0 => losses.add(gap).map(|()| 0)?,
                _ => losses.add_gap(gap, at, hole, self.sample_rate_hz())?,
            };
        } else if hole > 0 {
            self.silence_left = losses.silence(given, hole, self.sample_rate_hz());
            let note = if self.silence_left > 0 { FILLED } else { CLOSED };
            self.note(note.into());
        }
        let samples = std::mem::take(&mut self.samples);
        self.keep(&samples[..self.behind_silence], out);
        self.samples = samples;
        self.is_waiting = true;
        if self.silence_left == 0 {
            self.take_waiting(out);
        }
        Ok(())
    }

    /// Appends a piece of the silence before the rest of the last group, or that rest; `false` if there is nothing
    /// left.
    pub(super) fn take_waiting(&mut self, out: &mut Vec<f32>) -> bool {
        if !self.is_waiting {
            return false;
        }
        if self.silence_left > 0 {
            let piece = self.silence_left.min(SILENT_PIECE.len() as u64);
            self.silence_left -= piece;
            self.keep(&SILENT_PIECE[..piece as usize], out);
            return true;
        }
        self.is_waiting = false;
        let samples = std::mem::take(&mut self.samples);
        self.keep(&samples[self.behind_silence.min(samples.len())..], out);
        self.samples = samples;
        true
    }

    /// Appends what is neither skipped at the start of the section nor cut off at its end.
    fn keep(&mut self, samples: &[f32], out: &mut Vec<f32>) {
        let len = samples.len() as u64;
        let skip = self.skip_left.min(len);
        self.skip_left -= skip;
        let kept = self.keep_left.map_or(len - skip, |left| left.min(len - skip));
        self.keep_left = self.keep_left.map(|left| left - kept);
        out.extend_from_slice(&samples[skip as usize..(skip + kept) as usize]);
    }
}
