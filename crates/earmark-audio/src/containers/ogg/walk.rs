//! Ogg: every page's checksum, the logical streams, and the parts of a chained file. Of several streams that sound at
//! the same time the first is read. The pages are read again packet by packet by the decoder.

use super::pages::{Page, PageDamage, PageScanner, Step};
use super::streams::OggStream;
use crate::clip::{ClipNote, LostSound};
use crate::containers::byte_walker::ByteWalker;
use crate::containers::codec_headers::vorbis::{CodebookBudget, TOO_MANY_VALUES};
use crate::containers::container::Container;
use crate::containers::layout::{AudioLayout, FileWalk};
use crate::containers::packet_layout::{PacketLayout, PacketSection, reason, unused, without_sound};
use crate::error::Fault;

/// Most logical streams that sound at the same time.
const MOST_STREAMS: usize = 256;

/// A part of a file: logical streams that begin together.
struct Link {
    start: u64,
    end: u64,
    streams: Vec<OggStream>,
    /// Whether a page other than a first one has been met.
    has_body: bool,
    is_damaged: bool,
    /// Bytes of pages that belong to none of its streams.
    foreign_bytes: u64,
}

#[derive(Default)]
struct Walk {
    links: Vec<Link>,
    damage: Option<LostSound>,
    /// Bytes before the first page that begins a stream.
    lost_start: u64,
}

pub(in crate::containers) fn inspect(walker: &mut ByteWalker<'_>, start: u64) -> Result<FileWalk, Fault> {
    let mut walk = Walk::default();
    let mut scanner = PageScanner::new(start, walker.len());
    loop {
        match scanner.next(walker)? {
            Step::Page(page) => walk.take_page(walker, &page)?,
            Step::Damage(damage) => walk.take_damage(&damage),
            Step::End => break,
        }
    }
    walk.finish(start, walker.len())
}

impl Walk {
    fn take_page(&mut self, walker: &mut ByteWalker<'_>, page: &Page) -> Result<(), Fault> {
        if page.is_first() {
            return self.begin_stream(walker, page);
        }
        let bytes = page.bytes.end - page.bytes.start;
        let Some(link) = self.links.last_mut() else {
            self.lost_start += bytes;
            return Ok(());
        };
        link.has_body = true;
        link.end = page.bytes.end;
        let Some(index) = link
            .streams
            .iter()
            .position(|stream| stream.serial == page.serial)
        else {
            link.foreign_bytes += bytes;
            return Ok(());
        };
        let is_read = link.read_stream().is_none_or(|read| read == index);
        let stream = &mut link.streams[index];
        if let Some(reason) = stream.missing_before(page) {
            stream.drop_open_packet();
            if is_read {
                link.is_damaged = true;
                self.damage
                    .get_or_insert(LostSound::damaged(reason, page.bytes.start));
            }
        }
        stream.take_page(walker, page)
    }

    fn begin_stream(&mut self, walker: &mut ByteWalker<'_>, page: &Page) -> Result<(), Fault> {
        if self.links.last().is_none_or(|link| link.has_body) {
            self.links.push(Link {
                start: page.bytes.start,
                end: page.bytes.end,
                streams: Vec::new(),
                has_body: false,
                is_damaged: false,
                foreign_bytes: 0,
            });
        }
        let Some(link) = self.links.last_mut() else {
            return Ok(());
        };
        link.end = page.bytes.end;
        if link.streams.len() == MOST_STREAMS {
            let reason = format!("more than {MOST_STREAMS} streams begin here");
            return Err(Fault::corrupt(reason, page.bytes.start));
        }
        let mut stream = OggStream::new(page);
        stream.take_page(walker, page)?;
        link.streams.push(stream);
        Ok(())
    }

    fn take_damage(&mut self, damage: &PageDamage) {
        if let Some(link) = self.links.last_mut() {
            link.is_damaged = true;
            link.end = damage.bytes.end;
            link.streams.iter_mut().for_each(OggStream::drop_open_packet);
        }
        self.damage.get_or_insert_with(|| damage.to_loss());
    }

    fn finish(self, start: u64, len: u64) -> Result<FileWalk, Fault> {
        let mut notes = Vec::new();
        let mut losses = Vec::new();
        let mut sections = Vec::new();
        let mut refusal = None;
        let mut budget = CodebookBudget::new(len);
        if self.lost_start > 0 {
            losses.push(unused(self.lost_start, start, "its pages belong to no stream"));
        }
        for link in self.links {
            if link.foreign_bytes > 0 {
                losses.push(unused(
                    link.foreign_bytes,
                    link.start,
                    "pages belong to no stream",
                ));
            }
            let (link_start, bytes) = (link.start, link.end - link.start);
            match link.section(&mut notes, &mut losses) {
                Ok(section) if budget.takes(&section.codec) => sections.push(section),
                Ok(_) => losses.push(unused(bytes, link_start, TOO_MANY_VALUES)),
                Err(fault) => {
                    losses.push(unused(
                        bytes,
                        link_start,
                        &format!("this part {}", reason(&fault)),
                    ));
                    refusal.get_or_insert(fault);
                }
            }
        }
        if sections.is_empty() {
            let lost_start = self.lost_start;
            let none = || match lost_start {
                0 => Fault::truncated("it ends within its first page", len),
                _ => Fault::corrupt("the pages that its streams begin with are missing", start),
            };
            // What damages the headers is the cause, what the headers then lack is not.
            let cause = self
                .damage
                .filter(|_| !matches!(refusal, Some(Fault::Unsupported(_))));
            return Err(cause.map(without_sound).or(refusal).unwrap_or_else(none));
        }
        let layout = PacketLayout {
            container: Container::Ogg,
            sections,
            damage: self.damage,
        };
        Ok(FileWalk {
            layout: AudioLayout::Packets(layout),
            notes,
            losses,
        })
    }
}

impl Link {
    /// The stream that is read: the first with a supported codec.
    fn read_stream(&self) -> Option<usize> {
        self.streams.iter().position(OggStream::is_supported)
    }

    fn section(self, notes: &mut Vec<ClipNote>, losses: &mut Vec<LostSound>) -> Result<PacketSection, Fault> {
        let Some(index) = self.read_stream() else {
            let names: Vec<&str> = self.streams.iter().map(OggStream::name).collect();
            return Err(Fault::Unsupported(format!("is Ogg with {}", names.join(", "))));
        };
        let others = self.streams.iter().filter(|stream| stream.is_audio()).count() - 1;
        if others > 0 {
            notes.push(ClipNote::Contradiction(format!(
                "it has {others} more audio tracks next to the one that is read"
            )));
        }
        let stream = &self.streams[index];
        let section = stream.section(self.start, self.end, self.is_damaged)?;
        if !stream.ended && !self.is_damaged {
            match stream.has_sound() {
                true => notes.push(ClipNote::Contradiction(
                    "its last page is not marked as the last; all that is there is whole".into(),
                )),
                false => losses.push(LostSound::cut_off("its last page is missing", self.end)),
            }
        }
        Ok(section)
    }
}
