//! FLAC files: the metadata before the frames, and where the frames are.

pub(super) mod layout;
mod metadata;

pub(super) use metadata::inspect;
pub(crate) use metadata::read_header;
