//! MPEG audio and AAC without a container: rows of frames, each of which states its own length.

pub(super) mod adts;
mod frame_rows;
pub(super) mod mp3;
