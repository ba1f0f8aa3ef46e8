//! Writes numbers of any width, the highest bit first.

/// Bits on their way to bytes.
pub(super) struct BitWriter<'a> {
    out: &'a mut Vec<u8>,
    /// The last bits are still to be written.
    held: u64,
    /// How many of them: less than a byte between two calls.
    count: u32,
}

impl<'a> BitWriter<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>) -> Self {
        Self {
            out,
            held: 0,
            count: 0,
        }
    }

    /// Writes the last `width` bits of a value, at most 32; the bits before them must be zero.
    pub(super) fn put(&mut self, value: u32, width: u32) {
        self.held = (self.held << width) | u64::from(value);
        self.count += width;
        while self.count >= 8 {
            self.count -= 8;
            self.out.push((self.held >> self.count) as u8);
        }
    }

    /// Writes zeros and a one behind them.
    pub(super) fn put_unary(&mut self, mut zeros: u32) {
        while zeros >= 32 {
            self.put(0, 32);
            zeros -= 32;
        }
        self.put(0, zeros);
        self.put(1, 1);
    }

    /// Fills the last byte with zeros.
    pub(super) fn finish(mut self) {
        self.put(0, (8 - self.count) % 8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_become_bytes() {
        let mut out = vec![7];
        let mut bits = BitWriter::new(&mut out);
        bits.put(0b101, 3);
        bits.put(0, 0);
        bits.put_unary(2);
        bits.put(0xffff_ffff, 32);
        bits.put(0xabc, 12);
        bits.put_unary(33);
        bits.finish();
        // 101 001 | 32 ones | abc | 33 zeros and a one.
        let text: String = out[1..].iter().map(|byte| format!("{byte:08b}")).collect();
        let wanted = format!("101001{}101010111100{}1", "1".repeat(32), "0".repeat(33));
        assert_eq!(out[0], 7);
        assert_eq!(text, format!("{wanted}{}", "0".repeat(88 - wanted.len())));
    }
}
