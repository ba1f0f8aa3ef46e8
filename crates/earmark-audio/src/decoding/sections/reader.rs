//! Compressed audio through Symphonia, section by section, checked against what the container promised.

use symphonia::core::io::MediaSource;
use symphonia::core::packet::Packet;

use super::decoder::Shape;
use super::file_section::SharedSource;
use super::in_work::SectionInWork;
use crate::clip::{AudioInfo, ClipNote, Damaged, LostSound};
use crate::containers::{CodedLayout, CodedSection, Container};
use crate::decoding::block_reader::{BlockReader, give_first};
use crate::decoding::mono_output::MonoOutput;
use crate::error::{Fault, FilePosition};
use crate::limit_checks::check_shape;

/// Decodes the sections of one file to mono.
pub(crate) struct CodedReader {
    source: SharedSource,
    container: Container,
    sections: std::vec::IntoIter<CodedSection>,
    section: Option<SectionInWork>,
    /// Frames of the file, where it states them.
    frames: Option<u64>,
    output: MonoOutput,
    interleaved: Vec<f32>,
    /// The first block, decoded while opening to learn rate and channels.
    first: Option<Vec<f32>>,
    /// What is unsupported in the first section that can't be decoded for that; noted only before there is any sound.
    unsupported: Option<String>,
    finished: bool,
}

impl CodedReader {
    pub(crate) fn new(
        source: Box<dyn MediaSource>,
        layout: CodedLayout,
        damaged: Damaged,
    ) -> Result<Self, Fault> {
        // Those of several sections may have several rates.
        let frames = match layout.sections.as_slice() {
            [section] => section.frames,
            _ => None,
        };
        let file_bytes = layout.sections.iter().map(|section| section.end).max();
        let unknown = AudioInfo::new("", layout.container.name(), 0, 0, frames);
        let mut reader = Self {
            source: SharedSource::new(source),
            container: layout.container,
            sections: layout.sections.into_iter(),
            section: None,
            frames,
            output: MonoOutput::new(unknown, damaged, file_bytes.unwrap_or(0)),
            interleaved: Vec::new(),
            first: None,
            unsupported: None,
            finished: false,
        };
        let mut first = Vec::new();
        while first.is_empty() && reader.step(&mut first)? {}
        if first.is_empty()
            && let Some(reason) = reader.unsupported.take()
        {
            // Such a file is not damaged.
            return Err(Fault::Unsupported(reason));
        }
        if reader.output.info.codec.is_empty() {
            // No section could be opened.
            let loss = reader.output.losses.found().first().cloned();
            let loss = loss.unwrap_or_else(|| LostSound::damaged("it has no sound", 0_u64));
            return Err(loss.into_fault().with_nothing_left());
        }
        // Without any samples, the header is all there is.
        let info = &reader.output.info;
        check_shape(info.sample_rate_hz, u64::from(info.channels))?;
        reader.first = Some(first);
        Ok(reader)
    }

    fn here(&self) -> FilePosition {
        self.output.here()
    }

    /// Appends what comes next; `false` at the end.
    fn step(&mut self, out: &mut Vec<f32>) -> Result<bool, Fault> {
        if self.output.give_silence(out) {
            return Ok(true);
        }
        if let Some(section) = self.section.take() {
            self.read_packet(section, out)?;
        } else if let Some(section) = self.sections.next() {
            self.open_section(section, out)?;
        } else if self.finished {
            return Ok(false);
        } else {
            self.output.flush(out);
            self.finished = true;
        }
        Ok(true)
    }

    fn open_section(&mut self, mut section: CodedSection, out: &mut Vec<f32>) -> Result<(), Fault> {
        let loss_before = section.loss_before.take();
        let (begin, bytes) = (section.start, section.end.saturating_sub(section.start));
        match SectionInWork::open(&self.source, self.container, section) {
            Ok(opened) => {
                if self.output.info.codec.is_empty() {
                    self.describe(&opened);
                }
                self.section = Some(opened);
            }
            Err(fault @ Fault::Read(..)) => return Err(fault),
            Err(fault) if !self.output.losses.is_salvage() => return Err(fault),
            Err(fault) => {
                self.note_unsupported(&fault);
                self.output.losses.add(LostSound {
                    bytes: Some(bytes),
                    ..LostSound::damaged(fault.reason(), begin)
                })?;
            }
        }
        loss_before.map_or(Ok(()), |loss| self.output.lose_seconds(loss, out))
    }

    /// Takes what the header of the first section says about it.
    fn describe(&mut self, section: &SectionInWork) {
        let codec = section.codec();
        let container = match (self.container, codec) {
            (Container::Mp4, "AAC" | "ALAC") => "M4A",
            (Container::Mp3, "MP1" | "MP2") => codec,
            (container, _) => container.name(),
        };
        let channels = u16::try_from(section.channels()).unwrap_or(u16::MAX);
        let info = AudioInfo::new(codec, container, section.rate_hz(), channels, self.frames);
        self.output.describe(info);
    }

    /// Decodes the next packet of a section, which is in work again unless it has ended.
    fn read_packet(&mut self, mut section: SectionInWork, out: &mut Vec<f32>) -> Result<(), Fault> {
        let here = self.here();
        let packet = match section.decoder.next_packet(here) {
            Ok(Some(packet)) => packet,
            Ok(None) => return self.end_section(section),
            Err(fault @ Fault::Read(..)) => return Err(fault),
            Err(fault) => return self.give_up(&section, fault),
        };
        let decoded = section.decoder.decode(&packet, &mut self.interleaved, here);
        match decoded.and_then(|shape| self.check(&section, shape)) {
            Ok(shape) => {
                section.check_length(&packet, &shape)?;
                self.take(&mut section, shape, out)?;
            }
            Err(fault @ Fault::Unsupported(_)) => return self.give_up(&section, fault),
            Err(fault) => self.lose_packet(&mut section, &packet, &fault, out)?,
        }
        self.section = Some(section);
        Ok(())
    }

    /// Refuses a packet that can't be of this recording.
    fn check(&self, section: &SectionInWork, shape: Shape) -> Result<Shape, Fault> {
        let rate_hz = shape.sample_rate_hz;
        if shape.frames > 0 && !self.output.accepts(rate_hz) {
            let first_hz = self.output.info.sample_rate_hz;
            let reason = format!("its sample rate changes from {first_hz} Hz to {rate_hz} Hz");
            return Err(Fault::corrupt(reason, self.here()));
        }
        section.check_samples(&self.interleaved, shape, self.here())
    }

    /// Appends the part of a decoded packet that belongs to the recording.
    fn take(&mut self, section: &mut SectionInWork, shape: Shape, out: &mut Vec<f32>) -> Result<(), Fault> {
        if shape.frames == 0 {
            return Ok(());
        }
        section.set_shape(shape);
        let wanted = section.wanted_of(shape.frames as u64);
        let [begin, end] = [wanted.start, wanted.end].map(|frame| frame as usize * shape.channels);
        let samples = &self.interleaved[begin..end];
        self.output
            .give(samples, shape.sample_rate_hz, shape.channels, out)
    }

    /// Silence replaces a packet that can't be decoded.
    fn lose_packet(
        &mut self,
        section: &mut SectionInWork,
        packet: &Packet,
        fault: &Fault,
        out: &mut Vec<f32>,
    ) -> Result<(), Fault> {
        let rate_hz = section.rate_hz();
        let lost = section.decoder.frames_by_time(packet, rate_hz).unwrap_or(0);
        let wanted = section.wanted_of(lost);
        let seconds = (wanted.end - wanted.start) as f64 / f64::from(rate_hz.max(1));
        let loss = LostSound {
            bytes: Some(packet.data.len() as u64),
            seconds: Some(seconds).filter(|_| !wanted.is_empty()),
            ..LostSound::damaged(fault.reason(), self.here())
        };
        self.output.lose_seconds(loss, out)
    }

    /// Notes that the rest of a section can't be read.
    fn give_up(&mut self, section: &SectionInWork, fault: Fault) -> Result<(), Fault> {
        if !self.output.losses.is_salvage() {
            return Err(fault.with_sound_left());
        }
        self.note_unsupported(&fault);
        self.output.losses.add(LostSound {
            is_cut_off: matches!(fault, Fault::Truncated(..)),
            seconds: section.missing_seconds(),
            ..LostSound::damaged(fault.reason(), self.here())
        })
    }

    /// Remembers the first kind that can't be decoded, which counts if nothing else gives sound.
    fn note_unsupported(&mut self, fault: &Fault) {
        if let Fault::Unsupported(reason) = fault
            && !self.output.is_begun()
        {
            self.unsupported.get_or_insert_with(|| reason.clone());
        }
    }

    /// Checks at the end of a section that everything promised has arrived.
    fn end_section(&mut self, mut section: SectionInWork) -> Result<(), Fault> {
        if let Some(loss) = section.loss_at_end(self.here()) {
            return self.output.losses.add(loss);
        }
        if let Some(note) = section.surplus() {
            self.output.note(note);
        }
        if self.output.losses.found().is_empty() && section.decoder.is_sum_right() == Some(false) {
            self.output.refuse_sum()?;
        }
        Ok(())
    }
}

impl BlockReader for CodedReader {
    fn info(&self) -> AudioInfo {
        self.output.info.clone()
    }

    fn next_block(&mut self, out: &mut Vec<f32>) -> Result<bool, Fault> {
        Ok(give_first(&mut self.first, out) || self.step(out)?)
    }

    fn losses(&self) -> &[LostSound] {
        self.output.losses.found()
    }

    fn notes(&self) -> Vec<ClipNote> {
        self.output.notes()
    }
}
