//! The stream of a FLAC file that is being read, and its decoder.

use symphonia::core::codecs::audio::AudioDecoder;

use super::frame_header::FrameHeader;
use super::frames::flac_decoder;
use super::timeline::Timeline;
use crate::containers::StreamInfo;
use crate::error::Fault;

/// The stream that is being read: a file may be several, one behind the other.
pub(super) struct Stream {
    pub(super) info: StreamInfo,
    pub(super) time: Timeline,
    decoder: Option<FrameDecoder>,
    /// Whether some of it is missing.
    pub(super) is_lossy: bool,
    /// Whether no decoder has seen all of it, so that its checksum says nothing.
    has_several_decoders: bool,
}

/// A decoder, and the largest frames that it takes.
pub(super) struct FrameDecoder {
    pub(super) decoder: Box<dyn AudioDecoder>,
    channels: u8,
    most_frames: u32,
}

impl Stream {
    pub(super) fn new(info: StreamInfo) -> Self {
        Self {
            info,
            time: Timeline::default(),
            decoder: None,
            is_lossy: false,
            has_several_decoders: false,
        }
    }

    /// The decoder for a frame: another one where it has other channels, or more samples than the header allows.
    pub(super) fn decoder_for(&mut self, header: &FrameHeader) -> Result<&mut FrameDecoder, Fault> {
        let fits = |d: &FrameDecoder| d.channels == header.channels && d.most_frames >= header.frames;
        self.has_several_decoders |= self.decoder.as_ref().is_some_and(|decoder| !fits(decoder));
        let fitting = self.decoder.take().filter(fits);
        let decoder = match fitting {
            Some(decoder) => decoder,
            None => {
                let info = self.info.for_frames(header.channels, header.frames);
                FrameDecoder {
                    decoder: flac_decoder(&info, true)?,
                    channels: header.channels,
                    most_frames: info.block_frames().1,
                }
            }
        };
        Ok(self.decoder.insert(decoder))
    }

    /// Gives up a decoder that may be half done.
    pub(super) fn drop_decoder(&mut self) {
        self.has_several_decoders = true;
        self.decoder = None;
    }

    /// Whether the samples match the checksum of the header, where it has one and all of them were decoded.
    pub(super) fn is_sum_right(&mut self) -> Option<bool> {
        let decoder = self
            .decoder
            .as_mut()
            .filter(|_| !self.is_lossy && !self.has_several_decoders);
        decoder.and_then(|decoder| decoder.decoder.finalize().verify_ok)
    }
}
