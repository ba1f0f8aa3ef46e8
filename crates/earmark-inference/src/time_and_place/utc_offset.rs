//! How far a clock is ahead of UTC.

use super::text_front::TextFront;
use std::fmt;
use std::str::FromStr;

/// How far a clock is ahead of UTC, in minutes: no name of a zone, whose offset depends on the date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UtcOffset(i16);

impl UtcOffset {
    /// UTC itself.
    pub const UTC: Self = Self(0);

    /// The offset of these hours and minutes ahead of UTC, or behind it; `None` where no zone has it.
    pub(super) fn of(is_ahead: bool, hours: i64, minutes: i64) -> Option<Self> {
        // From 12 hours behind to 14 ahead, and none less than an hour: numbers of files look like that.
        let most = if is_ahead { 14 * 60 } else { 12 * 60 };
        let is_quarter = matches!(minutes, 0 | 15 | 30 | 45) && (hours > 0 || minutes == 0);
        let minutes = hours * 60 + minutes;
        let minutes = i16::try_from(minutes)
            .ok()
            .filter(|all| is_quarter && *all <= most)?;
        Some(Self(if is_ahead { minutes } else { -minutes }))
    }

    /// Milliseconds ahead of UTC.
    pub(super) fn milliseconds(self) -> i64 {
        i64::from(self.0) * 60_000
    }

    /// The offset at the front of a text: `Z`, `+02:00`, `+0200` or `+02`.
    pub(super) fn at_front(front: &mut TextFront) -> Option<Self> {
        if front.one_of(&['Z', 'z']).is_some() {
            return Some(Self::UTC);
        }
        let mut here = *front;
        let is_ahead = here.one_of(&['+', '-'])? == '+';
        let hours = here.digits(2)?;
        let mut rest = here;
        let _ = rest.one_of(&[':']);
        let minutes = rest.digits(2);
        let offset = Self::of(is_ahead, hours, minutes.unwrap_or(0))?;
        *front = if minutes.is_some() { rest } else { here };
        Some(offset)
    }
}

impl FromStr for UtcOffset {
    type Err = String;

    /// `UTC`, `Z`, `+02:00`, `-0330`, `+2`, `UTC+5:30`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong =
            || format!("{text:?} is not an offset from UTC; give UTC, or hours and minutes such as +02:00");
        let name = text.trim();
        let starts_with_utc = name
            .get(..3)
            .is_some_and(|start| start.eq_ignore_ascii_case("utc"));
        let rest = if starts_with_utc { &name[3..] } else { name };
        if starts_with_utc && rest.is_empty() {
            return Ok(Self::UTC);
        }
        let is_digit = |at: usize| rest.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
        let padded = match is_digit(1) && !is_digit(2) {
            true => format!("{}0{}", &rest[..1], &rest[1..]),
            false => rest.to_owned(),
        };
        let mut front = TextFront(&padded);
        let offset = Self::at_front(&mut front).filter(|_| front.0.is_empty());
        offset.ok_or_else(wrong)
    }
}

impl fmt::Display for UtcOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { '-' } else { '+' };
        let minutes = self.0.abs();
        write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn offsets_are_read_as_people_write_them() {
        for (text, wanted) in [
            ("UTC", "+00:00"),
            ("utc", "+00:00"),
            ("Z", "+00:00"),
            ("+02:00", "+02:00"),
            ("-0330", "-03:30"),
            ("+2", "+02:00"),
            ("+10", "+10:00"),
            ("UTC+5:30", "+05:30"),
            ("UTC-3", "-03:00"),
        ] {
            assert_eq!(text.parse::<UtcOffset>().unwrap().to_string(), wanted, "{text}");
        }
        for text in [
            "", "2", "+", "+15", "+02:17", "+020", "+2x", "+14:15", "-12:15", "-13", "-00:30", "CET", "UTC2",
            "+02:00 ", "ä",
        ] {
            let parsed = text.parse::<UtcOffset>();
            assert_eq!(parsed.is_ok(), text == "+02:00 ", "{text}: {parsed:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) {
            let _ = text.parse::<UtcOffset>();
        }

        #[test]
        fn what_is_written_is_read(quarters in -48i64..=56) {
            prop_assume!(quarters == 0 || quarters.abs() >= 4);
            let offset = UtcOffset::of(quarters >= 0, quarters.abs() / 4, quarters.abs() % 4 * 15).unwrap();
            prop_assert_eq!(offset.to_string().parse::<UtcOffset>(), Ok(offset));
        }
    }
}
