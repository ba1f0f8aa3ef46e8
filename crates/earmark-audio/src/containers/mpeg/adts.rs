//! ADTS: bare AAC, one frame after another, without a container (ISO/IEC 13818-7, annex A).

use super::frame_rows::{FrameContent, FrameFormat, FrameHeader, HEADER_BYTES, walk_rows};
use crate::containers::byte_walker::ByteWalker;
use crate::containers::container::Container;
use crate::containers::layout::{AudioLayout, CodedLayout, CodedSection, FileWalk};
use crate::containers::tags::bounded;
use crate::error::Fault;

/// Samples of an AAC frame.
const FRAME_SAMPLES: u64 = 1024;

/// Rates by their index in the header; more indices are not used.
const SAMPLE_RATES_HZ: [u32; 13] = [
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
];

/// Walks over a file of ADTS frames from `start` on. The first frame may begin up to 64 KiB later.
///
/// # Errors
///
/// Without any frame, or where a frame packs several of AAC, which the decoder does not take apart.
pub(in crate::containers) fn inspect(walker: &mut ByteWalker<'_>, start: u64) -> Result<FileWalk, Fault> {
    let end = walker.len();
    let mut found = walk_rows(walker, &AdtsFrames, start, end)?;
    let Some(last) = found.rows.last().map(|row| row.header) else {
        let head = bounded(walker, start, end, HEADER_BYTES)?;
        let is_cut_off = found.gap_at_end.is_some_and(|gap| gap.is_cut_off);
        return Err(match is_cut_off || head.len() < HEADER_BYTES {
            true => Fault::truncated("its last frame is incomplete", start),
            false => Fault::unsupported("begins like ADTS but is not"),
        });
    };
    let mut losses = Vec::new();
    if let Some(gap) = found.gap_at_end.take() {
        match gap.is_harmless(Some(last.bytes)) {
            true => found.notes.push(gap.to_note()),
            false => losses.push(gap.to_loss(last.sample_rate_hz)),
        }
    }
    let section = |row: &super::frame_rows::Row| CodedSection {
        frames: Some(row.samples),
        loss_before: row.gap.as_ref().map(|gap| gap.to_loss(row.header.sample_rate_hz)),
        ..CodedSection::new(row.start, row.end)
    };
    Ok(FileWalk {
        layout: AudioLayout::Coded(CodedLayout {
            container: Container::Adts,
            sections: found.rows.iter().map(section).collect(),
        }),
        notes: found.notes,
        losses,
    })
}

/// The frames of ADTS.
pub(super) struct AdtsFrames;

impl FrameFormat for AdtsFrames {
    fn header(&self, bytes: &[u8]) -> Option<FrameHeader> {
        header(bytes)
    }

    fn is_sync(&self, first: u8, second: u8) -> bool {
        first == 0xff && second & 0xf6 == 0xf0
    }

    fn content(&self, _: &mut ByteWalker<'_>, _: u64, header: &FrameHeader) -> Result<FrameContent, Fault> {
        match header.samples {
            FRAME_SAMPLES => Ok(FrameContent::Sound),
            _ => Err(Fault::unsupported(
                "is ADTS with several AAC frames in one, which is not supported",
            )),
        }
    }
}

/// Twelve bits of synchronisation, version, layer 0, whether there is no checksum; profile, rate, private bit,
/// channels, four bits; length in 13 bits, fullness in 11, number of AAC frames less one in 2.
fn header(bytes: &[u8]) -> Option<FrameHeader> {
    let &[b0, b1, b2, b3, b4, b5, b6, ..] = bytes else {
        return None;
    };
    if b0 != 0xff || b1 & 0xf6 != 0xf0 {
        return None;
    }
    let rate_index = (b2 >> 2) & 15;
    let sample_rate_hz = *SAMPLE_RATES_HZ.get(usize::from(rate_index))?;
    let profile = b2 >> 6;
    let channels = (b2 & 1) << 2 | b3 >> 6;
    let bytes = u64::from(b3 & 3) << 11 | u64::from(b4) << 3 | u64::from(b5 >> 5);
    let header_bytes = if b1 & 1 == 0 { 9 } else { 7 };
    let [profile, rate_index, channels] = [profile, rate_index, channels].map(u32::from);
    (bytes >= header_bytes).then_some(FrameHeader {
        bytes,
        samples: FRAME_SAMPLES * (u64::from(b6 & 3) + 1),
        sample_rate_hz,
        kind: profile << 8 | rate_index << 4 | channels,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::containers::byte_walker::tests::CountingSource;

    #[test]
    fn headers_are_read_bit_by_bit() {
        // AAC-LC, 32 kHz, mono, 300 bytes; the same in stereo, with a checksum, and of MPEG 2.
        let mono = [0xff, 0xf1, 0x54, 0x40, 0x25, 0x9f, 0xfc];
        let got = header(&mono).expect("a header");
        assert_eq!((got.bytes, got.samples, got.sample_rate_hz), (300, 1024, 32_000));
        let stereo = header(&[0xff, 0xf0, 0x54, 0x80, 0x25, 0x9f, 0xfc]).expect("a header");
        assert_ne!(stereo.kind, got.kind);
        assert_eq!(header(&[0xff, 0xf9, 0x54, 0x40, 0x25, 0x9f, 0xfc]), Some(got));
        assert_eq!(
            header(&[0xff, 0xf1, 0x54, 0x40, 0x25, 0x9f, 0xfd]).map(|h| h.samples),
            Some(2048)
        );
    }

    #[test]
    fn what_is_no_header() {
        // MP3; a reserved rate; a length less than the header; cut off.
        assert_eq!(header(&[0xff, 0xfb, 0x90, 0x40, 0x25, 0x9f, 0xfc]), None);
        assert_eq!(header(&[0xff, 0xf1, 0x74, 0x40, 0x25, 0x9f, 0xfc]), None);
        assert_eq!(header(&[0xff, 0xf1, 0x54, 0x40, 0x00, 0xdf, 0xfc]), None);
        assert_eq!(header(&[0xff, 0xf1, 0x54, 0x40, 0x25, 0x9f]), None);
    }

    /// A frame of 20 bytes at the rate of this index, without content.
    fn frame(rate_index: u8) -> Vec<u8> {
        let mut frame = vec![0xff, 0xf1, 0x40 | rate_index << 2, 0x40, 0x02, 0x9f, 0xfc];
        frame.resize(20, 0);
        frame
    }

    fn sections(bytes: Vec<u8>) -> (Vec<CodedSection>, FileWalk) {
        let mut source = std::io::Cursor::new(bytes);
        let mut walker = ByteWalker::new(&mut source).expect("readable");
        let walk = inspect(&mut walker, 0).expect("frames");
        match &walk.layout {
            AudioLayout::Coded(layout) => (layout.sections.clone(), walk),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn another_rate_is_another_section() {
        let (found, walk) = sections([frame(5).repeat(3), frame(4).repeat(2), frame(5).repeat(2)].concat());
        let got: Vec<_> = found.iter().map(|s| (s.start, s.end, s.frames)).collect();
        assert_eq!(
            got,
            [(0, 60, Some(3072)), (60, 100, Some(2048)), (100, 140, Some(2048))]
        );
        assert!(walk.losses.is_empty() && found.iter().all(|s| s.loss_before.is_none()));
    }

    #[test]
    fn a_header_without_a_successor_is_not_believed() {
        // A frame of another rate that nothing confirms, within frames of one rate.
        let (found, walk) =
            sections([frame(5).repeat(3), frame(4), vec![7; 30], frame(5).repeat(2)].concat());
        assert_eq!(found.len(), 2);
        assert_eq!((found[1].start, found[1].end), (110, 150));
        let loss = found[1].loss_before.as_ref().expect("a gap");
        assert_eq!(loss.bytes, Some(50));
        assert!(walk.losses.is_empty());
    }

    #[test]
    fn a_file_that_falls_apart_is_read_up_to_a_limit() {
        let parts: Vec<u8> = (0..5_000_u32)
            .flat_map(|i| frame(3 + (i % 2) as u8).repeat(2))
            .collect();
        let (found, walk) = sections(parts);
        assert_eq!(found.len(), 4097);
        assert!(walk.losses[0].reason.contains("4096 parts"));
    }

    #[test]
    fn padding_between_frames_costs_no_look_at_the_end() {
        let padded = [vec![0], frame(5)].concat();
        let bytes = [frame(5).repeat(3), padded.repeat(5_000)].concat();
        let len = bytes.len();
        let mut source = CountingSource::new(bytes);
        let walk = inspect(&mut ByteWalker::new(&mut source).expect("readable"), 0).expect("frames");
        assert!(walk.losses.is_empty(), "{:?}", walk.losses);
        assert!(source.read < 3 * len, "{} of {len} bytes", source.read);
    }
}
