//! Calibration: fitted to the folds' own clips, written into model files, used by prediction.

use super::common::{CLASSES, LEARN_WELL, Lab};
use serde_json::Value;

/// Two folds of one training, fitted without regard to how few clips there are.
fn folds() -> Lab {
    let lab = Lab::new();
    lab.earmark("train tiny.toml --data tones --run runs/cv --folds 1,2")
        .done();
    lab
}

fn scores(lab: &Lab, arguments: &str) -> Vec<Vec<f64>> {
    lab.earmark(&format!("predict {arguments} --data tones -o scores.csv"))
        .done();
    let text = lab.read("scores.csv");
    let rows = text.lines().skip(1);
    rows.map(|l| {
        l.split(',')
            .skip(1)
            .map(|v| v.parse().expect("a score"))
            .collect()
    })
    .collect()
}

#[test]
fn a_calibration_is_stored_and_used() {
    let lab = folds();
    let best = lab.bytes("runs/cv/fold-1/best.safetensors");
    let refused = lab.earmark("calibrate runs/cv").exit(1);
    assert!(refused.err.contains("--out"), "{refused}");
    let ended = lab
        .earmark("calibrate runs/cv -o calibrated --diagram d.svg --json")
        .done();
    let result: Value = serde_json::from_str(&ended.out).expect("JSON");
    assert_eq!(result["clips"], 12);
    let slope = result["calibration"]["rule"]["slope"]
        .as_f64()
        .expect("a temperature");
    assert!(slope > 0.0 && (slope - 1.0).abs() > 1e-3, "{slope}");
    assert_eq!(result["written"].as_array().map(Vec::len), Some(2));
    assert!(lab.read("d.svg").contains("perfectly calibrated"));
    assert_eq!(
        lab.bytes("runs/cv/fold-1/best.safetensors"),
        best,
        "the models stay"
    );

    let raw = scores(&lab, "runs/cv/fold-1");
    let calibrated = scores(&lab, "calibrated/fold-1.safetensors");
    assert_eq!(scores(&lab, "calibrated/fold-1.safetensors --raw"), raw);
    for (raw, calibrated) in raw.iter().zip(&calibrated) {
        let powers: Vec<f64> = raw.iter().map(|p| p.powf(slope)).collect();
        for (power, got) in powers.iter().zip(calibrated) {
            let want = power / powers.iter().sum::<f64>();
            assert!((want - got).abs() < 1e-5, "{raw:?} became {calibrated:?}");
        }
    }
    // Each segment is calibrated.
    let segments = |more: &str| {
        lab.earmark(&format!(
            "predict calibrated/fold-1.safetensors --data tones --segments{more} -o t.csv"
        ))
        .done();
        lab.read("t.csv")
    };
    assert_ne!(segments(""), segments(" --raw"));
    let info = lab.earmark("models info calibrated/fold-1.safetensors").done();
    assert!(info.out.contains("calibrated  on 12 clips"), "{info}");
}

#[test]
fn in_place_and_by_tables_come_to_the_same() {
    let lab = folds();
    lab.earmark("predict runs/cv --out-of-fold -o oof.csv").done();
    let mut truth = "fname,label\n".to_owned();
    for line in lab.read("oof.csv").lines().skip(1) {
        let file = line.split(',').next().expect("a file");
        truth += &format!("{file},{}\n", file.split('/').next().expect("a class"));
    }
    lab.write("truth.csv", truth);
    lab.earmark("calibrate runs/cv/fold-1 --scores oof.csv --truth truth.csv -o by-tables.safetensors")
        .done();
    // A data folder is the truth as well; six of its clips are of the fold that was not trained.
    let by_data = lab
        .earmark("calibrate runs/cv/fold-1 --scores oof.csv --data tones -o by-data.safetensors --json")
        .exit(2);
    assert!(
        lab.bytes("by-data.safetensors") == lab.bytes("by-tables.safetensors"),
        "the same labels give the same calibration"
    );
    assert!(
        by_data.err.contains("skipped 6 clips: no scores for `"),
        "{by_data}"
    );
    let result: Value = serde_json::from_str(&by_data.out).expect("JSON");
    assert_eq!(result["skipped"].as_array().map(Vec::len), Some(6));
    assert_eq!(result["skipped"][0][1], "has no scores");
    let again = lab.earmark(
        "calibrate runs/cv/fold-1 --scores oof.csv --truth truth.csv -o runs/cv/fold-1/best.safetensors",
    );
    assert!(again.refused().contains("--in-place"));
    let text = lab.earmark("calibrate runs/cv --in-place").done();
    assert!(text.out.contains("12 clips, temperature"), "{text}");
    assert_eq!(
        scores(&lab, "by-tables.safetensors"),
        scores(&lab, "runs/cv/fold-1"),
        "order of clips matters to no fit"
    );
    // A second calibration starts from raw scores, not from calibrated ones.
    let first = lab.bytes("runs/cv/fold-2/best.safetensors");
    lab.earmark("calibrate runs/cv --in-place").done();
    assert_eq!(lab.bytes("runs/cv/fold-2/best.safetensors"), first);
    lab.earmark("report runs/cv/fold-1 --data tones").done();
    let page = lab.read("runs/cv/fold-1/report.html");
    assert!(
        page.contains("Reliability") && page.contains("calibrated"),
        "no diagram in the report"
    );
}

#[test]
fn what_cannot_be_calibrated_is_refused() {
    let lab = Lab::trained();
    let refused = lab.earmark("calibrate runs/a -o b.safetensors").refused();
    assert!(refused.contains("--from RUN"), "{refused}");
    lab.write("s.csv", "fname,a,b\nx.wav,0.5,0.5\ny.wav,0.1,0.9\n");
    lab.write("t.csv", "fname,label\nx.wav,a\ny.wav,b\n");
    let refused = lab
        .earmark("calibrate runs/a --scores s.csv -o b.safetensors")
        .refused();
    assert!(refused.starts_with("no true labels: "), "{refused}");
    let refused = lab
        .earmark("calibrate runs/a --scores s.csv --truth t.csv -o b.safetensors")
        .refused();
    assert!(
        refused.contains("its classes differ from those of the scores"),
        "{refused}"
    );
}

/// Scores of other recordings or of another recipe may be distributed in another way, which is said.
#[test]
fn folds_of_other_data_or_another_recipe_are_a_caution() {
    let lab = folds();
    for (class, hz) in CLASSES {
        for k in 0..6 {
            let hz = hz * (1.01 + 0.03 * f64::from(k));
            lab.tone(&format!("elsewhere/{class}/other-{k}.wav"), hz);
        }
    }
    lab.earmark("train tiny.toml --data tones --run runs/same").done();
    lab.earmark("train tiny.toml --data elsewhere --run runs/elsewhere")
        .done();
    lab.earmark("train tiny.toml --data tones --run runs/wide --set network.width=0.05")
        .done();
    let calibrate = |model: &str| {
        lab.earmark(&format!(
            "calibrate runs/{model} --from runs/cv -o {model}.safetensors"
        ))
        .done()
    };
    let ended = calibrate("same");
    assert!(!ended.out.contains("caution"), "{ended}");
    let ended = calibrate("elsewhere");
    let caution = "caution: runs/elsewhere/best.safetensors: its training does not have 12 of the 12 clips of \
                   runs/cv; the calibration may not fit it; ";
    assert!(ended.out.contains(caution), "{ended}");
    assert!(!ended.out.contains("its recipe"), "{ended}");
    let ended = calibrate("wide");
    let caution = "caution: runs/wide/best.safetensors: its recipe has other settings in [network] than that of runs/cv; ";
    assert!(ended.out.contains(caution), "{ended}");
    let ended = lab
        .earmark("calibrate runs/wide --from runs/cv -o again.safetensors --json")
        .done();
    let result: Value = serde_json::from_str(&ended.out).expect("JSON");
    assert_eq!(result["warnings"].as_array().map(Vec::len), Some(1), "{result}");
}

/// With a table of folds, a calibration by scores and a data folder is cross-fitted as that of the cross-validation run.
#[test]
fn folds_of_a_data_folder_are_the_groups() {
    let lab = Lab::new();
    lab.earmark("train tiny.toml --data tones --run runs/cv --folds all --set train.epochs=2")
        .done();
    lab.earmark("predict runs/cv --out-of-fold -o oof.csv").done();
    let mut folds = "file,fold\n".to_owned();
    for fold in 1..=3 {
        for line in lab.read(&format!("runs/cv/fold-{fold}/split.csv")).lines() {
            let cells: Vec<&str> = line.split(',').collect();
            if cells[2] == "judged" {
                folds += &format!("{},{fold}\n", cells[1]);
            }
        }
    }
    lab.write("folds.csv", folds);
    let result = |arguments: &str| -> Value {
        let ended = lab.earmark(&format!("calibrate {arguments} --json")).done();
        serde_json::from_str(&ended.out).expect("JSON")
    };
    let by_run = result("runs/cv -o by-run");
    let scores = "runs/cv/fold-1 --scores oof.csv --data tones -o one.safetensors";
    let by_data = result(&format!("{scores} --fold-table folds.csv"));
    for (key, name) in [
        ("before", "log_loss"),
        ("after", "log_loss"),
        ("after", "f1_macro"),
    ] {
        let [a, b] = [&by_run, &by_data].map(|result| result[key][name].as_f64().expect("a number"));
        assert!((a - b).abs() < 1e-6, "{key} {name}: {a} and {b}");
    }
}

/// A model of the tones, the scores of windows of recordings that it was not trained on, and their true events.
fn lab_of_events() -> Lab {
    let lab = Lab::new();
    lab.earmark(LEARN_WELL).done();
    let mut truth = "file,start,end,class\n".to_owned();
    for (class, hz) in CLASSES {
        for k in 0..2 {
            let file = format!("in/{class}-{k}.wav");
            lab.long_tone(&file, hz * (1.01 + 0.03 * f64::from(k)), 3);
            truth += &format!("{file},0,3,{class}\n");
        }
    }
    lab.write("truth.csv", truth);
    lab.earmark("tag in --model runs/a --windows -o windows.csv")
        .done();
    lab
}

const BY_EVENTS: &str = "calibrate runs/a --scores windows.csv --events truth.csv --min-examples 1";

/// By true events of held-out recordings: stored in the model, used by `tag`, and no candidate is better on these.
#[test]
fn thresholds_are_chosen_by_events() {
    let lab = lab_of_events();
    let ended = lab
        .earmark(&format!("{BY_EVENTS} -o m.safetensors --json"))
        .done();
    let result: Value = serde_json::from_str(&ended.out).expect("JSON");
    assert_eq!(result["thresholds"]["goal"], "segment-f1");
    assert_eq!(result["thresholds"]["recordings"], 6);
    let f1 = |events: &str| -> f64 {
        let ended = lab
            .earmark(&format!("score --truth truth.csv --events {events} --json"))
            .done();
        let result: Value = serde_json::from_str(&ended.out).expect("JSON");
        result["segment_based"]["macro"]["f1"].as_f64().expect("a number")
    };
    let tagged = lab.earmark("tag in --model m.safetensors -o tags.csv").done();
    assert!(tagged.err.contains("the model's own"), "{tagged}");
    let own = f1("tags.csv");
    for candidate in ["0.0474", "0.2689", "0.5", "0.7311", "0.9526"] {
        lab.earmark(&format!("events windows.csv --threshold {candidate} -o at.csv"))
            .done();
        let other = f1("at.csv");
        assert!(own >= other, "{own}, and {other} at {candidate}");
    }
    // Before, all thresholds were 0.3.
    lab.earmark("events windows.csv -o at.csv").done();
    let before = result["thresholds"]["before"]["macro"]["f1"].as_f64();
    assert!((before.expect("a number") - f1("at.csv")).abs() < 1e-9, "{ended}");
    let text = lab
        .earmark(&format!("{BY_EVENTS} --by event-f1 -o e.safetensors"))
        .done();
    assert!(
        text.out.contains("6 recordings (18 s)") && text.out.contains("F1 after"),
        "{text}"
    );
    let rate = format!("{BY_EVENTS} --false-per-hour 0 --in-place --json");
    let result: Value = serde_json::from_str(&lab.earmark(&rate).done().out).expect("JSON");
    assert_eq!(result["thresholds"]["goal"]["false-per-hour"], 0.0);
}

#[test]
fn what_has_no_truth_or_no_scores_is_named() {
    let lab = lab_of_events();
    lab.write(
        "other.csv",
        "file,start,end,class\nhigh-0.wav,0,3,high\nlow-1.wav,0,3,low\ngone.wav,0,3,mid\n",
    );
    let other = "calibrate runs/a --scores windows.csv --events other.csv -o o.safetensors";
    let ended = lab.earmark(other).exit(2);
    assert!(
        ended.err.contains("gone.wav: has no scores")
            && ended.err.contains("in/mid-0.wav: is not in the truth"),
        "{ended}"
    );
    for (arguments, why) in [
        ("--events truth.csv -o n.safetensors", "--scores"),
        (
            "--scores windows.csv --events truth.csv --data tones -o n.safetensors",
            "--events: is a table of true events",
        ),
        (
            "--scores windows.csv --events truth.csv --method platt -o n.safetensors",
            "cannot be used with",
        ),
        (
            "--scores truth.csv --events truth.csv -o n.safetensors",
            "truth.csv: not a table of window scores",
        ),
    ] {
        let ended = lab.earmark(&format!("calibrate runs/a {arguments}")).exit(1);
        assert!(ended.err.contains(why), "{ended}");
    }
    assert!(!lab.path("n.safetensors").exists());
}
