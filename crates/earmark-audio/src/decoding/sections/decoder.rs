//! One section of a compressed file, opened by Symphonia.

use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::formats::{FormatOptions, FormatReader, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::packet::Packet;
use symphonia::core::units::TimeBase;
use symphonia::default::formats::{AdtsReader, IsoMp4Reader, MpaReader};

use super::file_section::{FileSection, SharedSource};
use crate::containers::{CodedSection, Container};
use crate::decoding::decoder_panics::guard;
use crate::decoding::symphonia_errors::{codec_name, decode_fault, open_fault, read_fault};
use crate::error::{Fault, FilePosition};

/// Symphonia's read-ahead; a power of two.
const BUFFER_BYTES: usize = 128 * 1024;

/// Decoders that are replaced after a panic, in one section.
const MOST_PANICS: u32 = 16;

/// What a packet decodes to, apart from its samples.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// Samples per channel.
    pub(super) frames: usize,
    pub(super) sample_rate_hz: u32,
    pub(super) channels: usize,
}

/// Reads and decodes the packets of one section.
pub(super) struct SectionDecoder {
    format: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    params: AudioCodecParameters,
    options: AudioDecoderOptions,
    track_id: u32,
    time_base: Option<TimeBase>,
    container: &'static str,
    panics: u32,
    pub(super) codec: &'static str,
    /// As the header says; 0 where it doesn't.
    pub(super) stated_rate_hz: u32,
    pub(super) stated_channels: usize,
    /// Bytes of the packets so far.
    pub(super) packet_bytes: u64,
}

impl SectionDecoder {
    pub(super) fn open(
        source: &SharedSource,
        container: Container,
        section: &CodedSection,
    ) -> Result<Self, Fault> {
        let begin = FilePosition::Byte(section.start);
        guard(begin, || Self::open_unguarded(source, container, section))
    }

    fn open_unguarded(
        source: &SharedSource,
        container: Container,
        section: &CodedSection,
    ) -> Result<Self, Fault> {
        let begin = FilePosition::Byte(section.start);
        let is_mpeg = matches!(container, Container::Mp3 | Container::Wav);
        // Quirk(symphonia): given a seekable MP3 without a Xing header, its reader estimates the length from the bit
        // rate and trims the recording to that.
        let bytes = FileSection::new(source.clone(), section.start..section.end, !is_mpeg);
        let options = MediaSourceStreamOptions {
            buffer_len: BUFFER_BYTES,
        };
        let stream = MediaSourceStream::new(Box::new(bytes), options);
        let format = open_format(container, stream);
        let format = format.map_err(|e| read_fault(e, container.name(), begin))?;
        let Some(track) = format.default_track(TrackType::Audio) else {
            let reason = format!("is {} with audio of an unsupported kind", container.name());
            return Err(Fault::Unsupported(reason));
        };
        let Some(CodecParameters::Audio(params)) = &track.codec_params else {
            return Err(Fault::unsupported("does not state how its audio is encoded"));
        };
        let params = params.clone();
        // The header walk knows what an MP3 encoder added at both ends, and cuts it off.
        let options = AudioDecoderOptions::default().gapless(!is_mpeg).verify(true);
        let codec = codec_name(params.codec);
        let decoder = symphonia::default::get_codecs().make_audio_decoder(&params, &options);
        let decoder = decoder.map_err(|e| open_fault(e, codec, begin))?;
        Ok(Self {
            decoder,
            track_id: track.id,
            time_base: track.time_base,
            container: container.name(),
            panics: 0,
            codec,
            stated_rate_hz: params.sample_rate.unwrap_or(0),
            stated_channels: params.channels.as_ref().map_or(0, |c| c.count()),
            packet_bytes: 0,
            params,
            options,
            format,
        })
    }

    /// The next packet; `None` at the end. After an error there are no more.
    pub(super) fn next_packet(&mut self, here: FilePosition) -> Result<Option<Packet>, Fault> {
        let packet = guard(here, || {
            loop {
                match self.format.next_packet() {
                    Ok(Some(packet)) if packet.track_id == self.track_id => break Ok(Some(packet)),
                    Ok(Some(_)) => {}
                    Ok(None) => break Ok(None),
                    Err(error) => break Err(read_fault(error, self.container, here)),
                }
            }
        })?;
        self.packet_bytes += packet.as_ref().map_or(0, |packet| packet.data.len() as u64);
        Ok(packet)
    }

    /// Replaces `interleaved` by the samples of a packet. After an error, the next packet can be tried.
    pub(super) fn decode(
        &mut self,
        packet: &Packet,
        interleaved: &mut Vec<f32>,
        here: FilePosition,
    ) -> Result<Shape, Fault> {
        let decoder = &mut self.decoder;
        interleaved.clear();
        let decoded = guard(here, || {
            let buffer = match decoder.decode(packet) {
                Ok(buffer) => buffer,
                Err(error) => return Ok(Err(decode_fault(error, here))),
            };
            let shape = Shape {
                frames: buffer.frames(),
                sample_rate_hz: buffer.spec().rate(),
                channels: buffer.spec().channels().count(),
            };
            buffer.copy_to_vec_interleaved(interleaved);
            Ok(Ok(shape))
        });
        match decoded {
            Ok(Ok(shape)) => Ok(shape),
            // The decoder takes the next packet as it is.
            Ok(Err(fault)) => Err(fault),
            Err(panic) => {
                self.renew()?;
                Err(panic)
            }
        }
    }

    /// Replaces the decoder, which a panic has left half done.
    fn renew(&mut self) -> Result<(), Fault> {
        let here = FilePosition::Byte(0);
        self.panics += 1;
        if self.panics > MOST_PANICS {
            return Err(Fault::unsupported("makes its decoder fail again and again"));
        }
        self.decoder = guard(here, || {
            let decoder = symphonia::default::get_codecs().make_audio_decoder(&self.params, &self.options);
            decoder.map_err(|e| open_fault(e, self.codec, here))
        })?;
        Ok(())
    }

    /// How many samples per channel a packet should give by its times, at this rate.
    pub(super) fn frames_by_time(&self, packet: &Packet, sample_rate_hz: u32) -> Option<u64> {
        let base = self.time_base?;
        let ticks = u128::from(packet.block_dur().get()) * u128::from(base.numer.get());
        let frames = ticks * u128::from(sample_rate_hz) / u128::from(base.denom.get());
        u64::try_from(frames).ok().filter(|frames| *frames > 0)
    }

    /// Whether the samples match a checksum of the header; `None` where there is none.
    pub(super) fn is_sum_right(&mut self) -> Option<bool> {
        self.decoder.finalize().verify_ok
    }
}

fn open_format(
    container: Container,
    stream: MediaSourceStream<'static>,
) -> Result<Box<dyn FormatReader>, Error> {
    let options = FormatOptions::default();
    Ok(match container {
        // All that is compressed in WAV, other than blocks of a fixed size, is MPEG audio.
        Container::Mp3 | Container::Wav => Box::new(MpaReader::try_new(stream, options)?),
        Container::Adts => Box::new(AdtsReader::try_new(stream, options)?),
        Container::Mp4 => Box::new(IsoMp4Reader::try_new(stream, options)?),
        _ => return Err(Error::Unsupported("no reader for its packets")),
    })
}
