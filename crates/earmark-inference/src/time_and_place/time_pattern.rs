//! Patterns of file names with a time in them, in the manner of `strftime`.

use super::text_front::TextFront;
use super::timestamp::Timestamp;
use super::utc_offset::UtcOffset;
use std::str::FromStr;

/// Most `*` in a pattern: each is tried at every place of a name.
const MOST_ANY: usize = 2;

/// Where the date and time are in file names, such as `%d.%m.%Y_%H-%M`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimePattern(Vec<PatternPart>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PatternPart {
    Year,
    YearOfCentury,
    Month,
    Day,
    Hour,
    Minute,
    Second,
    Fraction,
    Offset,
    UnixSeconds,
    /// Any text.
    Any,
    Character(char),
}

/// What a name has at the places of a pattern.
#[derive(Clone, Copy, Default)]
struct PatternFields {
    date: [i64; 3],
    time: [i64; 3],
    milliseconds: i64,
    offset: Option<UtcOffset>,
    unix_seconds: Option<i64>,
}

impl TimePattern {
    /// The time in a file's name, at the first place where the pattern fits; `None` where it fits nowhere.
    pub(super) fn start_in(&self, file_name: &str) -> Option<Result<Timestamp, String>> {
        let is_number = self.0.first().is_some_and(|part| part.is_number());
        let mut starts = file_name.char_indices().map(|(at, _)| at).filter(|at| {
            // Not in the middle of a number.
            !is_number || !file_name[..*at].ends_with(|c: char| c.is_ascii_digit())
        });
        let fields = starts.find_map(|at| {
            let front = TextFront(&file_name[at..]);
            fit(&self.0, front, PatternFields::default())
        })?;
        Some(match fields.unix_seconds {
            Some(seconds) => Ok(Timestamp::of_unix(seconds)),
            None => Timestamp::of(fields.date, fields.time, fields.milliseconds, fields.offset),
        })
    }
}

impl PatternPart {
    fn is_number(self) -> bool {
        !matches!(self, Self::Any | Self::Character(_) | Self::Offset)
    }

    /// Reads what is at its place, other than any text.
    fn read(self, front: &mut TextFront, fields: &mut PatternFields) -> Option<()> {
        match self {
            Self::Year => fields.date[0] = front.digits(4)?,
            Self::YearOfCentury => fields.date[0] = 2000 + front.digits(2)?,
            Self::Month => fields.date[1] = front.digits(2)?,
            Self::Day => fields.date[2] = front.digits(2)?,
            Self::Hour => fields.time[0] = front.digits(2)?,
            Self::Minute => fields.time[1] = front.digits(2)?,
            Self::Second => fields.time[2] = front.digits(2)?,
            Self::Fraction => fields.milliseconds = front.digits(3)?,
            Self::Offset => fields.offset = Some(UtcOffset::at_front(front)?),
            // Since 2001, and until 2286.
            Self::UnixSeconds => fields.unix_seconds = Some(front.digits(10)?),
            Self::Any => {}
            Self::Character(c) => {
                front.one_of(&[c])?;
            }
        }
        Some(())
    }
}

/// What a text has at the places of a pattern's parts, if they fit at its front.
fn fit(parts: &[PatternPart], mut front: TextFront, mut fields: PatternFields) -> Option<PatternFields> {
    for (k, part) in parts.iter().enumerate() {
        if *part == PatternPart::Any {
            let (text, rest) = (front.0, &parts[k + 1..]);
            let mut ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            return ends.find_map(|at| fit(rest, TextFront(&text[at..]), fields));
        }
        part.read(&mut front, &mut fields)?;
    }
    let ends_in_number = parts.last().is_some_and(|part| part.is_number());
    let is_whole = !(ends_in_number && front.is_at_digit());
    is_whole.then_some(fields)
}

impl FromStr for TimePattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = Vec::new();
        let mut characters = text.chars();
        while let Some(c) = characters.next() {
            parts.push(match c {
                '*' => PatternPart::Any,
                '%' => directive(text, characters.next())?,
                c => PatternPart::Character(c),
            });
        }
        let has = |part: PatternPart| parts.contains(&part);
        let is_enough = has(PatternPart::UnixSeconds)
            || ((has(PatternPart::Year) || has(PatternPart::YearOfCentury))
                && [
                    PatternPart::Month,
                    PatternPart::Day,
                    PatternPart::Hour,
                    PatternPart::Minute,
                ]
                .into_iter()
                .all(has));
        if !is_enough {
            return Err(format!(
                "{text:?} says no whole date and time; give %Y (or %y), %m, %d, %H and %M, or %s"
            ));
        }
        if parts.iter().filter(|part| **part == PatternPart::Any).count() > MOST_ANY {
            return Err(format!("{text:?} has more than {MOST_ANY} *; give fewer"));
        }
        Ok(Self(parts))
    }
}

fn directive(pattern: &str, name: Option<char>) -> Result<PatternPart, String> {
    Ok(match name {
        Some('Y') => PatternPart::Year,
        Some('y') => PatternPart::YearOfCentury,
        Some('m') => PatternPart::Month,
        Some('d') => PatternPart::Day,
        Some('H') => PatternPart::Hour,
        Some('M') => PatternPart::Minute,
        Some('S') => PatternPart::Second,
        Some('f') => PatternPart::Fraction,
        Some('z') => PatternPart::Offset,
        Some('s') => PatternPart::UnixSeconds,
        Some('%') => PatternPart::Character('%'),
        other => {
            let name = other.map_or(String::new(), String::from);
            return Err(format!(
                "{pattern:?}: %{name} is not known; use %Y %y %m %d %H %M %S %f (milliseconds) %z (offset) %s (seconds \
                 since 1970) %%"
            ));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn start(pattern: &str, name: &str) -> Option<Result<String, String>> {
        let pattern: TimePattern = pattern.parse().unwrap();
        let start = pattern.start_in(name)?;
        Some(start.map(|at| at.to_string()))
    }

    #[test]
    fn patterns_find_times_in_names() {
        for (pattern, name, wanted) in [
            (
                "%d.%m.%Y_%H-%M",
                "rec 17.05.2024_04-30.wav",
                "2024-05-17T04:30:00.000",
            ),
            (
                "%y%m%d-%H%M%S",
                "ZOOM_240517-043005.wav",
                "2024-05-17T04:30:05.000",
            ),
            (
                "%Y%m%d%H%M%S%f",
                "20240517043005250.wav",
                "2024-05-17T04:30:05.250",
            ),
            (
                "%Y%m%d_%H%M%z",
                "a_20240517_0430+0200.wav",
                "2024-05-17T04:30:00.000+02:00",
            ),
            (
                "%Y-%m-%d*%Hh%M",
                "2024-05-17 north 04h30.wav",
                "2024-05-17T04:30:00.000",
            ),
            ("u%s", "u1715920200_1.wav", "2024-05-17T04:30:00.000+00:00"),
            ("%%%Y%m%d%H%M", "%202405170430", "2024-05-17T04:30:00.000"),
        ] {
            assert_eq!(
                start(pattern, name),
                Some(Ok(wanted.to_owned())),
                "{pattern} {name}"
            );
        }
        // Not in the middle of a number, nor where digits are missing.
        assert_eq!(start("%Y%m%d%H%M", "1202405170430.wav"), None);
        assert_eq!(start("%Y%m%d%H%M", "20240517043000.wav"), None);
        assert_eq!(start("%Y%m%d%H%M", "dog.wav"), None);
        let wrong = start("%Y%m%d%H%M", "202413170430.wav");
        assert_eq!(wrong, Some(Err("month 13 does not exist".to_owned())));
    }

    #[test]
    fn patterns_that_cannot_work_are_refused() {
        for (pattern, why) in [
            ("%Y%m%d", "says no whole date and time"),
            ("", "says no whole date and time"),
            ("%Y%m%d%H%M%q", "%q is not known"),
            ("%Y%m%d%H%M%", "% is not known"),
            ("***%s", "more than 2 *"),
        ] {
            let error = pattern.parse::<TimePattern>().unwrap_err();
            assert!(error.contains(why), "{pattern}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_pattern_and_no_name_makes_it_panic(
            pattern in "(%[YymdHMSfzs%]|[*_ä]){0,9}|.{0,9}",
            name in "[0-9_+ä]{0,30}",
        ) {
            for pattern in [pattern.clone(), format!("{pattern}%Y%m%d%H%M")] {
                if let Ok(pattern) = pattern.parse::<TimePattern>() {
                    let _ = pattern.start_in(&name);
                }
            }
        }
    }
}
