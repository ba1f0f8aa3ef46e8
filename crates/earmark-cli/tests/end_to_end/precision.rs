//! Scores in fewer bits: close to those of single precision, the same bytes on any number of threads, and in single
//! precision with a note where the processor lacks the instructions.

use super::common::{Ended, Lab, Table, files};
use serde_json::Value;

/// Scores are softmax probabilities of a small network; what rounding moves them by is mostly below 0.01.
const CLOSE: f64 = 0.05;

/// A network wide enough for its pointwise convolutions to gain.
fn trained(run: &str, more: &str) -> Lab {
    let lab = Lab::new();
    train(&lab, run, more);
    lab
}

fn train(lab: &Lab, run: &str, more: &str) {
    lab.earmark(&format!(
        "train tiny.toml --data tones --run {run} --fold 1 --set network.width=0.25 --set train.epochs=2 {more}"
    ))
    .done();
}

fn json(ended: &Ended) -> Value {
    serde_json::from_str(&ended.out).unwrap_or_else(|e| panic!("{e}: {ended}"))
}

/// How often something is said on stderr.
fn said(ended: &Ended, text: &str) -> usize {
    ended.err.matches(text).count()
}

fn most_apart(one: &str, other: &str) -> f64 {
    let (one, other) = (Table::parse(one), Table::parse(other));
    let rows = one.rows.iter().zip(&other.rows);
    let pairs = rows.flat_map(|((a, left), (b, right))| {
        assert_eq!(a, b);
        left.iter().zip(right)
    });
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

#[test]
fn scores_are_close_and_the_same_bytes_on_any_number_of_threads() {
    let lab = trained("runs/a", "");
    lab.earmark("predict runs/a --data tones -o f32.csv").done();
    lab.earmark("predict runs/a --data tones -o asked.csv --precision f32")
        .done();
    assert_eq!(lab.bytes("f32.csv"), lab.bytes("asked.csv"));
    for precision in ["bf16", "int8"] {
        let predict = |threads: usize| {
            lab.earmark(&format!(
                "predict runs/a --data tones -o {precision}-{threads}.csv --threads {threads} --precision {precision} \
                 --json"
            ))
            .done()
        };
        let ended = predict(1);
        let found = &json(&ended)["precision"][0];
        assert_eq!(found["asked"], precision);
        let is_computed = found["computed"] == precision;
        assert_eq!(said(&ended, "--precision"), usize::from(!is_computed), "{ended}");
        for threads in [2, 3] {
            predict(threads);
            let name = |threads: usize| format!("{precision}-{threads}.csv");
            assert_eq!(
                lab.bytes(&name(1)),
                lab.bytes(&name(threads)),
                "{threads} threads"
            );
        }
        let apart = most_apart(&lab.read("f32.csv"), &lab.read(&format!("{precision}-1.csv")));
        assert!(apart <= CLOSE, "{precision}: {apart}");
        // What was computed is what is said.
        assert_eq!(apart > 0.0, is_computed, "{precision}: {apart}");
    }
}

#[test]
fn a_processor_without_the_instructions_computes_single_precision_and_says_so_once() {
    let lab = trained("runs/a", "");
    let run = |arguments: &str| {
        let mut command = lab.command(arguments);
        let output = command.env("EARMARK_SIMD", "portable").output();
        Ended::of(arguments, output.expect("the command to start")).done()
    };
    run("predict runs/a --data tones -o f32.csv");
    for (precision, instructions) in [("bf16", "AVX512-BF16"), ("int8", "AVX512-VNNI")] {
        let ended = run(&format!(
            "predict runs/a runs/a --data tones -o {precision}.csv --precision {precision} --json"
        ));
        let note = format!("--precision {precision}: needs the CPU's {instructions}");
        assert_eq!(said(&ended, &note), 1, "{ended}");
        assert_eq!(json(&ended)["precision"][0]["computed"], "f32");
        assert!(most_apart(&lab.read("f32.csv"), &lab.read(&format!("{precision}.csv"))) < 1e-6);

        let ended = run(&format!(
            "embed runs/a --data tones -o {precision}.npy --precision {precision} --json"
        ));
        assert_eq!(said(&ended, &note), 1, "{ended}");
        let ended = run(&format!(
            "tag tones/low/0.wav --model runs/a -o tags.csv --fresh --precision {precision} --json"
        ));
        assert_eq!(said(&ended, &note), 1, "{ended}");
        assert_eq!(json(&ended)["precision"][0]["computed"], "f32");
        let ended = run(&format!(
            "eval runs/a --data tones --every 100 --precision {precision} --eval-dir eval-{precision} --json"
        ));
        assert_eq!(said(&ended, &note), 1, "{ended}");
        assert_eq!(json(&ended)["precision"]["computed"], "f32");
        let ended = run(&format!(
            "bench --recipe tiny.toml --only inference-one --repeat 1 --precision {precision} --json"
        ));
        assert_eq!(said(&ended, &note), 1, "{ended}");
        assert_eq!(json(&ended)["precision"]["computed"], "f32");
    }
    // Results that were asked for in another precision do not replace those that are there.
    run("eval runs/a --data tones --every 100 --precision int8 --json");
    assert!(lab.path("runs/a/eval-f32").is_dir() && !lab.path("runs/a/eval").exists());
}

/// Results in one folder are of one precision, and are never called another one's.
#[test]
fn results_keep_the_precision_that_they_were_computed_in() {
    let lab = trained("runs/a", "");
    let eval = |folder: &str, precision: &str| {
        lab.earmark(&format!(
            "eval runs/a --data tones --every 100 --eval-dir {folder} --precision {precision} --json"
        ))
    };
    eval("single", "f32").done();
    let results = files(&lab.path("single"));
    // A processor without the instructions says that it computes what is there.
    let ended = eval("single", "int8");
    match ended.code {
        Some(0) => assert_eq!(json(&ended)["precision"]["computed"], "f32"),
        _ => {
            let refused = ended.refused();
            let wanted = "single: holds results that were computed in f32, not int8; choose another folder";
            assert!(refused.starts_with(wanted), "{refused}");
        }
    }
    assert_eq!(files(&lab.path("single")), results);
    let name = results
        .keys()
        .find(|name| name.starts_with("eval-") && name.ends_with(".json"));
    let name = name.expect("a result");
    let read = |folder: &str| -> Value {
        serde_json::from_str(&lab.read(&format!("{folder}/{name}"))).expect("JSON")
    };
    let ended = eval("bytes", "int8").done();
    let computed = json(&ended)["precision"]["computed"].clone();
    match computed == "f32" {
        true => assert_eq!(read("bytes")["computed_in"], Value::Null),
        false => assert_eq!(read("bytes")["computed_in"], computed),
    }
    // The metric of that name stays.
    assert!(read("bytes")["precision"].is_number());
    // As results of a processor that has the instructions, of today and of before.
    for key in ["computed_in", "precision"] {
        let mut result = read("bytes");
        let keys = result.as_object_mut().expect("an object");
        keys.remove("checksum");
        keys.insert(key.into(), "int8".into());
        lab.write(&format!("bytes/{name}"), result.to_string());
        let refused = eval("bytes", "f32").refused();
        let wanted = "bytes: holds results that were computed in int8, not f32; choose another folder";
        assert!(refused.starts_with(wanted), "{refused}");
    }
}

#[test]
fn the_recipe_says_it_too_and_the_option_has_priority() {
    let lab = trained("runs/a", "");
    train(&lab, "runs/b", "--set predict.precision=int8");
    let predict = |run: &str, out: &str, more: &str| {
        let ended = lab
            .earmark(&format!("predict {run} --data tones -o {out} --json {more}"))
            .done();
        (lab.bytes(out), json(&ended)["precision"][0]["asked"].clone())
    };
    assert_eq!(
        predict("runs/a", "a.csv", "--precision int8"),
        predict("runs/b", "b.csv", "")
    );
    assert_eq!(
        predict("runs/a", "a.csv", ""),
        predict("runs/b", "b.csv", "--precision f32")
    );
}

/// The network of the other tests has pointwise convolutions of 8 channels: nothing would gain.
#[test]
fn a_network_that_gains_nothing_says_so() {
    let lab = Lab::trained();
    lab.earmark("predict runs/a --data tones -o f32.csv").done();
    let ended = lab
        .earmark("predict runs/a --data tones -o int8.csv --precision int8 --json")
        .done();
    assert_eq!(lab.bytes("f32.csv"), lab.bytes("int8.csv"));
    assert_eq!(json(&ended)["precision"][0]["computed"], "f32");
    assert_eq!(said(&ended, "--precision int8: "), 1, "{ended}");
}

#[test]
fn what_can_not_work_is_refused() {
    let lab = Lab::trained();
    let message = lab
        .earmark("predict runs/a --data tones -o a.csv --precision fp16")
        .refused();
    assert!(
        message.contains("f32") && message.contains("bf16") && message.contains("int8"),
        "{message}"
    );
    let message = lab
        .earmark("predict runs/a --out-of-fold -o a.csv --precision bf16")
        .refused();
    assert!(message.starts_with("--precision: "), "{message}");
}
