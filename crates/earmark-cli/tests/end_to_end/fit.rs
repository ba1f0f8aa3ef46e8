//! One command from a folder to a model.

use super::common::{CLASSES, Ended, Lab, files};
use serde_json::Value;
use std::collections::BTreeMap;

/// A folder with `mixed/`: ten recordings of each class, of which two are tones of the next one. No way to a model
/// finds them, so that there is something to compare.
fn mixed() -> Lab {
    let lab = Lab::new();
    for (c, (class, own)) in CLASSES.iter().enumerate() {
        let (_, next) = CLASSES[(c + 1) % CLASSES.len()];
        for k in 0..10 {
            let hz = if k < 8 { *own } else { next };
            lab.tone(
                &format!("mixed/{class}/{k}.wav"),
                hz * (1.0 + 0.03 * f64::from(k)),
            );
        }
    }
    lab
}

/// The same with a network of the kind that is fine-tuned, a quarter as wide as the smallest, trained for a moment.
fn lab() -> Lab {
    let lab = mixed();
    lab.earmark(&format!(
        "train efficientat/mn04 --data tones --run backbone --set network.width=0.1 --set batches.size=8 \
         --set train.epochs=2 --set train.schedule={{kind=\"cosine\"}} {SHORT}"
    ))
    .done();
    lab
}

/// Segments as long as the tones.
const SHORT: &str = "--set front-end.segments.length-seconds=1.0 --set front-end.segments.hop-seconds=1.0";

/// A fine-tuning of a few steps.
const QUICK: &str = "--set train.phases.0.epochs=1 --set train.phases.0.min-steps=1 --set train.phases.1.epochs=1 \
                     --set train.phases.1.min-steps=1";

fn json(ended: &Ended) -> Value {
    serde_json::from_str(&ended.out).expect("JSON")
}

fn names(list: &Value) -> Vec<&str> {
    let list = list.as_array().expect("a list").iter();
    list.map(|entry| entry["name"].as_str().expect("a name"))
        .collect()
}

/// The same command again finds all ways finished and gives the same model; a damaged file costs the way that it is of,
/// which finds the same again.
fn finished_and_repaired(lab: &Lab, fit: &str) -> Ended {
    let model = lab.bytes("m.safetensors");
    let again = lab.earmark(fit).done();
    for way in ["probe", "fine-tune", "summary-baseline"] {
        assert!(again.err.contains(&format!("{way}: finished already")), "{again}");
    }
    assert_eq!(lab.bytes("m.safetensors"), model);
    let table = "m.safetensors.fit/summary-baseline-out-of-fold.csv";
    let scores = lab.bytes(table);
    let mut damaged = scores.clone();
    damaged[scores.len() / 2] ^= 1;
    lab.write(table, damaged);
    let repaired = lab.earmark(fit).done();
    let note = format!("summary-baseline: {table} is damaged; the way is run again");
    assert!(repaired.err.contains(&note), "{repaired}");
    assert!(repaired.err.contains("probe: finished already"), "{repaired}");
    assert!(lab.bytes(table) == scores && lab.bytes("m.safetensors") == model);
    again
}

#[test]
fn a_folder_becomes_a_model_and_a_finished_fit_is_not_repeated() {
    let lab = lab();
    let fit = format!("fit mixed --model backbone -o m.safetensors --minutes 60 {SHORT} {QUICK}");
    let ended = lab.earmark(&format!("{fit} --json")).done();
    let first = json(&ended);
    assert!(
        ended.err.contains("30 clips to train on, in 5 parts (folds)"),
        "{ended}"
    );
    assert!(ended.err.contains("ways to compare, about "), "{ended}");
    assert_eq!(names(&first["ways"]), ["probe", "fine-tune", "summary-baseline"]);
    assert_eq!(first["left_out"], serde_json::json!([]));
    for way in first["ways"].as_array().expect("ways") {
        // Fine-tuning is compared on two of the five folds.
        let clips = way["clips"].as_u64().expect("a number");
        match way["name"] == "fine-tune" {
            true => assert!((11..=13).contains(&clips), "{way}"),
            false => assert_eq!(clips, 30, "{way}"),
        }
        assert!(way["accuracy"].is_number() && way["lwlrap"].is_number(), "{way}");
        assert_eq!(way["chosen"], way["name"] == first["chosen"]);
    }
    assert_ne!(first["chosen"], "summary-baseline", "it is there to compare with");
    assert_eq!(first["classes"], serde_json::json!(["high", "low", "mid"]));
    assert!(
        first["guessing"]["accuracy"]["expected"]
            .as_f64()
            .expect("a level")
            < 0.4
    );
    assert_eq!(first["held_out"], Value::Null);
    let page = lab.read("m.safetensors.fit/report.html");
    for text in [
        "out-of-fold scores",
        "Ways to a model",
        ">threshold<",
        "have chosen between the ways",
    ] {
        assert!(page.contains(text), "{text}");
    }
    assert_eq!(first["thresholds"].as_object().map(serde_json::Map::len), Some(3));
    assert!(first["calibration"]["helps"].is_boolean(), "{first}");
    lab.read("m.safetensors.fit/fit.json");
    // It is a model like any other.
    let info = lab.earmark("models info m.safetensors --json").done();
    assert!(info.out.contains("\"mid\""), "{info}");
    lab.earmark("tag mixed/high/0.wav --model m.safetensors").done();
    lab.earmark("predict m.safetensors --data mixed -o scores.csv")
        .done();
    // Who asks for the report of the model, or of the folder, learns where it is.
    for place in ["m.safetensors", "m.safetensors.fit"] {
        let refused = lab.earmark(&format!("report {place}")).refused();
        assert!(
            refused.ends_with("the report that `earmark fit` wrote is m.safetensors.fit/report.html"),
            "{refused}"
        );
    }

    let again = finished_and_repaired(&lab, &fit);
    let wanted = [
        "guessing",
        "held-out clips: log loss",
        "these scores have chosen between the ways",
        "what the words mean: docs/glossary.md",
        "model: m.safetensors",
        "next:",
    ];
    for text in wanted {
        assert!(again.out.contains(text), "{text}: {again}");
    }
    assert!(
        again.out.contains("--fold 1 -o m-without-1.safetensors"),
        "{again}"
    );
    let refused = lab.earmark(&format!("{fit} --fold 1")).refused();
    assert!(
        refused.contains("m.safetensors.fit: cannot be resumed: --fold was not given, now 1; begin again"),
        "{refused}"
    );
    assert!(refused.contains("--restart"), "{refused}");
}

/// Nothing that is trained, chosen or calibrated sees a clip of the fold; all of it is evaluated at the end.
#[test]
fn nothing_is_seen_of_the_fold_that_is_left_out() {
    let lab = lab();
    let fit =
        format!("fit mixed --model backbone --fold 2 -o m-without-2.safetensors --json {SHORT} {QUICK}");
    let found = json(&lab.earmark(&fit).done());
    let held_out: BTreeMap<String, String> =
        serde_json::from_str(&lab.read("m-without-2.safetensors.fit/held-out-0.json"))
            .expect("clips to leave out");
    assert_eq!(found["held_out"]["fold"], 2);
    assert_eq!(found["held_out"]["report"]["clips"], held_out.len());
    assert!((5..=7).contains(&held_out.len()), "a fifth of 30: {held_out:?}");
    assert_eq!(found["clips"], 30 - held_out.len());
    assert_eq!(
        found["next"][0],
        "earmark tag mixed --model m-without-2.safetensors -o tags.csv"
    );
    // The next one to run is that on all clips, into a file of its own.
    let next = found["next"][2].as_str().expect("a command");
    assert!(
        next.starts_with("earmark fit mixed --model backbone --json "),
        "{next}"
    );
    assert!(
        next.ends_with(" -o m.safetensors") && !next.contains("--fold"),
        "{next}"
    );
    let mut tables = 0;
    for (name, bytes) in files(&lab.path("m-without-2.safetensors.fit")) {
        let is_table =
            name.ends_with("split.csv") || name.ends_with("out-of-fold.csv") || name == "folds.csv";
        if !is_table {
            continue;
        }
        let text = String::from_utf8(bytes).expect("text");
        for file in held_out.keys() {
            assert!(!text.contains(file.as_str()), "{name} has {file}");
        }
        tables += 1;
    }
    // The folds, three ways of scores, and a split of two folds of fine-tuning and at least four of the baseline.
    assert!(tables >= 1 + 3 + 2 + 4, "{tables}");
    // The model itself reads the whole folder again.
    lab.earmark("predict m-without-2.safetensors --data mixed -o scores.csv")
        .done();
    assert_eq!(lab.read("scores.csv").lines().count(), 1 + 30);
}

/// Where the first way makes no error, or few clips could show one, no other one is trained: that is said once.
#[test]
fn nothing_more_is_tried_where_nothing_can_be_won() {
    let lab = lab();
    for (class, hz) in CLASSES {
        for k in 0..8 {
            let hz = hz * (1.0 + 0.015 * f64::from(k));
            lab.tone(&format!("easy/{class}/{k}.wav"), hz);
        }
    }
    let count = |ended: &Ended, text: &str| (ended.out.clone() + &ended.err).matches(text).count();
    for (dir, why) in [
        (
            "easy",
            "the probe makes no error on 24 clips: nothing to win by fine-tuning",
        ),
        (
            "tones",
            "18 clips can't show whether fine-tuning does better than the probe: 20 are the least; add recordings",
        ),
    ] {
        let fit = format!("fit {dir} --model backbone -o {dir}.safetensors {SHORT} {QUICK}");
        let ended = lab.earmark(&fit).done();
        assert_eq!(count(&ended, why), 1, "{ended}");
        for text in [
            "no other way was tried, so that these scores have chosen nothing",
            "fine-tune",
            "left out",
        ] {
            assert!(ended.out.contains(text), "{text}: {ended}");
        }
        for way in ["fine-tune", "summary-baseline"] {
            assert!(
                !lab.path(&format!("{dir}.safetensors.fit/{way}")).exists(),
                "{way}: {ended}"
            );
        }
        let page = lab.read(&format!("{dir}.safetensors.fit/report.html"));
        assert!(page.contains("the scores below have chosen nothing"));
        // The same as data, and where nothing but results is printed.
        let found = json(&lab.earmark(&format!("{fit} --json")).done());
        assert_eq!(names(&found["ways"]), ["probe"]);
        assert_eq!(names(&found["left_out"]), ["fine-tune", "summary-baseline"]);
        for way in found["left_out"].as_array().expect("a list") {
            assert_eq!(way["reason"], why);
        }
        let is_calibrated = found["calibration"]["helps"] == true;
        assert_eq!(page.contains("calibrated by the other folds"), is_calibrated);
        let quiet = lab.earmark(&format!("{fit} -q")).done();
        let line = format!("not fine-tune, summary-baseline: {why}\n");
        assert!(quiet.err.is_empty() && quiet.out.contains(&line), "{quiet}");
    }
}

/// The command where no network is installed.
fn without_networks(lab: &Lab, what: &str) -> Ended {
    let mut command = lab.command(what);
    let output = command.env("EARMARK_MODELS", lab.path("models")).output();
    Ended::of(what, output.expect("the command to start"))
}

/// What does not fit into the time is left out and said, and the first way is tried all the same.
#[test]
fn without_a_network_and_time_there_is_a_model_still() {
    let lab = mixed();
    let ended = without_networks(&lab, "fit mixed --minutes 0.0001 --json").done();
    assert!(ended.err.contains("no network is installed"), "{ended}");
    assert!(
        ended.err.contains("earmark models get efficientat-mn04-as"),
        "{ended}"
    );
    let found = json(&ended);
    assert_eq!(names(&found["ways"]), ["summary-baseline"]);
    assert_eq!(found["chosen"], "summary-baseline");
    assert_eq!(names(&found["left_out"]), ["from-scratch"]);
    let reason = found["left_out"][0]["reason"].as_str().expect("a reason");
    assert!(reason.ends_with(" would be enough"), "{reason}");
    assert_eq!(ended.err.matches("not from-scratch: ").count(), 1, "{ended}");
    assert_eq!(found["model"], "mixed.safetensors");
    lab.earmark("tag mixed/high/0.wav --model mixed.safetensors")
        .done();
}

/// A table as people have them: folds that separate what was recorded together, a copy, and a file without sound.
#[test]
fn what_belongs_together_is_held_out_together() {
    let lab = lab();
    let mut table = String::from("file,label,fold,usr_id\n");
    for (c, class) in ["high", "low", "mid"].into_iter().enumerate() {
        for k in 0..10 {
            lab.write(
                &format!("yard/{class}{k}.wav"),
                lab.bytes(&format!("mixed/{class}/{k}.wav")),
            );
            table += &format!("{class}{k}.wav,{class},{},{}\n", k % 2 + 1, 5 * c + k / 2);
        }
    }
    lab.write("yard/copy.wav", lab.bytes("mixed/low/0.wav"));
    lab.write("yard/broken.wav", "junk");
    lab.write(
        "yard/sounds.csv",
        table + "copy.wav,low,2,20\nbroken.wav,mid,1,21\n",
    );
    let fit = |out: &str| format!("fit yard --model backbone -o {out} --json {SHORT} {QUICK}");
    let ended = lab.earmark(&fit("yard.safetensors")).exit(2);
    for text in [
        "the folds of the data separate recordings of one \"usr_id\" (15 of 17) and copies of one sound (1 of 1), so \
         that",
        "\"usr_id\" looks like what was recorded together: folds keep its 17 groups whole",
        "2 recordings sound the same as others, or nearly so, such as \"low0.wav\" and \"copy.wav\"",
        "`earmark data check yard --write FIXED.csv`",
        "31 clips to train on",
    ] {
        assert!(ended.err.contains(text), "{text}: {ended}");
    }
    assert_eq!(ended.err.matches("skipped broken.wav: ").count(), 1, "{ended}");
    let found = json(&ended);
    assert_eq!(found["clips"], 31);
    assert_eq!(names(&found["ways"]), ["probe", "fine-tune", "summary-baseline"]);
    assert_eq!(found["skipped"].as_array().map(Vec::len), Some(1));
    assert_eq!(found["fold_table"], "yard.safetensors.fit/folds.csv");
    let last = found["next"][2].as_str().expect("a command");
    assert!(
        last.contains("--fold-table yard.safetensors.fit/folds.csv --fold 1 -o yard-without-1.safetensors"),
        "{last}"
    );
    let folds = lab.read("yard.safetensors.fit/folds.csv");
    let fold = |file: &str| {
        let line = folds
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{file},")));
        line.unwrap_or_else(|| panic!("{file} is in no fold: {folds}"))
            .to_owned()
    };
    for class in ["high", "low", "mid"] {
        for pair in 0..5 {
            let [a, b] = [2 * pair, 2 * pair + 1].map(|k| fold(&format!("{class}{k}.wav")));
            assert_eq!(a, b, "{class} {pair}: {folds}");
        }
    }
    assert_eq!(fold("copy.wav"), fold("low0.wav"));
    // Whoever asks for folds gets them, and the same file is named once again.
    let asked = fit("asked.safetensors") + " --fold-table yard.safetensors.fit/folds.csv";
    let asked = lab.earmark(&asked).exit(2);
    assert!(!asked.err.contains("separate"), "{asked}");
    assert_eq!(asked.err.matches("skipped broken.wav: ").count(), 1, "{asked}");
    assert_eq!(json(&asked)["fold_table"], Value::Null);
}

#[test]
fn what_can_not_be_fitted_is_refused() {
    let lab = Lab::new();
    lab.tone("one/bell/0.wav", 700.0);
    lab.tone("one/bell/1.wav", 710.0);
    let refused = lab.earmark("fit one").refused();
    assert!(refused.contains("has only the class \"bell\""), "{refused}");
    assert!(
        !lab.path("one.safetensors.fit").exists(),
        "a refusal leaves nothing behind"
    );
    let refused = lab.earmark("fit tones --minutes 0").refused();
    assert!(
        refused.starts_with("--minutes 0: choose a positive number"),
        "{refused}"
    );
    let refused = lab.earmark("fit tones --model nowhere").refused();
    assert!(refused.contains("nowhere"), "{refused}");
    let refused = lab.earmark("fit tones --fold 9").refused();
    assert!(refused.contains("fold 9"), "{refused}");
    // Keys of [data] are those of all ways.
    let refused = lab.earmark("fit tones --set data.group-column=site").refused();
    assert!(
        refused.starts_with("`group-column` cannot be used with the layout folders"),
        "{refused}"
    );
    // A slip in a setting begins nothing that the right command would then refuse.
    let refused = lab
        .earmark("fit tones -o slip.safetensors --set epochz=3")
        .refused();
    assert!(refused.contains("epochz"), "{refused}");
    assert!(!lab.path("slip.safetensors.fit").exists(), "{refused}");
    lab.tone("few/bell/0.wav", 700.0);
    lab.tone("few/drum/0.wav", 710.0);
    let refused = lab.earmark("fit few").refused();
    assert!(
        refused.contains("each class has a single recording, so that none can be held out"),
        "{refused}"
    );
}
