//! FLAC: the metadata blocks. The frames carry checksums, and all of them are checked against the MD5 of the recording
//! that the encoder left in the header.

use super::layout::{FlacLayout, STREAM_INFO_BYTES, StreamInfo};
use crate::containers::byte_walker::ByteWalker;
use crate::containers::layout::{AudioLayout, FileWalk};
use crate::containers::tags::begins_tag;
use crate::error::Fault;
use crate::limit_checks::check_shape;

/// What is said of a file that ends in its metadata.
const CUT: &str = "it ends within its header";

pub(in crate::containers) fn inspect(walker: &mut ByteWalker<'_>, start: u64) -> Result<FileWalk, Fault> {
    let layout = read_header(walker, start)?;
    Ok(AudioLayout::Flac(layout).into())
}

/// Reads the header of a stream that begins here: at the start of the file, or behind another stream.
pub(crate) fn read_header(walker: &mut ByteWalker<'_>, start: u64) -> Result<FlacLayout, Fault> {
    let mut at = start + 4;
    let mut info = None;
    let mut behind_info = at;
    let mut is_header_broken = false;
    loop {
        let header = walker.array::<4>(at)?;
        let [flags, a, b, c] = match header {
            Some(header) => header,
            None if info.is_some() => {
                is_header_broken = true;
                break;
            }
            None => return Err(Fault::truncated(CUT, walker.len())),
        };
        let size = u64::from(u32::from_be_bytes([0, a, b, c]));
        let body = at + 4;
        let is_description = flags & 0x7f == 0;
        if body + size > walker.len() || flags & 0x7f == 0x7f {
            if info.is_none() {
                return Err(Fault::truncated(CUT, walker.len()));
            }
            is_header_broken = true;
            break;
        }
        if is_description && info.is_none() {
            info = Some(read_stream_info(walker, body)?);
            behind_info = body + STREAM_INFO_BYTES as u64;
        }
        at = body + size;
        if flags & 0x80 != 0 {
            break;
        }
    }
    let Some(info) = info else {
        return Err(Fault::corrupt("it has no STREAMINFO block", start));
    };
    // The size of a block may be too large, and reach over frames: then they are looked for behind the description.
    let is_start = ends_metadata(walker.peek(at, 12)?);
    Ok(FlacLayout {
        info,
        frames_start: if is_start { at } else { behind_info },
        end: walker.len(),
        is_header_broken,
    })
}

/// Whether metadata can end before these bytes: with a frame, a tag, padding or the end of the file.
fn ends_metadata(bytes: &[u8]) -> bool {
    matches!(bytes, [] | [0xff, 0xf8 | 0xf9, ..]) || begins_tag(bytes) || bytes.iter().all(|&b| b == 0)
}

fn read_stream_info(walker: &mut ByteWalker<'_>, at: u64) -> Result<StreamInfo, Fault> {
    let bytes = walker.required::<STREAM_INFO_BYTES>(at, CUT)?;
    let info = StreamInfo { bytes };
    check_shape(info.sample_rate_hz(), u64::from(info.channels()))?;
    Ok(info)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::super::layout::tests::info;
    use super::*;

    fn header(bytes: &[u8]) -> Result<FlacLayout, Fault> {
        let mut source = Cursor::new(bytes.to_vec());
        read_header(&mut ByteWalker::new(&mut source)?, 0)
    }

    #[test]
    fn a_damaged_block_behind_the_description_is_passed_over() {
        let mut bytes = b"fLaC\0\0\0\x22".to_vec();
        bytes.extend(info().bytes);
        assert!(header(&bytes[..40]).is_err(), "cut within the description");
        // A comment of 16 MB, of which the file has six bytes.
        bytes.extend(b"\x84\xff\xff\xffabcdef");
        let layout = header(&bytes).unwrap();
        assert!(layout.is_header_broken);
        assert_eq!((layout.frames_start, layout.end), (42, 52));
        // The same comment with a size that ends within what follows, and with its right size.
        bytes.extend([0xff, 0xf8, 1, 2, 3, 4]);
        bytes[43..46].copy_from_slice(&[0, 0, 8]);
        let layout = header(&bytes).unwrap();
        assert_eq!((layout.frames_start, layout.is_header_broken), (42, false));
        bytes[43..46].copy_from_slice(&[0, 0, 6]);
        let layout = header(&bytes).unwrap();
        assert!(!layout.is_header_broken);
        assert_eq!(layout.frames_start, 52);
    }
}
