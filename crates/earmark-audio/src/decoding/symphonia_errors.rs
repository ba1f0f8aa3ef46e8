//! What Symphonia's errors mean, and the names of its codecs.

use std::io::ErrorKind;

use earmark_core::remote::RemoteFailure;
use symphonia::core::codecs::audio::AudioCodecId;
use symphonia::core::codecs::audio::well_known as codec;
use symphonia::core::errors::Error;

use crate::error::{Fault, FilePosition};

pub(super) fn codec_name(id: AudioCodecId) -> &'static str {
    match id {
        codec::CODEC_ID_VORBIS => "Vorbis",
        codec::CODEC_ID_FLAC => "FLAC",
        codec::CODEC_ID_MP1 => "MP1",
        codec::CODEC_ID_MP2 => "MP2",
        codec::CODEC_ID_MP3 => "MP3",
        codec::CODEC_ID_AAC => "AAC",
        codec::CODEC_ID_ALAC => "ALAC",
        codec::CODEC_ID_OPUS => "Opus",
        codec::CODEC_ID_SPEEX => "Speex",
        codec::CODEC_ID_AC3 => "AC-3",
        codec::CODEC_ID_EAC3 => "E-AC-3",
        codec::CODEC_ID_DCA => "DTS",
        codec::CODEC_ID_ADPCM_MS | codec::CODEC_ID_ADPCM_IMA_WAV | codec::CODEC_ID_ADPCM_IMA_QT => "ADPCM",
        codec::CODEC_ID_PCM_ALAW => "A-law",
        codec::CODEC_ID_PCM_MULAW => "mu-law",
        _ => "audio",
    }
}

/// Whether a codec gives rounded samples, which may exceed full scale a little, but not by much.
pub(super) fn is_lossy(name: &str) -> bool {
    matches!(name, "Vorbis" | "MP1" | "MP2" | "MP3" | "AAC" | "Opus")
}

/// An error while reading packets: the end of the file means that the file is cut off.
pub(super) fn read_fault(error: Error, container: &str, here: FilePosition) -> Fault {
    match error {
        Error::IoError(e) if e.kind() == ErrorKind::UnexpectedEof => {
            Fault::truncated("it ends within a packet", here)
        }
        // Errors of the system carry its error number, those of a store are its own; others are Symphonia's way to
        // report bad data.
        Error::IoError(e) if e.raw_os_error().is_some() || RemoteFailure::of(&e).is_some() => {
            Fault::Read(e, here)
        }
        Error::ResetRequired => Fault::unsupported("is several recordings in sequence"),
        other => open_fault(other, container, here),
    }
}

/// An error about a container or codec of this name: an unsupported kind of it, or damage.
pub(super) fn open_fault(error: Error, name: &str, here: FilePosition) -> Fault {
    match error {
        Error::Unsupported(what) => Fault::Unsupported(format!("is {name} of an unsupported kind ({what})")),
        other => decode_fault(other, here),
    }
}

/// An error while decoding a complete packet: the packet is damaged.
pub(super) fn decode_fault(error: Error, here: FilePosition) -> Fault {
    let reason = format!("its decoder reports {:?}", error.to_string());
    Fault::corrupt(reason, here)
}
