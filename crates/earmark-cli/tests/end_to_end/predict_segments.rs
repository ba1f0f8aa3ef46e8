//! Segments of clips, the recipe's own segments for prediction, and out-of-fold scores.

use super::common::{Ended, Lab, Table};

/// File, start and scores of each row of `predict --segments`.
fn segments(text: &str) -> Vec<(String, f64, Vec<f64>)> {
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("fname,start_seconds,high,low,mid"));
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let numbers: Vec<f64> = cells[1..].iter().map(|c| c.parse().expect("a number")).collect();
        (cells[0].to_owned(), numbers[0], numbers[1..].to_vec())
    };
    lines.map(row).collect()
}

/// The score of a clip is the mean of its segments', which are the front end's: one second long, one every half second.
#[test]
fn a_clip_is_the_mean_of_its_segments() {
    let lab = Lab::trained();
    lab.long_tone("long.wav", 400.0, 3);
    lab.earmark("predict runs/a -o clips.csv --files long.wav tones/low/2.wav")
        .done();
    let ended = lab
        .earmark("predict runs/a --segments -o segments.csv --files long.wav tones/low/2.wav")
        .done();
    assert!(
        ended.out.contains(" segments scored for 3 classes: segments.csv"),
        "{ended}"
    );
    let clips = Table::parse(&lab.read("clips.csv"));
    let rows = segments(&lab.read("segments.csv"));
    for (file, seconds) in [("long.wav", 3.0), ("tones/low/2.wav", 1.0)] {
        let of_file: Vec<_> = rows.iter().filter(|(f, ..)| f == file).collect();
        // Frames of 25 ms every 10 that fit in, and a segment every 50 of them.
        let frames = (seconds * 100.0_f64) as usize - 2;
        assert_eq!(of_file.len(), frames.div_ceil(50));
        for (k, (_, start, _)) in of_file.iter().enumerate() {
            assert!(
                (start - 0.5 * k as f64).abs() < 1e-9,
                "{file}: segment {k} at {start}"
            );
        }
        for class in 0..3 {
            let mean = of_file.iter().map(|(.., scores)| scores[class]).sum::<f64>() / of_file.len() as f64;
            assert!((mean - clips.row(file)[class]).abs() < 1e-6);
        }
    }
    let json = "predict runs/a --segments -o - --format json --files tones/low/2.wav";
    let json: serde_json::Value = serde_json::from_str(&lab.earmark(json).done().out).expect("JSON");
    assert_eq!(json[1]["start_seconds"], 0.5);
    let one = json[1]["scores"]["mid"].as_f64().expect("a number");
    let same = rows
        .iter()
        .find(|(f, start, _)| f == "tones/low/2.wav" && *start == 0.5)
        .expect("a segment");
    assert!((one - same.2[2]).abs() < 1e-7);
}

/// With `predict.segments`, a clip is cut differently from training: centred segments, padded on both sides.
#[test]
fn prediction_has_segments_of_its_own() {
    let lab = Lab::new();
    let train = "train tiny.toml --data tones --fold 1";
    lab.earmark(&format!("{train} --run plain")).done();
    let cutting = "predict.segments={length-frames=64,hop-frames=16,pad=\"minimum\",place=\"centre\"}";
    lab.earmark(&format!("{train} --run cut --set {cutting}")).done();
    // Neither training nor validation uses them.
    for file in ["metrics.jsonl", "split.csv"] {
        assert_eq!(
            lab.bytes(&format!("plain/{file}")),
            lab.bytes(&format!("cut/{file}"))
        );
    }
    lab.earmark("predict cut --segments -o segments.csv --files tones/low/2.wav")
        .done();
    lab.earmark("predict cut -o clip.csv --files tones/low/2.wav")
        .done();
    lab.earmark("predict plain -o plain.csv --files tones/low/2.wav")
        .done();
    let rows = segments(&lab.read("segments.csv"));
    // 98 frames in segments of 64 every 16: four span 112, of which 7 are before the clip.
    let starts: Vec<f64> = rows.iter().map(|(_, start, _)| *start).collect();
    for (start, wanted) in starts.iter().zip([-0.07, 0.09, 0.25, 0.41]) {
        assert!((start - wanted).abs() < 1e-9, "{starts:?}");
    }
    assert_eq!(rows.len(), 4);
    let clip = Table::parse(&lab.read("clip.csv"));
    for class in 0..3 {
        let mean = rows.iter().map(|(.., scores)| scores[class]).sum::<f64>() / 4.0;
        assert!((mean - clip.rows[0].1[class]).abs() < 1e-6);
    }
    assert_ne!(clip.rows[0].1, Table::parse(&lab.read("plain.csv")).rows[0].1);
    let ended = lab.earmark("eval cut --data tones --every 6").done();
    assert!(ended.out.contains(" evaluated; results in cut/eval"), "{ended}");

    let refused = |arguments: &str| lab.earmark(arguments).refused();
    let message = refused("predict plain cut --segments -o x.csv --files tones/low/2.wav");
    assert!(
        message.starts_with("--segments: the models cut clips into different segments"),
        "{message}"
    );
    let message = refused("predict plain --segments --format kaggle2019 -o x.csv --files tones/low/2.wav");
    assert!(
        message.starts_with("--format: a submission has one row per clip"),
        "{message}"
    );
    let message = refused(&format!(
        "{train} --run x --set predict.segments={{length-frames=10,hop-frames=20}}"
    ));
    assert!(message.contains("predict.segments.hop-frames = 20"), "{message}");
}

/// With `predict.out-of-fold-segments`, the clips of test folds are cut differently from other recordings, also where
/// they are evaluated.
#[test]
fn test_folds_have_segments_of_their_own() {
    let lab = Lab::new();
    let cutting =
        "predict.out-of-fold-segments={length-frames=64,hop-frames=16,pad=\"minimum\",place=\"centre\"}";
    lab.earmark(&format!(
        "train tiny.toml --data tones --folds all --run cv --set {cutting}"
    ))
    .done();
    lab.earmark("predict cv --out-of-fold -o clips.csv").done();
    lab.earmark("predict cv --out-of-fold --segments -o segments.csv")
        .done();
    let clips = Table::parse(&lab.read("clips.csv"));
    let rows = segments(&lab.read("segments.csv"));
    assert_eq!((clips.rows.len(), rows.len()), (18, 18 * 4));
    for (file, scores) in &clips.rows {
        assert_eq!(scores.len(), 3, "{file}");
        for (class, score) in scores.iter().enumerate() {
            let of_file = rows.iter().filter(|(f, ..)| f == file);
            let mean = of_file.map(|(.., scores)| scores[class]).sum::<f64>() / 4.0;
            assert!((mean - score).abs() < 1e-6, "{file}");
        }
    }
    lab.earmark("predict cv/fold-1 --segments -o others.csv --files tones/low/2.wav")
        .done();
    assert_eq!(segments(&lab.read("others.csv")).len(), 2);
}

/// Each clip by the fold that did not see it: as that fold's run scores it alone. Broken files have no row.
#[test]
fn out_of_fold_scores_are_those_of_the_other_folds() {
    let lab = Lab::new();
    lab.write("tones/low/9.wav", "no sound");
    let ended: Ended = lab
        .earmark("train tiny.toml --data tones --folds all --run cv")
        .exit(2);
    assert!(ended.err.contains("skipped low/9.wav"), "{ended}");
    let ended = lab.earmark("predict cv --out-of-fold -o oof.csv").exit(2);
    assert!(
        ended.err.contains("1 could not be read and have no row"),
        "{ended}"
    );
    let table = Table::parse(&lab.read("oof.csv"));
    assert_eq!(table.rows.len(), 18);
    assert!(table.rows.is_sorted_by_key(|(file, _)| file.clone()));
    lab.earmark("predict cv --out-of-fold --segments -o segments.csv")
        .exit(2);
    let rows = segments(&lab.read("segments.csv"));
    let mut seen = 0;
    for fold in 1..=3 {
        let split = lab.read(&format!("cv/fold-{fold}/split.csv"));
        for line in split.lines().filter(|l| l.ends_with(",judged")) {
            let file = line.split(',').nth(1).expect("a file");
            if file == "low/9.wav" {
                continue;
            }
            seen += 1;
            let predict = format!("predict cv/fold-{fold} -o one.csv --files tones/{file}");
            lab.earmark(&predict).done();
            let one = Table::parse(&lab.read("one.csv"));
            let of_file: Vec<_> = rows.iter().filter(|(f, ..)| f == file).collect();
            for class in 0..3 {
                let (a, b) = (table.row(file)[class], one.rows[0].1[class]);
                assert!((a - b).abs() < 1e-6, "{file}: {a} and alone {b}");
                let mean = of_file.iter().map(|(.., s)| s[class]).sum::<f64>() / of_file.len() as f64;
                assert!((a - mean).abs() < 1e-6);
            }
        }
    }
    assert_eq!(seen, 18);
    let message = lab.earmark("predict cv/fold-1 --out-of-fold -o x.csv").refused();
    assert!(message.starts_with("cv/fold-1: has no folds; "), "{message}");
}
