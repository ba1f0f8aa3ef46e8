//! FLAC frames that come one in a packet, as in Ogg, Matroska, MP4 and CAF: their checksum and their length.

use symphonia::core::checksum::Crc16Ansi;
use symphonia::core::io::Monitor;

use super::frame_header::FrameHeader;

/// Whether the checksum behind a frame matches all of it. (Symphonia's decoder does not compare them.)
pub(in crate::decoding) fn is_frame_whole(packet: &[u8]) -> bool {
    let mut crc = Crc16Ansi::new(0);
    crc.process_buf_bytes(packet);
    // Over a frame with its checksum it is zero.
    crc.crc() == 0
}

/// Samples per channel of a frame whose header is whole, whatever its samples are.
pub(in crate::decoding) fn frames_of_packet(packet: &[u8]) -> Option<u64> {
    FrameHeader::parse(packet).map(|header| u64::from(header.frames))
}
