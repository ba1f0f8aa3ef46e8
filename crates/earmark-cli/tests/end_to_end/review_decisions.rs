//! What is made of the decisions of a review: corrections, labels with times, thresholds.

use super::common::Lab;
use earmark::review::{DecisionLog, EventKey, ReviewDecision, ReviewKey, Verdict};
use serde_json::{Value, json};

/// Decisions of a person.
struct Reviewer<'a> {
    log: &'a mut DecisionLog,
    name: &'static str,
    count: usize,
}

impl Reviewer<'_> {
    fn decide(&mut self, item: ReviewKey, was: &[&str], labels: &[&str]) {
        self.add(Verdict::Relabel, Some(item), was, labels);
    }

    fn add(&mut self, verdict: Verdict, item: Option<ReviewKey>, was: &[&str], labels: &[&str]) {
        let names = |labels: &[&str]| labels.iter().map(|label| (*label).to_owned()).collect();
        self.count += 1;
        let decision = ReviewDecision {
            id: format!("{} {}", self.name, self.count),
            reviewer: self.name.into(),
            time: "2026-01-02T03:04:05Z".into(),
            verdict,
            item,
            was: names(was),
            labels: names(labels),
            undoes: None,
        };
        self.log.append(&decision).expect("a disk");
    }
}

fn event(file: &str, class: &str, start_us: u64) -> ReviewKey {
    ReviewKey {
        file: file.into(),
        subset: None,
        event: Some(EventKey {
            class: class.into(),
            start_us,
            end_us: start_us + 500_000,
        }),
    }
}

fn clip(file: &str) -> ReviewKey {
    ReviewKey {
        file: file.into(),
        subset: None,
        event: None,
    }
}

fn reviewers<const N: usize>(lab: &Lab, names: [&'static str; N], decide: impl Fn(usize, &mut Reviewer)) {
    let mut opened = DecisionLog::open(&lab.path("log.jsonl")).expect("a log");
    for (number, name) in names.into_iter().enumerate() {
        let mut reviewer = Reviewer {
            log: &mut opened.log,
            name,
            count: 0,
        };
        decide(number, &mut reviewer);
    }
}

#[test]
fn decisions_about_clips_become_corrections() {
    let lab = Lab::new();
    reviewers(&lab, ["anna"], |_, anna| {
        anna.decide(clip("low/0.wav"), &["low"], &["low"]);
        anna.decide(clip("low/1.wav"), &["low"], &["high"]);
        anna.decide(clip("mid/0.wav"), &["mid"], &[]);
        anna.add(Verdict::Skip, Some(clip("mid/1.wav")), &["mid"], &[]);
    });
    let ended = lab
        .earmark("review apply log.jsonl -o tones/corrections.json --json")
        .done();
    let said: Value = serde_json::from_str(&ended.out).expect("JSON");
    assert_eq!(
        (
            &said["kind"],
            &said["written"],
            &said["decided"],
            &said["skipped"]
        ),
        (&json!("clips"), &json!(2), &json!(3), &json!(1))
    );
    let written: Value = serde_json::from_str(&lab.read("tones/corrections.json")).expect("JSON");
    assert_eq!(written, json!({ "low/1.wav": "high", "mid/0.wav": "remove" }));
    lab.earmark("review apply log.jsonl -o all.json --confirmed")
        .done();
    assert!(lab.read("all.json").contains("\"low/0.wav\": \"low\""));
    let refused = lab
        .earmark("review apply log.jsonl -o x.json --rejected-as background")
        .refused();
    assert!(
        refused.starts_with("--rejected-as: is for reviews of events"),
        "{refused}"
    );
    let refused = lab
        .earmark("review apply log.jsonl -o x.json --reviewer ben")
        .refused();
    assert!(refused.contains("choose from anna"), "{refused}");
}

#[test]
fn decisions_about_events_become_labels_with_times() {
    let lab = Lab::new();
    reviewers(&lab, ["anna", "ben"], |number, reviewer| {
        let first = event("tones/low/0.wav", "low", 0);
        reviewer.decide(first, &["low"], &["low"]);
        let second = event("tones/low/0.wav", "mid", 250_000);
        let labels: &[&str] = if number == 0 { &[] } else { &["high"] };
        reviewer.decide(second, &["mid"], labels);
        reviewer.decide(event("tones/mid/0.wav", "low", 0), &["low"], &[]);
    });
    let ended = lab.earmark("review apply log.jsonl -o labels.csv --json").exit(2);
    let said: Value = serde_json::from_str(&ended.out).expect("JSON");
    assert_eq!(said["disputed"], json!(["tones/low/0.wav, mid at 0.25 s"]));
    let pair = &said["agreement"][0];
    assert_eq!((&pair["both"], &pair["same"]), (&json!(3), &json!(2)));
    assert_eq!(
        lab.read("labels.csv"),
        "file,start,end,label\ntones/low/0.wav,0,0.5,low\n"
    );
    lab.earmark("review apply log.jsonl -o labels.csv --reviewer ben --rejected-as background")
        .done();
    let wanted = "file,start,end,label\ntones/low/0.wav,0,0.5,low\ntones/low/0.wav,0.25,0.75,high\n\
                  tones/mid/0.wav,0,0.5,background\n";
    assert_eq!(lab.read("labels.csv"), wanted);
    let log = lab.read("log.jsonl");
    let refused = lab
        .earmark("review apply log.jsonl -o ./log.jsonl --reviewer ben")
        .refused();
    let wanted = "-o ./log.jsonl: would replace what the command reads (DECISIONS log.jsonl)";
    assert!(refused.starts_with(wanted), "{refused}");
    assert_eq!(lab.read("log.jsonl"), log);
}

/// What is written says what it is by its ending, and no label is empty.
#[test]
fn other_files_and_empty_labels_are_refused() {
    let lab = Lab::new();
    reviewers(&lab, ["anna"], |_, anna| {
        anna.decide(event("tones/low/0.wav", "low", 0), &["low"], &[]);
    });
    lab.write("others.csv", "site,recordist\nwood,ben\n");
    for (arguments, wanted) in [
        (
            "-o labels.xlsx",
            "labels with times are written as CSV; end the name in .csv",
        ),
        ("-o labels.json", "end the name in .csv"),
        ("-o labels", "end the name in .csv"),
        ("-o others.csv", "there is something else in this file"),
        ("-o labels.csv --rejected-as=", "--rejected-as: is empty"),
    ] {
        let refused = lab
            .earmark(&format!("review apply log.jsonl {arguments}"))
            .refused();
        assert!(refused.contains(wanted), "{arguments}: {refused}");
    }
    assert_eq!(lab.read("others.csv"), "site,recordist\nwood,ben\n");
    assert!(!lab.path("labels.csv").exists());
    let rejected = "review apply log.jsonl --rejected-as background -o";
    for out in ["labels.csv", "labels.CSV", "labels.csv"] {
        lab.earmark(&format!("{rejected} {out}")).done();
        let wanted = "file,start,end,label\ntones/low/0.wav,0,0.5,background\n";
        assert_eq!(lab.read(out), wanted);
    }
    let shown = lab.earmark(&format!("{rejected} -")).done();
    assert!(shown.out.contains("tones/low/0.wav,0,0.5,background"), "{shown}");

    std::fs::remove_file(lab.path("log.jsonl")).expect("to remove");
    reviewers(&lab, ["anna"], |_, anna| {
        anna.decide(clip("low/0.wav"), &["low"], &["mid"]);
    });
    for (arguments, wanted) in [
        (
            "-o fixed.csv",
            "corrections are written as JSON; end the name in .json",
        ),
        ("-o tiny.toml", "end the name in .json"),
    ] {
        let refused = lab
            .earmark(&format!("review apply log.jsonl {arguments}"))
            .refused();
        assert!(refused.contains(wanted), "{arguments}: {refused}");
    }
}

/// 40 events of one class, all decided: those with a score of 0.5 and above are right.
#[test]
fn precision_is_estimated_and_its_thresholds_are_stored() {
    let lab = Lab::trained();
    let score = |k: usize| 0.05 + 0.1 * (k % 10) as f64;
    let mut tags = String::from("file,start_seconds,end_seconds,class,score\n");
    for k in 0..40 {
        tags += &format!("tones/low/0.wav,{k},{}.5,low,{:.2}\n", k, score(k));
    }
    lab.write("tags.csv", &tags);
    reviewers(&lab, ["anna"], |_, anna| {
        for k in 0..40 {
            let key = event("tones/low/0.wav", "low", 1_000_000 * k as u64);
            let labels: &[&str] = if score(k) >= 0.5 { &["low"] } else { &[] };
            anna.decide(key, &["low"], labels);
        }
    });
    let command = "review precision tags.csv --decisions log.jsonl --at 0.75";
    let found: Value =
        serde_json::from_str(&lab.earmark(&format!("{command} --json")).done().out).expect("JSON");
    let class = &found["classes"][0];
    assert_eq!((&class["class"], &class["undecided"]), (&json!("low"), &json!(0)));
    let chosen = class["chosen"].as_f64().expect("a threshold");
    assert!((chosen - 0.5).abs() < 1e-6, "{class}");
    assert_eq!(class["missing"], Value::Null);
    let first = &class["points"][0];
    assert_eq!(
        (&first["detections"], &first["right"], &first["precision"]),
        (&json!(40), &json!(20), &json!(0.5))
    );
    // 20 of 20 are no proof of a precision of 1, although there are no others; 4 of 4 even less so.
    let table = lab.earmark(command).done().out;
    assert!(table.contains("1.00 (0.79..1.00), 20"), "{table}");
    assert!(table.contains("1.00 (0.51..1.00), 4"), "{table}");
    lab.earmark(&format!("{command} --model runs/a -o stored.safetensors"))
        .done();
    let more = "review precision tags.csv --decisions log.jsonl --at 0.9";
    let said = lab.earmark(more).done();
    let wanted = "1 class has no threshold for a precision of 0.9";
    assert!(said.err.contains(wanted), "{said}");
    let refused = lab
        .earmark(&format!("{more} --model runs/a -o more.safetensors"))
        .refused();
    assert!(
        refused.starts_with("--at 0.9: too little is reviewed to choose a threshold; low needs about "),
        "{refused}"
    );
    assert!(
        refused.contains("where all are reviewed: tag more recordings"),
        "{refused}"
    );
    assert!(!lab.path("more.safetensors").exists());
    // A model without thresholds of its own refuses this.
    let tag = "tag tones/low/0.wav --threshold model --format json --model";
    lab.earmark(&format!("{tag} stored.safetensors")).done();
    lab.earmark(&format!("{tag} runs/a")).refused();
    let refused = lab.earmark(&format!("{command} --model runs/a")).refused();
    assert!(
        refused.starts_with("--model: name the file to write"),
        "{refused}"
    );
    lab.write("none.csv", tags.replace("tones/low/0.wav", "nowhere.wav"));
    let refused = lab
        .earmark("review precision none.csv --decisions log.jsonl")
        .refused();
    assert!(
        refused.contains("none of its recordings is there, first nowhere.wav"),
        "{refused}"
    );
}
