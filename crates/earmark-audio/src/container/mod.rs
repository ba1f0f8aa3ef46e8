//! What kind of file it is, told from its first bytes, and whether all of it is there.
//!
//! Decoders are made to play on whatever happens: they skip pages with a wrong checksum, look for the next frame
//! header, and take the end of a file for the end of its recording. Learning needs the opposite. So each container
//! is walked here, from header to header, before anything is decoded; what the walk learns (the length, the place
//! of the audio, the frames to leave out) is what the decoder is later held to.

mod aiff;
mod flac;
mod mp4;
mod mpeg;
mod ogg;
mod wav;

use crate::error::{Fault, MAX_CHANNELS, MAX_SAMPLE_RATE_HZ, MIN_SAMPLE_RATE_HZ};
use crate::pcm::SampleFormat;
use crate::source::Walker;

/// The kinds of file that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Container {
    Wav,
    Aiff,
    Flac,
    Ogg,
    Mp3,
    Adts,
    Mp4,
}

impl Container {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Container::Wav => "WAV",
            Container::Aiff => "AIFF",
            Container::Flac => "FLAC",
            Container::Ogg => "Ogg",
            Container::Mp3 => "MP3",
            Container::Adts => "ADTS",
            Container::Mp4 => "MP4",
        }
    }
}

/// Where uncompressed samples lie.
#[derive(Clone, Debug)]
pub(crate) struct RawPcm {
    pub(crate) container: Container,
    pub(crate) format: SampleFormat,
    pub(crate) channels: u16,
    pub(crate) sample_rate_hz: u32,
    /// First byte of the first sample.
    pub(crate) data_start: u64,
    /// Whole frames, all of them inside the file.
    pub(crate) frames: u64,
}

impl RawPcm {
    pub(crate) fn frame_bytes(&self) -> usize {
        self.format.bytes() * usize::from(self.channels)
    }
}

/// Where compressed audio lies, and what must come out of it.
#[derive(Clone, Debug)]
pub(crate) struct Coded {
    pub(crate) container: Container,
    /// The bytes that a decoder gets to see.
    pub(crate) start: u64,
    pub(crate) end: u64,
    /// Decoded frames to drop at the start: priming that the decoder does not drop by itself.
    pub(crate) skip_frames: u64,
    /// Frames after that, where the file tells exactly.
    pub(crate) frames: Option<u64>,
    /// Whether decoding gives more than `frames`, to be cut off, because the last packet is padded.
    pub(crate) padded: bool,
    /// Bytes that the packets must add up to, for a format where nothing else shows that the last one is cut.
    pub(crate) packet_bytes: Option<u64>,
}

/// A file whose structure is sound.
#[derive(Clone, Debug)]
pub(crate) enum Layout {
    Pcm(RawPcm),
    Coded(Coded),
}

/// Recognise the file and walk over it.
pub(crate) fn inspect(walker: &mut Walker<'_>) -> Result<Layout, Fault> {
    if walker.len() == 0 {
        return Err(Fault::Empty);
    }
    // Tags may stand before MP3, FLAC and ADTS.
    let start = skip_id3v2(walker, 0)?;
    let head = walker.peek(start, 12)?.to_vec();
    let layout = match head.as_slice() {
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E']
        | [b'R', b'I', b'F', b'X', _, _, _, _, b'W', b'A', b'V', b'E']
        | [b'R', b'F', b'6', b'4', _, _, _, _, b'W', b'A', b'V', b'E']
        | [b'B', b'W', b'6', b'4', _, _, _, _, b'W', b'A', b'V', b'E'] => wav::inspect(walker, start)?,
        [b'F', b'O', b'R', b'M', _, _, _, _, b'A', b'I', b'F', b'F' | b'C'] => aiff::inspect(walker, start)?,
        [b'f', b'L', b'a', b'C', ..] => Layout::Coded(flac::inspect(walker, start)?),
        [b'O', b'g', b'g', b'S', ..] => Layout::Coded(ogg::inspect(walker, start)?),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => Layout::Coded(mp4::inspect(walker)?),
        // The two layer bits of ADTS are zero, those of MP3 are not.
        [0xff, second, ..] if second & 0xf6 == 0xf0 => Layout::Coded(mpeg::inspect_adts(walker, start)?),
        [0xff, second, ..] if second & 0xe0 == 0xe0 => Layout::Coded(mpeg::inspect_mp3(walker, start)?),
        _ => return Err(unknown(&head, start, walker.len())),
    };
    Ok(layout)
}

/// The first byte after any ID3v2 tags at `at`.
fn skip_id3v2(walker: &mut Walker<'_>, mut at: u64) -> Result<u64, Fault> {
    while let Some(header) = walker.array::<10>(at)? {
        if !header.starts_with(b"ID3") {
            break;
        }
        // Seven bits a byte; bit 4 of the flags announces a footer of ten bytes.
        let size = header[6..]
            .iter()
            .fold(0u64, |sum, &b| (sum << 7) | u64::from(b & 0x7f));
        at += 10 + size + if header[5] & 0x10 != 0 { 10 } else { 0 };
        if at >= walker.len() {
            return Err(Fault::truncated(
                "its ID3 tag is longer than the file",
                walker.len(),
            ));
        }
    }
    Ok(at)
}

fn unknown(head: &[u8], start: u64, len: u64) -> Fault {
    let magics: [&[u8]; 7] = [b"RIFF", b"RIFX", b"FORM", b"fLaC", b"OggS", b"RF64", b"BW64"];
    let cut = start + head.len() as u64 == len;
    if cut && (magics.iter().any(|m| head.starts_with(m) || m.starts_with(head)) || head == [0xff]) {
        return Fault::truncated("it ends within its header", len);
    }
    let text = String::from_utf8_lossy(head);
    let what = match head {
        [b'<', ..] => "is a web page or XML, not sound: the download has failed".to_string(),
        [b'P', b'K', 3, 4, ..] => "is a ZIP archive: unpack it".to_string(),
        [b'R', b'I', b'F', b'F', ..] => "is a RIFF file but not WAV".to_string(),
        [0x1a, 0x45, 0xdf, 0xa3, ..] => "is Matroska or WebM, which is not read".to_string(),
        [b'c', b'a', b'f', b'f', ..] => "is Core Audio (CAF), which is not read".to_string(),
        [0x30, 0x26, 0xb2, 0x75, ..] => "is Windows Media, which is not read".to_string(),
        _ => format!(
            "is not sound of a known kind (it begins with {:?})",
            text.trim_end_matches('\0')
        ),
    };
    Fault::Unsupported(what)
}

/// Refuse rates and channel counts that can't be meant.
pub(crate) fn check_shape(sample_rate_hz: u32, channels: u64) -> Result<(), Fault> {
    if !(MIN_SAMPLE_RATE_HZ..=MAX_SAMPLE_RATE_HZ).contains(&sample_rate_hz) {
        return Err(Fault::Unsupported(format!(
            "its header gives a sample rate of {sample_rate_hz} Hz, outside {MIN_SAMPLE_RATE_HZ} to {MAX_SAMPLE_RATE_HZ} Hz"
        )));
    }
    if channels == 0 || channels > u64::from(MAX_CHANNELS) {
        return Err(Fault::Unsupported(format!(
            "its header gives {channels} channels, outside 1 to {MAX_CHANNELS}"
        )));
    }
    Ok(())
}
