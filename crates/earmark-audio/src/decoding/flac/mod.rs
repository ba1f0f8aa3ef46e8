//! FLAC: frames found and put in order here, each decoded by Symphonia.

mod find_sync;
mod forward_window;
mod frame_header;
mod frame_packets;
mod frames;
mod reader;
mod stream;
mod timeline;

pub(super) use frame_packets::{frames_of_packet, is_frame_whole};
pub(crate) use reader::FlacReader;
