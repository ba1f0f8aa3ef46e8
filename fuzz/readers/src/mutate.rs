//! Changes of bytes, the same ones in every run.

/// Random numbers: SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators").
#[derive(Clone, Debug)]
pub struct Numbers(u64);

impl Numbers {
    /// The numbers of this seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number below `limit`; 0 for a limit of 0.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.draw() % limit.max(1) as u64) as usize
    }
}

/// Bytes at which counts and signs turn over.
const EDGES: [u8; 8] = [0, 1, 0x0a, 0x2c, 0x7f, 0x80, 0xfe, 0xff];

/// Most bytes that one change takes out, repeats or brings from another seed.
const LONGEST_RUN: usize = 48;

/// A copy of `seed` with one to four changes; `other` is a seed to take pieces from, and `words` are those of a dictionary.
pub fn mutated(seed: &[u8], other: &[u8], words: &[Vec<u8>], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=numbers.below(4) {
        change(&mut bytes, other, words, numbers);
    }
    bytes
}

fn change(bytes: &mut Vec<u8>, other: &[u8], words: &[Vec<u8>], numbers: &mut Numbers) {
    // Most can go wrong in headers: half of the changes are in the first 200 bytes.
    let span = match numbers.below(2) {
        0 => bytes.len().min(200),
        _ => bytes.len(),
    };
    let at = numbers.below(span);
    let end = (at + 1 + numbers.below(LONGEST_RUN)).min(bytes.len());
    match numbers.below(8) {
        0 | 1 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << numbers.below(8);
            }
        }
        2 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = EDGES[numbers.below(EDGES.len())];
            }
        }
        3 => overwrite(bytes, at, &edge_number(numbers)),
        4 => drop(bytes.drain(at..end)),
        5 => {
            let run = bytes[at..end].to_vec();
            bytes.splice(at..at, run);
        }
        6 => {
            let from = numbers.below(other.len());
            let to = (from + 1 + numbers.below(LONGEST_RUN)).min(other.len());
            let piece = other[from..to].to_vec();
            bytes.splice(at..end, piece);
        }
        _ => match words.get(numbers.below(words.len() + 1)) {
            Some(word) if numbers.below(2) == 0 => overwrite(bytes, at, word),
            Some(word) => drop(bytes.splice(at..at, word.iter().copied())),
            None => bytes.truncate(at),
        },
    }
}

/// Writes over what is there, as far as there is something.
fn overwrite(bytes: &mut [u8], at: usize, with: &[u8]) {
    for (byte, new) in bytes.iter_mut().skip(at).zip(with) {
        *byte = *new;
    }
}

/// The largest, smallest and middle numbers of 1 to 8 bytes in either byte order.
fn edge_number(numbers: &mut Numbers) -> Vec<u8> {
    let (first, rest) = [(0, 0), (0xff, 0xff), (0x7f, 0xff), (0x80, 0), (0, 1), (0x10, 0)][numbers.below(6)];
    let mut number = vec![rest; 1 << numbers.below(4)];
    number[0] = first;
    if numbers.below(2) == 0 {
        number.reverse();
    }
    number
}

/// The words of a dictionary of libFuzzer: a string between double quotes per line, with `\x41`, `\\` and `\"`.
pub fn words(dictionary: &str) -> Vec<Vec<u8>> {
    let quoted = |line: &str| Some(unescaped(line.trim().strip_prefix('"')?.strip_suffix('"')?));
    dictionary.lines().filter_map(quoted).collect()
}

fn unescaped(text: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).unwrap_or(0) as u8;
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        let (byte, left) = match (first, behind) {
            (b'\\', [b'x', high, low, left @ ..]) => (digit(*high) << 4 | digit(*low), left),
            (b'\\', [escaped, left @ ..]) => (*escaped, left),
            _ => (*first, behind),
        };
        out.push(byte);
        rest = left;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_run_changes_the_same() {
        let words = words("# a comment\n\"ab\\x00\\\"\\\\\"\nno word\n\"\"\n");
        assert_eq!(words, [b"ab\0\"\\".to_vec(), Vec::new()]);
        let all = |seed| {
            let mut numbers = Numbers::new(seed);
            let changed = (0..500).map(|_| mutated(b"some bytes to change", b"others", &words, &mut numbers));
            changed.collect::<Vec<_>>()
        };
        assert_eq!(all(1), all(1));
        assert_ne!(all(1), all(2));
        let unchanged = all(1)
            .iter()
            .filter(|bytes| *bytes == b"some bytes to change")
            .count();
        assert!(unchanged < 50, "{unchanged}");
    }

    #[test]
    fn nothing_can_be_changed_too() {
        let mut numbers = Numbers::new(3);
        for _ in 0..500 {
            assert!(mutated(b"", b"", &[], &mut numbers).len() < 200);
        }
    }
}
