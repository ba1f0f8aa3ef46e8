//! Checksums inside files, so that a flipped bit is noticed when they are read.
//!
//! A JSON object is sealed by a last key, `"checksum"`, over the text before it ([`seal`], [`check_seal`]): a line of a
//! log as well as a whole file, and readers that do not know the key pass over it. Other bytes are summed up by a
//! [`Checksum`]. Both are the first 64 bits of BLAKE3, which notice damage; they are no signatures.

use std::io::{self, Write};

/// The key of a seal, as JSON writes it.
const KEY: &str = "\"checksum\"";

/// Bytes at the end of a text that a seal fits into, with the blanks of an indented one.
const LONGEST: usize = 48;

/// Digits of a checksum.
const DIGITS: usize = 16;

/// The checksum of bytes that come in pieces.
#[derive(Clone, Debug, Default)]
pub struct Checksum(blake3::Hasher);

impl Checksum {
    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The checksum of all bytes so far: 16 hexadecimal digits.
    pub fn hex(&self) -> String {
        self.0.finalize().to_hex()[..DIGITS].to_owned()
    }

    /// All 64 digits of BLAKE3, by which a file is known.
    pub fn long_hex(&self) -> String {
        self.0.finalize().to_hex().to_string()
    }

    /// The checksum of `bytes`.
    pub fn of(bytes: &[u8]) -> String {
        let mut checksum = Self::default();
        checksum.update(bytes);
        checksum.hex()
    }
}

impl Write for Checksum {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What [`check_seal`] finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seal {
    /// The text is what was sealed.
    Whole,
    /// There is no seal: an earlier version of the program wrote it.
    Missing,
    /// The text or its seal is damaged.
    Broken,
}

/// Adds the key `"checksum"` to the text of a JSON object, in one line or indented by two blanks. Another text stays as
/// it is.
#[must_use]
pub fn seal(mut json: String) -> String {
    let Some(open) = json.trim_end().strip_suffix('}') else {
        return json;
    };
    let indented = open.ends_with('\n');
    let length = open.trim_end().len();
    json.truncate(length);
    let checksum = Checksum::of(json.as_bytes());
    let comma = if json.ends_with('{') { "" } else { "," };
    json += &match indented {
        true => format!("{comma}\n  {KEY}: \"{checksum}\"\n}}"),
        false => format!("{comma}{KEY}:\"{checksum}\"}}"),
    };
    json
}

/// Whether the text of a JSON object is what [`seal`] made. Blanks around the text and before the last bracket do not
/// count.
pub fn check_seal(json: &[u8]) -> Seal {
    let json = json.trim_ascii_end();
    let from = json.len().saturating_sub(LONGEST);
    let found = json[from..].windows(KEY.len()).rposition(|w| w == KEY.as_bytes());
    let Some(at) = found.map(|at| from + at) else {
        return Seal::Missing;
    };
    let before = json[..at].trim_ascii_end();
    let content = match before.strip_suffix(b",") {
        Some(content) => content,
        // There is no other key.
        None if before.ends_with(b"{") => before,
        // A form feed counts as blank, and is a comma with a flipped bit.
        None => return Seal::Broken,
    };
    match digits(&json[at + KEY.len()..]) {
        Some(digits) if digits == Checksum::of(content).as_bytes() => Seal::Whole,
        _ => Seal::Broken,
    }
}

/// The digits of a seal, from what follows its key.
fn digits(rest: &[u8]) -> Option<&[u8]> {
    let value = rest.trim_ascii_start().strip_prefix(b":")?.trim_ascii();
    let value = value.strip_suffix(b"}")?.trim_ascii_end();
    value.strip_prefix(b"\"")?.strip_suffix(b"\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn texts() -> Vec<String> {
        let value = json!({ "step": 1, "loss": 0.25, "name": "a \"b\", ä" });
        let pretty = serde_json::to_string_pretty(&value).unwrap();
        vec![value.to_string(), pretty, "{}".into()]
    }

    #[test]
    fn sealed_objects_are_objects_with_one_more_key() {
        for text in texts() {
            let sealed = seal(text.clone());
            let mut read: Value = serde_json::from_str(&sealed).unwrap();
            let checksum = read.as_object_mut().unwrap().remove("checksum").unwrap();
            assert_eq!(checksum.as_str().unwrap().len(), DIGITS);
            assert_eq!(read, serde_json::from_str::<Value>(&text).unwrap());
            assert_eq!(sealed.contains('\n'), text.contains('\n'), "{sealed}");
            assert_eq!(check_seal(sealed.as_bytes()), Seal::Whole, "{sealed}");
            assert_eq!(check_seal(format!("{sealed}\n").as_bytes()), Seal::Whole);
            assert_eq!(check_seal(text.as_bytes()), Seal::Missing);
        }
        assert_eq!(seal("no object".into()), "no object");
        assert_eq!(seal(String::new()), "");
    }

    /// Each flipped bit is noticed, or what is read stays the same.
    #[test]
    fn every_flipped_bit_is_noticed_or_without_effect() {
        for text in texts() {
            let sealed = seal(text.clone()).into_bytes();
            let wanted: Value = serde_json::from_str(&text).unwrap();
            for bit in 0..8 * sealed.len() {
                let mut damaged = sealed.clone();
                damaged[bit / 8] ^= 1 << (bit % 8);
                if check_seal(&damaged) == Seal::Broken {
                    continue;
                }
                let Ok(read) = serde_json::from_slice::<Value>(&damaged) else {
                    continue;
                };
                for (key, value) in wanted.as_object().unwrap() {
                    assert_eq!(read.get(key), Some(value), "bit {bit} of {text}");
                }
            }
        }
    }

    /// Who does not parse the text relies on this alone.
    #[test]
    fn a_comma_that_became_a_blank_is_noticed() {
        for text in texts() {
            let sealed = seal(text);
            for blank in ["\u{c}", " "] {
                let Some((before, rest)) = sealed.rsplit_once(',') else {
                    continue;
                };
                let damaged = format!("{before}{blank}{rest}");
                assert_eq!(check_seal(damaged.as_bytes()), Seal::Broken, "{damaged:?}");
            }
        }
    }

    #[test]
    fn pieces_sum_up_to_the_whole() {
        let mut pieces = Checksum::default();
        pieces.write_all(b"one ").unwrap();
        pieces.update(b"two");
        assert_eq!(pieces.hex(), Checksum::of(b"one two"));
        assert_ne!(Checksum::of(b"one two"), Checksum::of(b"one twp"));
    }
}
