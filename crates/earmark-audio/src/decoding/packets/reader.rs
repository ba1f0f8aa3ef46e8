//! Recordings as packets to mono blocks: the order of sections, gaps, and what is dropped at both ends.
//!
//! Positions of the container decide where sound belongs. Where pages or packets are missing, the position behind the
//! gap shows its length, and silence replaces it, so that what follows keeps its time.

use symphonia::core::io::MediaSource;

use super::group::PacketGroup;
use super::section::SectionReader;
use crate::clip::{AudioInfo, ClipNote, Damaged, LostSound};
use crate::containers::{ByteWalker, Container, PacketLayout, PacketSection, ReadAhead};
use crate::decoding::block_reader::{BlockReader, give_first};
use crate::decoding::decoder_panics::guard;
use crate::decoding::losses::Losses;
use crate::decoding::to_first_rate::ToFirstRate;
use crate::error::{Fault, FilePosition};

/// Reads the sections of a file one after another.
pub(crate) struct PacketReader {
    source: Box<dyn MediaSource>,
    info: AudioInfo,
    waiting: std::vec::IntoIter<PacketSection>,
    section: Option<SectionReader>,
    to_first_rate: ToFirstRate,
    group: PacketGroup,
    /// What was read of the source behind the last group.
    ahead: Option<ReadAhead>,
    block: Vec<f32>,
    losses: Losses,
    notes: Vec<ClipNote>,
    /// Frames decoded so far, at the rate of the section.
    given: u64,
    /// The first block, decoded while opening to learn rate and channels.
    first: Option<Vec<f32>>,
}

impl PacketReader {
    /// Opens the first section and decodes its first packets.
    ///
    /// # Errors
    /// An unsupported or damaged header; where damage is refused, any that the walk saw.
    pub(crate) fn new(
        mut source: Box<dyn MediaSource>,
        layout: PacketLayout,
        damaged: Damaged,
    ) -> Result<Self, Fault> {
        if damaged == Damaged::Refuse
            && let Some(damage) = &layout.damage
        {
            return Err(damage.clone().into_fault());
        }
        let frames = layout.frames();
        let mut waiting = layout.sections.into_iter();
        let Some(first) = waiting.next() else {
            return Err(Fault::corrupt("it has no sound", 0_u64));
        };
        let codec = first.codec.name();
        let container = match (layout.container, codec) {
            (Container::Mp4, "AAC" | "ALAC") => "M4A",
            (container, _) => container.name(),
        };
        let ahead = ByteWalker::new(source.as_mut())?.into_ahead();
        let section = guard(FilePosition::Byte(0), || SectionReader::new(first))?;
        let rate_hz = section.sample_rate_hz();
        let mut reader = Self {
            source,
            info: AudioInfo::new(codec, container, rate_hz, section.channels(), frames),
            to_first_rate: ToFirstRate::new(rate_hz),
            waiting,
            section: Some(section),
            group: PacketGroup::default(),
            losses: Losses::new(damaged, ahead.len()),
            ahead: Some(ahead),
            block: Vec::new(),
            notes: Vec::new(),
            given: 0,
            first: None,
        };
        reader.read_first()?;
        Ok(reader)
    }

    /// Decodes until there is sound, which shows rate and channels where the header does not.
    fn read_first(&mut self) -> Result<(), Fault> {
        let mut first = Vec::new();
        while first.is_empty() && self.step(&mut first)? {}
        self.first = Some(first);
        Ok(())
    }

    /// Reads the packets of one page or block, or continues the silence before them; `false` at the end.
    fn step(&mut self, out: &mut Vec<f32>) -> Result<bool, Fault> {
        let Some(mut section) = self.section.take() else {
            return Ok(false);
        };
        self.block.clear();
        let mut more = true;
        if !section.take_waiting(&mut self.block) {
            let here = FilePosition::frame(self.given, section.sample_rate_hz());
            let source = self.source.as_mut();
            let (group, ahead) = (&mut self.group, &mut self.ahead);
            more = guard(here, || {
                let mut walker = ByteWalker::continued(source, ahead.take())?;
                let more = section.packets.next(&mut walker, group);
                *ahead = Some(walker.into_ahead());
                more
            })?;
            section.take_group(group, &mut self.block, self.given, &mut self.losses)?;
        }
        if !more {
            section.finish(self.given + self.block.len() as u64, &mut self.losses)?;
        }
        if self.given == 0 {
            self.info.sample_rate_hz = section.sample_rate_hz();
            self.info.channels = section.channels();
            self.to_first_rate = ToFirstRate::new(section.sample_rate_hz());
        }
        self.to_first_rate
            .push(&self.block, section.sample_rate_hz(), out)?;
        self.given += self.block.len() as u64;
        if more {
            self.section = Some(section);
        } else {
            self.notes.append(&mut section.notes);
            self.open_next(section.sample_rate_hz())?;
            if self.section.is_none() {
                self.to_first_rate.flush(out);
            }
        }
        Ok(more || self.section.is_some())
    }

    /// Opens the next section, if there is one, behind one of this rate; one that can't be opened is lost.
    fn open_next(&mut self, sample_rate_hz: u32) -> Result<(), Fault> {
        for section in self.waiting.by_ref() {
            let here = FilePosition::frame(self.given, sample_rate_hz);
            match guard(here, || SectionReader::new(section)) {
                Ok(section) if self.to_first_rate.accepts(section.sample_rate_hz()) => {
                    let frames = u128::from(self.given) * u128::from(section.sample_rate_hz());
                    let frames = frames / u128::from(sample_rate_hz.max(1));
                    self.given = u64::try_from(frames).unwrap_or(u64::MAX);
                    self.section = Some(section);
                    return Ok(());
                }
                Ok(section) => {
                    let reason = format!("its sample rate changes to {} Hz", section.sample_rate_hz());
                    self.losses.add(LostSound::damaged(reason, here))?;
                }
                Err(fault) if !self.losses.is_salvage() => return Err(fault),
                Err(fault) => {
                    self.losses
                        .add(LostSound::damaged(format!("a part can't be read: {fault}"), here))?;
                }
            }
        }
        Ok(())
    }
}

impl BlockReader for PacketReader {
    fn info(&self) -> AudioInfo {
        self.info.clone()
    }

    fn next_block(&mut self, out: &mut Vec<f32>) -> Result<bool, Fault> {
        Ok(give_first(&mut self.first, out) || self.step(out)?)
    }

    fn losses(&self) -> &[LostSound] {
        self.losses.found()
    }

    fn notes(&self) -> Vec<ClipNote> {
        let mut notes = self.notes.clone();
        notes.extend(
            self.section
                .iter()
                .flat_map(|section| section.notes.iter().cloned()),
        );
        notes
    }
}
