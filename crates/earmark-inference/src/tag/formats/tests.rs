use super::*;
use crate::tag::recording_facts::ScoreGrid;
use crate::tag::result::{ClassScore, SoundEvent, TagResult};
use earmark_core::event_tables::AoefSet;

fn classes() -> Vec<String> {
    [
        "Dog",
        "Child speech, kid speaking",
        "Turdus merula_Common Blackbird",
    ]
    .map(String::from)
    .to_vec()
}

fn event(class: &str, onset: f64, offset: f64, score: f32) -> SoundEvent {
    SoundEvent {
        class: class.into(),
        onset,
        offset,
        score,
    }
}

/// Three recordings with results, one without samples, and one that can't be read, with difficult names.
fn outcomes() -> Vec<TagOutcome> {
    let [dog, speech, bird] = classes().try_into().unwrap();
    let result = |file: &str, seconds, events: Vec<SoundEvent>| {
        TagOutcome::Tagged(TagResult {
            file: file.into(),
            seconds,
            sample_rate_hz: 44_100,
            top: if seconds > 0.0 {
                vec![
                    ClassScore {
                        class: dog.clone(),
                        score: 0.912_345_6,
                    },
                    ClassScore {
                        class: bird.clone(),
                        score: 0.25,
                    },
                ]
            } else {
                vec![]
            },
            events,
            note: None,
            damaged: false,
            samples: (seconds > 0.0).then_some(20_000),
        })
    };
    vec![
        result(
            "a/dog, \"loud\".wav",
            12.5,
            vec![
                event(&dog, 0.0, 3.0, 0.912_345_6),
                event(&speech, 10.5, 12.5, 0.5),
            ],
        ),
        result("empty.wav", 0.0, vec![]),
        TagOutcome::Failed {
            file: "broken.ogg".into(),
            reason: "is cut off".into(),
        },
        result("b\tc.flac", 3_725.0, vec![event(&bird, 3_600.05, 3_725.0, 1.0)]),
    ]
}

const GRID: ScoreGrid = ScoreGrid {
    rate_hz: 8_000,
    window_samples: 16_000,
    hop_samples: 8_000,
};

const WINDOWS: &str = "{\"start\":0.0,\"end\":2.0,\"scores\":[0.9,0.125,0.0]}\n\
                       {\"start\":1.0,\"end\":2.5,\"scores\":[0.1,1e-7,0.5]}\n";
const BEST: &str = "{\"start\":0.0,\"end\":2.0,\"best\":[0,1],\"scores\":[0.9,0.125]}\n\
                    {\"start\":1.0,\"end\":2.5,\"best\":[2],\"scores\":[0.5]}\n";

fn written(format: Format, windows: bool, top: Option<usize>) -> Vec<u8> {
    written_of(&outcomes(), format, windows, top)
}

fn written_of(outcomes: &[TagOutcome], format: Format, windows: bool, top: Option<usize>) -> Vec<u8> {
    let classes = classes();
    let dir = tempfile::tempdir().unwrap();
    let options = FormatOptions {
        classes: &classes,
        windows,
        top,
        grid: Some(GRID),
        scratch: Some(dir.path()),
        times_and_places: None,
    };
    let mut out = Vec::new();
    let mut writer = FormatWriter::new(format, options, &mut out).unwrap();
    for (k, outcome) in outcomes.iter().enumerate() {
        let lines = match (k, top) {
            (0, None) => WINDOWS,
            (0, Some(_)) => BEST,
            _ => "",
        };
        writer
            .add(outcome, &mut if windows { lines.as_bytes() } else { b"" })
            .unwrap();
    }
    writer.finish().unwrap();
    out
}

fn text(format: Format) -> String {
    String::from_utf8(written(format, false, None)).unwrap()
}

fn windows(format: Format, top: Option<usize>) -> String {
    String::from_utf8(written(format, true, top)).unwrap()
}

#[test]
fn csv_keeps_its_columns_and_birdnet_has_its_own() {
    assert_eq!(
        text(Format::Csv),
        "Start (s),End (s),Class,Confidence,File\n\
         0.000,3.000,Dog,0.9123,\"a/dog, \"\"loud\"\".wav\"\n\
         10.500,12.500,\"Child speech, kid speaking\",0.5000,\"a/dog, \"\"loud\"\".wav\"\n\
         3600.050,3725.000,Turdus merula_Common Blackbird,1.0000,b\tc.flac\n"
    );
    assert_eq!(
        text(Format::Birdnet).lines().last().unwrap(),
        "3600.050,3725.000,Turdus merula,Common Blackbird,1.0000,b\tc.flac"
    );
    assert!(text(Format::Birdnet).starts_with(
        "Start (s),End (s),Scientific name,Common name,Confidence,File\n0.000,3.000,Dog,Dog,0.9123,"
    ));
}

#[test]
fn csv_of_windows_is_wide_or_of_the_best() {
    assert_eq!(
        windows(Format::Csv, None),
        "File,Start (s),End (s),Dog,\"Child speech, kid speaking\",Turdus merula_Common Blackbird,recording\n\
         \"a/dog, \"\"loud\"\".wav\",0.000,2.000,0.9,0.125,0.0,\
         \"{\"\"seconds\"\":12.5,\"\"sample_rate_hz\"\":44100,\"\"rate_hz\"\":8000,\
         \"\"window_samples\"\":16000,\"\"hop_samples\"\":8000,\"\"samples\"\":20000}\"\n\
         \"a/dog, \"\"loud\"\".wav\",1.000,2.500,0.1,1e-7,0.5,\n"
    );
    assert_eq!(
        windows(Format::Csv, Some(2)),
        "Start (s),End (s),Class,Confidence,File\n\
         0.000,2.000,Dog,0.9000,\"a/dog, \"\"loud\"\".wav\"\n\
         0.000,2.000,\"Child speech, kid speaking\",0.1250,\"a/dog, \"\"loud\"\".wav\"\n\
         1.000,2.500,Turdus merula_Common Blackbird,0.5000,\"a/dog, \"\"loud\"\".wav\"\n"
    );
}

#[test]
fn json_says_everything_and_is_json() {
    let lines: Vec<serde_json::Value> = text(Format::Ndjson)
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert_eq!(lines.len(), 4);
    assert_eq!(
        lines[2],
        serde_json::json!({ "file": "broken.ogg", "error": "is cut off" })
    );
    assert_eq!(
        lines[0]["events"][1],
        serde_json::json!({
            "class": "Child speech, kid speaking",
            "start_seconds": 10.5,
            "end_seconds": 12.5,
            "score": 0.5
        })
    );
    // The same values, in an array, and read back as what they were.
    let array: Vec<serde_json::Value> = serde_json::from_str(&text(Format::Json)).unwrap();
    assert_eq!(array, lines);
    let back: TagResult = serde_json::from_value(lines[0].clone()).unwrap();
    assert_eq!(TagOutcome::Tagged(back), outcomes()[0]);
    assert_eq!(
        windows(Format::Ndjson, None).lines().next().unwrap(),
        concat!(
            r#"{"file":"a/dog, \"loud\".wav","start_seconds":0.0,"end_seconds":2.0,"#,
            r#""scores":{"Dog":0.9,"Child speech, kid speaking":0.125,"Turdus merula_Common Blackbird":0.0}}"#
        )
    );
    let best = windows(Format::Json, Some(2));
    let best: Vec<serde_json::Value> = serde_json::from_str(&best).unwrap();
    assert_eq!(best.len(), 3, "two windows and a failure");
    assert_eq!(
        best[1]["scores"],
        serde_json::json!({ "Turdus merula_Common Blackbird": 0.5 })
    );
}

#[test]
fn audacity_labels_have_three_cells() {
    assert_eq!(
        text(Format::Audacity),
        "0.000000\t3.000000\tDog 0.91\n10.500000\t12.500000\tChild speech, kid speaking 0.50\n\
         3600.050000\t3725.000000\tTurdus merula_Common Blackbird 1.00\n"
    );
}

#[test]
fn raven_counts_time_over_all_recordings() {
    let text = text(Format::Raven);
    let rows: Vec<Vec<&str>> = text.lines().map(|l| l.split('\t').collect()).collect();
    assert!(rows.iter().all(|r| r.len() == 11), "{text}");
    assert_eq!(
        rows[0].join("|"),
        "Selection|View|Channel|Begin Time (s)|End Time (s)|Low Freq (Hz)|High Freq (Hz)|Class|Confidence|Begin \
         Path|File Offset (s)"
    );
    assert_eq!(
        rows[2].join("|"),
        "2|Spectrogram 1|1|10.500|12.500|0.0|22050.0|Child speech, kid speaking|0.5000|a/dog, \"loud\".wav|10.500"
    );
    // The last recording comes after 12.5 s of the first one.
    assert_eq!(
        rows[3].join("|"),
        "3|Spectrogram 1|1|3612.550|3737.500|0.0|22050.0|Turdus merula_Common Blackbird|1.0000|b c.flac|3600.050"
    );
}

#[test]
fn aoef_is_a_set_of_predictions() {
    let text = text(Format::Aoef);
    assert!(AoefSet::is_meant(text.as_bytes()));
    let set = AoefSet::parse(text.as_bytes()).unwrap();
    let recordings: Vec<(&str, f64)> = set
        .recordings
        .iter()
        .map(|recording| (recording.file.as_str(), recording.annotated[0][1]))
        .collect();
    assert_eq!(recordings[0], ("a/dog, \"loud\".wav", 12.5));
    assert_eq!((recordings[1].0, recordings[2].0), ("empty.wav", "b\tc.flac"));
    let events = set
        .events
        .iter()
        .map(|event| (event.recording, event.seconds, event.tags[0][1].as_str()));
    let expected = [
        (0, [0.0, 3.0], "Dog"),
        (0, [10.5, 12.5], "Child speech, kid speaking"),
        (2, [3600.05, 3725.0], "Turdus merula_Common Blackbird"),
    ];
    assert_eq!(events.collect::<Vec<_>>(), expected);
    // Each object has a name of its own.
    let names: Vec<&str> = text
        .split("{\"uuid\":\"")
        .skip(1)
        .map(|rest| &rest[..36])
        .collect();
    let different: std::collections::HashSet<&&str> = names.iter().collect();
    assert_eq!((names.len(), different.len()), (16, 16), "{text}");
}

#[test]
fn tables_are_for_people() {
    let table = text(Format::Table);
    assert_eq!(
        table.lines().take(9).collect::<Vec<_>>(),
        [
            "a/dog, \"loud\".wav (12.5 s, 2 events)",
            "  class                           score                        when",
            "  ──────────────────────────────  ─────  ────────────────────  ────────────────────────────────────────",
            "  Dog                             0.912  ██████████████████▎   ━━━━━━━━━━······························",
            "  Turdus merula_Common Blackbird  0.250  █████                 ········································",
            "",
            "    from      to  length  class                       score",
            "  ──────  ──────  ──────  ──────────────────────────  ─────",
            "  0:00.0  0:03.0   3.0 s  Dog                         0.912",
        ],
        "{table}"
    );
    assert!(table.contains("\nempty.wav: has no samples\n"), "{table}");
    assert!(
        table.contains("\nbroken.ogg: not tagged: is cut off\n"),
        "{table}"
    );
    assert!(table.contains("b\\tc.flac (1 h 02 min, 1 event)"), "{table}");
    assert!(table.contains("1:00:00.1  1:02:05.0  124.9 s"), "{table}");
    let windows = windows(Format::Table, Some(2));
    assert!(
        windows.contains("     0:00.0    0:02.0  Dog 0.900  Child speech, kid speaking 0.125\n"),
        "{windows}"
    );
}

#[test]
fn parquet_reads_back() {
    use ::parquet::file::reader::{FileReader, SerializedFileReader};
    use ::parquet::record::RowAccessor;
    let open = |windows, top| {
        let bytes = written(Format::Parquet, windows, top);
        SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap()
    };
    let events = open(false, None);
    let names: Vec<String> = events
        .metadata()
        .file_metadata()
        .schema()
        .get_fields()
        .iter()
        .map(|f| f.name().to_owned())
        .collect();
    assert_eq!(names, ["file", "start_seconds", "end_seconds", "class", "score"]);
    let rows: Vec<_> = events.get_row_iter(None).unwrap().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[1].get_string(0).unwrap(), "a/dog, \"loud\".wav");
    assert_eq!(
        (rows[1].get_double(1).unwrap(), rows[1].get_double(2).unwrap()),
        (10.5, 12.5)
    );
    assert_eq!(rows[1].get_string(3).unwrap(), "Child speech, kid speaking");
    assert_eq!(rows[0].get_float(4).unwrap(), 0.912_345_6);
    let wide = open(true, None);
    let rows: Vec<_> = wide.get_row_iter(None).unwrap().map(Result::unwrap).collect();
    assert_eq!((rows.len(), rows[0].len()), (2, 7));
    assert!(rows[0].get_string(3).unwrap().contains("\"hop_samples\":8000"));
    assert_eq!(rows[1].get_string(3).unwrap(), "");
    assert_eq!(rows[1].get_float(5).unwrap(), 1e-7);
    assert_eq!(open(true, Some(2)).get_row_iter(None).unwrap().count(), 3);
}

/// More rows than a row group holds.
#[test]
fn long_parquet_files_have_several_row_groups() {
    use ::parquet::file::reader::{FileReader, SerializedFileReader};
    let classes = classes();
    let dir = tempfile::tempdir().unwrap();
    let options = FormatOptions {
        classes: &classes,
        scratch: Some(dir.path()),
        ..FormatOptions::default()
    };
    let mut out = Vec::new();
    let mut writer = FormatWriter::new(Format::Parquet, options, &mut out).unwrap();
    let events: Vec<SoundEvent> = (0..150_000)
        .map(|k| event("Dog", f64::from(k), f64::from(k) + 0.5, 0.5))
        .collect();
    let outcome = TagOutcome::Tagged(TagResult {
        file: "a".into(),
        seconds: 2e5,
        sample_rate_hz: 8000,
        top: vec![],
        events,
        note: None,
        damaged: false,
        samples: None,
    });
    writer.add(&outcome, &mut &b""[..]).unwrap();
    writer.finish().unwrap();
    let file = SerializedFileReader::new(bytes::Bytes::from(out)).unwrap();
    assert!(file.metadata().num_row_groups() > 1);
    assert_eq!(file.metadata().file_metadata().num_rows(), 150_000);
}

/// Whatever is written is known again, also where the first recording could not be read or has no samples.
#[test]
fn what_is_written_is_recognised() {
    for format in [
        Format::Table,
        Format::Csv,
        Format::Birdnet,
        Format::Json,
        Format::Ndjson,
        Format::Audacity,
        Format::Raven,
        Format::Parquet,
        Format::Aoef,
    ] {
        for first in 0..4 {
            let mut outcomes = outcomes();
            outcomes.rotate_left(first);
            for (windows, top) in [(false, None), (true, None), (true, Some(2))] {
                if !windows || format.holds_windows() {
                    let written = written_of(&outcomes, format, windows, top);
                    assert!(is_result(&written), "{format:?} of windows: {windows}, {first}");
                }
            }
        }
        assert!(is_result(&written_of(&[], format, false, None)), "{format:?}");
    }
}

#[test]
fn names_end_in_their_format() {
    let of = |name: &str| Format::of_name(Path::new(name));
    assert_eq!(of("x/tags.CSV"), Some(Format::Csv));
    assert_eq!(of("tags.jsonl"), Some(Format::Ndjson));
    assert_eq!(of("tags.json"), Some(Format::Json));
    assert_eq!(of("a.selections.txt"), Some(Format::Raven));
    assert_eq!(of("a.aoef.json"), Some(Format::Aoef));
    assert_eq!(of("a.txt"), None);
    assert_eq!(of("a.parquet"), Some(Format::Parquet));
    // Every ending that the refusal names is one.
    let refused = Format::named_by(Path::new("a.txt")).unwrap_err().to_string();
    let words = refused.split([' ', ',']).filter(|word| word.starts_with('.'));
    let named: Vec<Format> = words
        .map(|ending| Format::named_by(Path::new(&format!("a{ending}"))).unwrap())
        .collect();
    assert_eq!(named.len(), 6, "{refused}");
}
