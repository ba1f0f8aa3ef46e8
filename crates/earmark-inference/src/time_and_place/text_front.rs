//! A text that is read from its front: digits, and characters between them.

/// What is left of a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct TextFront<'a>(pub &'a str);

impl TextFront<'_> {
    /// The number of exactly `count` digits (at most 18).
    pub fn digits(&mut self, count: usize) -> Option<i64> {
        let digits = self.0.get(..count)?;
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        self.0 = &self.0[count..];
        digits.parse().ok()
    }

    /// The next character, if it is one of these.
    pub fn one_of(&mut self, characters: &[char]) -> Option<char> {
        let next = self.0.chars().next().filter(|c| characters.contains(c))?;
        self.0 = &self.0[next.len_utf8()..];
        Some(next)
    }

    /// This text.
    pub fn text(&mut self, text: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(text)?;
        Some(())
    }

    /// Whether a digit comes next.
    pub fn is_at_digit(&self) -> bool {
        self.0.starts_with(|c: char| c.is_ascii_digit())
    }

    /// A fraction of a second behind a point or comma, in whole milliseconds; 0 without one.
    pub fn milliseconds(&mut self) -> i64 {
        let mut here = *self;
        if here.one_of(&['.', ',']).is_none() {
            return 0;
        }
        let count = here.0.bytes().take_while(u8::is_ascii_digit).count();
        // More digits than nanoseconds have are a number of another kind.
        let Some(fraction) = here.digits(count).filter(|_| (1..=9).contains(&count)) else {
            return 0;
        };
        *self = here;
        let count = count as u32;
        match count {
            0..=3 => fraction * 10_i64.pow(3 - count),
            _ => fraction / 10_i64.pow(count - 3),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_are_milliseconds() {
        for (text, wanted, left) in [
            (".5Z", 500, "Z"),
            (",1239", 123, ""),
            (".123456789+", 123, "+"),
            (".wav", 0, ".wav"),
            (".1234567890", 0, ".1234567890"),
            ("", 0, ""),
        ] {
            let mut front = TextFront(text);
            assert_eq!((front.milliseconds(), front.0), (wanted, left), "{text}");
        }
        assert_eq!(TextFront("1ä").digits(2), None);
    }
}
