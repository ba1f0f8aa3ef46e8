//! Features as an `.npy` file.

use crate::{error::FeatureError, features::Features};
use npyz::WriterBuilder;
use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::Range;

impl Features {
    /// Writes an `.npy` file: little-endian float32, C order, `[channels, bands, frames]`.
    ///
    /// # Errors
    ///
    /// When writing fails.
    pub fn write_npy(&self, to: impl Write) -> Result<(), FeatureError> {
        let shape = [self.channels as u64, self.bands as u64, self.frames as u64];
        let options = npyz::WriteOptions::new().default_dtype().shape(&shape);
        let mut writer = options.writer(to).begin_nd()?;
        writer.extend(self.data.iter().copied())?;
        writer.finish()?;
        Ok(())
    }

    /// Reads what [`Self::write_npy`] or NumPy wrote (`[bands, frames]` counts as one channel).
    ///
    /// # Errors
    ///
    /// When the type is not float32, the order not C, the shape has other axes, or the file is damaged.
    pub fn read_npy(mut from: impl Read) -> Result<Self, FeatureError> {
        let head = checked_header(&mut from)?;
        let refuse = |e: std::io::Error| FeatureError::Npy(e.to_string());
        let file = npyz::NpyFile::new(head.chain(from)).map_err(refuse)?;
        let (channels, bands, frames) = match *file.shape() {
            [bands, frames] => (1, bands, frames),
            [channels, bands, frames] => (channels, bands, frames),
            _ => return Err(FeatureError::Npy(format!("its shape is {:?}", file.shape()))),
        };
        if file.order() != npyz::Order::C {
            return Err(FeatureError::Npy("it is in Fortran order".into()));
        }
        let reader = file.data::<f32>().map_err(|e| FeatureError::Npy(e.to_string()))?;
        // Not allocated from the header: a damaged one may promise terabytes.
        let data = reader.collect::<Result<Vec<f32>, _>>()?;
        let whole = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        Self::new(whole(channels), whole(bands), whole(frames), data)
    }
}

/// An `.npy` file as [`Features::write_npy`] writes it, of features that come in parts.
#[derive(Debug)]
pub struct NpyParts<W> {
    to: W,
    /// Where the numbers begin.
    begin: u64,
    /// Frames of the whole.
    frames: usize,
}

impl<W: Write + Seek> NpyParts<W> {
    /// Begins a file of this shape, `[channels, bands, frames]`.
    ///
    /// # Errors
    ///
    /// When writing fails.
    pub fn new(mut to: W, [channels, bands, frames]: [usize; 3]) -> Result<Self, FeatureError> {
        let shape = [channels as u64, bands as u64, frames as u64];
        let options = npyz::WriteOptions::<f32>::new().default_dtype().shape(&shape);
        options.writer(&mut to).write_header_only()?;
        let begin = to.stream_position()?;
        Ok(Self { to, begin, frames })
    }

    /// Writes these frames of a part to the place that begins at this frame of the whole.
    ///
    /// # Errors
    ///
    /// When writing fails.
    pub fn write(&mut self, first: usize, part: &Features, frames: Range<usize>) -> Result<(), FeatureError> {
        for (row, numbers) in part.rows().enumerate() {
            let place = 4 * (row * self.frames + first) as u64;
            let numbers = numbers[frames.clone()].iter();
            let bytes: Vec<u8> = numbers.flat_map(|number| number.to_le_bytes()).collect();
            self.to.seek(SeekFrom::Start(self.begin + place))?;
            self.to.write_all(&bytes)?;
        }
        Ok(())
    }
}

/// Longest header accepted, in bytes; NumPy writes 118 for an array of three axes.
const MAX_HEADER: usize = 1024;

/// Reads the header of an `.npy` file, with its magic number, and refuses one that npyz can't parse safely.
///
/// npyz allocates whatever header length the file claims (up to 4 GiB), recurses for every bracket (a thousand overflow
/// the stack) and multiplies the axes without checking for overflow. A plain array has one brace, one pair of
/// parentheses, and axes whose product fits 64 bits.
fn checked_header(from: &mut impl Read) -> Result<std::io::Cursor<Vec<u8>>, FeatureError> {
    let refuse = |what: &str| FeatureError::Npy(what.into());
    let mut head = Vec::new();
    let mut take = |head: &mut Vec<u8>, wanted: usize| match from.take(wanted as u64).read_to_end(head) {
        Ok(got) if got == wanted => Ok(()),
        Ok(_) => Err(refuse("it ends inside its header")),
        Err(e) => Err(FeatureError::Io(e)),
    };
    take(&mut head, 8)?;
    if !head.starts_with(b"\x93NUMPY") {
        return Err(refuse("it does not start like an .npy file"));
    }
    // Version 1 counts its header in two bytes, all later ones in four.
    let size_bytes = if head[6] == 1 { 2 } else { 4 };
    take(&mut head, size_bytes)?;
    let bytes = head[8..].iter().rev();
    let size = bytes.fold(0, |sum, &byte| (sum << 8) | usize::from(byte));
    if size > MAX_HEADER {
        return Err(FeatureError::Npy(format!("its header claims {size} bytes")));
    }
    take(&mut head, size)?;
    let text = &head[8 + size_bytes..];
    if text.iter().filter(|b| matches!(b, b'{' | b'[' | b'(')).count() > 2 {
        return Err(refuse("it holds records, not numbers"));
    }
    let axes = text.split(|&b| b == b'(').nth(1).unwrap_or_default();
    let mut axes = axes
        .split(|b| !b.is_ascii_digit())
        .filter(|digits| !digits.is_empty());
    let product = axes.try_fold(1_u64, |product, digits| {
        let axis: u64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
        product.checked_mul(axis.max(1))
    });
    product.ok_or_else(|| refuse("its shape is larger than any file"))?;
    Ok(std::io::Cursor::new(head))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// An `.npy` file of this version and header, without numbers.
    fn npy(version: u8, header: &str) -> Vec<u8> {
        let mut file = b"\x93NUMPY".to_vec();
        file.extend([version, 0]);
        match version {
            1 => file.extend((header.len() as u16).to_le_bytes()),
            _ => file.extend((header.len() as u32).to_le_bytes()),
        }
        file.extend(header.as_bytes());
        file
    }

    #[test]
    fn hostile_headers_are_refused() {
        let nested = "(".repeat(20_000);
        let huge = "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296, 4)}";
        let empty = "{'descr': '<f4', 'fortran_order': False, 'shape': (0, 4294967296, 4294967296)}";
        let mut long = npy(2, "");
        long[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
        for file in [
            npy(1, &nested),
            npy(1, &nested[..1_000]),
            npy(1, huge),
            npy(1, empty),
            npy(3, huge),
            long,
        ] {
            let error = Features::read_npy(&file[..]).unwrap_err();
            assert!(matches!(error, FeatureError::Npy(_)), "{error}");
        }
        // The same header, well formed.
        let good = npy(
            2,
            "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 0, 7), }",
        );
        assert_eq!(Features::read_npy(&good[..]).unwrap().frames, 7);
    }

    /// Written in parts, in any order, the file is the same.
    #[test]
    fn parts_are_put_together() -> Result<(), FeatureError> {
        let data = (0..2 * 3 * 10).map(|i| (i as f32).cos()).collect();
        let features = Features::new(2, 3, 10, data)?;
        let mut whole = Vec::new();
        features.write_npy(&mut whole)?;
        let mut file = std::io::Cursor::new(Vec::new());
        let mut parts = NpyParts::new(&mut file, [2, 3, 10])?;
        for frames in [6..10, 0..4, 3..7] {
            let rows = features.rows().map(|row| &row[frames.clone()]);
            let part = Features::new(2, 3, frames.len(), rows.flatten().copied().collect())?;
            let (first, count) = (frames.start, frames.len());
            parts.write(first, &part, 0..1)?;
            parts.write(first + 1, &part, 1..count)?;
        }
        assert!(file.into_inner() == whole);
        let mut empty = std::io::Cursor::new(Vec::new());
        NpyParts::new(&mut empty, [1, 4, 0])?;
        assert_eq!(Features::read_npy(&empty.get_ref()[..])?.bands, 4);
        Ok(())
    }

    proptest! {
        #[test]
        fn npy_round_trip(channels in 0_usize..4, bands in 0_usize..5, frames in 0_usize..6) {
            let data = (0..channels * bands * frames).map(|i| (i as f32).sin() * 1e-3).collect();
            let features = Features::new(channels, bands, frames, data).unwrap();
            let mut file = Vec::new();
            features.write_npy(&mut file).unwrap();
            prop_assert_eq!(Features::read_npy(&file[..]).unwrap(), features.clone());
            // A truncated file is an error, never other numbers.
            for end in (0..file.len()).step_by(7) {
                prop_assert!(Features::read_npy(&file[..end]).is_err());
            }
        }
    }
}
