//! MP4, M4A and QuickTime: nested boxes, and an index that says where each packet is.

mod boxes;
mod codecs;
mod fragments;
mod gapless;
mod movie;
mod played;
mod samples;
mod top_level;
mod walk;

pub(super) use walk::inspect;
