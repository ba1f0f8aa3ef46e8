//! Identifiers of elements, as the format defines them.

pub(in crate::containers) const EBML: u32 = 0x1a45_dfa3;
pub(in crate::containers) const SEGMENT: u32 = 0x1853_8067;
pub(in crate::containers) const CLUSTER: u32 = 0x1f43_b675;
pub(in crate::containers) const SIMPLE_BLOCK: u32 = 0xa3;
pub(in crate::containers) const BLOCK_GROUP: u32 = 0xa0;
pub(in crate::containers) const BLOCK: u32 = 0xa1;
pub(in crate::containers) const TIMESTAMP: u32 = 0xe7;
pub(in crate::containers) const DISCARD_PADDING: u32 = 0x75a2;
/// What else a segment and its clusters consist of: lists of positions, descriptions, cues, attachments, chapters,
/// tags, padding, checksums, sizes of clusters.
pub(in crate::containers) const OTHERS: [u32; 12] = [
    0x114d_9b74,
    0x1549_a966,
    0x1654_ae6b,
    0x1c53_bb6b,
    0x1941_a469,
    0x1043_a770,
    0x1254_c367,
    0xec,
    0xbf,
    0xa7,
    0xab,
    0x5854,
];
