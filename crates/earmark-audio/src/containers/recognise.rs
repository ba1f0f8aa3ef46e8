//! Recognises a file's format from its first bytes.

use super::byte_walker::ByteWalker;
use super::first_bytes::{MAGICS, is_first_box};
use super::layout::FileWalk;
use super::leading_tags::skip_leading;
use super::mpeg::{adts, mp3};
use super::pcm::{aiff, au, caf, wav, wave64};
use super::{flac, matroska, mp4, ogg, unsupported};
use crate::error::Fault;

/// How many of the first bytes show what a file is.
const HEAD_BYTES: usize = 64;

/// First bytes of a WAV file: RIFF/WAVE, its big-endian form and its 64-bit forms.
const WAVE_MAGICS: [&[u8]; 4] = [b"RIFF", b"RIFX", b"RF64", b"BW64"];

/// The second half of the identifier of the first chunk of Wave64, of which the first is "riff".
const WAVE64_GUID_REST: [u8; 12] = [
    0x2e, 0x91, 0xcf, 0x11, 0xa5, 0xd6, 0x28, 0xdb, 0x04, 0xc1, 0x00, 0x00,
];

/// Recognises the file and walks over it.
pub(crate) fn inspect(walker: &mut ByteWalker<'_>) -> Result<FileWalk, Fault> {
    if walker.len() == 0 {
        return Err(Fault::Empty);
    }
    // Tags may come before MP3, FLAC and ADTS, and zeros before MP3.
    let leading = skip_leading(walker)?;
    let mut walk = inspect_from(walker, leading.end)?;
    let mut notes = leading.notes;
    notes.append(&mut walk.notes);
    walk.notes = notes;
    Ok(walk)
}

/// The same for what begins at `start`.
fn inspect_from(walker: &mut ByteWalker<'_>, start: u64) -> Result<FileWalk, Fault> {
    let head = walker.peek(start, HEAD_BYTES)?.to_vec();
    match head.as_slice() {
        [a, b, c, d, _, _, _, _, b'W', b'A', b'V', b'E', ..]
            if WAVE_MAGICS.contains(&[*a, *b, *c, *d].as_slice()) =>
        {
            wav::inspect(walker, start)
        }
        [
            b'F',
            b'O',
            b'R',
            b'M',
            _,
            _,
            _,
            _,
            b'A',
            b'I',
            b'F',
            b'F' | b'C',
            ..,
        ] => aiff::inspect(walker, start),
        [b'f', b'L', b'a', b'C', ..] => flac::inspect(walker, start),
        [b'O', b'g', b'g', b'S', ..] => ogg::inspect(walker, start),
        [b'r', b'i', b'f', b'f', rest @ ..] if rest.starts_with(&WAVE64_GUID_REST) => {
            wave64::inspect(walker, start)
        }
        [b'.', b's', b'n', b'd', ..] | [b'd', b'n', b's', b'.', ..] => au::inspect(walker, start),
        [b'c', b'a', b'f', b'f', ..] => caf::inspect(walker, start),
        [0x1a, 0x45, 0xdf, 0xa3, ..] => matroska::inspect(walker, start),
        // Old QuickTime files have no ftyp box.
        [_, _, _, _, name @ ..] if is_first_box(name) => mp4::inspect(walker, start),
        // The two layer bits of ADTS are zero, those of MPEG audio are not.
        [0xff, second, ..] if second & 0xf6 == 0xf0 => adts::inspect(walker, start),
        [0xff, second, ..] if second & 0xe0 == 0xe0 => mp3::inspect(walker, start),
        _ => other(walker, &head, start),
    }
}

/// What doesn't begin like audio: something else that has a name, or MPEG audio that begins within a frame.
fn other(walker: &mut ByteWalker<'_>, head: &[u8], start: u64) -> Result<FileWalk, Fault> {
    let is_all = start + head.len() as u64 == walker.len();
    if is_all && (MAGICS.iter().any(|m| head.starts_with(m) || m.starts_with(head)) || head == [0xff]) {
        return Err(Fault::truncated("it ends within its header", walker.len()));
    }
    if let Some(what) = unsupported::name(head) {
        return Err(Fault::unsupported(what));
    }
    if let Some(what) = zeros(walker, start)? {
        return Err(Fault::Unsupported(what));
    }
    // The beginning may be lost: a recorder of a radio stream starts anywhere.
    for frames in [mp3::inspect, adts::inspect] {
        match frames(walker, start) {
            Err(fault @ Fault::Read(..)) => return Err(fault),
            Err(_) => {}
            found => return found,
        }
    }
    let text = String::from_utf8_lossy(&head[..head.len().min(12)]);
    let text = text.trim_end_matches('\0');
    Err(Fault::Unsupported(format!(
        "is not a known audio format (it begins with {text:?})"
    )))
}

/// What is said of a file of nothing but zeros: what a recorder leaves whose battery dies, or an interrupted copy.
fn zeros(walker: &mut ByteWalker<'_>, start: u64) -> Result<Option<String>, Fault> {
    let mut at = start;
    while at < walker.len() {
        let block = walker.peek(at, 4096)?;
        if block.iter().any(|&b| b != 0) {
            return Ok(None);
        }
        at += block.len() as u64;
    }
    let zeros = walker.len() - start;
    Ok(Some(format!(
        "consists of {zeros} zero bytes: nothing was written to it"
    )))
}
