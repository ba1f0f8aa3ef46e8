//! `earmark tag --time-and-place`, and `earmark activity` on what it writes.

use super::common::Lab;

/// Recordings with times in their names, one with a wrong one, and a table of sites.
fn lab() -> Lab {
    let lab = Lab::trained();
    lab.tone("in/north/20240517_043000.wav", 310.0);
    lab.tone("in/north/20240517_053000.wav", 310.0);
    lab.tone("in/POND_20240518_233000.wav", 310.0);
    lab.tone("in/POND_20241318_233000.wav", 310.0);
    lab.write(
        "sites.csv",
        "prefix,site,latitude,longitude\nPOND,Pond,52.5,13.25\n",
    );
    lab
}

const TAG: &str = "tag in --model runs/a --threshold 0 --classes low";

#[test]
fn events_say_when_and_where_they_were() {
    let lab = lab();
    lab.earmark(&format!("{TAG} -o plain.csv")).done();
    let plain = lab.read("plain.csv");
    assert_eq!(
        plain.lines().next(),
        Some("Start (s),End (s),Class,Confidence,File")
    );
    let ended = lab
        .earmark(&format!(
            "{TAG} -o tags.csv --time-zone +02:00 --sites sites.csv --json"
        ))
        .done();
    assert!(
        ended.err.contains("time of 3 of 4 recordings known, place of 4"),
        "{ended}"
    );
    assert!(
        ended
            .err
            .contains("time and place: in/POND_20241318_233000.wav: file name: month 13 does not exist"),
        "{ended}"
    );
    let facts: serde_json::Value = serde_json::from_str(&ended.out).expect("JSON");
    assert_eq!(facts["time_and_place"]["time_known"], 3, "{ended}");
    assert_eq!(
        facts["time_and_place"]["remarks"].as_array().map(Vec::len),
        Some(1),
        "{ended}"
    );
    let tags = lab.read("tags.csv");
    // The same table, and four columns behind it.
    for (line, before) in tags.lines().zip(plain.lines()) {
        assert!(line.starts_with(&format!("{before},")), "{line}");
    }
    let lines = |of: &str| -> Vec<&str> {
        tags.lines()
            .filter(|line| line.contains(&format!(",{of},")))
            .collect()
    };
    assert_eq!(
        lines("File"),
        ["Start (s),End (s),Class,Confidence,File,recorded_at,site,latitude,longitude"]
    );
    for (file, wanted) in [
        (
            "in/north/20240517_043000.wav",
            ",2024-05-17T04:30:00.000+02:00,north,,",
        ),
        (
            "in/POND_20240518_233000.wav",
            ",2024-05-18T23:30:00.000+02:00,Pond,52.5,13.25",
        ),
        ("in/POND_20241318_233000.wav", ",,Pond,52.5,13.25"),
    ] {
        let found = lines(file);
        assert!(
            !found.is_empty() && found.iter().all(|line| line.ends_with(wanted)),
            "{file}: {tags}"
        );
    }
    // Formats of others have no such columns.
    for format in ["birdnet", "raven"] {
        let refused = lab
            .earmark(&format!("{TAG} --time-and-place --format {format}"))
            .refused();
        assert!(
            refused.contains("--time-and-place: this format has no columns for it"),
            "{refused}"
        );
    }
    let refused = lab.earmark(&format!("{TAG} --time-zone CET")).exit(1);
    assert!(
        refused
            .err
            .contains("give UTC, or hours and minutes such as +02:00"),
        "{refused}"
    );
    let refused = lab.earmark(&format!("{TAG} --time-pattern %Y%m%d")).exit(1);
    assert!(refused.err.contains("says no whole date and time"), "{refused}");
}

/// A folder of results is resumed with the columns that it has.
#[test]
fn a_folder_keeps_its_columns() {
    let lab = lab();
    let tag = format!("{TAG} --format csv --out-dir out --keep-journal");
    lab.earmark(&format!("{tag} --time-and-place")).done();
    lab.earmark(&format!("{tag} --time-and-place")).done();
    let refused = lab.earmark(&tag).refused();
    assert!(refused.contains("was started with --time-and-place"), "{refused}");
    let refused = lab.earmark(&format!("{tag} --time-zone +01:00")).refused();
    assert!(refused.contains("was started with --time-and-place"), "{refused}");
    lab.earmark(&format!("{tag} --fresh")).done();
}

#[test]
fn detections_are_counted() {
    let lab = lab();
    lab.earmark(&format!("{TAG} -o tags.csv --time-and-place")).done();
    lab.earmark(&format!("{TAG} -o tags.parquet --time-and-place"))
        .done();
    let hours = lab.earmark("activity tags.csv -o activity.html").done();
    let line = |hour: &str| {
        hours
            .out
            .lines()
            .find(|line| line.starts_with(hour))
            .map(str::to_owned)
    };
    assert_eq!(hours.out.lines().count(), 26, "{hours}");
    assert!(
        line("04 ").is_some_and(|line| line.contains("█") && line.contains("low ")),
        "{hours}"
    );
    assert!(
        line("03 ").is_some_and(|line| line.contains(" 0 ") && !line.contains("█")),
        "{hours}"
    );
    assert!(
        hours.err.contains("wrote activity.html") && hours.err.contains("without a known time"),
        "{hours}"
    );
    let page = lab.read("activity.html");
    assert!(
        page.contains("2024-05-17, 04:00 to 05:00: ") && page.contains(">POND<"),
        "{page}"
    );
    let counts = |arguments: &str| -> serde_json::Value {
        let ended = lab.earmark(&format!("activity {arguments} --json")).done();
        serde_json::from_str(&ended.out).expect("JSON")
    };
    let days = counts("tags.csv --by day");
    assert_eq!(days["rows"][0]["name"], "2024-05-17");
    assert_eq!(days["rows"][0]["recordings"], 2);
    assert_eq!(days["rows"][1]["name"], "2024-05-18");
    assert_eq!(counts("tags.parquet --by day"), days);
    let sites = counts("tags.csv --by site");
    assert_eq!(sites["rows"].as_array().map(Vec::len), Some(2), "{sites}");
    let both = counts("tags.csv tags.parquet --by class");
    assert_eq!(both["rows"][0]["name"], "low");
    assert_eq!(both["rows"][0]["recordings"], 4);
    lab.earmark(&format!("{TAG} -o plain.csv")).done();
    let refused = lab.earmark("activity plain.csv").refused();
    assert!(
        refused.contains("plain.csv: has no column recorded_at; tag again with --time-and-place"),
        "{refused}"
    );
}
