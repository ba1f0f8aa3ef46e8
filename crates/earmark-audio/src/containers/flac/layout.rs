//! Where the frames of a FLAC recording are, and what its header says about them.

use crate::containers::byte_walker::big_endian;

/// Bytes of the block that describes the recording.
pub(crate) const STREAM_INFO_BYTES: usize = 34;

/// What the STREAMINFO block says about a recording: sizes of blocks and frames (10 bytes), then 20 bits of rate, 3 of
/// channels minus one, 5 of depth minus one, 36 of frames, and an MD5 of the samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StreamInfo {
    pub(crate) bytes: [u8; STREAM_INFO_BYTES],
}

impl StreamInfo {
    fn packed(&self) -> u64 {
        big_endian(&self.bytes[10..18])
    }

    /// Least and most frames (samples per channel) of a block.
    pub(crate) fn block_frames(&self) -> (u32, u32) {
        (
            big_endian(&self.bytes[..2]) as u32,
            big_endian(&self.bytes[2..4]) as u32,
        )
    }

    pub(crate) fn sample_rate_hz(&self) -> u32 {
        (self.packed() >> 44) as u32
    }

    pub(crate) fn channels(&self) -> u8 {
        ((self.packed() >> 41) & 7) as u8 + 1
    }

    pub(crate) fn bits(&self) -> u8 {
        ((self.packed() >> 36) & 31) as u8 + 1
    }

    /// Frames of the recording; 0 where the encoder did not know.
    pub(crate) fn frames(&self) -> u64 {
        self.packed() & 0xf_ffff_ffff
    }

    /// The same with other channels, and with blocks of at least `block_frames` frames.
    pub(crate) fn for_frames(&self, channels: u8, block_frames: u32) -> Self {
        let mut bytes = self.bytes;
        let (least, most) = self.block_frames();
        // Decoders refuse less than 16, and a least that is more than the most.
        let most = most.max(block_frames).clamp(16, 0xffff);
        let least = least.clamp(16, most);
        bytes[..2].copy_from_slice(&(least as u16).to_be_bytes());
        bytes[2..4].copy_from_slice(&(most as u16).to_be_bytes());
        // Sizes of frames only help to find them.
        bytes[4..10].fill(0);
        let shape = (self.packed() & !(7 << 41)) | (u64::from(channels.clamp(1, 8) - 1) << 41);
        bytes[10..18].copy_from_slice(&shape.to_be_bytes());
        Self { bytes }
    }
}

/// Where the frames of a FLAC file begin, and what they should be.
#[derive(Clone, Debug)]
pub(crate) struct FlacLayout {
    pub(crate) info: StreamInfo,
    pub(crate) frames_start: u64,
    pub(crate) end: u64,
    /// Whether the metadata breaks off before the frames begin: they are somewhere behind `frames_start`.
    pub(crate) is_header_broken: bool,
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// 48 kHz, 2 channels, 24 bits, 123,456 frames in blocks of 4,096.
    pub(in super::super) fn info() -> StreamInfo {
        let mut bytes = [0; STREAM_INFO_BYTES];
        bytes[..4].copy_from_slice(&[0x10, 0, 0x10, 0]);
        let packed: u64 = (48_000 << 44) | (1 << 41) | (23 << 36) | 123_456;
        bytes[10..18].copy_from_slice(&packed.to_be_bytes());
        StreamInfo { bytes }
    }

    #[test]
    fn the_fields_of_the_description() {
        let info = info();
        assert_eq!(info.block_frames(), (4_096, 4_096));
        assert_eq!(
            (info.sample_rate_hz(), info.channels(), info.bits()),
            (48_000, 2, 24)
        );
        assert_eq!(info.frames(), 123_456);
        let other = info.for_frames(6, 9_000);
        assert_eq!((other.channels(), other.block_frames()), (6, (4_096, 9_000)));
        assert_eq!((other.bits(), other.frames()), (24, 123_456));
        assert_eq!(info.for_frames(2, 100).block_frames(), (4_096, 4_096));
    }
}
