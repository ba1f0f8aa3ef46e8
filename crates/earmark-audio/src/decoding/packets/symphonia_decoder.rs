//! A decoder of Symphonia, which of Vorbis waits for the next recording with the same header.
//!
//! Setting up the codebooks of Vorbis takes as long as decoding a second or two of sound, and the recordings of an
//! archive mostly come from one encoder, with the same header to the last byte.

use std::cell::Cell;

use symphonia::core::audio::GenericAudioBufferRef;
use symphonia::core::codecs::audio::well_known::CODEC_ID_VORBIS;
use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::{Error, Result as SymphoniaResult};
use symphonia::core::packet::PacketRef;

use crate::containers::SymphoniaCodec;
use crate::error::Fault;

/// The longest header whose decoder is kept; encoders write 3 to 6 kB.
const LONGEST_HEADER: usize = 1 << 15;

thread_local! {
    static KEPT: Cell<Option<Box<dyn AudioDecoder>>> = const { Cell::new(None) };
}

pub(super) struct SymphoniaDecoder {
    /// `None` only while it is dropped.
    decoder: Option<Box<dyn AudioDecoder>>,
    /// Whether no call has failed or panicked: then a reset makes the decoder a new one.
    is_unharmed: bool,
}

impl SymphoniaDecoder {
    /// # Errors
    /// An unsupported kind of the codec, or a damaged header.
    pub(super) fn open(codec: &SymphoniaCodec) -> Result<Self, Fault> {
        let decoder = match kept(codec) {
            Some(decoder) => decoder,
            None => make(codec)?,
        };
        Ok(Self {
            decoder: Some(decoder),
            is_unharmed: true,
        })
    }

    fn decoder(&mut self) -> &mut dyn AudioDecoder {
        self.decoder.as_deref_mut().expect("there until the drop")
    }

    pub(super) fn decode(&mut self, packet: &PacketRef<'_>) -> SymphoniaResult<GenericAudioBufferRef<'_>> {
        let was_unharmed = std::mem::replace(&mut self.is_unharmed, false);
        let decoder = self.decoder.as_deref_mut().expect("there until the drop");
        let buffer = decoder.decode_ref(packet)?;
        self.is_unharmed = was_unharmed;
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
            && self.is_unharmed
            && decoder.codec_params().codec == CODEC_ID_VORBIS
            && decoder
                .codec_params()
                .extra_data
                .as_ref()
                .is_some_and(|header| header.len() <= LONGEST_HEADER)
        {
            // A thread that ends keeps nothing.
            let _ = KEPT.try_with(|kept| kept.set(Some(decoder)));
        }
    }
}

/// The decoder that this thread kept, as new, if it is one for the same header.
fn kept(codec: &SymphoniaCodec) -> Option<Box<dyn AudioDecoder>> {
    if codec.params.codec != CODEC_ID_VORBIS {
        return None;
    }
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
