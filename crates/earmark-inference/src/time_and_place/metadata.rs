//! When and where a recording was made, by what its recorder wrote into the file.

use super::sites_table::position;
use super::text_front::TextFront;
use super::timestamp::Timestamp;
use super::utc_offset::UtcOffset;
use earmark_audio::{BroadcastStart, RecorderMetadata};

/// A source of a start, and the start or what is wrong with it.
pub(super) type NamedSource = (&'static str, Result<Timestamp, String>);

/// The starts that metadata give, the most trusted source first.
pub(super) fn starts(metadata: &RecorderMetadata) -> Vec<NamedSource> {
    let guano = metadata.guano.as_deref();
    let guano = guano.and_then(|text| guano_value(text, "Timestamp"));
    let comment = metadata.comment.as_deref().and_then(audiomoth_start);
    let broadcast = metadata.broadcast.as_ref().and_then(broadcast_start);
    let all = [
        guano.map(|text| ("GUANO Timestamp", Timestamp::parse(text))),
        comment.map(|start| ("AudioMoth comment", start)),
        broadcast.map(|start| ("bext OriginationTime", start)),
    ];
    all.into_iter().flatten().collect()
}

/// Where the recorder was, by GUANO.
#[derive(Debug, Default, PartialEq)]
pub(super) struct GuanoPlace {
    pub site: Option<String>,
    pub position: Option<[f64; 2]>,
    /// What is wrong with the position.
    pub problem: Option<String>,
}

/// Keys under which recorders write a site.
const SITE_KEYS: [&str; 3] = ["Site", "Site Name", "WA|Song Meter|Prefix"];

pub(super) fn guano_place(metadata: &RecorderMetadata) -> GuanoPlace {
    let Some(text) = &metadata.guano else {
        return GuanoPlace::default();
    };
    let site = SITE_KEYS.iter().find_map(|key| guano_value(text, key));
    let mut place = GuanoPlace {
        site: site.map(str::to_owned),
        ..GuanoPlace::default()
    };
    // Latitude and longitude, separated by a space.
    let Some(value) = guano_value(text, "Loc Position") else {
        return place;
    };
    let (latitude, longitude) = value.split_once([' ', ',']).unwrap_or((value, ""));
    match position(latitude.trim(), longitude.trim_matches([' ', ','])) {
        // What receivers write before they have a position.
        Ok(Some([0.0, 0.0])) => place.problem = Some("0 0 is where no recorder was".into()),
        Ok(found) => place.position = found,
        Err(problem) => place.problem = Some(problem),
    }
    place
}

/// The value of a key in GUANO's lines `Key: value`; `None` where there is none, or where it is empty.
fn guano_value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let mut pairs = text.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case(key))?;
    Some(value.trim()).filter(|value| !value.is_empty())
}

/// The start in a comment of AudioMoth: `Recorded at 04:30:00 17/05/2024 (UTC+2) by AudioMoth ...`; `None` in any other
/// comment.
fn audiomoth_start(comment: &str) -> Option<Result<Timestamp, String>> {
    let (_, behind) = comment.split_once("Recorded at ")?;
    let mut front = TextFront(behind);
    let hour = front.digits(2)?;
    front.one_of(&[':'])?;
    let minute = front.digits(2)?;
    front.one_of(&[':'])?;
    let second = front.digits(2)?;
    let milliseconds = front.milliseconds();
    front.one_of(&[' '])?;
    let day = front.digits(2)?;
    front.one_of(&['/'])?;
    let month = front.digits(2)?;
    front.one_of(&['/'])?;
    let year = front.digits(4)?;
    // Without a zone in brackets, its clock is of no known zone.
    let zone = front
        .0
        .strip_prefix(" (")
        .and_then(|rest| rest.split_once(')'))
        .map(|(zone, _)| zone);
    let offset = match zone.map(str::parse::<UtcOffset>).transpose() {
        Ok(offset) => offset,
        Err(problem) => return Some(Err(problem)),
    };
    Some(Timestamp::of(
        [year, month, day],
        [hour, minute, second],
        milliseconds,
        offset,
    ))
}

/// The start by the broadcast extension, which knows no zones; `None` where its date or time is not filled in.
fn broadcast_start(start: &BroadcastStart) -> Option<Result<Timestamp, String>> {
    let numbers = |text: &str, lengths: [usize; 3]| {
        let mut front = TextFront(text);
        let mut numbers = [0; 3];
        for (k, (number, length)) in numbers.iter_mut().zip(lengths).enumerate() {
            // The separator is the recorder's choice.
            if k > 0 {
                front.one_of(&['-', '_', ':', '.', ' ', '/']);
            }
            *number = front.digits(length)?;
        }
        Some(numbers)
    };
    let (date, time) = (start.date.as_str(), start.time.as_str());
    if date.is_empty() || time.is_empty() {
        return None;
    }
    let (Some(days), Some(hours)) = (numbers(date, [4, 2, 2]), numbers(time, [2, 2, 2])) else {
        return Some(Err(format!("{date:?} {time:?} is not a date and time of day")));
    };
    // All zeros: not filled in.
    if days == [0; 3] {
        return None;
    }
    Some(Timestamp::of(days, hours, 0, None).map(|at| finer(at, start.seconds_since_midnight)))
}

/// With the fraction of a second by the count of samples since midnight, where that is of the same second.
fn finer(at: Timestamp, seconds_since_midnight: Option<f64>) -> Timestamp {
    let second_of_day = at.clock_ms().rem_euclid(86_400_000) as f64 / 1e3;
    let fraction = seconds_since_midnight.map(|seconds| seconds - second_of_day);
    match fraction.filter(|fraction| (0.0..1.0).contains(fraction)) {
        Some(fraction) => at.plus_seconds(fraction),
        None => at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn guano(text: &str) -> RecorderMetadata {
        RecorderMetadata {
            guano: Some(text.into()),
            ..RecorderMetadata::default()
        }
    }

    fn start(metadata: &RecorderMetadata) -> Result<String, String> {
        let (_, start) = starts(metadata).remove(0);
        start.map(|at| at.to_string())
    }

    #[test]
    fn guano_has_time_and_place() {
        let whole = guano(
            "GUANO|Version: 1.0\r\nMake: X\r\nTimestamp: 2024-05-17T04:30:00.123-05:00\r\nSite: Old: oak\r\n\
             Loc Position: 42.123 -71.5\r\n",
        );
        assert_eq!(start(&whole), Ok("2024-05-17T04:30:00.123-05:00".into()));
        let place = guano_place(&whole);
        assert_eq!(place.site.as_deref(), Some("Old: oak"));
        assert_eq!((place.position, place.problem), (Some([42.123, -71.5]), None));
        // As AudioMoth writes it.
        assert_eq!(
            start(&guano("GUANO|Version:1.0\nTimestamp:2024-05-17T04:30:00Z\n")),
            Ok("2024-05-17T04:30:00.000+00:00".into())
        );
        assert_eq!(
            start(&guano("Timestamp:2024-05-32T04:30:00")),
            Err("the date 2024-05-32 does not exist".into())
        );
        assert!(starts(&guano("Timestamp:\nSite:")).is_empty());
        for (value, problem) in [
            ("0.0 0.0", "0 0"),
            ("91 5", "latitude"),
            ("12", "longitude"),
            ("a b", "latitude"),
        ] {
            let place = guano_place(&guano(&format!("Loc Position: {value}")));
            assert!(
                place.problem.is_some_and(|said| said.contains(problem)),
                "{value}"
            );
            assert_eq!(place.position, None);
        }
    }

    #[test]
    fn comments_of_audiomoth() {
        let start = |comment: &str| audiomoth_start(comment).map(|start| start.map(|at| at.to_string()));
        for (zone, offset) in [
            (" (UTC)", "+00:00"),
            (" (UTC+2)", "+02:00"),
            (" (UTC-3)", "-03:00"),
            (" (UTC+5:30)", "+05:30"),
            ("", ""),
        ] {
            let comment =
                format!("Recorded at 04:30:00 17/05/2024{zone} by AudioMoth 24F319055FDF2902 at gain");
            assert_eq!(
                start(&comment),
                Some(Ok(format!("2024-05-17T04:30:00.000{offset}")))
            );
        }
        assert_eq!(
            start("Recorded at 04:30:00.500 17/05/2024 (UTC) by AudioMoth"),
            Some(Ok("2024-05-17T04:30:00.500+00:00".into()))
        );
        assert_eq!(start("Recorded at home"), None);
        assert_eq!(
            start("Recorded at 04:30:00 17/13/2024 (UTC)"),
            Some(Err("month 13 does not exist".into()))
        );
        assert!(start("Recorded at 04:30:00 17/05/2024 (CET)").is_some_and(|start| start.is_err()));
    }

    #[test]
    fn the_broadcast_extension_is_as_fine_as_its_count() {
        let start = |date: &str, time: &str, seconds: Option<f64>| {
            let start = broadcast_start(&BroadcastStart {
                date: date.into(),
                time: time.into(),
                seconds_since_midnight: seconds,
            });
            start.map(|start| start.map(|at| at.to_string()))
        };
        let plain = Some(Ok("2024-05-17T04:30:00.000".to_owned()));
        assert_eq!(start("2024-05-17", "04:30:00", None), plain);
        assert_eq!(start("2024_05_17", "04.30.00", Some(99.0)), plain);
        let finer = Some(Ok("2024-05-17T04:30:00.250".to_owned()));
        assert_eq!(start("2024-05-17", "04:30:00", Some(16_200.25)), finer);
        assert_eq!(start("", "", None), None);
        assert_eq!(start("0000-00-00", "00:00:00", None), None);
        assert!(start("soon", "04:30:00", None).is_some_and(|start| start.is_err()));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(Timestamp|Loc Position|Recorded at |[0-9:/() +\n.-]|UTC|ä){0,30}") {
            let metadata = RecorderMetadata {
                guano: Some(text.clone()),
                comment: Some(text.clone()),
                broadcast: Some(BroadcastStart {
                    date: text.clone(),
                    time: text,
                    seconds_since_midnight: Some(f64::NAN),
                }),
            };
            let _ = (starts(&metadata), guano_place(&metadata));
        }
    }
}
