//! Which segment, and which batch.

/// One segment: the clip that it is cut from and which of the clip's segments it is, both counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SegmentPlace {
    /// Index of the clip in the list of items.
    pub clip: u32,
    /// Index of the segment in the clip.
    pub segment: u32,
}

/// Where in a training run a batch belongs: both counts from 0. A `batch` past the end of its epoch is in a later one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchPosition {
    /// Epochs before this one.
    pub epoch: u64,
    /// Batches of this epoch before this one.
    pub batch: u64,
}
