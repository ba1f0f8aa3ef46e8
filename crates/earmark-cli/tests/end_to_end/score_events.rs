//! `score --events`: what `tag` writes, in every format, against truth.

use super::common::{LEARN_WELL, Lab};
use serde_json::{Value, json};

fn parse(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

/// A model of the tones, and recordings of 3 s with one of them each.
fn lab() -> Lab {
    let lab = Lab::new();
    lab.earmark(LEARN_WELL).done();
    for (class, hz) in [("high", 2520.0), ("low", 305.0), ("mid", 1010.0)] {
        lab.long_tone(&format!("in/{class}.wav"), hz, 3);
    }
    lab
}

#[test]
fn what_tag_writes_is_read_in_every_format() {
    let lab = lab();
    let tag = "tag in --model runs/a --threshold 0.5";
    lab.earmark(&format!("{tag} -o tags.csv")).done();
    let mut results = Vec::new();
    for (flags, output) in [
        ("-o other.csv", "other.csv"),
        ("-o tags.json", "tags.json"),
        ("-o tags.ndjson", "tags.ndjson"),
        ("-o tags.selections.txt", "tags.selections.txt"),
        ("-o tags.aoef.json", "tags.aoef.json"),
        ("--format birdnet -o birdnet.csv", "birdnet.csv"),
        ("--format audacity --out-dir labels", "labels"),
    ] {
        lab.earmark(&format!("{tag} {flags}")).done();
        let ended = lab
            .earmark(&format!("score --truth tags.csv --events {output} --json"))
            .done();
        let result = parse(&ended.out);
        assert!(result["reference_events"].as_u64() > Some(0), "{ended}");
        for metric in ["event_based", "segment_based", "intersection_based"] {
            assert_eq!(result[metric]["micro"]["f1"], json!(1.0), "{output}: {ended}");
        }
        results.push(result);
    }
    assert!(results.iter().all(|result| *result == results[0]));
    // The other way round, a folder of label tracks is the truth.
    let ended = lab
        .earmark("score --truth labels --events tags.csv --json")
        .done();
    assert_eq!(parse(&ended.out)["event_based"], results[0]["event_based"]);
}

/// The truth may have one of the names of a species.
#[test]
fn species_go_by_either_name() {
    let lab = Lab::new();
    lab.write(
        "truth.csv",
        "file,start,end,label\na.wav,0,3,Common Blackbird\na.wav,3,6,Parus major\n",
    );
    lab.write(
        "tags.csv",
        "file,start,end,class\na.wav,0,3,Turdus merula_Common Blackbird\na.wav,3,6,Parus major_Great Tit\n",
    );
    let ended = lab
        .earmark("score --truth truth.csv --events tags.csv --json")
        .done();
    let result = parse(&ended.out);
    assert_eq!(result["event_based"]["macro"]["f1"], json!(1.0), "{ended}");
    let classes = result["event_based"]["per_class"].as_object().expect("classes");
    assert_eq!(
        classes.keys().collect::<Vec<_>>(),
        ["Common Blackbird", "Parus major"]
    );
}

#[test]
fn windows_give_psds_and_a_table_of_results() {
    let lab = lab();
    lab.earmark("tag in --model runs/a --threshold 0.5 -o tags.csv")
        .done();
    lab.earmark("tag in --model runs/a --windows -o windows.csv")
        .done();
    lab.write(
        "truth.csv",
        "recording,from,to,what\nin/high.wav,0,3,high\nin/low.wav,0,3,low\nin/mid.wav,0,3,mid\n",
    );
    let score = "score --truth truth.csv --events tags.csv --psds windows.csv --start-column from --end-column to \
                 --label-column what --bootstrap 50";
    let result = parse(&lab.earmark(&format!("{score} --json --max-efpr 5000")).done().out);
    assert_eq!(
        (&result["recordings"], &result["psds"]["operating_points"]),
        (&json!(3), &json!(50))
    );
    let value = result["psds"]["value"].as_f64().expect("a number");
    assert!(value > 0.0 && value <= 1.0, "{value}");
    assert!(result["event_based"]["micro"]["f1_interval"]["low"].is_number());
    let text = lab.earmark(score).done().out;
    for part in [
        "3 recordings, 3 true events, ",
        "event-based, micro",
        "95 % of F1",
        "PSDS ",
        "(50 operating points)",
        "intersection F1",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // Tables of events at several thresholds, and lengths.
    lab.earmark("tag in --model runs/a --threshold 0.2 -o more.csv")
        .done();
    lab.write("lengths.csv", "file,seconds\nhigh.wav,3\nlow.wav,3\nmid.wav,3\n");
    let points = score.replace("windows.csv", "tags.csv more.csv --durations lengths.csv");
    let result = parse(&lab.earmark(&format!("{points} --json")).done().out);
    assert_eq!(result["psds"]["operating_points"], 2);
    let refused = lab.earmark(&score.replace("windows.csv", "tags.csv")).refused();
    assert!(
        refused.starts_with("PSDS needs the length of every recording"),
        "{refused}"
    );
}

#[test]
fn what_is_left_out_is_named() {
    let lab = Lab::new();
    lab.write("truth.csv", "file,start,end,class\na.wav,0,1,dog\nb.wav,,,\n");
    lab.write(
        "tags.csv",
        "file,start,end,class\na.wav,0,1,dog\nb.wav,1,2,dog\nc.wav,1,2,dog\n",
    );
    let ended = lab
        .earmark("score --truth truth.csv --events tags.csv --json")
        .exit(2);
    assert!(
        ended
            .err
            .contains("skipped 1 recording: not in the truth: `c.wav`;"),
        "{ended}"
    );
    let result = parse(&ended.out);
    assert_eq!(result["extra_files"], json!(["c.wav"]));
    assert_eq!(
        (
            &result["event_based"]["micro"]["precision"],
            &result["recordings"]
        ),
        (&json!(0.5), &json!(2))
    );
    lab.write("lengths.csv", "file,seconds\nc.wav,3\n");
    let ended = lab
        .earmark("score --truth truth.csv --events tags.csv --durations lengths.csv --json")
        .done();
    assert_eq!(parse(&ended.out)["predicted_events"], 3);
    lab.write(
        "tags.ndjson",
        "{\"file\":\"a.wav\",\"error\":\"cannot be read\"}\n{\"file\":\"b.wav\",\"events\":[]}\n",
    );
    let ended = lab
        .earmark("score --truth truth.csv --events tags.ndjson --json")
        .exit(2);
    assert!(ended.err.contains("skipped a.wav: cannot be read"), "{ended}");
    assert_eq!(
        parse(&ended.out)["failed_files"],
        json!([["a.wav", "cannot be read"]])
    );

    let refused = |arguments: &str| lab.earmark(&format!("score {arguments}")).refused();
    lab.write("broken.csv", "file,start,end,class\na.wav,0,x,dog\n");
    assert_eq!(
        refused("--truth truth.csv --events broken.csv"),
        "broken.csv, line 2: `x` in the column `end` is not a number of seconds, such as 1.5"
    );
    let collar = refused("--truth truth.csv --events tags.csv --collar=-1");
    assert!(
        collar.starts_with("collar = -1: must be 0 or more seconds"),
        "{collar}"
    );
    let data = refused("--truth truth.csv --events tags.csv --data tones");
    assert!(data.starts_with("--events: a data folder has no times"), "{data}");
    assert!(refused("--truth truth.csv").starts_with("nothing to evaluate: "));
    let both = refused("--truth truth.csv --events tags.csv --scores tags.csv");
    assert!(both.contains("cannot be used with"), "{both}");
}
