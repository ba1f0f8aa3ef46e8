//! Packets that belong together, and when they sound.

use crate::clip::LostSound;

/// Packets that belong together: those that end on one page, or are in one block.
#[derive(Default)]
pub(crate) struct PacketGroup {
    pub(crate) data: Vec<u8>,
    /// Where each packet ends in `data`.
    pub(crate) ends: Vec<usize>,
    /// Where the group is in the file.
    pub(crate) at: u64,
    /// What is missing before it.
    pub(crate) gap: Option<LostSound>,
    pub(crate) position: GroupPosition,
    /// Frames to drop at the start and at the end.
    pub(crate) drop_start: u64,
    pub(crate) drop_end: u64,
}

/// When a group sounds, in frames from the start of its section.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum GroupPosition {
    #[default]
    Unknown,
    /// Its last packet ends here. The last group may be cut shorter by it.
    End { frame: i64, is_last: bool },
    /// Its first packet begins here, rounded to a clock that is coarser than the samples.
    Start { frame: i64 },
    /// Nothing was recorded for this long before it.
    Behind { hole: u64 },
}

impl PacketGroup {
    pub(crate) fn clear(&mut self) {
        *self = Self {
            data: std::mem::take(&mut self.data),
            ends: std::mem::take(&mut self.ends),
            ..Self::default()
        };
        self.data.clear();
        self.ends.clear();
    }

    /// Notes what is missing before it; the first reason is given for all.
    pub(crate) fn add_gap(&mut self, loss: LostSound) {
        match &mut self.gap {
            Some(gap) => gap.bytes = gap.bytes.zip(loss.bytes).map(|(a, b)| a + b),
            None => self.gap = Some(loss),
        }
    }

    /// Adds a packet.
    pub(crate) fn push(&mut self, packet: &[u8]) {
        self.data.extend_from_slice(packet);
        self.ends.push(self.data.len());
    }

    /// The packet of this number.
    pub(crate) fn packet(&self, index: usize) -> &[u8] {
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before));
        let end = self.ends.get(index).copied().unwrap_or(0);
        self.data
            .get(start.copied().unwrap_or(0)..end)
            .unwrap_or_default()
    }
}
