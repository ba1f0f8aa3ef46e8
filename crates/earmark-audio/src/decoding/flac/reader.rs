//! FLAC: frames found here and decoded by Symphonia; every stream of the file, one after another.

use symphonia::core::io::MediaSource;
use symphonia::core::packet::PacketRef;
use symphonia::core::units::{Duration, Timestamp};

use super::forward_window::ForwardWindow;
use super::frame_header::FrameHeader;
use super::frames::{FlacFrames, Piece, Skipped};
use super::stream::Stream;
use super::timeline::{FlacTotals, Step, StreamEnd, compare_end};
use crate::clip::{AudioInfo, ClipNote, Damaged, LostSound};
use crate::containers::{FlacLayout, is_harmless};
use crate::decoding::block_reader::{BlockReader, give_first};
use crate::decoding::decoder_panics::guard;
use crate::decoding::mono_output::MonoOutput;
use crate::decoding::symphonia_errors::decode_fault;
use crate::error::Fault;
use crate::limit_checks::check_shape;
use crate::resampling::resampled_len;

/// Reads the frames of a FLAC file.
pub(crate) struct FlacReader {
    frames: FlacFrames,
    stream: Stream,
    output: MonoOutput,
    /// The frame at the beginning of the window, and its length.
    waiting: Option<(FrameHeader, usize)>,
    /// Where bytes begin that belong to no frame while none is missing, and how many there are.
    foreign: Option<(u64, u64)>,
    interleaved: Vec<f32>,
    /// The first block, decoded while opening.
    first: Option<Vec<f32>>,
    finished: bool,
}

impl FlacReader {
    pub(crate) fn new(
        source: Box<dyn MediaSource>,
        layout: FlacLayout,
        damaged: Damaged,
    ) -> Result<Self, Fault> {
        let info = layout.info;
        // Zero means "not known": written by an encoder at the end of a pipe. A file with nothing but a header is the
        // exception.
        let is_empty = layout.frames_start == layout.end;
        let frames = Some(info.frames()).filter(|frames| *frames > 0 || is_empty);
        let channels = u16::from(info.channels());
        let stated = AudioInfo::new("FLAC", "FLAC", info.sample_rate_hz(), channels, frames);
        let mut reader = Self {
            frames: FlacFrames::new(ForwardWindow::new(source, layout.frames_start, layout.end)),
            stream: Stream::new(info),
            output: MonoOutput::new(stated, damaged, layout.end),
            waiting: None,
            foreign: None,
            interleaved: Vec::new(),
            first: None,
            finished: false,
        };
        let mut first = Vec::new();
        let opened = loop {
            match reader.step(&mut first) {
                Ok(true) if first.is_empty() => {}
                other => break other,
            }
        };
        if first.is_empty() {
            reader.refuse_nothing(opened, &layout)?;
        }
        reader.first = Some(first);
        Ok(reader)
    }

    /// Refuses a file without any frame, unless it is whole and empty.
    fn refuse_nothing(&self, opened: Result<bool, Fault>, layout: &FlacLayout) -> Result<(), Fault> {
        match opened {
            Err(fault @ Fault::Read(..)) => return Err(fault),
            // Frames follow what is damaged.
            Err(fault) if self.waiting.is_some() => return Err(fault),
            _ if layout.is_header_broken => {
                return Err(Fault::truncated("it ends within its header", layout.end));
            }
            Err(fault) => return Err(fault.with_nothing_left()),
            Ok(_) => {}
        }
        match self.output.losses.found().first() {
            Some(loss) => Err(loss.clone().into_fault().with_nothing_left()),
            None => Ok(()),
        }
    }

    /// Appends what comes next; `false` at the end.
    fn step(&mut self, out: &mut Vec<f32>) -> Result<bool, Fault> {
        if self.output.give_silence(out) {
            return Ok(true);
        }
        if let Some((header, len)) = self.waiting.take() {
            self.decode(&header, len, out)?;
            return Ok(true);
        }
        if self.finished {
            return Ok(false);
        }
        let (skipped, piece) = self.frames.next(&self.stream.info)?;
        match piece {
            Piece::Frame(header, len) => {
                // Also where what is missing before it ends the reading: it is sound that is left.
                self.waiting = Some((header, len));
                self.arrive(&header, skipped.as_ref(), out)?;
            }
            Piece::Stream => {
                self.end_stream(skipped, false)?;
                self.begin_stream()?;
            }
            Piece::End => {
                self.finished = true;
                self.output.flush(out);
                self.end_stream(skipped, true)?;
            }
        }
        Ok(true)
    }

    /// Compares the place of a frame with that where it should be.
    fn arrive(
        &mut self,
        header: &FrameHeader,
        skipped: Option<&Skipped>,
        out: &mut Vec<f32>,
    ) -> Result<(), Fault> {
        let step = self
            .stream
            .time
            .step(header, &self.stream.info, skipped.is_some());
        let reason = match skipped {
            Some(skipped) if skipped.frame.is_some() => "the checksum of a frame is wrong",
            Some(_) => "these bytes are not a FLAC frame",
            None => "frames are missing, as their numbers show",
        };
        let loss = LostSound {
            bytes: skipped.map(|skipped| skipped.bytes),
            ..LostSound::damaged(reason, self.output.here())
        };
        match (step, skipped) {
            (Step::Next, None) => {}
            (Step::Next, Some(skipped)) => {
                let (_, bytes) = self.foreign.get_or_insert((skipped.at, 0));
                *bytes += skipped.bytes;
            }
            (Step::Gap(frames), _) => self.lose(loss, frames, out)?,
            (Step::Back, Some(_)) => {
                self.stream.is_lossy = true;
                self.output.losses.add(loss)?;
            }
            (Step::Back, None) => self.output.note("the numbers of its frames begin again".into()),
        }
        Ok(())
    }

    /// Notes the loss of `frames` frames of the stream, with silence in their place.
    fn lose(&mut self, loss: LostSound, frames: u64, out: &mut Vec<f32>) -> Result<(), Fault> {
        self.stream.is_lossy = true;
        let (from_hz, to_hz) = (self.stream.info.sample_rate_hz(), self.output.info.sample_rate_hz);
        self.output.lose(loss, resampled_len(frames, from_hz, to_hz), out)
    }

    /// Decodes the frame at the beginning of the window.
    fn decode(&mut self, header: &FrameHeader, len: usize, out: &mut Vec<f32>) -> Result<(), Fault> {
        let here = self.output.here();
        let rate_hz = header.sample_rate_hz.unwrap_or(self.stream.info.sample_rate_hz());
        let mut possible = check_shape(rate_hz, u64::from(header.channels));
        if !self.output.accepts(rate_hz) {
            possible = Err(Fault::corrupt(
                format!("its sample rate changes to {rate_hz} Hz"),
                here,
            ));
        }
        let decoded = possible.and_then(|()| {
            let bytes = &self.frames.window.bytes()[..len];
            guard(here, || {
                let decoder = &mut self.stream.decoder_for(header)?.decoder;
                let packet = PacketRef::new(0, Timestamp::ZERO, Duration::ZERO, bytes);
                let buffer = decoder.decode_ref(&packet).map_err(|e| decode_fault(e, here))?;
                buffer.copy_to_vec_interleaved(&mut self.interleaved);
                Ok(())
            })
        });
        self.frames.window.advance(len);
        self.stream.time.advance(header.frames);
        if let Err(fault) = decoded {
            self.stream.drop_decoder();
            let loss = LostSound {
                bytes: Some(len as u64),
                ..LostSound::damaged(fault.reason(), here)
            };
            return self.lose(loss, u64::from(header.frames), out);
        }
        let (info, channels) = (&self.output.info, header.channels);
        let stated = (info.sample_rate_hz, info.channels);
        if !self.output.is_begun() && stated != (rate_hz, u16::from(channels)) {
            let (stated_hz, stated) = stated;
            self.output.note(format!(
                "its header says {stated_hz} Hz and {stated} channels, its frames {rate_hz} Hz and {channels}"
            ));
        }
        self.output
            .give(&self.interleaved, rate_hz, usize::from(channels), out)
    }

    /// What the end of a stream shows: sound that is missing, or counts that are wrong.
    fn end_stream(&mut self, skipped: Option<Skipped>, is_end_of_file: bool) -> Result<(), Fault> {
        let mut tail = skipped;
        if let Some(Skipped { at, bytes, .. }) = skipped {
            let window = &mut self.frames.window;
            if window.walk(|walker| is_harmless(walker, at, at + bytes))? {
                tail = None;
            }
        }
        let totals = FlacTotals {
            stated: self.stream.info.frames(),
            passed: self.stream.time.passed(),
            is_sum_right: self.stream.is_sum_right(),
            is_lossy: self.stream.is_lossy,
            sample_rate_hz: self.stream.info.sample_rate_hz(),
            here: self.output.here(),
        };
        match compare_end(&totals, tail.as_ref(), is_end_of_file) {
            StreamEnd::Complete => {}
            StreamEnd::Lost(loss) => self.output.losses.add(loss)?,
            StreamEnd::Odd(remark) => self.output.note(remark),
            StreamEnd::WrongSum => self.output.refuse_sum()?,
        }
        Ok(())
    }

    fn begin_stream(&mut self) -> Result<(), Fault> {
        let at = self.frames.window.at();
        match self.frames.read_stream() {
            Ok(layout) => {
                self.stream = Stream::new(layout.info);
                self.output
                    .note("it is several FLAC streams, one behind the other".into());
                Ok(())
            }
            Err(fault @ Fault::Read(..)) => Err(fault),
            Err(fault) => {
                // Its frames may still be found.
                self.frames.window.advance(4);
                self.output.losses.add(LostSound::damaged(fault.reason(), at))
            }
        }
    }
}

impl BlockReader for FlacReader {
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
        let foreign = self.foreign.map(|(at, bytes)| {
            let what =
                format!("{bytes} bytes from byte {at} on belong to no FLAC frame, and no frame is missing");
            ClipNote::Contradiction(what)
        });
        foreign.into_iter().chain(self.output.notes()).collect()
    }
}
