//! Matroska and WebM (RFC 9559): the first audio track that can be read; video is passed over. Files that were joined
//! are read one segment after another.

use super::blocks::{BlockStep, MatroskaBlocks};
use super::ebml::Element;
use super::element_ids as id;
use super::hidden_clusters::hidden_cluster;
use super::tracks::{Track, read_tracks};
use crate::clip::{ClipNote, LostSound};
use crate::containers::byte_walker::ByteWalker;
use crate::containers::codec_headers::vorbis::{CodebookBudget, TOO_MANY_VALUES};
use crate::containers::container::Container;
use crate::containers::layout::{AudioLayout, FileWalk};
use crate::containers::packet_layout::{PacketLayout, PacketPlace, PacketSection, reason, unused};
use crate::containers::tags::is_harmless;
use crate::error::Fault;

const INFO: u32 = 0x1549_a966;
const TRACKS: u32 = 0x1654_ae6b;
const TIMESTAMP_SCALE: u32 = 0x2a_d7b1;
const DURATION: u32 = 0x4489;

/// How much earlier than its header says the sound may end: lengths are of the longest track, and are rounded.
const MOST_SHORTFALL_NS: f64 = 1.5e9;

struct Walk {
    sections: Vec<PacketSection>,
    budget: CodebookBudget,
    damage: Option<LostSound>,
    notes: Vec<ClipNote>,
    losses: Vec<LostSound>,
}

/// What is known of a segment before its first cluster.
struct Header {
    tracks: Vec<Track>,
    tick_ns: u64,
    duration_ns: Option<f64>,
    has_wrong_size: bool,
}

pub(in crate::containers) fn inspect(walker: &mut ByteWalker<'_>, start: u64) -> Result<FileWalk, Fault> {
    let mut walk = Walk {
        sections: Vec::new(),
        budget: CodebookBudget::new(walker.len()),
        damage: None,
        notes: Vec::new(),
        losses: Vec::new(),
    };
    let mut at = start;
    while at < walker.len() {
        let begin = at;
        match walk.read_segment(walker, &mut at) {
            Ok(()) => {}
            Err(fault) if walk.sections.is_empty() => return Err(fault),
            Err(_) if is_harmless(walker, begin, walker.len())? => break,
            Err(fault) => {
                let what = format!("what follows {}", reason(&fault));
                walk.losses.push(unused(walker.len() - begin, begin, &what));
                break;
            }
        }
    }
    Ok(FileWalk {
        layout: AudioLayout::Packets(PacketLayout {
            container: Container::Matroska,
            sections: walk.sections,
            damage: walk.damage,
        }),
        notes: walk.notes,
        losses: walk.losses,
    })
}

impl Walk {
    /// Reads the segment that begins here, and moves `at` behind it.
    fn read_segment(&mut self, walker: &mut ByteWalker<'_>, at: &mut u64) -> Result<(), Fault> {
        let len = walker.len();
        let cut = || Fault::truncated("it ends within its header", len);
        let mut segment = Element::read(walker, *at, len)?.ok_or_else(cut)?;
        // The header of the file, and padding.
        while matches!(segment.id, id::EBML | 0xec) {
            segment = Element::read(walker, segment.end, len)?.ok_or_else(cut)?;
        }
        if segment.id != id::SEGMENT {
            return Err(Fault::corrupt("a segment should begin here", segment.body));
        }
        let (header, first_cluster) = read_header(walker, &segment)?;
        let Some(index) = header.tracks.iter().position(Track::is_readable) else {
            return Err(no_track(&header.tracks));
        };
        if header.has_wrong_size {
            let note = "an element of its header claims more bytes than it has";
            self.notes.push(ClipNote::Contradiction(note.into()));
        }
        let others = header.tracks.iter().filter(|track| track.is_audio()).count() - 1;
        if others > 0 {
            self.notes.push(ClipNote::Contradiction(format!(
                "it has {others} more audio tracks next to the one that is read"
            )));
        }
        let track = &header.tracks[index];
        let codec = track.codec(walker)?;
        if !self.budget.takes(&codec) {
            return Err(Fault::corrupt(TOO_MANY_VALUES, *at));
        }
        let blocks = MatroskaBlocks::new(first_cluster..segment.end, track.number, header.tick_ns);
        *at = self.walk_blocks(walker, blocks.clone(), &header)?;
        self.sections.push(PacketSection {
            skip_frames: track.skip_frames(&codec),
            codec,
            place: PacketPlace::Matroska(blocks),
            frames: None,
            is_cut_to_frames: false,
        });
        Ok(())
    }

    /// Goes over all blocks; where the segment ends.
    fn walk_blocks(
        &mut self,
        walker: &mut ByteWalker<'_>,
        mut blocks: MatroskaBlocks,
        header: &Header,
    ) -> Result<u64, Fault> {
        let mut last_ns = 0;
        loop {
            match blocks.next(walker)? {
                BlockStep::Block(block) => last_ns = last_ns.max(block.time_ns),
                BlockStep::Damage(loss) => {
                    self.damage.get_or_insert(loss);
                }
                BlockStep::End => break,
            }
        }
        // Cut off between two blocks.
        let missing = header.duration_ns.unwrap_or(0.0) - last_ns as f64;
        if missing > MOST_SHORTFALL_NS && self.damage.is_none() && !header.has_other_tracks() {
            let reason = "its sound ends earlier than its header says";
            self.losses.push(LostSound {
                seconds: Some(missing / 1e9),
                ..LostSound::cut_off(reason, blocks.position())
            });
        }
        Ok(blocks.position())
    }
}

impl Header {
    fn has_other_tracks(&self) -> bool {
        self.tracks.len() > 1
    }
}

/// Reads what comes before the first cluster; where that is.
fn read_header(walker: &mut ByteWalker<'_>, segment: &Element) -> Result<(Header, u64), Fault> {
    let mut header = Header {
        tracks: Vec::new(),
        tick_ns: 1_000_000,
        duration_ns: None,
        has_wrong_size: false,
    };
    let mut at = segment.body;
    while at < segment.end {
        let Some(element) = Element::read(walker, at, segment.end)? else {
            return Err(Fault::corrupt("an element of its header should begin here", at));
        };
        let hidden = match element.id {
            id::CLUSTER => None,
            _ => hidden_cluster(walker, &element, segment.end)?,
        };
        match element.id {
            id::CLUSTER if header.tracks.is_empty() => {
                return Err(Fault::unsupported(
                    "is Matroska whose tracks are not described before their sound",
                ));
            }
            id::CLUSTER => return Ok((header, at)),
            _ if element.is_cut_off && hidden.is_none() => {
                return Err(Fault::truncated("it ends within its header", walker.len()));
            }
            INFO => read_info(walker, &element, &mut header)?,
            TRACKS => header.tracks = read_tracks(walker, &element)?,
            _ => {}
        }
        // Between the description of the tracks and the first cluster there is no sound.
        if let Some(first) = hidden.filter(|_| !header.tracks.is_empty()) {
            header.has_wrong_size = true;
            return Ok((header, first));
        }
        at = element.end;
    }
    match header.tracks.is_empty() {
        true => Err(Fault::truncated("it ends within its header", segment.end)),
        // Described, and then nothing.
        false => Ok((header, segment.end)),
    }
}

fn read_info(walker: &mut ByteWalker<'_>, info: &Element, header: &mut Header) -> Result<(), Fault> {
    let mut ticks = None;
    for child in info.children(walker)? {
        match child.id {
            TIMESTAMP_SCALE => header.tick_ns = child.unsigned(walker)?.clamp(1, 1_000_000_000),
            DURATION => ticks = Some(child.float(walker)?).filter(|ticks| ticks.is_finite()),
            _ => {}
        }
    }
    header.duration_ns = ticks.map(|ticks| ticks * header.tick_ns as f64);
    Ok(())
}

fn no_track(tracks: &[Track]) -> Fault {
    let audio: Vec<&str> = tracks
        .iter()
        .filter(|track| track.is_audio())
        .map(Track::codec_name)
        .collect();
    match audio.is_empty() {
        true => Fault::unsupported("is Matroska without an audio track"),
        false => Fault::Unsupported(format!("is Matroska with {}", audio.join(", "))),
    }
}
