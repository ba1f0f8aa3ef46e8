//! RIFF/WAVE, its big-endian form RIFX, and its 64-bit forms RF64 and BW64.

use super::behind_samples::{Behind, behind_samples};
use super::chunks::{Chunk, ChunkStyle, find_name};
use super::sample_bytes::Stated;
use super::wav_format::WavFormat;
use super::wav_samples::WavSamples;
use crate::clip::ClipNote;
use crate::containers::byte_walker::ByteWalker;
use crate::containers::container::Container;
use crate::containers::layout::FileWalk;
use crate::decoding::ByteOrder;
use crate::error::Fault;

/// How far behind a chunk whose size leads nowhere the next one is looked for. Pictures in tags are smaller.
const SEARCH_BYTES: u64 = 4 * 1024 * 1024;
/// No format chunk is larger; a stray name has any size.
const MAX_FORMAT_BYTES: u64 = 64 * 1024;

pub(in crate::containers) fn inspect(walker: &mut ByteWalker<'_>, start: u64) -> Result<FileWalk, Fault> {
    let head = walker.required::<12>(start, "it ends within its header")?;
    let order = match head {
        [b'R', b'I', b'F', b'X', ..] => ByteOrder::Big,
        _ => ByteOrder::Little,
    };
    let [_, _, _, _, a, b, c, d, ..] = head;
    let mut parts = Parts {
        start,
        order,
        style: ChunkStyle::Short(order),
        file_size: u64::from(order.u32([a, b, c, d])),
        format: None,
        fact_frames: None,
        sizes_64: None,
        silence: 0,
        data: None,
        notes: Vec::new(),
    };
    parts.walk(walker)?;
    parts.samples(walker)?.walk(walker)
}

/// What the chunks say, up to the samples.
struct Parts {
    start: u64,
    order: ByteOrder,
    style: ChunkStyle,
    /// Of the outermost chunk.
    file_size: u64,
    format: Option<WavFormat>,
    fact_frames: Option<u64>,
    /// Of the file and of the samples, from the chunk `ds64`.
    sizes_64: Option<[u64; 2]>,
    /// Frames of silence before the samples.
    silence: u64,
    data: Option<Chunk>,
    notes: Vec<ClipNote>,
}

impl Parts {
    /// Reads chunks until samples and format are known. The format may come behind the samples.
    fn walk(&mut self, walker: &mut ByteWalker<'_>) -> Result<(), Fault> {
        let mut at = self.start + 12;
        // Body of the last chunk that was passed over, and whether chunks were looked for in one.
        let (mut passed, mut has_turned_back) = (None, false);
        while self.data.is_none() || self.format.is_none() {
            let chunk = self.style.read(walker, at)?;
            if let Some(chunk) = chunk.filter(|chunk| self.is_plausible(walker, chunk)) {
                at = self.read_chunk(walker, &chunk)?;
                passed = Some(chunk.body);
                continue;
            }
            let mut next = self.next_known(walker, at)?;
            // The size of the chunk before may be too large, and reach over what is looked for.
            if let Some(body) = passed.filter(|_| next.is_none() && !has_turned_back) {
                has_turned_back = true;
                next = self.next_known(walker, body - 1)?;
            }
            if let Some(next) = next {
                self.note("a chunk before its samples is damaged");
                at = next;
            } else {
                break;
            }
        }
        Ok(())
    }

    /// Reads one chunk; returns where the next one begins.
    fn read_chunk(&mut self, walker: &mut ByteWalker<'_>, chunk: &Chunk) -> Result<u64, Fault> {
        match &chunk.name {
            b"fmt " => self.format = Some(WavFormat::read(walker, chunk.body, chunk.size, self.order)?),
            b"fact" => {
                let frames = walker.array::<4>(chunk.body)?;
                self.fact_frames = frames.map(|b| u64::from(self.order.u32(b)));
            }
            b"ds64" => {
                if let Some(b) = walker.array::<16>(chunk.body)? {
                    let number = |i: usize| {
                        b[i..i + 8]
                            .iter()
                            .rev()
                            .fold(0_u64, |sum, &b| (sum << 8) | u64::from(b))
                    };
                    self.sizes_64 = Some([number(0), number(8)]);
                }
            }
            // A list of chunks with samples and silence, which are like those without a list.
            b"LIST" if walker.peek(chunk.body, 4)? == b"wavl" => return Ok(chunk.body + 4),
            b"slnt" if self.data.is_none() => {
                let frames = walker.array::<4>(chunk.body)?;
                self.silence += frames.map_or(0, |b| u64::from(self.order.u32(b)));
            }
            b"data" if self.data.is_none() => {
                if let Some(next) = self.behind_empty(walker, chunk)? {
                    return Ok(next);
                }
                self.data = Some(*chunk);
            }
            _ => {}
        }
        self.style.behind(walker, chunk.end, chunk.padded_end)
    }

    /// Where the samples begin behind an empty chunk of samples.
    fn behind_empty(&self, walker: &mut ByteWalker<'_>, chunk: &Chunk) -> Result<Option<u64>, Fault> {
        if chunk.size > 0 {
            return Ok(None);
        }
        let Behind::Sound(at) = behind_samples(walker, chunk.body, Some(self.style))? else {
            return Ok(None);
        };
        // Otherwise it is another file.
        let name = walker.peek(at, 4)?;
        Ok((name == b"data" || name == b"LIST").then_some(at))
    }

    /// Whether the chunk can be passed over, or is what is looked for.
    fn is_plausible(&self, walker: &ByteWalker<'_>, chunk: &Chunk) -> bool {
        match &chunk.name {
            b"data" => true,
            b"fmt " => chunk.size <= MAX_FORMAT_BYTES,
            _ => chunk.end <= walker.len(),
        }
    }

    /// The next chunk that is needed, where the sizes of chunks lead nowhere.
    fn next_known(&self, walker: &mut ByteWalker<'_>, at: u64) -> Result<Option<u64>, Fault> {
        let names: &[&[u8; 4]] = match (self.format, self.data) {
            (None, _) => &[b"fmt "],
            _ => &[b"data"],
        };
        // Text of a comment may contain the name; the size behind it then consists of letters.
        const MOST_BY_LETTERS: u64 = 0x7f00_0000;
        let end = at.saturating_add(SEARCH_BYTES);
        let mut from = at.saturating_add(1);
        while let Some(found) = find_name(walker, from, end.saturating_sub(from), names)? {
            let chunk = self.style.read(walker, found)?;
            let is_it = |chunk: Chunk| {
                self.is_plausible(walker, &chunk)
                    && (chunk.end <= walker.len() || chunk.size >= MOST_BY_LETTERS)
            };
            if chunk.is_some_and(is_it) {
                return Ok(Some(found));
            }
            from = found + 1;
        }
        Ok(None)
    }

    /// All that is needed to find the end of the samples.
    fn samples(self, walker: &ByteWalker<'_>) -> Result<WavSamples, Fault> {
        let (format, data) = match (self.format, self.data) {
            (Some(format), Some(data)) => (format, data),
            (None, Some(data)) => {
                let reason = "its samples come before their description (no fmt chunk)";
                return Err(Fault::corrupt(reason, data.body));
            }
            _ => return Err(Fault::truncated("it ends before its samples begin", walker.len())),
        };
        // In RF64, sizes of all ones stand for those of the chunk ds64; zero there: never filled in.
        let stands_for_64 = |size: u64| size == u64::from(u32::MAX) || size == 0;
        let [file_64, data_64] = self.sizes_64.unwrap_or_default();
        let is_64_bit = self.sizes_64.is_some() && stands_for_64(data.size);
        let size = if is_64_bit { data_64 } else { data.size };
        let file_size = match self.sizes_64 {
            Some(_) if stands_for_64(self.file_size) => file_64,
            _ => self.file_size,
        };
        // Sizes that were written before the length was known say nothing.
        let is_plausible = file_size > data.body - self.start && file_size <= u64::MAX / 2;
        let is_stated = is_plausible && !stands_for_64(file_size);
        let stated = Stated {
            start: data.body,
            size,
            is_32_bit: !is_64_bit,
            file_end: is_stated.then(|| self.start.saturating_add(file_size).saturating_add(8)),
            style: Some(self.style),
        };
        Ok(WavSamples {
            container: Container::Wav,
            format,
            fact_frames: self.fact_frames,
            stated,
            silence: self.silence,
            notes: self.notes,
        })
    }

    fn note(&mut self, what: &str) {
        self.notes.push(ClipNote::Contradiction(what.to_owned()));
    }
}
