//! Reports of runs and cross-validation runs: the page, and its numbers for programs and for the terminal.

use super::common::{CLASSES, Lab, Table, copy};
use serde_json::{Value, json};

fn parse(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[track_caller]
fn assert_close(got: &Value, wanted: Option<f64>, what: &str) {
    match wanted {
        None => assert!(got.is_null(), "{what}: {got}"),
        Some(wanted) => {
            let got = got.as_f64().unwrap_or_else(|| panic!("{what}: {got}"));
            assert!((got - wanted).abs() < 1e-12, "{what}: {got} instead of {wanted}");
        }
    }
}

fn class_of(table: &Table, file: &str) -> usize {
    let is_own = |class: &String| file.starts_with(&format!("{class}/"));
    table.classes.iter().position(is_own).expect("a class")
}

/// How often each class had the highest score, `[true][predicted]`, by definition.
fn confusion(table: &Table) -> Vec<Vec<u64>> {
    let mut counts = vec![vec![0; 3]; 3];
    for (file, scores) in &table.rows {
        let higher = |best: usize, class: usize| if scores[class] > scores[best] { class } else { best };
        let best = (0..3).reduce(higher).expect("three classes");
        counts[class_of(table, file)][best] += 1;
    }
    counts
}

/// Clips of which another class scores at least as high as their own.
fn mistakes(table: &Table) -> usize {
    let is_mistake = |(file, scores): &&(String, Vec<f64>)| {
        let own = class_of(table, file);
        (0..3).any(|class| class != own && scores[class] >= scores[own])
    };
    table.rows.iter().filter(is_mistake).count()
}

/// Confusion, classes, reliability and worst clips of a report against the scores that it is made of.
#[track_caller]
fn check(report: &Value, table: &Table) {
    let counts = confusion(table);
    assert_eq!(
        report["confusion"],
        json!({ "classes": table.classes, "counts": counts })
    );
    for (c, name) in table.classes.iter().enumerate() {
        let class = &report["per_class"][name];
        let (right, clips): (u64, u64) = (counts[c][c], counts[c].iter().sum());
        let predicted: u64 = counts.iter().map(|row| row[c]).sum();
        let share = |part: u64, of: u64| (of > 0).then(|| part as f64 / of as f64);
        assert_eq!(class["count"], clips, "{name}");
        assert_close(&class["precision"], share(right, predicted), "precision");
        assert_close(&class["recall"], share(right, clips), "recall");
        assert_close(&class["f1"], share(2 * right, predicted + clips), "F1");
    }
    let bins = report["reliability"][0]["bins"].as_array().expect("a list");
    let count: u64 = bins.iter().filter_map(|bin| bin["count"].as_u64()).sum();
    assert_eq!(count, table.rows.len() as u64, "one highest score per clip");
    let worst = report["worst_clips"].as_array().expect("a list");
    assert_eq!(worst.len(), mistakes(table).min(12));
    assert!(!worst.is_empty(), "one epoch is not enough for all");
    for clip in worst {
        let file = clip["file"].as_str().expect("a file");
        assert_eq!(clip["labels"], json!([table.classes[class_of(table, file)]]));
    }
}

/// Each of the worst clips can be seen and played in the page.
#[track_caller]
fn check_page(page: &str, report: &Value) {
    let worst = report["worst_clips"].as_array().expect("a list").len();
    assert_eq!(page.matches("<audio ").count(), worst);
    assert_eq!(page.matches("src=\"data:audio/wav;base64,UklGR").count(), worst);
    assert_eq!(page.matches("src=\"data:image/png").count(), worst);
}

#[test]
fn a_cross_validation_report_is_of_all_folds_together() {
    let lab = Lab::new();
    lab.earmark("train tiny.toml --data tones --folds all --run cv --set train.epochs=1")
        .done();
    let report = parse(&lab.earmark("report cv --json").done().out);
    assert_eq!(report["page"], "cv/report.html");
    lab.earmark("predict cv --out-of-fold -o oof.csv").done();
    let oof = Table::parse(&lab.read("oof.csv"));
    assert_eq!(oof.rows.len(), 18);
    check(&report, &oof);
    for clip in report["worst_clips"].as_array().expect("a list") {
        let note = clip["note"].as_str().expect("a note");
        assert!(note.starts_with("fold ") && note.contains("; lwlrap "), "{note}");
    }
    let results = parse(&lab.read("cv/folds.json"));
    let warnings = results["warnings"].to_string();
    assert!(
        !warnings.contains("the folds differ"),
        "three folds of six: {warnings}"
    );
    assert!(!warnings.contains("in several folds"), "no groups: {warnings}");
    for class in &oof.classes {
        let ap = results["pooled"]["per_class"][class]["ap"].as_f64();
        assert_close(&report["per_class"][class]["ap"], ap, "AP");
    }
    let folds = &report["folds"];
    assert_eq!(folds["folds"].as_array().map(Vec::len), Some(3));
    assert_eq!(
        (&folds["folds"][1]["fold"], &folds["folds"][1]["clips"]),
        (&json!(2), &json!(6))
    );
    for metric in ["lwlrap", "accuracy"] {
        assert_close(
            &folds["pooled"][metric],
            results["pooled"][metric].as_f64(),
            metric,
        );
        let spread = &results["metrics"][metric];
        assert_close(&folds["mean"][metric], spread["mean"].as_f64(), metric);
        assert_close(&folds["deviation"][metric], spread["deviation"].as_f64(), metric);
    }
    let page = lab.read("cv/report.html");
    check_page(&page, &report);
    assert!(report["optimistic"].is_null(), "{report}");
    assert!(page.contains("earmark cross-validation report") && page.contains("<td>pooled</td>"));

    let text = lab.earmark("report cv --text --compare cv/fold-2").done();
    for part in [
        "pooled",
        "precision",
        "predicted as",
        "count the class with the highest score",
    ] {
        assert!(text.out.contains(part), "{part}: {text}");
    }
    assert!(text.out.ends_with("\ncv/report.html\n"), "{text}");
    assert!(lab.read("cv/report.html").contains("Compared with another run"));
    let plain = lab.earmark("report cv").done();
    assert_eq!(plain.out, "cv/report.html\n");
}

#[test]
fn data_that_has_moved_is_missed_and_found() {
    let lab = Lab::new();
    lab.earmark("train tiny.toml --data tones --folds 1,2 --run cv --set train.epochs=1")
        .done();
    std::fs::rename(lab.path("tones"), lab.path("moved")).expect("to move");
    let report = parse(&lab.earmark("report cv --json").done().out);
    let notes = report["notes"].to_string();
    assert!(
        notes.contains("no spectrograms and sounds of the worst clips"),
        "{notes}"
    );
    assert!(!lab.read("cv/report.html").contains("<audio "));
    let report = parse(&lab.earmark("report cv --json --data moved").done().out);
    check_page(&lab.read("cv/report.html"), &report);

    copy(&lab.path("cv/fold-1"), &lab.path("half/fold-1"));
    let refused = lab.earmark("report half").refused();
    assert!(
        refused.starts_with("half: has no results over its folds yet (folds.json)"),
        "{refused}"
    );
    lab.write("cv/folds.json", "{");
    let refused = lab.earmark("report cv").refused();
    assert!(refused.starts_with("cv/folds.json: "), "{refused}");
}

#[test]
fn a_run_has_the_same_numbers_of_its_test_clips() {
    let lab = Lab::new();
    lab.earmark("train tiny.toml --data tones --run run --fold 1 --set train.epochs=1")
        .done();
    lab.earmark("eval run --data tones").done();
    let report = parse(&lab.earmark("report run --json").done().out);
    assert!(report["folds"].is_null());
    check(&report, &Table::parse(&lab.read("run/eval/scores-5.csv")));
    let page = lab.read("run/report.html");
    check_page(&page, &report);
    for header in ["precision", "recall", "F1", "AP"] {
        assert!(page.contains(&format!(">{header}</th>")), "{header}");
    }
    assert!(report["optimistic"].is_null(), "{report}");
    let text = lab.earmark("report run --text").done();
    assert!(
        text.out.contains("precision") && !text.out.contains("pooled"),
        "{text}"
    );
}

/// Folds of unlike size and groups in several of them are named at the start, with the results and in the report.
#[test]
fn folds_that_measure_badly_are_named() {
    let lab = Lab::new();
    let (mut table, mut folds) = (String::from("file,label,group\n"), String::from("file,fold\n"));
    for (class, _) in CLASSES {
        for k in 0..6 {
            let group = match (class, k) {
                ("high", 0 | 2) => "take-7".to_owned(),
                _ => format!("{class}-{k}"),
            };
            table += &format!("{class}/{k}.wav,{class},{group}\n");
            folds += &format!("{class}/{k}.wav,{}\n", if k < 2 { 1 } else { 2 });
        }
    }
    lab.write("tones/table.csv", table);
    lab.write("folds.csv", folds);
    let settings = r#"--set data.layout=csv --set data.table=table.csv --set validation.split={kind="none"} --set train.schedule={kind="cosine"} --set train.epochs=1"#;
    let ended = lab
        .earmark(&format!(
            "train tiny.toml --data tones --folds all --fold-table folds.csv --run cv {settings}"
        ))
        .done();
    let sizes = "the folds differ in size: fold 1 has 6 clips, fold 2 has 12";
    let groups = "1 group has clips in several folds, such as \"take-7\" in folds 1, 2";
    for warning in [sizes, groups] {
        assert!(ended.err.contains(warning), "{ended}");
        assert!(ended.out.contains(&format!("caution: {warning}")), "{ended}");
    }
    let results = parse(&lab.read("cv/folds.json"));
    for (k, warning) in [sizes, groups].into_iter().enumerate() {
        let text = results["warnings"][k].as_str().expect("a warning");
        assert!(text.starts_with(warning), "{results}");
    }
    let report = parse(&lab.earmark("report cv --json").done().out);
    let cautions: Vec<&str> = report["notes"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|note| note["level"] == "caution")
        .filter_map(|note| note["text"].as_str())
        .collect();
    assert!(
        cautions
            .iter()
            .any(|text| text.starts_with("The folds differ in size")),
        "{cautions:?}"
    );
    assert!(
        cautions.iter().any(|text| text.contains("take-7")),
        "{cautions:?}"
    );
    assert!(
        lab.earmark("report cv --text")
            .done()
            .out
            .contains("The folds differ in size")
    );
}
