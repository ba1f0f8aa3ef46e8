use super::*;
use crate::tag::formats::{Format, FormatOptions, FormatWriter};
use crate::tag::result::{SoundEvent, TagResult};
use crate::tag::resume_log::TagOutcome;
use std::fs;

fn event(class: &str, onset: f64, score: f32) -> SoundEvent {
    SoundEvent {
        class: class.into(),
        onset,
        offset: onset + 1.5,
        score,
    }
}

/// The bytes of two recordings with events and one that failed.
fn written(format: Format) -> Vec<u8> {
    let mut a = TagResult::new("a, b.wav", 9.0, 8_000);
    a.events = vec![
        event("Dog", 0.0, 0.5),
        event("Turdus merula_Common Blackbird", 2.25, 0.25),
    ];
    let mut b = TagResult::new("deep/c.wav", 9.0, 8_000);
    b.events = vec![event("Dog", 4.0, 0.75)];
    let failed = TagOutcome::Failed {
        file: "d.wav".into(),
        reason: "is cut off".into(),
    };
    let dir = tempfile::tempdir().unwrap();
    let options = FormatOptions {
        classes: &[],
        windows: false,
        top: None,
        grid: None,
        scratch: Some(dir.path()),
        times_and_places: None,
    };
    let mut out = Vec::new();
    let mut writer = FormatWriter::new(format, options, &mut out).unwrap();
    for outcome in [TagOutcome::Tagged(a), failed, TagOutcome::Tagged(b)] {
        writer.add(&outcome, &mut std::io::empty()).unwrap();
    }
    writer.finish().unwrap();
    out
}

fn detections(bytes: &[u8]) -> Result<Detections, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tags");
    fs::write(&path, bytes).unwrap();
    let name = path.display().to_string();
    read_detections(&path).map_err(|e| e.to_string().replace(&name, "tags"))
}

#[test]
fn events_are_read_in_every_format_with_times_and_classes() {
    let number = |file, class, start, score| Detection {
        file,
        class,
        start,
        end: start + 1.5,
        score,
    };
    let wanted = [
        number(0, 0, 0.0, 0.5),
        number(0, 1, 2.25, 0.25),
        number(1, 0, 4.0, 0.75),
    ];
    for format in [
        Format::Csv,
        Format::Birdnet,
        Format::Json,
        Format::Ndjson,
        Format::Parquet,
    ] {
        let found = detections(&written(format)).unwrap();
        assert_eq!(found.found, wanted, "{format:?}");
        assert_eq!(found.files.names, ["a, b.wav", "deep/c.wav"], "{format:?}");
        assert_eq!(
            found.classes.names,
            ["Dog", "Turdus merula_Common Blackbird"],
            "{format:?}"
        );
    }
    // As csv has them, and as a spreadsheet writes those of Parquet.
    let csv = "Start (s),End (s),Class,Confidence,File\n0.000,1.500,Dog,0.5000,a.wav\n";
    assert_eq!(
        detections(csv.as_bytes()).unwrap().found,
        [number(0, 0, 0.0, 0.5)]
    );
    let sheet = "\u{feff}file;start_seconds;end_seconds;class;score\r\na.wav;0;1.5;Dog;0.5\r\n";
    assert_eq!(
        detections(sheet.as_bytes()).unwrap().found,
        [number(0, 0, 0.0, 0.5)]
    );
    assert!(detections(b"[]").unwrap().found.is_empty());
}

#[test]
fn what_is_no_table_of_events_is_refused_by_place() {
    let message = |text: &str| detections(text.as_bytes()).unwrap_err();
    let head = "file,start_seconds,end_seconds,class,score\n";
    let of_row = |row: &str| message(&format!("{head}a,0,1,Dog,0.5\n{row}\n"));
    assert!(of_row("b,x,1,Dog,0.5").starts_with("tags:3, column start_seconds: \"x\" is not a number"));
    assert!(of_row("b,0,1,Dog,nan").starts_with("tags:3, column score: \"nan\" is not a number"));
    assert!(of_row("b,2,1,Dog,0.5").starts_with("tags:3: the start is before the recording"));
    assert!(of_row("b,-2,1,Dog,0.5").starts_with("tags:3: the start is before the recording"));
    assert!(of_row(",0,1,Dog,0.5").starts_with("tags:3: the file or the class is empty"));
    assert!(of_row("b,0,1,Dog").starts_with("tags:3: "));
    let columns = message("file,labels\na,b\n");
    assert!(
        columns.starts_with("tags: expected columns of file, start,"),
        "{columns}"
    );
    assert!(columns.contains("found file, labels;"), "{columns}");
    let windows =
        message("{\"file\":\"a\",\"start_seconds\":0.0,\"end_seconds\":1.0,\"scores\":{\"Dog\":0.5}}\n");
    assert!(windows.starts_with("tags: holds scores of windows"), "{windows}");
    assert!(message("{\"files\":1}").starts_with("tags: not results of `earmark tag`"));
    assert!(message("PAR1 and nothing else").starts_with("tags: cannot be read: "));
    assert!(read_detections(Path::new("none")).is_err());
}

/// More rows than are read at a time, in several row groups.
#[test]
fn long_parquet_files_are_read_in_pieces() {
    let dir = tempfile::tempdir().unwrap();
    let options = FormatOptions {
        classes: &[],
        windows: false,
        top: None,
        grid: None,
        scratch: Some(dir.path()),
        times_and_places: None,
    };
    let mut result = TagResult::new("a", 2e5, 8_000);
    result.events = (0..150_000).map(|k| event("Dog", f64::from(k), 0.5)).collect();
    let mut out = Vec::new();
    let mut writer = FormatWriter::new(Format::Parquet, options, &mut out).unwrap();
    let outcome = TagOutcome::Tagged(result);
    writer.add(&outcome, &mut std::io::empty()).unwrap();
    writer.finish().unwrap();
    let found = detections(&out).unwrap().found;
    assert_eq!(found.len(), 150_000);
    assert!(found.iter().enumerate().all(|(k, found)| found.start == k as f64));
}
