//! An archive of five kinds of recorders at two sites, through a change of zones: every table has the right moments.

use super::*;
use crate::tag::InputFile;
use crate::tag::formats::{Format, FormatOptions, FormatWriter};
use crate::tag::resume_log::TagOutcome;
use crate::tag::tables::{ColumnKind, TableReader, TableRow};
use crate::tag::{SoundEvent, TagResult};
use std::path::Path;

/// A recording of the archive, and what is to be known of it.
struct Case {
    name: String,
    chunks: Vec<u8>,
    /// Of its start, without the fraction of a second: `2024-05-17T04:30:00` and the offset.
    at: (String, &'static str),
    site: &'static str,
    position: Option<[f64; 2]>,
}

fn chunk(name: &str, body: &str) -> Vec<u8> {
    let mut out = [
        name.as_bytes(),
        &(body.len() as u32).to_le_bytes(),
        body.as_bytes(),
    ]
    .concat();
    out.resize(out.len().next_multiple_of(2), 0);
    out
}

/// A WAV file without sound, with these chunks.
fn wav(chunks: &[u8]) -> Vec<u8> {
    let fmt = b"fmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0";
    let body = [&b"WAVE"[..], fmt, chunks, &chunk("data", "")].concat();
    [&b"RIFF"[..], &(body.len() as u32).to_le_bytes()[..], &body].concat()
}

fn input(dir: &Path, name: &str, chunks: &[u8]) -> InputFile {
    let path = dir.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, wav(chunks)).unwrap();
    InputFile {
        path,
        name: name.to_owned(),
        below: name.into(),
    }
}

fn guano(text: &str) -> Vec<u8> {
    chunk("guan", &format!("GUANO|Version:1.0\n{text}"))
}

fn at(day: u32, hour: u32, offset: &'static str) -> (String, &'static str) {
    (
        format!("2024-{:02}-{:02}T{hour:02}:30:05", day / 100, day % 100),
        offset,
    )
}

/// Sixty recordings: twelve of each kind, one an hour.
fn archive() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |name: String, chunks: Vec<u8>, at, site, position| {
        cases.push(Case {
            name,
            chunks,
            at,
            site,
            position,
        });
    };
    for hour in 0..12_u32 {
        // Summer time begins in the night to October 6.
        let (day, offset, zone) = match hour {
            0..6 => (1005, "+10:00", "UTC+10"),
            _ => (1006, "+11:00", "UTC+11"),
        };
        let comment = format!(
            "Recorded at {hour:02}:30:05 {:02}/10/2024 ({zone}) by AudioMoth 24F319",
            day % 100
        );
        let info = chunk(
            "LIST",
            &format!("INFO{}", String::from_utf8(chunk("ICMT", &comment)).unwrap()),
        );
        let name = format!("in/north/2024{day}/2024{day}_{hour:02}3005T.WAV");
        add(name, info, at(day, hour, offset), "north", None);
        let seconds = 1_715_904_000 + hour * 3_600 + 1_805;
        let name = format!("in/south/{seconds:08X}.WAV");
        add(name, vec![], at(517, hour, "+00:00"), "south", None);
        let name = match hour {
            0..6 => format!("in/north/Data/FOREST_20240517_{hour:02}3005.wav"),
            _ => format!("in/north/Data/FOREST_0+1_20240517${hour:02}3005.wav"),
        };
        add(name, vec![], at(517, hour, ""), "FOREST", None);
        let text = format!(
            "Timestamp: 2024-05-17T{hour:02}:30:05-05:00\nWA|Song Meter|Prefix: POND\nLoc Position: 42.5 -71.25\n"
        );
        let name = format!("in/south/SMM01_20240517_{hour:02}3005.wav");
        let position = Some([42.5, -71.25]);
        add(name, guano(&text), at(517, hour, "-05:00"), "POND", position);
        // Summer time ends in the night to April 7.
        let (day, offset, zone) = match hour {
            0..6 => (406, "+11:00", "+1100"),
            _ => (407, "+10:00", "+1000"),
        };
        let name = format!("in/south/2024{day:04}T{hour:02}3005{zone}_REC.flac");
        add(name, vec![], at(day, hour, offset), "south", None);
    }
    cases
}

fn config() -> TimeAndPlaceConfig {
    TimeAndPlaceConfig {
        now: Timestamp::parse("2025-01-01T00:00:00Z").unwrap(),
        ..TimeAndPlaceConfig::default()
    }
}

/// The columns `recorded_at` and `site` of a table of one event at 12.5 s of each recording.
fn written(format: Format, names: &[&str], known: &TimesAndPlaces) -> Vec<[String; 2]> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("table");
    let options = FormatOptions {
        scratch: Some(dir.path()),
        times_and_places: Some(known),
        ..FormatOptions::default()
    };
    let mut out = Vec::new();
    let mut writer = FormatWriter::new(format, options, &mut out).unwrap();
    for name in names {
        let mut result = TagResult::new(name, 60.0, 8_000);
        result.events = vec![SoundEvent {
            class: "Owl".into(),
            onset: 12.5,
            offset: 14.0,
            score: 0.5,
        }];
        writer
            .add(&TagOutcome::Tagged(result), &mut std::io::empty())
            .unwrap();
    }
    writer.finish().unwrap();
    std::fs::write(&path, &out).unwrap();
    if format == Format::Ndjson {
        let lines = std::str::from_utf8(&out).unwrap().lines();
        let values = lines.map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let pair =
            |value: serde_json::Value| [text(&value["events"][0]["recorded_at"]), text(&value["site"])];
        return values.map(pair).collect();
    }
    let mut table = TableReader::open(&path).unwrap();
    let names = match format {
        Format::Csv => ["Start (s)", "End (s)", "Class", "Confidence", "File"],
        _ => ["file", "start_seconds", "end_seconds", "class", "score"],
    };
    assert_eq!(table.columns()[..5], names);
    assert_eq!(
        table.columns()[5..],
        ["recorded_at", "site", "latitude", "longitude"]
    );
    let mut kinds = [ColumnKind::Ignored; 9];
    kinds[5..7].fill(ColumnKind::Text);
    let (mut rows, mut row) = (Vec::new(), TableRow::default());
    while table.read(&kinds, &mut row).unwrap() {
        rows.push([row.texts[5].clone(), row.texts[6].clone()]);
    }
    rows
}

#[test]
fn every_table_of_an_archive_has_the_right_moments() {
    let dir = tempfile::tempdir().unwrap();
    let cases = archive();
    assert_eq!(cases.len(), 60);
    let files: Vec<InputFile> = cases
        .iter()
        .map(|case| input(dir.path(), &case.name, &case.chunks))
        .collect();
    let known = times_and_places(&files, &config());
    assert!(known.remarks.is_empty(), "{:?}", known.remarks);
    assert_eq!(known.counts(), [60, 12, 60]);
    for case in &cases {
        let of = known.of(&case.name);
        let wanted = format!("{}.000{}", case.at.0, case.at.1);
        assert_eq!(
            of.started_at.map(|at| at.to_string()),
            Some(wanted),
            "{}",
            case.name
        );
        assert_eq!(
            (of.site.as_deref(), of.position),
            (Some(case.site), case.position),
            "{}",
            case.name
        );
    }
    let names: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    let of_event = |case: &Case| {
        let at = case.at.0.replace(":05", ":17");
        [format!("{at}.500{}", case.at.1), case.site.to_owned()]
    };
    let wanted: Vec<[String; 2]> = cases.iter().map(of_event).collect();
    for format in [Format::Csv, Format::Ndjson, Format::Parquet] {
        assert_eq!(written(format, &names, &known), wanted, "{format:?}");
    }
    // A zone for the clocks that say none; the others keep theirs.
    let zoned = TimeAndPlaceConfig {
        time_zone: Some("+02:00".parse().unwrap()),
        ..config()
    };
    let zoned = times_and_places(&files, &zoned);
    for case in &cases {
        let offset = if case.at.1.is_empty() { "+02:00" } else { case.at.1 };
        let at = zoned.of(&case.name).started_at.unwrap().to_string();
        assert_eq!(at, format!("{}.000{offset}", case.at.0));
    }
    assert!(zoned.remarks.is_empty(), "{:?}", zoned.remarks);
    assert_ne!(zoned.settings, known.settings);
}

type WrongCase = (&'static str, Vec<u8>, &'static str, &'static str);

/// Name, metadata, what is said, and the start that is taken.
fn wrong_or_contradictory() -> Vec<WrongCase> {
    let stamp = |at: &str| guano(&format!("Timestamp: {at}\n"));
    vec![
        (
            "20241317_043000.WAV",
            vec![],
            "file name: month 13 does not exist",
            "",
        ),
        (
            "20240230_043000.WAV",
            vec![],
            "file name: the date 2024-02-30 does not exist",
            "",
        ),
        (
            "20240517_243000.WAV",
            vec![],
            "file name: the time of day 24:30:00 does not exist",
            "",
        ),
        (
            "20000101_000512.WAV",
            vec![],
            "2000-01-01T00:05:12.000 is where a clock starts",
            "",
        ),
        (
            "A_19700101_000512.wav",
            vec![],
            "1970-01-01T00:05:12.000 is where a clock starts",
            "",
        ),
        ("20260517_043000.WAV", vec![], "is in the future", ""),
        (
            "DEADBEEF.WAV",
            vec![],
            "2088-05-20T21:55:59.000+00:00 is in the future",
            "",
        ),
        (
            "20240517.wav",
            vec![],
            "file name: a date without a time of day",
            "",
        ),
        (
            "dog.wav",
            vec![],
            "no time in its name or metadata; give --time-pattern",
            "",
        ),
        (
            "dog.wav",
            stamp("yesterday"),
            "GUANO Timestamp: \"yesterday\" is not a date and time",
            "",
        ),
        (
            "20240517_043000.wav",
            stamp("2024-05-18T04:30:00Z"),
            "the GUANO Timestamp says 2024-05-18T04:30:00.000+00:00, and the file name 2024-05-17T04:30:00.000; the \
             GUANO Timestamp is used",
            "2024-05-18T04:30:00.000+00:00",
        ),
        (
            "20240517_043000_20240517_053000.wav",
            vec![],
            "its name has two times",
            "2024-05-17T04:30:00.000",
        ),
        // A clock that was not set, and a name that someone corrected.
        (
            "20240517_043000.wav",
            stamp("2000-01-01T00:05:12Z"),
            "GUANO Timestamp: 2000-01-01T00:05:12.000+00:00 is where a clock starts that was not set; it is not used",
            "2024-05-17T04:30:00.000",
        ),
    ]
}

#[test]
fn what_is_wrong_or_contradicts_itself_is_remarked() {
    let dir = tempfile::tempdir().unwrap();
    for (name, chunks, remark, start) in wrong_or_contradictory() {
        let file = input(dir.path(), name, &chunks);
        let known = times_and_places(std::slice::from_ref(&file), &config());
        assert!(
            known
                .remarks
                .iter()
                .any(|(of, said)| of == name && said.contains(remark)),
            "{:?}",
            known.remarks
        );
        let at = known.of(name).started_at.map(|at| at.to_string());
        assert_eq!(at.unwrap_or_default(), start, "{name}");
    }
}

#[test]
fn sources_that_agree_are_one() {
    let dir = tempfile::tempdir().unwrap();
    let stamp = |at: &str| guano(&format!("Timestamp: {at}\n"));
    for (name, chunks, zone, wanted) in [
        // The name in UTC, or by the same clock; a second later; with the offset that metadata lack.
        (
            "20240516_183000.wav",
            stamp("2024-05-17T04:30:00+10:00"),
            None,
            "2024-05-17T04:30:00.000+10:00",
        ),
        (
            "20240517_043001.wav",
            stamp("2024-05-17T04:30:00+10:00"),
            None,
            "2024-05-17T04:30:00.000+10:00",
        ),
        (
            "20240517T043000+1000.wav",
            stamp("2024-05-17T04:30:00"),
            None,
            "2024-05-17T04:30:00.000+10:00",
        ),
        (
            "20240517T043000+1000.wav",
            stamp("2024-05-16T18:30:00"),
            None,
            "2024-05-17T04:30:00.000+10:00",
        ),
        // By the zone that is given.
        (
            "20240517_043000.wav",
            stamp("2024-05-16T18:30:00Z"),
            Some("+10:00"),
            "2024-05-16T18:30:00.000+00:00",
        ),
    ] {
        let file = input(dir.path(), name, &chunks);
        let config = TimeAndPlaceConfig {
            time_zone: zone.map(|zone: &str| zone.parse().unwrap()),
            ..config()
        };
        let known = times_and_places(&[file], &config);
        assert!(known.remarks.is_empty(), "{name}: {:?}", known.remarks);
        assert_eq!(
            known.of(name).started_at.map(|at| at.to_string()).as_deref(),
            Some(wanted),
            "{name}"
        );
    }
}

#[test]
fn a_table_of_sites_counts_before_all_else() {
    let dir = tempfile::tempdir().unwrap();
    let table = dir.path().join("sites.csv");
    let rows =
        "folder,prefix,site,latitude,longitude\nnorth,,Forest,52.5,13.4\n,SM2,Pond,,\nnowhere,,X,1,1\n";
    std::fs::write(&table, rows).unwrap();
    let here = guano("Site: Other\nLoc Position: 52.5 13.5\n");
    let files = [
        input(dir.path(), "in/north/20240517_043000.wav", &here),
        input(dir.path(), "in/day/SM2_20240517_043000.wav", &here),
        input(dir.path(), "in/east/01/a 17.05.2024.04h30.wav", &[]),
    ];
    let config = TimeAndPlaceConfig {
        sites: Some(SiteTable::read(&table).unwrap()),
        pattern: Some("%d.%m.%Y.%Hh%M".parse().unwrap()),
        ..config()
    };
    let known = times_and_places(&files, &config);
    let site = |k: usize| {
        let known = known.of(&files[k].name);
        (known.site.as_deref().unwrap_or_default(), known.position)
    };
    assert_eq!(site(0), ("Forest", Some([52.5, 13.4])));
    assert_eq!(site(1), ("Pond", Some([52.5, 13.5])));
    // The folder of a day is passed over.
    assert_eq!(site(2), ("east", None));
    let at = known.of(&files[2].name).at(61.25).unwrap();
    assert_eq!(at.to_string(), "2024-05-17T04:31:01.250");
    let said = |what: &str| known.remarks.iter().any(|(_, remark)| remark.contains(what));
    assert!(
        said("the table of sites says 52.5 13.4, and GUANO Loc Position 52.5 13.5"),
        "{:?}",
        known.remarks
    );
    assert!(
        said("--time-pattern does not fit its name"),
        "{:?}",
        known.remarks
    );
    assert!(
        known.remarks.iter().any(|(name, _)| name == "nowhere"),
        "{:?}",
        known.remarks
    );
}
