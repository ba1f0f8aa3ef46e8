//! Small numbers as Parquet packs them: runs of equal ones, and groups of eight in as few bits as they need.

use super::thrift::{read_varint, take, write_varint};

/// Equal numbers in a row that are written as a run.
const LONG: usize = 8;

/// Bits of a number up to `largest`, at least one.
pub(super) fn width_for(largest: usize) -> u32 {
    usize::BITS - largest.max(1).leading_zeros()
}

/// Appends numbers of `width` bits.
pub(super) fn write_runs(out: &mut Vec<u8>, values: &[u32], width: u32) {
    let mut rest = values;
    while let [first, ..] = rest {
        let equal = rest.iter().take_while(|value| *value == first).count();
        if equal >= LONG {
            write_varint(out, (equal as u64) << 1);
            out.extend(&first.to_le_bytes()[..width.div_ceil(8) as usize]);
            rest = &rest[equal..];
            continue;
        }
        let mut groups = 1;
        while rest
            .get(8 * groups..)
            .is_some_and(|rest| !rest.is_empty() && !is_long(rest))
        {
            groups += 1;
        }
        write_varint(out, (groups as u64) << 1 | 1);
        let (mut bits, mut held) = (0_u64, 0);
        for k in 0..8 * groups {
            bits |= u64::from(rest.get(k).copied().unwrap_or(0)) << held;
            held += width;
            while held >= 8 {
                out.push(bits as u8);
                bits >>= 8;
                held -= 8;
            }
        }
        rest = rest.get(8 * groups..).unwrap_or(&[]);
    }
}

/// Whether numbers begin with a run.
fn is_long(values: &[u32]) -> bool {
    values
        .get(..LONG)
        .is_some_and(|start| start.iter().all(|value| Some(value) == start.first()))
}

/// Reads such numbers one by one from a part of a page.
#[derive(Debug)]
pub(super) struct Runs {
    /// What is left of the part, in bytes of the page.
    at: usize,
    end: usize,
    width: u32,
    /// Numbers that are left of the open run.
    left: u64,
    run: Run,
}

#[derive(Clone, Copy, Debug)]
enum Run {
    Equal(u32),
    /// The first bit of the next number.
    Packed(usize),
}

impl Runs {
    /// Numbers of up to 32 bits in bytes `at` to `end` of a page.
    pub fn new(at: usize, end: usize, width: u32) -> Self {
        Self {
            at,
            end,
            width,
            left: 0,
            run: Run::Equal(0),
        }
    }

    /// The next number of `page`; `None` where the part ends before it.
    pub fn next(&mut self, page: &[u8]) -> Option<u32> {
        while self.left == 0 {
            self.open(page)?;
        }
        self.left -= 1;
        Some(match &mut self.run {
            Run::Equal(value) => *value,
            Run::Packed(bit) => {
                let value = bits(page, *bit, self.width)?;
                *bit += self.width as usize;
                value
            }
        })
    }

    fn open(&mut self, page: &[u8]) -> Option<()> {
        let mut rest = page.get(self.at..self.end)?;
        let head = read_varint(&mut rest)?;
        let count = head >> 1;
        if head & 1 == 0 {
            let mut value = [0; 4];
            let bytes = take(&mut rest, self.width.div_ceil(8) as usize)?;
            value[..bytes.len()].copy_from_slice(bytes);
            self.run = Run::Equal(u32::from_le_bytes(value));
            self.left = count;
        } else {
            self.run = Run::Packed((self.end - rest.len()).checked_mul(8)?);
            self.left = count.checked_mul(8)?;
            // Some writers leave out the end of the last group.
            let size = usize::try_from(count).ok()?.checked_mul(self.width as usize)?;
            let present = size.min(rest.len());
            take(&mut rest, present)?;
        }
        self.at = self.end - rest.len();
        Some(())
    }
}

/// A number of `width` bits that begins at a bit of `bytes`.
fn bits(bytes: &[u8], bit: usize, width: u32) -> Option<u32> {
    let last = bit.checked_add(width as usize)?.div_ceil(8);
    let bytes = bytes.get(bit / 8..last)?;
    let value = bytes
        .iter()
        .rev()
        .fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
    Some((value >> (bit % 8) & ((1 << width) - 1)) as u32)
}
