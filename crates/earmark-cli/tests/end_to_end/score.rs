//! `score`: a data folder as the truth, and submissions.

use super::common::{CLASSES, Ended, Lab};
use serde_json::{Value, json};

fn parse(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

/// The tones with made-up scores in `all.csv`, their labels in `truth.csv`, and the same as a submission in `submission.csv`.
fn lab() -> Lab {
    let lab = Lab::new();
    let mut scores = String::from("fname,high,low,mid\n");
    let mut truth = String::from("fname,label\n");
    let mut submission = String::from("fname,label\n");
    for (c, (class, _)) in CLASSES.iter().enumerate() {
        for k in 0..6 {
            let file = format!("{class}/{k}.wav");
            // The own class comes first, second and third in turn.
            let own = [0.75, 0.5, 0.125][k % 3];
            let score = |i: usize| [own, 0.625, 0.25][(i + 3 - c) % 3];
            let row: Vec<f64> = (0..3).map(score).collect();
            let cells: Vec<String> = row.iter().map(f64::to_string).collect();
            scores += &format!("{file},{}\n", cells.join(","));
            truth += &format!("{file},{class}\n");
            let mut order: Vec<usize> = (0..3).collect();
            order.sort_by(|&a, &b| row[b].total_cmp(&row[a]));
            let names: Vec<&str> = order.iter().map(|&i| CLASSES[i].0).collect();
            submission += &format!("{file},{}\n", names.join(" "));
        }
    }
    lab.write("all.csv", scores);
    lab.write("truth.csv", truth);
    lab.write("submission.csv", submission);
    lab
}

#[test]
fn a_data_folder_is_the_truth() {
    let lab = lab();
    let by_table = lab
        .earmark("score --truth truth.csv --scores all.csv --json")
        .done();
    let by_data = lab.earmark("score --data tones --scores all.csv --json").done();
    assert_eq!(parse(&by_table.out), parse(&by_data.out));
    assert_eq!(parse(&by_data.out)["clips"], 18);
    // Paths as another program may have written them.
    let windows: String = lab
        .read("all.csv")
        .lines()
        .map(|line| match line.split_once('/') {
            Some((class, rest)) => format!("C:\\sounds\\tones\\{class}\\{rest}\n"),
            None => format!("{line}\n"),
        })
        .collect();
    lab.write("paths.csv", windows);
    let paths = lab.earmark("score --data tones --scores paths.csv --json").done();
    assert_eq!(parse(&by_table.out), parse(&paths.out));

    // The environment names a folder, and the command line a table.
    let mut command = lab.command("score --truth truth.csv --scores all.csv --json");
    let output = command
        .env("EARMARK_DATA", "tones")
        .output()
        .expect("the command to start");
    assert_eq!(Ended::of("score", output).done().out, by_table.out);
    let mut command = lab.command("score --scores all.csv --json");
    let output = command
        .env("EARMARK_DATA", "tones")
        .output()
        .expect("the command to start");
    assert_eq!(Ended::of("score", output).done().out, by_data.out);

    let refused = |arguments: &str| lab.earmark(arguments).refused();
    assert!(refused("score --scores all.csv").starts_with("no true labels: "));
    let both = refused("score --truth truth.csv --data tones --scores all.csv");
    assert_eq!(both, "--truth: cannot be combined with --data; give one of them");
    let layout = refused("score --truth truth.csv --scores all.csv --layout csv");
    assert!(
        layout.starts_with("--layout, --table and the column flags"),
        "{layout}"
    );
}

#[test]
fn what_only_one_of_both_has_is_named() {
    let lab = lab();
    let all = lab.read("all.csv");
    let mut rows: Vec<&str> = all
        .lines()
        .filter(|line| !line.starts_with("low/2.wav"))
        .collect();
    rows.push("low/9.wav,0.5,0.5,0.5");
    lab.write("some.csv", rows.join("\n"));
    let ended = lab.earmark("score --data tones --scores some.csv --json").exit(2);
    assert!(
        ended.err.contains("skipped 1 clip: no scores for `low/2.wav`\n"),
        "{ended}"
    );
    assert!(
        ended
            .err
            .contains("skipped 1 scored file: not in the data folder: `low/9.wav`\n"),
        "{ended}"
    );
    let result = parse(&ended.out);
    assert_eq!(result["clips"], 17);
    assert_eq!(result["missing_files"], json!(["low/2.wav"]));
    assert_eq!(result["extra_files"], json!(["low/9.wav"]));
    // A table that lists the clip is stricter.
    let refused = lab.earmark("score --truth truth.csv --scores some.csv").refused();
    assert!(refused.contains("have no scores: `low/2.wav`"), "{refused}");

    lab.write(
        "bare.csv",
        all.replace("high/", "")
            .replace("low/", "x/")
            .replace("mid/", "y/"),
    );
    let refused = lab.earmark("score --data tones --scores bare.csv").refused();
    assert!(refused.contains("the scored file `0.wav` may be `"), "{refused}");
    lab.write("others.csv", "fname,high,low,mid\na.wav,1,0,0\n0.mp3,1,0,0\n");
    let refused = lab.earmark("score --data tones --scores others.csv").refused();
    assert!(
        refused.contains("none of the 2 scored files is in this data folder"),
        "{refused}"
    );
}

/// The folder is read as its flags say, and a fold of it is chosen.
#[test]
fn a_fold_of_a_data_folder_is_the_truth() {
    let lab = lab();
    let mut table = String::from("file,label,k\n");
    for (class, _) in CLASSES {
        for k in 0..6 {
            table += &format!("{class}/{k}.wav,{class},{}\n", k % 3);
        }
    }
    lab.write("tones/list.csv", &table);
    let score = "score --data tones --scores all.csv --layout csv --table list.csv --fold-column k --json";
    let ended = lab.earmark(&format!("{score} --fold 1")).done();
    let result = parse(&ended.out);
    // Of these the own class is second.
    assert_eq!(
        (&result["clips"], &result["lwlrap"], &result["accuracy"]),
        (&json!(6), &json!(0.5), &json!(0.0))
    );
    assert!(
        ended
            .err
            .contains("12 scored clips are of other subsets or folds"),
        "{ended}"
    );
    let refused = lab.earmark(&format!("{score} --fold 7")).refused();
    assert!(refused.contains("no fold 7"), "{refused}");
    lab.write("folds.csv", "file,fold\nhigh/0.wav,4\nlow/0.wav,4\nmid/1.wav,5\n");
    let score = "score --data tones --scores all.csv --layout folders --json --fold 4 --fold-table folds.csv";
    assert_eq!(parse(&lab.earmark(score).done().out)["clips"], 2);
}

#[test]
fn a_submission_has_map_at_k() {
    let lab = lab();
    let table = parse(
        &lab.earmark("score --truth truth.csv --scores all.csv --json")
            .done()
            .out,
    );
    let ended = lab
        .earmark("score --truth truth.csv --scores submission.csv --json")
        .done();
    let result = parse(&ended.out);
    assert_eq!(result["map@3"], table["map@3"]);
    assert_eq!(
        (&result["accuracy"], &result["clips"]),
        (&table["accuracy"], &json!(18))
    );
    // Ranks 1, 2 and 3 in turn: (1 + 1/2 + 1/3) / 3.
    let map = result["map@3"].as_f64().expect("a number");
    assert!((map - 11.0 / 18.0).abs() < 1e-12, "{map}");
    assert_eq!(result["per_class"]["low"]["count"], 6);
    let by_data = lab
        .earmark("score --data tones --scores submission.csv --json")
        .done();
    assert_eq!(parse(&by_data.out), result);
    let first = lab
        .earmark("score --data tones --scores submission.csv --json --top-k 1")
        .done();
    let map = parse(&first.out)["map@1"].as_f64().expect("a number");
    assert!((map - 1.0 / 3.0).abs() < 1e-12, "{map}");

    lab.write(
        "longer.csv",
        lab.read("submission.csv")
            .replacen("low mid\n", "low mid mew\n", 1),
    );
    let ended = lab.earmark("score --truth truth.csv --scores longer.csv").done();
    assert!(ended.out.starts_with("MAP@4 "), "{ended}");
    assert!(
        ended
            .err
            .contains("1 label of the submission that no clip carries, such as mew"),
        "{ended}"
    );
    let refused = lab
        .earmark("score --truth truth.csv --scores submission.csv --threshold 0.3")
        .refused();
    assert_eq!(
        refused,
        "--threshold: submission.csv is a submission, which ranks labels and has no scores; leave it out"
    );
}
