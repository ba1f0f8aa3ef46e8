//! `earmark demo`: the whole way without data.

use super::common::{Lab, Table};

#[test]
fn the_demo_learns_and_stays_in_its_folder() {
    let lab = Lab::new();
    let before = names(&lab);
    let ended = lab.earmark("demo --out here/demo --quiet").done();
    let line = ended
        .out
        .lines()
        .find_map(|l| l.strip_prefix("lwlrap on the test subset: "));
    let lwlrap = line
        .and_then(|l| l.split(' ').next())
        .unwrap_or_else(|| panic!("{ended}"));
    assert!(lwlrap.parse::<f64>().is_ok_and(|v| v >= 0.85), "{ended}");

    let submission = Table::parse(&lab.read("here/demo/submission.csv"));
    assert_eq!(submission.rows.len(), 50);
    let classes = lab.read("here/demo/runs/2-curated/classes.csv");
    let classes: Vec<&str> = classes
        .lines()
        .filter_map(|l| Some(l.split_once(',')?.1))
        .collect();
    assert_eq!(submission.classes, classes);
    let score =
        "score --truth here/demo/data/test_post_competition.csv --scores here/demo/submission.csv --json";
    let score: serde_json::Value = serde_json::from_str(&lab.earmark(score).done().out).expect("JSON");
    assert_eq!(
        format!("{:.4}", score["lwlrap"].as_f64().expect("a number")),
        lwlrap,
        "the printed score is true"
    );
    assert!(
        lab.read("here/demo/runs/2-curated/report.html")
            .contains("</html>")
    );

    // The commands that are printed work as they are.
    let next = ended
        .out
        .lines()
        .filter_map(|line| line.strip_prefix("  earmark "));
    let next: Vec<&str> = next.collect();
    assert_eq!(next.len(), 3, "{ended}");
    for command in next {
        lab.earmark(command).done();
    }
    assert!(lab.read("scores.csv").starts_with("fname,"));
    std::fs::remove_file(lab.path("scores.csv")).expect("a file");

    let mut after = names(&lab);
    after.retain(|n| n != "here" && n != "cache");
    assert_eq!(after, before, "nothing outside its own folder");
    a_second_demo_starts_over(&lab);
}

/// In the folder of an earlier one; stopped when it trains, since the rest was seen.
#[cfg(unix)]
fn a_second_demo_starts_over(lab: &Lab) {
    lab.write("here/demo/runs/1-noisy/metrics.jsonl", "");
    lab.write("here/demo/mine.txt", "a note");
    let started = lab.start_and_wait("demo --out here/demo --seed 2", "here/demo/runs/1-noisy", 2);
    started.signal("INT");
    started.end().exit(130);
    assert_eq!(
        lab.read("here/demo/mine.txt"),
        "a note",
        "what is not the demo's own stays"
    );
    assert!(
        !lab.path("here/demo/runs/2-curated").exists(),
        "the earlier runs are gone"
    );
}

#[cfg(not(unix))]
fn a_second_demo_starts_over(_: &Lab) {}

fn names(lab: &Lab) -> Vec<String> {
    let entries = std::fs::read_dir(lab.path("")).expect("a folder to list");
    let mut names: Vec<String> = entries
        .map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn somebody_elses_folder_is_left_alone() {
    let lab = Lab::new();
    assert_eq!(
        lab.earmark("demo --out tones").refused(),
        "tones: is not empty and not an earlier demo; choose another folder with --out"
    );
    assert_eq!(names(&lab), ["tiny.toml", "tones"]);
    // A folder that can't be made: the program may run as root, which may write everywhere but not below a file.
    lab.write("a-file", "");
    let refused = lab.earmark("demo --out a-file/demo").refused();
    assert!(refused.starts_with("a-file/demo: "), "{refused}");
    assert!(
        refused.ends_with("; choose another folder with --out"),
        "{refused}"
    );
}
