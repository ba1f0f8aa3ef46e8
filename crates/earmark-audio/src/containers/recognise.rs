//! Recognises a file's format from its first bytes.

use super::byte_walker::ByteWalker;
use super::layout::AudioLayout;
use super::{adts, aiff, flac, mp3, mp4, ogg, tags, wav};
use crate::error::Fault;

/// First bytes of a WAV file: RIFF/WAVE, its big-endian form and its 64-bit forms.
const WAVE_MAGICS: [&[u8]; 4] = [b"RIFF", b"RIFX", b"RF64", b"BW64"];

/// Recognises the file and walks over it.
pub(crate) fn inspect(walker: &mut ByteWalker<'_>) -> Result<AudioLayout, Fault> {
    if walker.len() == 0 {
        return Err(Fault::Empty);
    }
    // Tags may come before MP3, FLAC and ADTS.
    let start = tags::skip_id3v2(walker, 0)?;
    let head = walker.peek(start, 12)?.to_vec();
    let coded = match head.as_slice() {
        [magic @ .., b'W', b'A', b'V', b'E']
            if magic.len() == 8 && WAVE_MAGICS.iter().any(|m| magic.starts_with(m)) =>
        {
            return wav::inspect(walker, start);
        }
        [b'F', b'O', b'R', b'M', _, _, _, _, b'A', b'I', b'F', b'F' | b'C'] => {
            return aiff::inspect(walker, start);
        }
        [b'f', b'L', b'a', b'C', ..] => flac::inspect(walker, start)?,
        [b'O', b'g', b'g', b'S', ..] => ogg::inspect(walker, start)?,
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => mp4::inspect(walker)?,
        // The two layer bits of ADTS are zero, those of MP3 are not.
        [0xff, second, ..] if second & 0xf6 == 0xf0 => adts::inspect(walker, start)?,
        [0xff, second, ..] if second & 0xe0 == 0xe0 => mp3::inspect(walker, start)?,
        _ => return Err(unknown(&head, start, walker.len())),
    };
    Ok(AudioLayout::Coded(coded))
}

fn unknown(head: &[u8], start: u64, len: u64) -> Fault {
    let magics: [&[u8]; 7] = [b"RIFF", b"RIFX", b"FORM", b"fLaC", b"OggS", b"RF64", b"BW64"];
    let cut = start + head.len() as u64 == len;
    if cut && (magics.iter().any(|m| head.starts_with(m) || m.starts_with(head)) || head == [0xff]) {
        return Fault::truncated("it ends within its header", len);
    }
    let what = match head {
        [b'<', ..] => "is a web page or XML, not audio: the download has failed",
        [b'P', b'K', 3, 4, ..] => "is a ZIP archive: unpack it",
        [b'R', b'I', b'F', b'F', ..] => "is a RIFF file but not WAV",
        [0x1a, 0x45, 0xdf, 0xa3, ..] => "is Matroska or WebM, which is not supported",
        [b'c', b'a', b'f', b'f', ..] => "is Core Audio (CAF), which is not supported",
        [0x30, 0x26, 0xb2, 0x75, ..] => "is Windows Media, which is not supported",
        _ => {
            let text = String::from_utf8_lossy(head);
            let text = text.trim_end_matches('\0');
            return Fault::Unsupported(format!("is not a known audio format (it begins with {text:?})"));
        }
    };
    Fault::unsupported(what)
}
