//! The packets of one logical stream of Ogg, page by page.

use super::group::{GroupPosition, PacketGroup};
use crate::clip::LostSound;
use crate::containers::{ByteWalker, OggPage, PageScanner, PageStep};
use crate::error::Fault;

/// How much of a packet is put together from pages: far above any packet of sound. Comments with pictures may be
/// longer; they are not read.
const MOST_PACKET_BYTES: usize = 16 << 20;

/// Goes over the pages of one stream.
pub(super) struct OggPackets {
    scanner: PageScanner,
    serial: u32,
    next_page: Option<u32>,
    /// The packet that continues in the next page.
    open: Option<Vec<u8>>,
}

impl OggPackets {
    pub(super) fn new(start: u64, end: u64, serial: u32) -> Self {
        Self {
            scanner: PageScanner::new(start, end),
            serial,
            next_page: None,
            open: None,
        }
    }

    /// Replaces the content of `group` by the packets that end on the next page of the stream; `false` at the end.
    pub(super) fn next(
        &mut self,
        walker: &mut ByteWalker<'_>,
        group: &mut PacketGroup,
    ) -> Result<bool, Fault> {
        loop {
            match self.scanner.next(walker)? {
                PageStep::Page(page) if page.serial == self.serial => {
                    self.take_page(walker, &page, group)?;
                    return Ok(true);
                }
                PageStep::Page(_) => {}
                PageStep::Damage(damage) => {
                    group.add_gap(damage.to_loss());
                    self.open = None;
                }
                PageStep::End => {
                    self.end(group);
                    return Ok(false);
                }
            }
        }
    }

    /// A packet that is never ended is cut off.
    fn end(&mut self, group: &mut PacketGroup) {
        if let Some(open) = self.open.take() {
            group.gap.get_or_insert(LostSound {
                bytes: Some(open.len() as u64),
                ..LostSound::cut_off("its last packet is incomplete", self.scanner.position())
            });
        }
    }

    fn take_page(
        &mut self,
        walker: &mut ByteWalker<'_>,
        page: &OggPage,
        group: &mut PacketGroup,
    ) -> Result<(), Fault> {
        group.at = page.bytes.start;
        let number = page.number;
        if let Some(next) = self.next_page.filter(|next| *next != number) {
            let reason = format!("page {next} is missing, page {number} follows");
            group.gap.get_or_insert(LostSound::damaged(reason, group.at));
            self.open = None;
        }
        self.next_page = Some(number.wrapping_add(1));
        let mut is_continued = page.is_continued();
        for (piece, is_whole) in page.pieces(walker)? {
            let begun = self.open.take();
            let continues = std::mem::take(&mut is_continued);
            let packet = match (continues, begun) {
                (false, None) => piece.to_vec(),
                (true, Some(mut begun)) => {
                    let room = MOST_PACKET_BYTES.saturating_sub(begun.len());
                    begun.extend_from_slice(&piece[..piece.len().min(room)]);
                    begun
                }
                // The beginning is lost, which is already reported.
                (true, None) => continue,
                (false, Some(_)) => {
                    group
                        .gap
                        .get_or_insert(LostSound::damaged("a packet is not continued", group.at));
                    piece.to_vec()
                }
            };
            match is_whole {
                true => group.push(&packet),
                false => self.open = Some(packet),
            }
        }
        if let Some(frame) = page.granule {
            group.position = GroupPosition::End {
                frame,
                is_last: page.is_last(),
            };
        }
        Ok(())
    }
}
