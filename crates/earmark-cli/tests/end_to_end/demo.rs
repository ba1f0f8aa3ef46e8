//! `earmark demo`: the whole way without data.

use super::common::{Lab, Table};

#[test]
fn the_demo_runs_twice_and_learns() {
    let lab = Lab::new();
    let before = names(&lab);
    let mut first = None;
    for _ in 0..2 {
        let ended = lab.earmark("demo --out here/demo --quiet").done();
        let line = ended
            .out
            .lines()
            .find_map(|l| l.strip_prefix("lwlrap on the test part: "))
            .unwrap_or_else(|| panic!("{ended}"));
        let lwlrap: f64 = line
            .split(' ')
            .next()
            .and_then(|v| v.parse().ok())
            .unwrap_or_else(|| panic!("{ended}"));
        assert!(lwlrap >= 0.85, "lwlrap {lwlrap}: {ended}");
        let submission = Table::parse(&lab.read("here/demo/submission.csv"));
        assert_eq!(submission.rows.len(), 50);
        let classes = lab.read("here/demo/runs/2-curated/classes.csv");
        let classes: Vec<&str> = classes
            .lines()
            .filter_map(|l| Some(l.split_once(',')?.1))
            .collect();
        assert_eq!(submission.classes, classes);
        assert!(
            lab.read("here/demo/runs/2-curated/report.html")
                .contains("</html>")
        );
        // The same seed, the same result, the second time over the first.
        let bytes = lab.bytes("here/demo/submission.csv");
        assert_eq!(*first.get_or_insert_with(|| bytes.clone()), bytes);
    }
    let mut after = names(&lab);
    after.retain(|n| n != "here" && n != "cache");
    assert_eq!(after, before, "nothing beside its own folder");
}

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
        "tones: is not empty and no earlier demo; choose another folder with --out"
    );
    assert_eq!(names(&lab), ["tiny.toml", "tones"]);
}
