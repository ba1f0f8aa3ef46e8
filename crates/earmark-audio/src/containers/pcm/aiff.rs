//! AIFF and AIFF-C: big-endian chunks, a sample rate in 80-bit floating point.

use super::aiff_samples::{AiffSamples, Description};
use super::chunks::{Chunk, ChunkStyle, find_name};
use crate::clip::ClipNote;
use crate::containers::byte_walker::ByteWalker;
use crate::containers::layout::FileWalk;
use crate::decoding::ByteOrder;
use crate::error::Fault;

const STYLE: ChunkStyle = ChunkStyle::Short(ByteOrder::Big);
/// How far behind a chunk whose size leads nowhere the next one is looked for.
const SEARCH_BYTES: u64 = 4 * 1024 * 1024;

pub(in crate::containers) fn inspect(walker: &mut ByteWalker<'_>, start: u64) -> Result<FileWalk, Fault> {
    let head = walker.required::<12>(start, "it ends within its header")?;
    let [_, _, _, _, a, b, c, d, kind @ ..] = head;
    let file_size = u64::from(u32::from_be_bytes([a, b, c, d]));
    let mut description = None;
    let mut sound = None;
    let mut notes = Vec::new();
    let mut at = start + 12;
    // Body of the last chunk that was passed over, and whether chunks were looked for in one.
    let (mut passed, mut has_turned_back) = (None::<u64>, false);
    // The description and the samples may come in either order.
    while description.is_none() || sound.is_none() {
        let chunk = STYLE.read(walker, at)?;
        let is_plausible = |chunk: &Chunk| chunk.name == *b"SSND" || chunk.end <= walker.len();
        let Some(chunk) = chunk.filter(is_plausible) else {
            let wanted: &[&[u8; 4]] = match description {
                None => &[b"COMM"],
                Some(_) => &[b"SSND"],
            };
            let mut next = find_name(walker, at.saturating_add(1), SEARCH_BYTES, wanted)?;
            // The size of the chunk before may be too large, and reach over what is looked for.
            if let Some(body) = passed.filter(|_| next.is_none() && !has_turned_back) {
                has_turned_back = true;
                next = find_name(walker, body, SEARCH_BYTES, wanted)?;
            }
            let Some(next) = next else {
                break;
            };
            if notes.is_empty() {
                let what = "a chunk before its samples is damaged";
                notes.push(ClipNote::Contradiction(what.to_owned()));
            }
            at = next;
            continue;
        };
        match &chunk.name {
            b"COMM" => description = Some(Description::read(walker, &chunk, kind == *b"AIFC")?),
            b"SSND" if sound.is_none() => sound = Some(chunk),
            _ => {}
        }
        passed = Some(chunk.body);
        at = STYLE.behind(walker, chunk.end, chunk.padded_end)?;
    }
    let Some(description) = description else {
        let reason = "it ends before its description (no COMM chunk)";
        return Err(Fault::truncated(reason, walker.len()));
    };
    AiffSamples {
        description,
        sound,
        // Zero and all ones were never filled in.
        file_end: (file_size > 12 && file_size < u64::from(u32::MAX)).then_some(start + file_size + 8),
        notes,
    }
    .walk(walker)
}
