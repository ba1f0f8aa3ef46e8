//! The elements of EBML (RFC 8794), which Matroska and WebM consist of.

use crate::containers::byte_walker::{ByteWalker, big_endian};
use crate::error::Fault;

/// An element: its identifier with the marker bits, and where its content is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element {
    pub(super) id: u32,
    pub(super) body: u64,
    /// Where its content ends; where its size is unknown or too large, the end of what it is in.
    pub(super) end: u64,
    /// Whether it is longer than what it is in.
    pub(super) is_cut_off: bool,
}

impl Element {
    /// The element at this byte, inside of what ends at `limit`; `None` where none can begin or its header is incomplete.
    pub(super) fn read(walker: &mut ByteWalker<'_>, at: u64, limit: u64) -> Result<Option<Self>, Fault> {
        let left = usize::try_from(limit.saturating_sub(at)).unwrap_or(usize::MAX);
        let header = walker.peek(at, left.min(12))?;
        let Some(id_bytes) = header.first().map(|first| first.leading_zeros() as usize + 1) else {
            return Ok(None);
        };
        let Some((id, size)) = header.split_at_checked(id_bytes).filter(|_| id_bytes <= 4) else {
            return Ok(None);
        };
        let Some((size, size_bytes)) = number(size) else {
            return Ok(None);
        };
        let body = at + (id_bytes + size_bytes) as u64;
        // All ones: to the end.
        let end = size.map_or(limit, |size| body.saturating_add(size));
        Ok(Some(Self {
            id: big_endian(id) as u32,
            body,
            end: end.min(limit),
            is_cut_off: end > limit,
        }))
    }

    /// The elements inside, up to the first bytes that are not an element.
    pub(super) fn children(&self, walker: &mut ByteWalker<'_>) -> Result<Vec<Element>, Fault> {
        let mut children = Vec::new();
        let mut at = self.body;
        while at < self.end && children.len() < MOST_CHILDREN {
            let Some(child) = Self::read(walker, at, self.end)? else {
                break;
            };
            at = child.end;
            children.push(child);
        }
        Ok(children)
    }

    /// Its content, or as much of it as is wanted.
    pub(super) fn bytes<'w>(&self, walker: &'w mut ByteWalker<'_>, most: usize) -> Result<&'w [u8], Fault> {
        let size = usize::try_from(self.end - self.body).unwrap_or(usize::MAX);
        walker.peek(self.body, size.min(most))
    }

    /// Its content as a whole number.
    pub(super) fn unsigned(&self, walker: &mut ByteWalker<'_>) -> Result<u64, Fault> {
        Ok(big_endian(self.bytes(walker, 8)?))
    }

    /// Its content as a floating-point number of four or eight bytes.
    pub(super) fn float(&self, walker: &mut ByteWalker<'_>) -> Result<f64, Fault> {
        let bytes = self.bytes(walker, 8)?;
        Ok(match bytes.len() {
            4 => f64::from(f32::from_bits(big_endian(bytes) as u32)),
            8 => f64::from_bits(big_endian(bytes)),
            _ => 0.0,
        })
    }
}

/// Most elements inside of one that are read at once: there are a few dozen properties of a track.
const MOST_CHILDREN: usize = 1 << 16;

/// A number of variable length and the bytes that it takes: the zeros before the first one give how many follow. `None`
/// inside: all of its bits are ones, which means an unknown size.
pub(super) fn number(bytes: &[u8]) -> Option<(Option<u64>, usize)> {
    let length = bytes.first()?.leading_zeros() as usize + 1;
    let bytes = bytes.get(..length).filter(|_| length <= 8)?;
    let mask = (1_u64 << (7 * length)) - 1;
    let value = big_endian(bytes) & mask;
    Some((Some(value).filter(|value| *value != mask), length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_length_in_front() {
        assert_eq!(number(&[0x81]), Some((Some(1), 1)));
        assert_eq!(number(&[0x40, 0x02, 9]), Some((Some(2), 2)));
        assert_eq!(number(&[0x01, 0, 0, 0, 0, 0, 1, 0]), Some((Some(256), 8)));
        assert_eq!(number(&[0xff]), Some((None, 1)));
        assert_eq!(
            number(&[0x01, 255, 255, 255, 255, 255, 255, 255]),
            Some((None, 8))
        );
        assert_eq!([number(&[]), number(&[0x40]), number(&[0, 1, 2])], [None; 3]);
    }
}
