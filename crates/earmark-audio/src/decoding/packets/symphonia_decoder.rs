//! A Symphonia decoder; one of Vorbis is kept for the next recording with the same header.
//!
//! Setting up the codebooks of Vorbis takes as long as decoding a second or two of sound, and the recordings of an
//! archive mostly come from one encoder, with the same header to the last byte.

use std::cell::Cell;

use symphonia::core::audio::GenericAudioBufferRef;
use symphonia::core::codecs::audio::well_known::CODEC_ID_VORBIS;
use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::{Error, Result as SymphoniaResult};
use symphonia::core::packet::PacketRef;

use crate::containers::{SymphoniaCodec, vorbis_can_be_kept};
use crate::error::Fault;

thread_local! {
    static KEPT: Cell<Option<Box<dyn AudioDecoder>>> = const { Cell::new(None) };
}

pub(super) struct SymphoniaDecoder {
    /// `None` only while it is dropped.
    decoder: Option<Box<dyn AudioDecoder>>,
    /// Whether a reset makes the decoder a new one: its headers are such, and no packet made it fail or panic.
    is_as_new: bool,
}

impl SymphoniaDecoder {
    /// # Errors
    /// An unsupported kind of the codec, or a damaged header.
    pub(super) fn open(codec: &SymphoniaCodec) -> Result<Self, Fault> {
        if codec.params.codec != CODEC_ID_VORBIS {
            return Ok(Self {
                decoder: Some(make(codec)?),
                is_as_new: false,
            });
        }
        // One that was kept has headers that were looked at when it was made.
        let kept = kept(codec);
        let headers = codec.params.extra_data.as_deref();
        Ok(Self {
            is_as_new: kept.is_some() || headers.is_some_and(vorbis_can_be_kept),
            decoder: Some(match kept {
                Some(decoder) => decoder,
                None => make(codec)?,
            }),
        })
    }

    fn decoder(&mut self) -> &mut dyn AudioDecoder {
        self.decoder.as_deref_mut().expect("there until the drop")
    }

    pub(super) fn decode(&mut self, packet: &PacketRef<'_>) -> SymphoniaResult<GenericAudioBufferRef<'_>> {
        let was_as_new = std::mem::replace(&mut self.is_as_new, false);
        let decoder = self.decoder.as_deref_mut().expect("there until the drop");
        let buffer = decoder.decode_ref(packet)?;
        self.is_as_new = was_as_new;
        Ok(buffer)
    }

    pub(super) fn reset(&mut self) {
        self.decoder().reset();
    }

    /// Whether the samples match their checksum, where the codec has one.
    pub(super) fn verify(&mut self) -> Option<bool> {
        self.decoder().finalize().verify_ok
    }
}

impl Drop for SymphoniaDecoder {
    fn drop(&mut self) {
        if let Some(decoder) = self.decoder.take()
            && self.is_as_new
        {
            // A thread that ends keeps nothing.
            let _ = KEPT.try_with(|kept| kept.set(Some(decoder)));
        }
    }
}

/// The decoder that this thread kept, as new, if it is one for the same header.
fn kept(codec: &SymphoniaCodec) -> Option<Box<dyn AudioDecoder>> {
    let mut decoder = KEPT.take()?;
    if decoder.codec_params().extra_data != codec.params.extra_data {
        return None;
    }
    decoder.reset();
    Some(decoder)
}

fn make(codec: &SymphoniaCodec) -> Result<Box<dyn AudioDecoder>, Fault> {
    let options = AudioDecoderOptions::default().gapless(true).verify(true);
    let decoder = symphonia::default::get_codecs().make_audio_decoder(&codec.params, &options);
    decoder.map_err(|error| match error {
        Error::Unsupported(what) => {
            Fault::Unsupported(format!("is {} of an unsupported kind ({what})", codec.name))
        }
        other => Fault::corrupt(format!("its decoder reports {:?}", other.to_string()), 0_u64),
    })
}
