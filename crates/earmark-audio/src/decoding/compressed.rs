//! Compressed audio through Symphonia, checked against what the container promised.

use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};

use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::well_known as codec;
use symphonia::core::codecs::audio::{AudioCodecId, AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::packet::Packet;
use symphonia::default::formats::{AdtsReader, FlacReader, IsoMp4Reader, MpaReader, OggReader, WavReader};

use super::block_reader::BlockReader;
use super::channels::{check_finite, mix_down};
use super::file_section::FileSection;
use crate::clip::AudioInfo;
use crate::containers::{CodedLayout, Container};
use crate::error::{Fault, FilePosition};
use crate::limit_checks::check_shape;

/// Symphonia's read-ahead; a power of two.
const BUFFER_BYTES: usize = 128 * 1024;

/// Decodes one audio track to mono.
pub(crate) struct CodedReader {
    format: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    track_id: u32,
    layout: CodedLayout,
    codec: &'static str,
    sample_rate_hz: u32,
    channels: u16,
    /// Length in frames that the track itself states.
    track_frames: Option<u64>,
    /// Frames that came out of the decoder, before any are dropped.
    decoded: u64,
    /// Frames that the packets so far should have given by their timestamps; unknown before the first packet.
    due: Option<i64>,
    packet_bytes: u64,
    interleaved: Vec<f32>,
    /// The first block, decoded while opening to learn rate and channels.
    first: Option<Vec<f32>>,
    finished: bool,
}

impl CodedReader {
    pub(crate) fn new(source: Box<dyn MediaSource>, layout: CodedLayout) -> Result<Self, Fault> {
        guard(FilePosition::Byte(layout.start), || Self::open(source, layout))
    }

    fn open(source: Box<dyn MediaSource>, layout: CodedLayout) -> Result<Self, Fault> {
        let begin = FilePosition::Byte(layout.start);
        // Quirk(symphonia): given a seekable MP3 without a Xing header, its reader estimates the length from the bit
        // rate and trims the recording to that.
        let seekable = layout.container != Container::Mp3;
        let section = FileSection::new(source, layout.start, layout.end, seekable);
        let section = section.map_err(|e| Fault::Read(e, begin))?;
        let options = MediaSourceStreamOptions {
            buffer_len: BUFFER_BYTES,
        };
        let stream = MediaSourceStream::new(Box::new(section), options);
        let format = open_format(layout.container, stream);
        let format = format.map_err(|e| read_fault(e, layout.container, begin))?;
        let container = layout.container.name();
        let Some(track) = format.default_track(TrackType::Audio) else {
            let reason = format!("is {container} with audio of an unsupported kind");
            return Err(Fault::Unsupported(reason));
        };
        let Some(CodecParameters::Audio(params)) = &track.codec_params else {
            return Err(Fault::unsupported("does not state how its audio is encoded"));
        };
        // The header walk knows what an MP3 encoder added at both ends, and cuts it off.
        let trims = layout.container != Container::Mp3;
        let options = AudioDecoderOptions::default().gapless(trims).verify(true);
        let name = codec_name(params.codec);
        let decoder = symphonia::default::get_codecs().make_audio_decoder(params, &options);
        let decoder = decoder.map_err(|e| open_fault(e, name, begin))?;
        let stated_channels = params.channels.as_ref().map_or(0, |c| c.count());
        let mut reader = Self {
            track_id: track.id,
            codec: name,
            sample_rate_hz: params.sample_rate.unwrap_or(0),
            channels: 0,
            track_frames: track.num_frames,
            decoded: 0,
            due: None,
            packet_bytes: 0,
            interleaved: Vec::new(),
            first: None,
            finished: false,
            format,
            decoder,
            layout,
        };
        let mut first = Vec::new();
        while first.is_empty() && reader.decode_packet(&mut first)? {}
        if reader.channels == 0 {
            // No samples at all: only the header is left.
            check_shape(reader.sample_rate_hz, stated_channels as u64)?;
            reader.channels = stated_channels as u16;
        }
        reader.first = Some(first);
        Ok(reader)
    }

    /// Length in frames, where the file states it.
    fn frames(&self) -> Option<u64> {
        let ogg = self.layout.container == Container::Ogg;
        self.layout.frames.or(self.track_frames.filter(|_| ogg))
    }

    /// Frames so far, without those that are dropped at the start.
    fn given(&self) -> u64 {
        self.decoded.saturating_sub(self.layout.skip_frames)
    }

    fn here(&self) -> FilePosition {
        FilePosition::frame(self.given(), self.sample_rate_hz)
    }

    fn decode_packet(&mut self, out: &mut Vec<f32>) -> Result<bool, Fault> {
        let here = self.here();
        let packet = loop {
            match self.format.next_packet() {
                Ok(Some(packet)) if packet.track_id == self.track_id => break packet,
                Ok(Some(_)) => {}
                Ok(None) => {
                    self.finish()?;
                    return Ok(false);
                }
                Err(error) => return Err(read_fault(error, self.layout.container, here)),
            }
        };
        self.check_time(&packet)?;
        self.packet_bytes += packet.data.len() as u64;
        let buffer = self.decoder.decode(&packet).map_err(|e| decode_fault(e, here))?;
        let (frames, spec) = (buffer.frames(), buffer.spec());
        if frames == 0 {
            return Ok(true);
        }
        let (rate, channels) = (spec.rate(), spec.channels().count());
        if self.channels == 0 {
            check_shape(rate, channels as u64)?;
            (self.sample_rate_hz, self.channels) = (rate, channels as u16);
        } else if (rate, channels) != (self.sample_rate_hz, usize::from(self.channels)) {
            let reason = "its sample rate or number of channels changes";
            return Err(Fault::corrupt(reason, here));
        }
        buffer.copy_to_vec_interleaved(&mut self.interleaved);
        check_finite(&self.interleaved, channels, self.decoded, self.sample_rate_hz)?;

        // The part of this packet inside [skip, skip + frames).
        let first = self.decoded;
        self.decoded += frames as u64;
        let skip = self.layout.skip_frames;
        let begin = skip.clamp(first, self.decoded);
        let end = match self.layout.frames.filter(|_| self.layout.padded) {
            Some(keep) => skip.saturating_add(keep).clamp(begin, self.decoded),
            None => self.decoded,
        };
        let [begin, end] = [begin, end].map(|frame| (frame - first) as usize * channels);
        mix_down(&self.interleaved[begin..end], channels, out);
        Ok(true)
    }

    /// Where packets carry timestamps, a gap is a lost packet. Trimmed frames count as played here.
    fn check_time(&mut self, packet: &Packet) -> Result<(), Fault> {
        if !matches!(self.layout.container, Container::Flac | Container::Ogg) {
            return Ok(());
        }
        let starts = packet.pts.get();
        if let Some(due) = self.due
            && due != starts
        {
            let reason = format!("a packet for frame {starts} follows instead of frame {due}");
            return Err(Fault::corrupt(reason, self.here()));
        }
        let lasts = i64::try_from(packet.block_dur().get()).unwrap_or(i64::MAX);
        self.due = Some(starts.saturating_add(lasts));
        Ok(())
    }

    /// At the end: checks that everything promised has arrived.
    fn finish(&mut self) -> Result<(), Fault> {
        self.finished = true;
        let (here, got) = (self.here(), self.given());
        if let Some(stated) = self.frames() {
            if got < stated {
                let reason = format!("its header promises {stated} frames");
                return Err(Fault::truncated(reason, here));
            }
            if got > stated && !self.layout.padded {
                let reason = format!("it has more samples than the {stated} frames of its header");
                return Err(Fault::corrupt(reason, here));
            }
        }
        if self.packet_bytes < self.layout.packet_bytes.unwrap_or(0) {
            return Err(Fault::truncated("its last frame is incomplete", here));
        }
        if self.decoder.finalize().verify_ok == Some(false) {
            let reason = "the samples do not match their checksum (MD5)";
            return Err(Fault::corrupt(reason, here));
        }
        Ok(())
    }
}

impl BlockReader for CodedReader {
    fn info(&self) -> AudioInfo {
        let container = match (self.layout.container, self.codec) {
            (Container::Mp4, "AAC" | "ALAC") => "M4A",
            (container, _) => container.name(),
        };
        AudioInfo {
            codec: self.codec.into(),
            container: container.into(),
            sample_rate_hz: self.sample_rate_hz,
            channels: self.channels,
            frames: self.frames(),
        }
    }

    fn next_block(&mut self, out: &mut Vec<f32>) -> Result<bool, Fault> {
        if let Some(first) = self.first.take() {
            out.extend_from_slice(&first);
            return Ok(true);
        }
        if self.finished {
            return Ok(false);
        }
        guard(self.here(), || self.decode_packet(out))
    }
}

fn open_format(
    container: Container,
    stream: MediaSourceStream<'static>,
) -> Result<Box<dyn FormatReader>, Error> {
    let options = FormatOptions::default();
    Ok(match container {
        Container::Flac => Box::new(FlacReader::try_new(stream, options)?),
        Container::Ogg => Box::new(OggReader::try_new(stream, options)?),
        Container::Mp3 => Box::new(MpaReader::try_new(stream, options)?),
        Container::Adts => Box::new(AdtsReader::try_new(stream, options)?),
        Container::Mp4 => Box::new(IsoMp4Reader::try_new(stream, options)?),
        // ADPCM; AIFF never comes here, all of it is PCM.
        Container::Wav | Container::Aiff => Box::new(WavReader::try_new(stream, options)?),
    })
}

fn codec_name(id: AudioCodecId) -> &'static str {
    match id {
        codec::CODEC_ID_VORBIS => "Vorbis",
        codec::CODEC_ID_FLAC => "FLAC",
        codec::CODEC_ID_MP3 => "MP3",
        codec::CODEC_ID_AAC => "AAC",
        codec::CODEC_ID_ALAC => "ALAC",
        codec::CODEC_ID_OPUS => "Opus",
        codec::CODEC_ID_SPEEX => "Speex",
        codec::CODEC_ID_ADPCM_MS | codec::CODEC_ID_ADPCM_IMA_WAV => "ADPCM",
        _ => "audio",
    }
}

/// An error while reading packets: the end of the file means that the file is cut off.
fn read_fault(error: Error, container: Container, here: FilePosition) -> Fault {
    match error {
        Error::IoError(e) if e.kind() == ErrorKind::UnexpectedEof => {
            Fault::truncated("it ends within a packet", here)
        }
        // Errors of the system carry its error number; others are Symphonia's way to report bad data.
        Error::IoError(e) if e.raw_os_error().is_some() => Fault::Read(e, here),
        Error::ResetRequired => Fault::unsupported("is several recordings in sequence"),
        other => open_fault(other, container.name(), here),
    }
}

/// An error about a container or codec of this name: an unsupported kind of it, or damage.
fn open_fault(error: Error, name: &str, here: FilePosition) -> Fault {
    match error {
        Error::Unsupported(what) => Fault::Unsupported(format!("is {name} of an unsupported kind ({what})")),
        other => decode_fault(other, here),
    }
}

/// An error while decoding a complete packet: the packet is damaged.
fn decode_fault(error: Error, here: FilePosition) -> Fault {
    let reason = format!("its decoder reports {:?}", error.to_string());
    Fault::corrupt(reason, here)
}

/// Runs decoder code that may panic on hostile data, and makes a panic a fault. Whatever the panic left half done is not used
/// again: after a fault the stream is closed.
fn guard<T>(here: FilePosition, run: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    let panicked = |_| Err(Fault::corrupt("its decoder failed (a panic)", here));
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(panicked)
}
