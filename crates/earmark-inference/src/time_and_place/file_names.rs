//! When a recording began, by the name that its recorder gave the file.
//!
//! | recorder | name |
//! |---|---|
//! | AudioMoth | `20240517_043000.WAV`, with `T` behind where a threshold started it; `5AFCD2A0.WAV` until 2018 |
//! | Song Meter, Song Meter Mini | `SITE_20240517_043000.wav`, `SITE_0+1_20240517$043000.wav` |
//! | the same, with their zone | `SITE_20240517_043000-0500.wav` |
//! | Kaleidoscope's outputs | the same, with a number behind |
//! | Frontier Labs | `20240517T043000+1000_REC.flac` |
//! | others | `2024-05-17T04:30:00Z`, `2024-05-17 04-30-00`, `20240517-043000`, `20240517043000` |
//!
//! So a name is searched for a date with a time of day behind it, whatever is around them. AudioMoth names files by the
//! zone that it was set to, so only those in hexadecimal are known to be UTC.

use super::text_front::TextFront;
use super::timestamp::Timestamp;
use super::utc_offset::UtcOffset;

/// What a file's name says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct NamedStart<'a> {
    /// When the recording began.
    pub at: Timestamp,
    /// What is before the time: a site or recorder. May be empty.
    pub prefix: &'a str,
    /// A second, different time in the name.
    pub other: Option<Timestamp>,
}

/// The first 8 hexadecimal digits that are taken for a time: 2016-01-01, before the first AudioMoth.
const FIRST_HEXADECIMAL: i64 = 1_451_606_400;

/// What the name of a file says of the start of its recording; `None` where it has no time.
///
/// # Errors
/// A date or time of day that can't be, in words.
pub(super) fn start_in_name(file_name: &str) -> Result<Option<NamedStart<'_>>, String> {
    let (stem, extension) = file_name.rsplit_once('.').unwrap_or((file_name, ""));
    if let Some(seconds) = hexadecimal(stem, extension) {
        return Ok(Some(NamedStart {
            at: Timestamp::of_unix(seconds),
            prefix: "",
            other: None,
        }));
    }
    let mut found: Option<NamedStart> = None;
    let mut problem: Option<String> = None;
    let mut next = 0;
    for (at, _) in stem.char_indices() {
        let is_in_number = stem[..at].ends_with(|c: char| c.is_ascii_digit());
        if at < next || is_in_number {
            continue;
        }
        let Some(digits) = NamedDigits::at(&stem[at..]) else {
            continue;
        };
        next = at + digits.bytes;
        let start = match digits.start() {
            Some(Ok(start)) => start,
            Some(Err(fault)) => {
                problem.get_or_insert(fault);
                continue;
            }
            None => continue,
        };
        match &mut found {
            None => {
                found = Some(NamedStart {
                    at: start,
                    prefix: without_channel(&stem[..at]),
                    other: None,
                });
            }
            Some(first) if first.at != start => first.other = first.other.or(Some(start)),
            Some(_) => {}
        }
    }
    match (found, problem) {
        (None, Some(problem)) => Err(problem),
        (found, _) => Ok(found),
    }
}

/// Whether the text is a date, or a number: as the names of the folders of a day are.
pub(super) fn is_date_or_number(text: &str) -> bool {
    let is_date = NamedDigits::at(text).is_some_and(|digits| digits.bytes == text.len());
    is_date || text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The seconds since 1970 in 8 hexadecimal digits. Where all of them are decimal, only AudioMoth's own ending makes
/// them that.
fn hexadecimal(stem: &str, extension: &str) -> Option<i64> {
    let is_all_hexadecimal = stem.len() == 8 && stem.bytes().all(|byte| byte.is_ascii_hexdigit());
    let has_letter = stem.bytes().any(|byte| byte.is_ascii_alphabetic());
    let is_time = is_all_hexadecimal && (has_letter || extension == "WAV");
    if !is_time {
        return None;
    }
    let seconds = i64::from_str_radix(stem, 16).ok()?;
    Some(seconds).filter(|seconds| *seconds >= FIRST_HEXADECIMAL)
}

/// What is before a time, without the channel that Song Meters write there, and without separators.
fn without_channel(before: &str) -> &str {
    const SEPARATORS: [char; 4] = ['_', '-', ' ', '.'];
    // A single `_1` may as well be a part of the site's name.
    const CHANNELS: [&str; 3] = ["_0+1", "__0", "__1"];
    let name = before.trim_end_matches(SEPARATORS);
    let mut channels = CHANNELS.iter();
    let without = channels.find_map(|channel| name.strip_suffix(*channel));
    without.unwrap_or(name).trim_matches(SEPARATORS)
}

/// The digits of a date, and of a time of day behind it, at the front of a text.
struct NamedDigits {
    date: [i64; 3],
    time: Option<([i64; 3], i64, Option<UtcOffset>)>,
    bytes: usize,
}

impl NamedDigits {
    fn at(text: &str) -> Option<Self> {
        let mut front = TextFront(text);
        let year = front.digits(4).filter(|year| (1900..2100).contains(year))?;
        let separator = front.one_of(&['-', '_', '.']);
        let month = front.digits(2)?;
        if let Some(separator) = separator {
            front.one_of(&[separator])?;
        }
        let day = front.digits(2)?;
        let time = time_of_day(&mut front);
        // Longer numbers are no dates.
        if time.is_none() && front.is_at_digit() {
            return None;
        }
        Some(Self {
            date: [year, month, day],
            time,
            bytes: text.len() - front.0.len(),
        })
    }

    /// The time; `None` where these digits are no more than a number, or a date without a time of day.
    fn start(&self) -> Option<Result<Timestamp, String>> {
        let Some((time, milliseconds, offset)) = self.time else {
            let is_date = Timestamp::of(self.date, [0; 3], 0, None).is_ok();
            return is_date.then(|| Err("a date without a time of day".to_owned()));
        };
        Some(Timestamp::of(self.date, time, milliseconds, offset))
    }
}

/// The time of day behind a date, and its offset from UTC.
fn time_of_day(front: &mut TextFront) -> Option<([i64; 3], i64, Option<UtcOffset>)> {
    let mut here = *front;
    let _ = here.one_of(&['T', 't', '_', '-', ' ', '$', '.']);
    let hour = here.digits(2)?;
    let separator = here.one_of(&[':', '-', '_', '.']);
    let minute = here.digits(2)?;
    if let Some(separator) = separator {
        here.one_of(&[separator])?;
    }
    let second = here.digits(2)?;
    if here.is_at_digit() {
        return None;
    }
    let milliseconds = here.milliseconds();
    let offset = offset_in_name(&mut here);
    *front = here;
    Some(([hour, minute, second], milliseconds, offset))
}

/// `Z`, `UTC`, `_UTC`, `+1000`, `+10:00`, `-0500` or `+10`; but not `-01`, which counts files.
fn offset_in_name(front: &mut TextFront) -> Option<UtcOffset> {
    let mut separated = *front;
    let _ = separated.one_of(&['_', '-', ' ']);
    for (mut here, name) in [(*front, "Z"), (*front, "UTC"), (separated, "UTC")] {
        if here.text(name).is_some() && !here.0.starts_with(char::is_alphanumeric) {
            *front = here;
            return Some(UtcOffset::UTC);
        }
    }
    let mut here = *front;
    let is_ahead = here.one_of(&['+', '-'])? == '+';
    let hours = here.digits(2)?;
    let behind_hours = here;
    let _ = here.one_of(&[':']);
    let minutes = match here.digits(2) {
        Some(minutes) => minutes,
        None if is_ahead => {
            here = behind_hours;
            0
        }
        None => return None,
    };
    let offset = UtcOffset::of(is_ahead, hours, minutes).filter(|_| !here.is_at_digit())?;
    // The first of numbered files, or an offset that is not known (RFC 3339, 4.3).
    if !is_ahead && offset == UtcOffset::UTC {
        return None;
    }
    *front = here;
    Some(offset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn start(name: &str) -> (String, String) {
        let found = start_in_name(name).unwrap().unwrap_or_else(|| panic!("{name}"));
        assert_eq!(found.other, None, "{name}");
        (found.at.to_string(), found.prefix.to_owned())
    }

    #[test]
    fn names_of_all_recorders() {
        for (name, wanted, prefix) in [
            ("20240517_043000.WAV", "2024-05-17T04:30:00.000", ""),
            // Started by a threshold.
            ("20240517_043000T.WAV", "2024-05-17T04:30:00.000", ""),
            ("5AFCD2A0.WAV", "2018-05-17T00:53:52.000+00:00", ""),
            ("5afcd2a0.wav", "2018-05-17T00:53:52.000+00:00", ""),
            ("59123456.WAV", "2017-05-09T21:27:50.000+00:00", ""),
            ("SITE_20240517_043000.wav", "2024-05-17T04:30:00.000", "SITE"),
            (
                "S4A01234_20240517_043000.wav",
                "2024-05-17T04:30:00.000",
                "S4A01234",
            ),
            (
                "SITE-1_0+1_20240517$043000.wav",
                "2024-05-17T04:30:00.000",
                "SITE-1",
            ),
            ("SITE__0__20240517_043000.wav", "2024-05-17T04:30:00.000", "SITE"),
            ("PLOT_1_20240517_043000.wav", "2024-05-17T04:30:00.000", "PLOT_1"),
            (
                "SITE_20240517_043000-0500.wav",
                "2024-05-17T04:30:00.000-05:00",
                "SITE",
            ),
            (
                "SMA01_20240517_043000_000.wav",
                "2024-05-17T04:30:00.000",
                "SMA01",
            ),
            (
                "20240517T043000+1000_REC.flac",
                "2024-05-17T04:30:00.000+10:00",
                "",
            ),
            (
                "20240517T043000+1000_REC_[-27.38+152.87].flac",
                "2024-05-17T04:30:00.000+10:00",
                "",
            ),
            ("20240517T043000+10_REC.wav", "2024-05-17T04:30:00.000+10:00", ""),
            ("2024-05-17T04:30:00Z.wav", "2024-05-17T04:30:00.000+00:00", ""),
            (
                "2024-05-17T04-30-00.250+0930.wav",
                "2024-05-17T04:30:00.250+09:30",
                "",
            ),
            ("2024-05-17 04-30-00.mp3", "2024-05-17T04:30:00.000", ""),
            ("2024_05_17_04_30_00.mp3", "2024-05-17T04:30:00.000", ""),
            ("20240517043000.mp3", "2024-05-17T04:30:00.000", ""),
            ("2020-05-20-21-30-00-UTC.wav", "2020-05-20T21:30:00.000+00:00", ""),
            // A number behind is not an offset, nor is a serial number a date.
            ("20240517_043000-01.wav", "2024-05-17T04:30:00.000", ""),
            ("20240517_043000-0017.wav", "2024-05-17T04:30:00.000", ""),
            ("20240517_043000-0000.wav", "2024-05-17T04:30:00.000", ""),
            ("20240517_043000-0030.wav", "2024-05-17T04:30:00.000", ""),
            ("20240517_043000-1300.wav", "2024-05-17T04:30:00.000", ""),
            (
                "20123456_20240517_043000.wav",
                "2024-05-17T04:30:00.000",
                "20123456",
            ),
            ("20240101_20240517_043000", "2024-05-17T04:30:00.000", "20240101"),
        ] {
            assert_eq!(start(name), (wanted.to_owned(), prefix.to_owned()), "{name}");
        }
    }

    #[test]
    fn names_without_a_time_and_with_a_wrong_one() {
        for name in [
            "dog.wav",
            "12345678.wav",
            "00000012.WAV",
            "20123456.wav",
            "2024051704300012.wav",
            "a_1234_567890.wav",
            "",
        ] {
            assert_eq!(start_in_name(name), Ok(None), "{name}");
        }
        for (name, why) in [
            ("20241317_043000.WAV", "month 13 does not exist"),
            ("20240230_043000.WAV", "the date 2024-02-30 does not exist"),
            ("A_20240517_253000.wav", "the time of day 25:30:00 does not exist"),
            ("20240517.wav", "a date without a time of day"),
            ("2024-05-17_1.wav", "a date without a time of day"),
        ] {
            assert_eq!(start_in_name(name), Err(why.to_owned()), "{name}");
        }
        let two = start_in_name("20240517_043000_20240517_053000.wav")
            .unwrap()
            .unwrap();
        assert_eq!(two.at.hour(), 4);
        assert_eq!(two.other.map(Timestamp::hour), Some(5));
        assert!(is_date_or_number("20240517") && is_date_or_number("2024-05-17") && is_date_or_number("7"));
        assert!(!is_date_or_number("SITE1"));
    }

    proptest! {
        #[test]
        fn no_name_makes_it_panic(name in "(20[0-9]{2}|[0-9a-fA-FTZ_+.:$ -]|ä){0,40}|.{0,20}") {
            let _ = start_in_name(&name);
            let _ = is_date_or_number(&name);
        }

        #[test]
        fn every_time_is_found_in_every_form(
            seconds in 0i64..4_000_000_000,
            form in 0usize..4,
            before in "[A-Za-z]{0,6}",
        ) {
            let at = Timestamp::of_unix(seconds);
            let text = at.to_string();
            let (date, time) = (&text[..10], &text[11..19]);
            let basic = |text: &str| text.replace(['-', ':'], "");
            let name = match form {
                0 => format!("{before}_{}_{}Z.wav", basic(date), basic(time)),
                1 => format!("{before}_{date}T{time}Z.wav"),
                2 => format!("{before}_{}${}+0000_1.wav", basic(date), basic(time)),
                _ => format!("{before}_{date}_{}-UTC.wav", time.replace(':', "-")),
            };
            let found = start_in_name(&name).unwrap().unwrap();
            prop_assert_eq!((found.at, found.prefix), (at, before.as_str()));
        }
    }
}
