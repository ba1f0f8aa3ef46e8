//! A logical stream of an Ogg file: its codec, its headers, and how long it is.

use super::pages::Page;
use crate::containers::byte_walker::ByteWalker;
use crate::containers::codec_headers::opus::{OpusHead, packet_samples};
use crate::containers::codec_headers::{flac, vorbis};
use crate::containers::packet_layout::{PacketCodec, PacketPlace, PacketSection, SymphoniaCodec};
use crate::error::Fault;

/// Most bytes of a header packet that are kept; those of encoders have some 10 KB (comments aside, which are not read).
const MOST_HEADER_BYTES: usize = 1 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Vorbis,
    Flac,
    Opus,
    /// Sound that can't be read.
    OtherAudio(&'static str),
    /// Pictures, text, or nothing that is known.
    NoAudio(&'static str),
}

/// What the first bytes of a stream say it is.
const KINDS: [(&[u8], Kind); 12] = [
    (b"\x01vorbis", Kind::Vorbis),
    (b"\x7fFLAC", Kind::Flac),
    (b"OpusHead", Kind::Opus),
    (b"Speex   ", Kind::OtherAudio("Speex")),
    (b"fLaC", Kind::OtherAudio("FLAC of the old mapping")),
    (b"PCM     ", Kind::OtherAudio("OggPCM")),
    (b"CELT    ", Kind::OtherAudio("CELT")),
    (b"\x80theora", Kind::NoAudio("Theora video")),
    (b"BBCD\0", Kind::NoAudio("Dirac video")),
    (b"OVP80", Kind::NoAudio("VP8 video")),
    (b"fishead\0", Kind::NoAudio("a skeleton")),
    (b"\x80kate", Kind::NoAudio("Kate text")),
];

/// A logical stream, as far as the walk has come.
pub(super) struct OggStream {
    pub(super) serial: u32,
    kind: Kind,
    next_page: u32,
    /// Whether its last page has been met.
    pub(super) ended: bool,
    /// The first header packet, and the setup header of Vorbis.
    first: Vec<u8>,
    setup: Option<(Vec<u8>, u64)>,
    /// The packet that continues in the next page: its first bytes, all of them if it may be the setup header.
    open: Option<Vec<u8>>,
    /// Frames of the packets up to the first page with a position: exact for Opus, the most for others.
    lead: u64,
    /// The first page's position, and whether it was also the last page.
    first_granule: Option<(i64, bool)>,
    last_granule: i64,
}

impl OggStream {
    /// The stream that begins with this page.
    pub(super) fn new(page: &Page) -> Self {
        Self {
            serial: page.serial,
            kind: Kind::NoAudio("an unknown stream"),
            next_page: page.number,
            ended: false,
            first: Vec::new(),
            setup: None,
            open: None,
            lead: 0,
            first_granule: None,
            last_granule: 0,
        }
    }

    pub(super) fn is_supported(&self) -> bool {
        matches!(self.kind, Kind::Vorbis | Kind::Flac | Kind::Opus)
    }

    pub(super) fn is_audio(&self) -> bool {
        !matches!(self.kind, Kind::NoAudio(_))
    }

    pub(super) fn name(&self) -> &'static str {
        match self.kind {
            Kind::Vorbis => "Vorbis",
            Kind::Flac => "FLAC",
            Kind::Opus => "Opus",
            Kind::OtherAudio(name) | Kind::NoAudio(name) => name,
        }
    }

    /// Whether a page with sound has been met.
    pub(super) fn has_sound(&self) -> bool {
        self.first_granule.is_some()
    }

    /// What is missing before this page, by the numbers of the pages.
    pub(super) fn missing_before(&self, page: &Page) -> Option<String> {
        let (next, number) = (self.next_page, page.number);
        (next != number).then(|| format!("page {next} is missing, page {number} follows"))
    }

    /// Forgets a packet whose rest is lost.
    pub(super) fn drop_open_packet(&mut self) {
        self.open = None;
    }

    pub(super) fn take_page(&mut self, walker: &mut ByteWalker<'_>, page: &Page) -> Result<(), Fault> {
        self.next_page = page.number.wrapping_add(1);
        self.ended |= page.is_last();
        let mut has_sound = false;
        let mut is_continued = page.is_continued();
        for (piece, is_whole) in page.pieces(walker)? {
            let begun = self.open.take();
            let packet = match (is_continued, begun) {
                (true, Some(mut packet)) => {
                    let room = self.kept_bytes(&packet).saturating_sub(packet.len());
                    packet.extend_from_slice(&piece[..piece.len().min(room)]);
                    packet
                }
                // The beginning of this packet is lost.
                (true, None) => {
                    is_continued = false;
                    continue;
                }
                (false, _) => piece[..piece.len().min(self.kept_bytes(piece))].to_vec(),
            };
            is_continued = false;
            match is_whole {
                true => has_sound |= self.take_packet(packet, page),
                false => self.open = Some(packet),
            }
        }
        if let Some(granule) = page.granule.filter(|_| has_sound) {
            self.first_granule.get_or_insert((granule, page.is_last()));
            self.last_granule = granule;
        }
        Ok(())
    }

    /// How much of a packet is kept.
    fn kept_bytes(&self, packet: &[u8]) -> usize {
        let is_setup = self.kind == Kind::Vorbis && self.setup.is_none() && packet.first() == Some(&5);
        let is_header = self.first.is_empty() || is_setup;
        if is_header { MOST_HEADER_BYTES } else { 8 }
    }

    /// Takes the beginning of a packet that ends on this page; whether it is sound.
    fn take_packet(&mut self, packet: Vec<u8>, page: &Page) -> bool {
        if self.first.is_empty() {
            let known = KINDS.iter().find(|(magic, _)| packet.starts_with(magic));
            self.kind = known.map_or(self.kind, |(_, kind)| *kind);
            self.first = packet;
            return false;
        }
        let frames = match self.kind {
            Kind::Opus if packet.starts_with(b"OpusTags") => return false,
            Kind::Opus => packet_samples(&packet).unwrap_or(0),
            Kind::Vorbis if packet.first().is_none_or(|byte| byte & 1 == 1) => {
                if self.setup.is_none() && packet.starts_with(b"\x05vorbis") {
                    self.setup = Some((packet, page.bytes.start));
                }
                return false;
            }
            Kind::Vorbis => {
                vorbis::identification(&self.first).map_or(0, |ident| u64::from(ident.long_block))
            }
            Kind::Flac if packet.first() != Some(&0xff) => return false,
            Kind::Flac => 65_535,
            Kind::OtherAudio(_) | Kind::NoAudio(_) => return false,
        };
        if self.first_granule.is_none() {
            self.lead = self.lead.saturating_add(frames);
        }
        true
    }

    /// The section that is read between these bytes.
    pub(super) fn section(&self, start: u64, end: u64, is_damaged: bool) -> Result<PacketSection, Fault> {
        let (codec, skip_frames) = match self.kind {
            Kind::Opus => {
                let head = OpusHead::from_ogg(&self.first)?;
                let skip = u64::from(head.pre_skip);
                (PacketCodec::Opus(head), skip)
            }
            Kind::Vorbis => (PacketCodec::Symphonia(self.vorbis(end)?), 0),
            Kind::Flac => (PacketCodec::Symphonia(flac(&self.first, start)?), 0),
            Kind::OtherAudio(name) | Kind::NoAudio(name) => {
                return Err(Fault::Unsupported(format!("is Ogg with {name}")));
            }
        };
        Ok(PacketSection {
            codec,
            place: PacketPlace::Ogg {
                start,
                end,
                serial: self.serial,
            },
            skip_frames,
            frames: self.frames(skip_frames).filter(|_| !is_damaged),
            is_cut_to_frames: false,
        })
    }

    /// Frames by the positions of the first and the last page.
    fn frames(&self, skip_frames: u64) -> Option<u64> {
        let Some((first, is_last)) = self.first_granule else {
            return Some(0);
        };
        let lead = self.lead.cast_signed();
        let starts = match self.kind {
            // A single page is cut at its end, others at their start only if they were cut out of a longer stream.
            Kind::Opus if !is_last => first.saturating_sub(lead),
            _ if first <= lead => 0,
            // Cut out of a longer stream, at a place that only decoding shows.
            _ => return None,
        };
        let frames = u64::try_from(self.last_granule.checked_sub(starts.max(0))?).ok()?;
        Some(frames.saturating_sub(skip_frames))
    }

    fn vorbis(&self, end: u64) -> Result<SymphoniaCodec, Fault> {
        let Some((setup, at)) = &self.setup else {
            return Err(Fault::truncated("its setup header is missing", end));
        };
        vorbis::codec(&self.first, setup, *at)
    }
}

/// FLAC from the first packet of its mapping to Ogg: 17 bytes, then the STREAMINFO block.
fn flac(packet: &[u8], start: u64) -> Result<SymphoniaCodec, Fault> {
    let Some(info) = packet.get(17..51) else {
        return Err(Fault::corrupt("its FLAC header is too short", start));
    };
    flac::codec(info)
}
