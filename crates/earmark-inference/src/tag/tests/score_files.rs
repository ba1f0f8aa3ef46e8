//! Events made of the scores of windows: those that tagging itself writes.

use super::*;
use crate::PipelineError;

const FORMATS: [Format; 8] = [
    Format::Table,
    Format::Csv,
    Format::Birdnet,
    Format::Json,
    Format::Ndjson,
    Format::Raven,
    Format::Parquet,
    Format::Aoef,
];

/// Two recordings, one of them cut off, and the models that tag them.
fn archive(dir: &Path) -> (InputFiles, Vec<String>) {
    let path = dir.join("m.safetensors");
    let models = vec![model(&path, 1, &[])];
    let mut file = ModelFile::read(&path).unwrap();
    let line = |slope, shift| CalibrationLine { slope, shift };
    file.meta.calibration = Some(Calibration {
        rule: CalibrationRule::Classes {
            lines: vec![line(2.0, -0.5), CalibrationLine::IDENTITY, line(0.5, 1.0)],
        },
        thresholds: vec![0.25, 0.4, 0.5],
        clips: 10,
    });
    file.save(&path).unwrap();
    fs::create_dir(dir.join("in")).unwrap();
    wav(&dir.join("in/a, long.wav"), &sound(12.3, 1));
    wav(&dir.join("in/b.wav"), &sound(7.0071, 2));
    wav(&dir.join("in/cut.wav"), &sound(6.0, 3));
    let whole = fs::read(dir.join("in/cut.wav")).unwrap();
    fs::write(dir.join("in/cut.wav"), &whole[..whole.len() / 2]).unwrap();
    (inputs::find(&[dir.join("in")]).unwrap(), models)
}

fn tagged(tag: &TagConfig, inputs: &InputFiles, format: Format) -> Vec<u8> {
    let tagger = Tagger::new(tag).unwrap();
    let mut out = Vec::new();
    let stop = AtomicBool::new(false);
    to_stream(&job(&tagger, &quiet, &stop), inputs, format, &mut out).unwrap();
    out
}

/// Rules that differ in everything that a rule can.
fn rules(models: &[String]) -> Vec<TagConfig> {
    let events = TagConfig {
        windows: false,
        damaged: Damaged::Salvage,
        ..request(models)
    };
    vec![
        events.clone(),
        TagConfig {
            thresholds: ThresholdConfig::all(0.45).with_class("b", 0.2),
            release: 0.95,
            merge_seconds: 0.6,
            min_seconds: 0.7,
            event_score: EventScore::Mean,
            ..events.clone()
        },
        TagConfig {
            thresholds: ThresholdConfig::all(0.0),
            classes: vec!["c,a".into()],
            top: Some(1),
            ..events
        },
    ]
}

#[test]
fn events_of_scores_are_those_of_tagging() {
    let dir = tempfile::tempdir().unwrap();
    let (inputs, models) = archive(dir.path());
    let scores = TagConfig {
        damaged: Damaged::Salvage,
        ..request(&models)
    };
    for table in [Format::Csv, Format::Parquet] {
        let path = dir.path().join("scores");
        fs::write(&path, tagged(&scores, &inputs, table)).unwrap();
        let mut found = 0;
        for rule in rules(&models) {
            for format in FORMATS {
                let wanted = tagged(&rule, &inputs, format);
                let out = dir.path().join("events");
                let summary = ScoreFile::open(&path, &rule).unwrap().save(format, &out).unwrap();
                let got = fs::read(&out).unwrap();
                assert!(
                    got == wanted,
                    "{table:?}, {format:?}: {}",
                    String::from_utf8_lossy(&got)
                );
                assert_eq!(summary.recordings, 3);
                found += summary.events;
            }
        }
        assert!(found > 20, "only {found} events: nothing was tested");
    }
}

/// Without the model, its thresholds are not known.
#[test]
fn without_a_model_thresholds_are_given_or_the_default() {
    let dir = tempfile::tempdir().unwrap();
    let (inputs, models) = archive(dir.path());
    let path = dir.path().join("scores.csv");
    fs::write(&path, tagged(&request(&models), &inputs, Format::Csv)).unwrap();
    let of = |models: &[String]| {
        let file = ScoreFile::open(&path, &request(models)).unwrap();
        file.thresholds().values().to_vec()
    };
    assert_eq!(of(&[]), [0.3; 3]);
    assert_eq!(of(&models), [0.25, 0.4, 0.5]);
}

#[test]
fn other_tables_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (inputs, models) = archive(dir.path());
    let tag = TagConfig {
        damaged: Damaged::Salvage,
        ..request(&models)
    };
    let path = dir.path().join("scores.csv");
    let whole = String::from_utf8(tagged(&tag, &inputs, Format::Csv)).unwrap();
    let refused = |text: &str, format: Format| {
        fs::write(&path, text).unwrap();
        let opened = ScoreFile::open(&path, &request(&[]));
        let written = opened.and_then(|file| file.write(format, &mut Vec::<u8>::new(), dir.path()));
        let message = written.unwrap_err().to_string();
        let name = path.display().to_string();
        message.strip_prefix(&name).unwrap_or(&message).to_owned()
    };
    let lines: Vec<&str> = whole.lines().collect();
    let without = |left_out: usize| {
        let kept = lines.iter().enumerate().filter(|(k, _)| *k != left_out);
        kept.map(|(_, line)| format!("{line}\n")).collect::<String>()
    };
    // A row in the middle, the first of a recording, and the last.
    assert!(refused(&without(3), Format::Csv).starts_with(":4: not the window that follows"));
    assert!(refused(&without(1), Format::Csv).starts_with(":2: not the window that follows"));
    let last = refused(&without(lines.len() - 1), Format::Csv);
    assert!(
        last.contains("cut.wav has 4 windows of 5: rows are missing"),
        "{last}"
    );
    let word = refused(&whole.replacen(",0.000,", ",now,", 1), Format::Csv);
    assert!(
        word.starts_with(":2, column Start (s): \"now\" is not a number"),
        "{word}"
    );
    let events = refused("file,start_seconds,end_seconds,class,score\n", Format::Csv);
    assert!(
        events.starts_with(": not a table of window scores") && events.contains("these are events"),
        "{events}"
    );
    assert!(refused("a,b\n1,2\n", Format::Csv).contains("but of a, b; write them with"));
    let several = refused(&whole, Format::Audacity);
    assert!(
        several.starts_with("--format audacity: a label track is for one recording"),
        "{several}"
    );
    assert!(matches!(
        ScoreFile::open(&dir.path().join("none.csv"), &tag),
        Err(TagError::Model(PipelineError::Request(_)))
    ));
}
