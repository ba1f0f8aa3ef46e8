use super::*;
use std::path::PathBuf;

fn tables(dir: &tempfile::TempDir, texts: &[&str]) -> Vec<PathBuf> {
    let write = |(k, text): (usize, &&str)| {
        let path = dir.path().join(format!("{k}.csv"));
        std::fs::write(&path, text).unwrap();
        path
    };
    texts.iter().enumerate().map(write).collect()
}

const TAGS: &str = "file,start_seconds,end_seconds,class,score,recorded_at,site,latitude,longitude\n\
    a.wav,0.000,1.000,Owl,0.9,2024-05-17T23:59:59.500+10:00,north,1.5,2\n\
    a.wav,1.000,2.000,Frog,0.9,2024-05-18T00:00:00.500+10:00,north,1.5,2\n\
    b.wav,0.000,1.000,Owl,0.9,2024-05-18T00:30:00.000,south,,\n\
    c.wav,0.000,1.000,Owl,0.9,,,,\n";

fn counted(activity: &Activity, by: ActivityBy) -> (Vec<(String, u64, usize)>, u64) {
    let table = activity.table(by).unwrap();
    let rows = table.rows.into_iter().filter(|row| row.detections > 0);
    (
        rows.map(|row| (row.name, row.detections, row.recordings))
            .collect(),
        table.unknown,
    )
}

#[test]
fn detections_are_counted_by_the_recorders_clock() {
    let dir = tempfile::tempdir().unwrap();
    let activity = read_activity(&tables(&dir, &[TAGS])).unwrap();
    assert_eq!((activity.len(), activity.is_empty()), (4, false));
    let row = |name: &str, detections, recordings| (name.to_owned(), detections, recordings);
    let hours = counted(&activity, ActivityBy::Hour);
    assert_eq!(hours, (vec![row("00", 2, 2), row("23", 1, 1)], 1));
    assert_eq!(activity.table(ActivityBy::Hour).unwrap().rows.len(), 24);
    let days = counted(&activity, ActivityBy::Day);
    assert_eq!(days, (vec![row("2024-05-17", 1, 1), row("2024-05-18", 2, 2)], 1));
    let sites = counted(&activity, ActivityBy::Site);
    assert_eq!(sites, (vec![row("north", 2, 1), row("south", 1, 1)], 1));
    let classes = counted(&activity, ActivityBy::Class);
    assert_eq!(classes, (vec![row("Owl", 3, 3), row("Frog", 1, 1)], 0));
    let north = &activity.table(ActivityBy::Site).unwrap().rows[0];
    assert_eq!(north.classes.get("Frog"), Some(&1));
}

#[test]
fn a_page_has_a_map_of_all_days_and_each_class() {
    let dir = tempfile::tempdir().unwrap();
    let later = TAGS.replace("2024-05-18T00:30", "2025-05-18T00:30");
    let activity = read_activity(&tables(&dir, &[TAGS, &later])).unwrap();
    let page = activity.page("tags").unwrap();
    let titles: Vec<&str> = page.maps.iter().map(|map| map.title.as_str()).collect();
    assert_eq!(titles, ["All classes", "Owl", "Frog"]);
    let columns = &page.maps[0].columns;
    // 367 days, four of them to a column.
    assert_eq!(
        (columns.len(), columns[0].0.as_str()),
        (92, "2024-05-17 to 2024-05-20")
    );
    let all: u64 = columns.iter().flat_map(|(_, hours)| hours).sum();
    assert_eq!((all, columns[0].1[23], columns[91].1[0]), (6, 2, 1));
    assert_eq!(page.tables.len(), 3);
    assert!(
        page.notes
            .iter()
            .any(|note| note.text.starts_with("2 detections have no known time"))
    );
}

#[test]
fn tables_without_times_count_classes_alone() {
    let dir = tempfile::tempdir().unwrap();
    let plain = "file,start_seconds,end_seconds,class,score\na.wav,0,1,Owl,0.5\n";
    let activity = read_activity(&tables(&dir, &[TAGS, plain])).unwrap();
    assert_eq!(counted(&activity, ActivityBy::Class).0.len(), 2);
    for by in [ActivityBy::Hour, ActivityBy::Day, ActivityBy::Site] {
        let error = activity.table(by).unwrap_err().to_string();
        assert!(
            error.contains("1.csv: has no column") && error.contains("--time-and-place"),
            "{error}"
        );
    }
    assert!(activity.page("tags").is_err());
    for (text, why) in [
        ("a,b\n1,2\n", "0.csv: has no columns file and class"),
        (
            "file,class,recorded_at\na,b,soon\n",
            "0.csv:2: recorded_at: \"soon\" is not a date and time",
        ),
    ] {
        let error = read_activity(&tables(&dir, &[text])).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
    // Nothing was detected, which is a result.
    let none = read_activity(&tables(&dir, &[TAGS.lines().next().unwrap()])).unwrap();
    assert_eq!(counted(&none, ActivityBy::Hour), (vec![], 0));
    assert!(none.page("none").unwrap().maps[0].columns.is_empty());
}
