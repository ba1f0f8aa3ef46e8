//! What lies between the end of the samples and the end of the file.

use super::chunks::ChunkStyle;
use crate::containers::byte_walker::ByteWalker;
use crate::containers::tags;
use crate::error::Fault;

/// What follows the samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Behind {
    /// Nothing, or chunks and tags without sound.
    Harmless,
    /// Zeros only: padding, unless the size of the samples is not to be trusted.
    Zeros,
    /// Chunks without sound, of which the one with this name is cut off or damaged.
    DamagedChunk(String),
    /// More samples begin at this byte: a second chunk of them, or a second file.
    Sound(u64),
    /// From this byte on, nothing known.
    Unknown(u64),
}

/// Names of chunks that hold samples, and of files that hold such chunks.
const SOUND: [&[u8; 4]; 7] = [b"data", b"SSND", b"RIFF", b"RIFX", b"RF64", b"FORM", b"riff"];

/// Finds out what the bytes from `at` to the end of the file are. Without a style of chunks, only tags and zeros are
/// known.
pub(super) fn behind_samples(
    walker: &mut ByteWalker<'_>,
    at: u64,
    style: Option<ChunkStyle>,
) -> Result<Behind, Fault> {
    let len = walker.len();
    let mut here = at;
    // Whether something was passed whose name is unmistakable. Bytes of sound can look like the head of some chunk.
    let mut is_sure = false;
    while here < len {
        let mut tag = tags::tag_with_head(walker, here, len)?;
        let chunk = match (style, tag) {
            (Some(style), None) => style.read(walker, here)?,
            _ => None,
        };
        if tag.is_none() && chunk.is_none() {
            // Not before each of many chunks: it reads the end of the file.
            tag = tags::tag_at(walker, here, len)?;
        }
        if let Some(tag) = tag {
            if tag.end > len {
                return Ok(Behind::DamagedChunk("tag".to_owned()));
            }
            (here, is_sure) = (tag.end, true);
            continue;
        }
        let Some(chunk) = chunk else {
            break;
        };
        let fits = chunk.end <= len;
        if SOUND.contains(&&chunk.name) || is_list_of_waves(walker, chunk.name, chunk.body)? {
            return Ok(Behind::Sound(here));
        }
        if !fits && !is_sure && !chunk.is_known() {
            return Ok(Behind::Unknown(at));
        }
        if !fits {
            return Ok(Behind::DamagedChunk(chunk.shown_name()));
        }
        is_sure |= chunk.is_known();
        here = match style {
            Some(style) => style.behind(walker, chunk.end, chunk.padded_end)?,
            None => chunk.end,
        };
    }
    if here >= len {
        return Ok(Behind::Harmless);
    }
    let first = walker.peek(here, 1)?;
    if first == [0] && tags::repeated_until(walker, here, len)? >= len {
        return Ok(if here == at {
            Behind::Zeros
        } else {
            Behind::Harmless
        });
    }
    Ok(Behind::Unknown(if is_sure { here } else { at }))
}

/// Whether the chunk is a list of chunks with samples and silence.
fn is_list_of_waves(walker: &mut ByteWalker<'_>, name: [u8; 4], body: u64) -> Result<bool, Fault> {
    Ok(name == *b"LIST" && walker.peek(body, 4)? == b"wavl")
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::decoding::ByteOrder;

    fn behind(bytes: &[u8]) -> Behind {
        let mut file = b"samples.".to_vec();
        file.extend(bytes);
        let mut source = Cursor::new(file);
        let mut walker = ByteWalker::new(&mut source).expect("opens");
        let style = Some(ChunkStyle::Short(ByteOrder::Little));
        behind_samples(&mut walker, 8, style).expect("reads")
    }

    #[test]
    fn chunks_tags_and_zeros_are_harmless() {
        assert_eq!(behind(b""), Behind::Harmless);
        assert_eq!(behind(b"LIST\x05\0\0\0INFOx\0odd!\x01\0\0\0y"), Behind::Harmless);
        assert_eq!(behind(b"ID3\x03\0\0\0\0\0\x02zz"), Behind::Harmless);
        // The same in a chunk, whose name begins like a tag.
        assert_eq!(
            behind(b"ID3 \x0c\0\0\0ID3\x03\0\0\0\0\0\x02zzfact\x02\0\0\0ab"),
            Behind::Harmless
        );
        assert_eq!(behind(b"bext\x02\0\0\0ab\0\0\0\0\0"), Behind::Harmless);
        // An APE tag that only its end shows, behind a chunk: an item of 16 bytes, and the footer.
        let mut ape = b"bext\x02\0\0\0ab\x04\0\0\0\0\0\0\0abc\0wxyz".to_vec();
        ape.extend(b"APETAGEX\xe8\x03\0\0\x30\0\0\0\x01\0\0\0");
        ape.extend([0; 12]);
        assert_eq!(behind(&ape), Behind::Harmless);
        assert_eq!(behind(&[0; 5_000]), Behind::Zeros);
    }

    #[test]
    fn more_sound_is_found_behind_other_chunks() {
        assert_eq!(behind(b"cue \x02\0\0\0abdata\x02\0\0\0cd"), Behind::Sound(18));
        assert_eq!(behind(b"RIFF\x04\0\0\0WAVE"), Behind::Sound(8));
        assert_eq!(behind(b"LIST\x0c\0\0\0wavldata\0\0\0\0"), Behind::Sound(8));
    }

    #[test]
    fn damaged_chunks_and_unknown_bytes_are_distinguished() {
        assert_eq!(behind(b"LIST\x50\0\0\0INFO"), Behind::DamagedChunk("LIST".into()));
        assert_eq!(behind(b"what\x50\0\0\0INFO"), Behind::Unknown(8));
        assert_eq!(behind(&[9; 300]), Behind::Unknown(8));
        assert_eq!(behind(b"bext\x02\0\0\0ab\x01\x02\x03"), Behind::Unknown(18));
        let mut zeros_and_sound = [0; 300];
        zeros_and_sound[299] = 1;
        assert_eq!(behind(&zeros_and_sound), Behind::Unknown(8));
    }
}
