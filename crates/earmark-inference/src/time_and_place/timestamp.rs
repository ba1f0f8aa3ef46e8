//! A moment by a recorder's clock.

use super::civil_dates::{date_of_day, day_of_date};
use super::text_front::TextFront;
use super::utc_offset::UtcOffset;
use std::fmt;

const DAY_MS: i64 = 86_400_000;

/// A date and time of day by some clock, to the millisecond, and how far that clock is ahead of UTC, where that is
/// known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timestamp {
    /// Milliseconds of this clock since 1970-01-01 00:00.
    clock_ms: i64,
    offset: Option<UtcOffset>,
}

impl Timestamp {
    /// From year, month and day, and hour, minute and second.
    ///
    /// # Errors
    /// A date or time that does not exist, in words.
    pub(super) fn of(
        date: [i64; 3],
        [hour, minute, second]: [i64; 3],
        milliseconds: i64,
        offset: Option<UtcOffset>,
    ) -> Result<Self, String> {
        let [year, month, _] = date;
        if !(1..=12).contains(&month) {
            return Err(format!("month {month:02} does not exist"));
        }
        let day_number = day_of_date(date);
        if date_of_day(day_number) != date {
            return Err(format!(
                "the date {year:04}-{month:02}-{:02} does not exist",
                date[2]
            ));
        }
        let is_time = (0..24).contains(&hour) && (0..60).contains(&minute) && (0..60).contains(&second);
        if !is_time {
            return Err(format!(
                "the time of day {hour:02}:{minute:02}:{second:02} does not exist"
            ));
        }
        let seconds = day_number * 86_400 + hour * 3_600 + minute * 60 + second;
        Ok(Self {
            clock_ms: seconds * 1_000 + milliseconds,
            offset,
        })
    }

    /// From seconds since 1970-01-01 00:00 UTC.
    pub fn of_unix(seconds: i64) -> Self {
        Self {
            clock_ms: seconds.saturating_mul(1_000),
            offset: Some(UtcOffset::UTC),
        }
    }

    /// From ISO 8601: `2024-05-17T04:30:00.250+02:00`, also with a space, without seconds, fraction or offset, and in
    /// the basic format.
    ///
    /// # Errors
    /// A text of another form, and a date or time that does not exist.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut front = TextFront(text.trim());
        let fields = iso_fields(&mut front);
        let Some((date, time, milliseconds)) = fields else {
            return Err(format!(
                "{text:?} is not a date and time such as 2024-05-17T04:30:00+02:00"
            ));
        };
        let offset = UtcOffset::at_front(&mut front);
        match front.0.is_empty() {
            true => Self::of(date, time, milliseconds, offset),
            false => Err(format!("{text:?} does not end after its time of day")),
        }
    }

    /// The year, month and day by its clock.
    pub fn date(self) -> [i64; 3] {
        date_of_day(self.day_number())
    }

    /// The number of the day by its clock, 0 on 1970-01-01.
    pub fn day_number(self) -> i64 {
        self.clock_ms.div_euclid(DAY_MS)
    }

    /// The date of such a day.
    pub fn day_name(day_number: i64) -> String {
        let [year, month, day] = date_of_day(day_number);
        format!("{year:04}-{month:02}-{day:02}")
    }

    /// The hour by its clock, 0 to 23.
    pub fn hour(self) -> usize {
        // Below 24 whatever the clock says.
        (self.clock_ms.rem_euclid(DAY_MS) / 3_600_000) as usize
    }

    /// How far its clock is ahead of UTC.
    pub fn offset(self) -> Option<UtcOffset> {
        self.offset
    }

    /// The same reading of a clock with this offset, where its own is not known.
    #[must_use]
    pub fn or_offset(self, offset: Option<UtcOffset>) -> Self {
        Self {
            offset: self.offset.or(offset),
            ..self
        }
    }

    /// Later by these seconds.
    #[must_use]
    pub fn plus_seconds(self, seconds: f64) -> Self {
        Self {
            clock_ms: self.clock_ms.saturating_add((seconds * 1e3).round() as i64),
            ..self
        }
    }

    /// Milliseconds of its clock since 1970-01-01 00:00.
    pub(super) fn clock_ms(self) -> i64 {
        self.clock_ms
    }

    /// Milliseconds since 1970-01-01 00:00 UTC.
    pub(super) fn utc_ms(self) -> Option<i64> {
        self.offset
            .map(|offset| self.clock_ms.saturating_sub(offset.milliseconds()))
    }

    /// Why no recording can be expected to have begun then; `None` where one can. `now` is in UTC.
    pub(super) fn implausible(self, now: Self) -> Option<&'static str> {
        match self.date() {
            [1970, ..] | [1980, 1, 1] | [2000, 1, 1] => Some("is where a clock starts that was not set"),
            [year, ..] if year < 1970 => Some("is before the first recorders"),
            // A clock without offset may be ahead.
            _ if self.utc_ms().unwrap_or(self.clock_ms) > now.clock_ms.saturating_add(DAY_MS) => {
                Some("is in the future")
            }
            _ => None,
        }
    }
}

/// Date, time of day and milliseconds at the front of a text in ISO 8601.
fn iso_fields(front: &mut TextFront) -> Option<([i64; 3], [i64; 3], i64)> {
    let year = front.digits(4)?;
    let is_extended = front.one_of(&['-']).is_some();
    let month = front.digits(2)?;
    if is_extended {
        front.one_of(&['-'])?;
    }
    let day = front.digits(2)?;
    front.one_of(&['T', 't', ' '])?;
    let hour = front.digits(2)?;
    let colon = front.one_of(&[':']);
    let minute = front.digits(2)?;
    let mut here = *front;
    // A colon between hour and minute asks for one before the seconds.
    let is_separated = here.one_of(&[':']).is_some() == colon.is_some();
    let second = here.digits(2).filter(|_| is_separated);
    if second.is_some() {
        *front = here;
    }
    let milliseconds = match second {
        Some(_) => front.milliseconds(),
        None => 0,
    };
    Some((
        [year, month, day],
        [hour, minute, second.unwrap_or(0)],
        milliseconds,
    ))
}

impl fmt::Display for Timestamp {
    /// ISO 8601, always with milliseconds, so that all cells of a column have one form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [year, month, day] = self.date();
        let of_day = self.clock_ms.rem_euclid(DAY_MS);
        let (seconds, milliseconds) = (of_day / 1_000, of_day % 1_000);
        let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milliseconds:03}"
        )?;
        match self.offset {
            Some(offset) => write!(f, "{offset}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn iso_8601_in_its_forms() {
        for (text, wanted) in [
            ("2024-05-17T04:30:00+02:00", "2024-05-17T04:30:00.000+02:00"),
            ("2024-05-17 04:30:00.25Z", "2024-05-17T04:30:00.250+00:00"),
            ("20240517T043000-0330", "2024-05-17T04:30:00.000-03:30"),
            ("2024-05-17T04:30", "2024-05-17T04:30:00.000"),
            (" 2024-02-29T23:59:59 ", "2024-02-29T23:59:59.000"),
        ] {
            assert_eq!(Timestamp::parse(text).unwrap().to_string(), wanted);
        }
        for (text, why) in [
            ("2024-13-17T04:30:00", "month 13 does not exist"),
            ("2023-02-29T04:30:00", "the date 2023-02-29 does not exist"),
            ("2024-05-17T24:30:00", "the time of day 24:30:00 does not exist"),
            ("2024-05-17T04:30:00+2", "does not end after its time of day"),
            ("2024-05-17", "is not a date and time"),
            ("yesterday", "is not a date and time"),
        ] {
            let error = Timestamp::parse(text).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn times_of_clocks_that_were_not_set_are_implausible() {
        let now = Timestamp::parse("2024-05-17T00:00:00Z").unwrap();
        let of = |text: &str| Timestamp::parse(text).unwrap().implausible(now);
        assert_eq!(of("2024-05-17T23:00:00"), None);
        assert_eq!(of("2000-01-02T00:00:00"), None);
        assert_eq!(of("2000-01-01T03:00:00"), of("1970-01-09T00:00:00"));
        assert!(of("2000-01-01T03:00:00").is_some());
        assert_eq!(of("1969-12-31T23:00:00"), Some("is before the first recorders"));
        assert_eq!(of("2024-05-18T12:00:00Z"), Some("is in the future"));
        assert_eq!(of("2024-05-18T12:00:00+14:00"), None);
    }

    #[test]
    fn seconds_carry_into_the_next_day() {
        let start = Timestamp::parse("2024-12-31T23:59:50+10:00").unwrap();
        let event = start.plus_seconds(12.3456);
        assert_eq!(event.to_string(), "2025-01-01T00:00:02.346+10:00");
        assert_eq!((event.hour(), event.date()), (0, [2025, 1, 1]));
        assert_eq!(event.day_number() - start.day_number(), 1);
        assert_eq!(
            Timestamp::of_unix(0x5AFC_D2A0).to_string(),
            "2018-05-17T00:53:52.000+00:00"
        );
        // Whatever is added, no panic.
        let _ = start.plus_seconds(f64::MAX).to_string();
        let _ = start
            .plus_seconds(f64::NAN)
            .plus_seconds(f64::NEG_INFINITY)
            .to_string();
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[0-9TZ:+. -]{0,32}|.{0,12}") {
            let _ = Timestamp::parse(&text);
        }

        #[test]
        fn what_is_written_is_read(ms in 0i64..4_000_000_000_000, quarters in -48i64..=56) {
            let offset = UtcOffset::of(quarters >= 0, quarters.abs() / 4, quarters.abs() % 4 * 15);
            for offset in [offset, None] {
                let time = Timestamp { clock_ms: ms, offset };
                prop_assert_eq!(Timestamp::parse(&time.to_string()), Ok(time));
            }
        }
    }
}
