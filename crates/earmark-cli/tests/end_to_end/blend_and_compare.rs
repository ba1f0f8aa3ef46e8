//! Choosing between runs: which to blend, and where one is better than another.

use super::common::{Lab, Table};
use serde_json::Value;

/// Three runs of three folds, of which the last has learned next to nothing.
fn lab() -> Lab {
    let lab = Lab::new();
    for (run, set) in [
        ("a", "train.seed=7"),
        ("b", "train.seed=8"),
        ("c", "train.learning-rate=1e-9"),
    ] {
        lab.earmark(&format!(
            "train tiny.toml --data tones --folds all --run runs/{run} --set {set}"
        ))
        .done();
        lab.earmark(&format!("predict runs/{run} --out-of-fold -o {run}.csv"))
            .done();
    }
    lab
}

/// Mean over clips of 1 / (classes that score at least as high as the label): lwlrap with one label per clip.
fn lwlrap(table: &Table) -> f64 {
    let of = |(file, row): &(String, Vec<f64>)| {
        let own = table
            .classes
            .iter()
            .position(|c| file.starts_with(&format!("{c}/")))
            .expect("a class");
        1.0 / row.iter().filter(|s| **s >= row[own]).count() as f64
    };
    table.rows.iter().map(of).sum::<f64>() / table.rows.len() as f64
}

#[test]
fn the_best_blend_is_found_with_its_score() {
    let lab = lab();
    let ended = lab
        .earmark("blend runs/a runs/b runs/c --select -o best.csv --chosen chosen.txt --json")
        .done();
    let blend: Value = serde_json::from_str(&ended.out).expect("JSON");
    let score = blend["score"].as_f64().expect("a number");
    // No subset is better, and what is written is the blend that was chosen.
    for subset in ["a", "b", "c", "a b", "a c", "b c", "a b c"] {
        let tables: String = subset.split(' ').map(|t| format!("{t}.csv ")).collect();
        lab.earmark(&format!("blend {tables} -o some.csv")).done();
        assert!(
            lwlrap(&Table::parse(&lab.read("some.csv"))) <= score + 1e-12,
            "{subset}"
        );
    }
    assert!((lwlrap(&Table::parse(&lab.read("best.csv"))) - score).abs() < 1e-12);
    let message = lab.earmark("blend runs/a runs/b -o some.csv").refused();
    assert!(
        message.starts_with("runs/a: is a folder, not a score table; add --select"),
        "{message}"
    );
    let chosen: Vec<String> = lab.read("chosen.txt").lines().map(str::to_owned).collect();
    assert!(!chosen.is_empty());
    for run in ["runs/a", "runs/b", "runs/c"] {
        assert_eq!(blend["weights"][run] == 1, chosen.iter().any(|c| c == run));
    }
    assert_eq!(blend["nested"]["chosen"].as_array().map(Vec::len), Some(3));
    // Choosing by other clips can't be better than choosing by the clips themselves.
    assert!(blend["nested"]["score"].as_f64().expect("a number") <= score + 1e-12);

    // The same of tables that somebody else may have made; the runs' own folds.
    let oof = Table::parse(&lab.read("a.csv"));
    let truth: String = oof
        .rows
        .iter()
        .map(|(f, _)| format!("{f},{}\n", f.split('/').next().unwrap_or_default()))
        .collect();
    lab.write("truth.csv", format!("fname,label\n{truth}"));
    let mut folds = "file,fold\n".to_owned();
    for fold in 1..=3 {
        let split = lab.read(&format!("runs/a/fold-{fold}/split.csv"));
        for line in split.lines().filter(|l| l.ends_with(",judged")) {
            folds += &format!("{},{fold}\n", line.split(',').nth(1).expect("a file"));
        }
    }
    lab.write("folds.csv", folds);
    let same = lab
        .earmark(
            "blend a.csv b.csv c.csv --select --truth truth.csv --fold-table folds.csv -o same.csv --json",
        )
        .done();
    let same: Value = serde_json::from_str(&same.out).expect("JSON");
    assert_eq!(
        (&same["score"], &same["nested"]),
        (&blend["score"], &blend["nested"])
    );
    assert_eq!(lab.read("same.csv"), lab.read("best.csv"));
    let text = lab
        .earmark("blend a.csv b.csv --select --truth truth.csv -o x.csv --metric accuracy")
        .done()
        .out;
    assert!(
        text.contains("optimistic") && text.contains("no unbiased estimate"),
        "{text}"
    );
    let refused = |arguments: &str| lab.earmark(arguments).refused();
    assert!(refused("blend a.csv b.csv --select -o x.csv").contains("needs the true labels"));
    assert!(
        refused("blend a.csv --select --truth truth.csv -o x.csv --metric loss").contains("unknown metric")
    );
}

#[test]
fn two_runs_are_compared_class_by_class() {
    let lab = lab();
    let json = lab.earmark("runs --compare runs/c runs/a --json").done();
    let json: Value = serde_json::from_str(&json.out).expect("JSON");
    let overall = &json["comparison"]["overall"];
    for (key, table) in [("a", "c.csv"), ("b", "a.csv")] {
        let wanted = lwlrap(&Table::parse(&lab.read(table)));
        let got = overall[key].as_f64().expect("a number");
        assert!((got - wanted).abs() < 1e-12, "{table}: {got} instead of {wanted}");
    }
    let classes = json["comparison"]["classes"].as_array().expect("a list");
    assert_eq!(classes.len(), 3);
    let differences: Vec<f64> = classes
        .iter()
        .map(|c| c["difference"].as_f64().expect("a number"))
        .collect();
    assert!(differences.is_sorted_by(|a, b| a >= b), "{differences:?}");
    assert!(classes.iter().all(|c| c["count"] == 6));
    // A run with itself differs in nothing; one fold alone is compared on its own clips.
    let table = lab
        .earmark("runs --compare runs/a/fold-1 runs/a --metric recall")
        .done();
    assert!(
        table.out.contains("+0.0000 to +0.0000") && table.out.contains("of 6 clips"),
        "{table}"
    );
    assert!(
        table
            .err
            .contains("12 clips that only one of them was evaluated on are left out"),
        "{table}"
    );
    let page = lab.earmark("report runs/a/fold-1 --compare runs/c").done();
    assert!(lab.read(page.out.trim()).contains("Compared with another run"));
    let apart = lab
        .earmark("runs --compare runs/a/fold-1 runs/a/fold-2")
        .refused();
    assert!(apart.contains("no clip was evaluated in both"), "{apart}");
    lab.earmark("train tiny.toml --data tones --run runs/d --fold 1")
        .done();
    assert!(
        lab.earmark("runs --compare runs/a runs/d")
            .refused()
            .contains("have not been evaluated")
    );
}
