//! Audio files to mono clips: the first step of everything earmark does.
//!
//! ```text
//! file --inspect--> AudioLayout --decode--> channels --mix down--> mono --resample--> Clip
//!      containers/                decoding/                        resampling/  reading/
//! ```
//!
//! | container | codecs |
//! |---|---|
//! | WAV (RIFF, RIFX, RF64, BW64), Wave64 | PCM of 8 to 32 bits, floats, A-law, mu-law |
//! | the same, compressed | ADPCM (IMA, Microsoft), GSM 06.10, MPEG audio |
//! | AIFF, AIFF-C | PCM of 8 to 32 bits, floats, A-law, mu-law, Apple's IMA ADPCM, GSM 06.10 |
//! | AU | PCM of 8 to 32 bits, floats, A-law, mu-law |
//! | CAF | PCM of 8 to 32 bits, floats, A-law, mu-law, Apple's IMA ADPCM, ALAC, AAC-LC |
//! | FLAC | FLAC |
//! | Ogg | Opus, Vorbis, FLAC |
//! | MP3, MP2, MP1 | MPEG audio: MPEG 1, 2 and 2.5, layers I to III |
//! | ADTS | AAC-LC |
//! | MP4, M4A, QuickTime | AAC-LC, ALAC, Opus, FLAC, MP3 |
//! | Matroska, WebM | Opus, Vorbis, AAC-LC, ALAC, FLAC, MPEG audio, PCM |
//!
//! Two formats are written, mono: FLAC of 16 bits ([`encode_flac`]), and WAV ([`encode_wav_16`], [`encode_wav_float`]).
//!
//! The format of a file is recognised from its content; its name does not matter. Channels are averaged. Rates are
//! changed by [`resample()`]. Files that are cut off or damaged are errors and never clips, see [`AudioError`], unless
//! [`Damaged::Salvage`] is asked for: then what is whole is read, and each [`LostSound`] is listed. A count or a size
//! in a header that contradicts sound which is all there is a [`ClipNote`]. A file with a valid header and no samples
//! is a valid, empty clip with [`ClipNote::EmptyFile`].
//!
//! What can't be noticed: damage inside an MP3 or AAC frame that still decodes to plausible samples (these formats
//! carry no checksum by default), and the loss of whole frames at the end of a format that does not store its length
//! (ADTS, MP3 without a Xing header, FLAC from a pipe, WAV of open length, MP4 cut between two fragments).
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Eight frames of silence, 16 bits, two channels, 8 kHz.
//! let mut wav = b"RIFF\x44\0\0\0WAVEfmt \x10\0\0\0\x01\0\x02\0\x40\x1f\0\0\0\x7d\0\0\x04\0\x10\0\
//!     data\x20\0\0\0".to_vec();
//! wav.resize(44 + 32, 0);
//! let decoded = earmark_audio::decode_bytes(wav, 16_000)?;
//! assert_eq!(decoded.clip.samples, [0.0; 16]);
//! assert_eq!(decoded.source.codec, "PCM 16-bit");
//! assert_eq!(decoded.notes[1].to_string(), "resampled from 8000 Hz to 16000 Hz");
//! # Ok(()) }
//! ```

mod clip;
mod containers;
mod decoding;
mod encoding;
mod error;
pub mod fourier;
mod limit_checks;
mod limits;
mod reading;
mod recorder_metadata;
mod resampling;

pub use clip::{AudioInfo, Clip, ClipNote, Damaged, Decoded, LostSound, ReadOptions};
pub use encoding::{encode_flac, encode_wav_16, encode_wav_float};
pub use error::{AudioError, Fault, FilePosition, Remains};
pub use limits::{MAX_CHANNELS, MAX_SAMPLE_RATE_HZ, MIN_SAMPLE_RATE_HZ};
pub use reading::{
    AudioStream, Span, SpanReader, decode_bytes, decode_bytes_native, decode_bytes_with, probe, read,
    read_native, read_range, read_range_with, read_with, recorder_metadata,
};
pub use recorder_metadata::{BroadcastStart, RecorderMetadata};
pub use resampling::{Resampler, resample, resampled_len};
/// What [`AudioStream::from_source`] reads from: implemented for files and cursors.
pub use symphonia::core::io::MediaSource;
