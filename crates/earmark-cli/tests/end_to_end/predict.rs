//! Scores of recordings: every format, a row for every file, several models.

use super::common::{CLASSES, Lab, Table};

/// Numbers written with as many digits as an f32 needs.
const SAME: f64 = 1e-7;

fn good_and_bad(lab: &Lab) {
    lab.write("bad/empty.wav", "");
    lab.write("bad/text.wav", "hello\n");
    lab.write("bad/cut.wav", &lab.bytes("tones/low/0.wav")[..30]);
}

#[test]
fn all_formats_say_the_same() {
    let lab = Lab::trained();
    let files = "tones/high/1.wav tones/low/2.wav tones/mid/3.wav";
    for format in ["csv", "kaggle2019", "kaggle2018", "json"] {
        let ended = lab
            .earmark(&format!(
                "predict runs/a@30 -o {format} --format {format} --files {files}"
            ))
            .done();
        assert_eq!(
            ended.out,
            format!("3 recordings scored for 3 classes: {format}\n")
        );
    }
    let table = Table::parse(&lab.read("csv"));
    assert_eq!(table.classes, CLASSES.map(|(name, _)| name));
    assert_eq!(
        table.rows.iter().map(|(f, _)| f.as_str()).collect::<Vec<_>>(),
        files.split(' ').collect::<Vec<_>>()
    );
    for (file, scores) in &table.rows {
        let sum: f64 = scores.iter().sum();
        assert!((sum - 1.0).abs() < 1e-5, "softmax scores of {file} sum to {sum}");
    }
    // Three different sounds must not all score the same.
    assert_ne!(table.rows[0].1, table.rows[1].1);

    let submission = Table::parse(&lab.read("kaggle2019"));
    assert_eq!(submission.classes, table.classes);
    for ((long, scores), (short, same)) in table.rows.iter().zip(&submission.rows) {
        assert_eq!((long.rsplit('/').next(), scores), (Some(short.as_str()), same));
    }

    let three = lab.read("kaggle2018");
    let mut lines = three.lines();
    assert_eq!(lines.next(), Some("fname,label"));
    for ((file, scores), line) in table.rows.iter().zip(lines) {
        let mut order: Vec<usize> = (0..3).collect();
        order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
        let labels = order
            .iter()
            .map(|&c| table.classes[c].as_str())
            .collect::<Vec<_>>()
            .join(" ");
        assert_eq!(
            line,
            format!("{},{labels}", file.rsplit('/').next().unwrap_or_default())
        );
    }

    let json: serde_json::Value = serde_json::from_str(&lab.read("json")).expect("JSON");
    for (k, (file, scores)) in table.rows.iter().enumerate() {
        assert_eq!(json[k]["file"], file.as_str());
        assert_eq!(json[k].get("error"), None);
        for (class, score) in table.classes.iter().zip(scores) {
            let same = json[k]["scores"][class].as_f64().expect("a number");
            assert!(
                (same - score).abs() < SAME,
                "{file} {class}: {same} against {score}"
            );
        }
    }
}

#[test]
fn every_file_has_a_row_and_unreadable_ones_the_mean_of_the_others() {
    let lab = Lab::trained();
    good_and_bad(&lab);
    let files = "tones/high/1.wav bad/empty.wav tones/low/2.wav bad/text.wav bad/cut.wav tones/mid/3.wav";
    let ended = lab
        .earmark(&format!("predict runs/a@30 -o x.csv --files {files}"))
        .exit(2);
    assert_eq!(
        ended.err,
        "skipped bad/cut.wav: is cut off at byte 30: it ends within its fmt chunk; download it again, or re-encode it \
         with ffmpeg to keep what is left, or leave it out\n\
         skipped bad/empty.wav: is empty (0 bytes); download it again or leave it out\n\
         skipped bad/text.wav: is not a known audio format (it begins with \"hello\\n\"); convert it to WAV or FLAC \
         (for example with ffmpeg) or leave it out\n\
         3 could not be read; their rows contain the mean of the other rows\n"
    );
    assert_eq!(ended.out, "3 of 6 recordings scored for 3 classes: x.csv\n");
    let table = Table::parse(&lab.read("x.csv"));
    assert_eq!(table.rows.len(), 6);
    assert!(table.rows.is_sorted_by(|a, b| a.0 < b.0), "sorted by name");
    let good = ["tones/high/1.wav", "tones/low/2.wav", "tones/mid/3.wav"].map(|f| table.row(f));
    for bad in ["bad/cut.wav", "bad/empty.wav", "bad/text.wav"] {
        for c in 0..3 {
            let mean = good.iter().map(|row| row[c]).sum::<f64>() / 3.0;
            assert!(
                (table.row(bad)[c] - mean).abs() < SAME,
                "{bad}: {:?}",
                table.row(bad)
            );
        }
    }
    // What is wrong with the others changes no score.
    lab.earmark("predict runs/a@30 -o alone.csv --files tones/high/1.wav tones/low/2.wav tones/mid/3.wav")
        .done();
    let alone = Table::parse(&lab.read("alone.csv"));
    for (file, scores) in &alone.rows {
        let worst = scores
            .iter()
            .zip(table.row(file))
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f64::max);
        assert!(worst < 1e-6, "{file} differs by {worst}");
    }
    // JSON names the reason.
    lab.earmark("predict runs/a -o bad.json --format json --files bad/empty.wav tones/high/1.wav")
        .exit(2);
    let json: serde_json::Value = serde_json::from_str(&lab.read("bad.json")).expect("JSON");
    assert_eq!(
        json[0]["error"],
        "is empty (0 bytes); download it again or leave it out"
    );
    assert_eq!(json[0]["scores"], json[1]["scores"]);
}

/// With nothing to take a mean of, there is no table.
#[test]
fn no_table_is_written_where_nothing_could_be_read() {
    let lab = Lab::trained();
    good_and_bad(&lab);
    for flags in ["", "--segments", "--format json"] {
        let ended = lab
            .earmark(&format!(
                "predict runs/a -o x.csv {flags} --files bad/empty.wav bad/text.wav"
            ))
            .exit(1);
        assert!(
            ended.err.contains(
                "error: x.csv: is not written, since none of the recordings could be read (2); the first is \
                 bad/empty.wav: is empty (0 bytes); download it again or leave it out\n"
            ),
            "{ended}"
        );
        assert!(ended.out.is_empty() && !lab.path("x.csv").exists(), "{ended}");
    }
}

#[test]
fn runs_steps_and_files_name_models() {
    let lab = Lab::trained();
    for (name, out) in [
        ("runs/a@10", "step"),
        ("runs/a/checkpoints/step-00000010.safetensors", "file"),
        ("runs/a", "run"),
        ("runs/a/best.safetensors", "best"),
    ] {
        lab.earmark(&format!("predict {name} --data tones -o {out}"))
            .done();
    }
    assert_eq!(lab.read("step"), lab.read("file"));
    assert_eq!(lab.read("run"), lab.read("best"));
    assert_ne!(lab.read("run"), lab.read("step"));
    assert_eq!(Table::parse(&lab.read("run")).rows.len(), 18);
    assert_eq!(
        lab.earmark("predict runs/a@12 --data tones -o x").refused(),
        "runs/a: has no checkpoint 12; there are 5, 10, 15, 20, 25, 30"
    );
}

/// A model file needs nothing but itself.
#[test]
fn a_model_file_can_be_taken_elsewhere() {
    let lab = Lab::trained();
    lab.earmark("predict runs/a --data tones -o here.csv").done();
    let elsewhere = Lab::new();
    elsewhere.write("model.safetensors", lab.bytes("runs/a/best.safetensors"));
    elsewhere
        .earmark("predict model.safetensors --data tones -o there.csv")
        .done();
    assert_eq!(lab.read("here.csv"), elsewhere.read("there.csv"));
}

#[test]
fn two_models_are_blended_as_their_tables_are() {
    let lab = Lab::trained();
    for (model, out) in [("runs/a@5", "a.csv"), ("runs/a@30", "b.csv")] {
        lab.earmark(&format!("predict {model} --data tones -o {out}"))
            .done();
    }
    let [a, b] = ["a.csv", "b.csv"].map(|name| Table::parse(&lab.read(name)));
    for mean in ["geometric", "arithmetic"] {
        lab.earmark(&format!(
            "predict runs/a@5 runs/a@30 --data tones -o both.csv --mean {mean}"
        ))
        .done();
        lab.earmark(&format!("blend a.csv b.csv -o tables.csv --mean {mean}"))
            .done();
        assert_eq!(lab.read("both.csv"), lab.read("tables.csv"), "{mean}");
        let both = Table::parse(&lab.read("both.csv"));
        for (file, scores) in &both.rows {
            for (c, score) in scores.iter().enumerate() {
                let (x, y) = (a.row(file)[c], b.row(file)[c]);
                let wanted = if mean == "geometric" {
                    (x * y).sqrt()
                } else {
                    (x + y) / 2.0
                };
                assert!((score - wanted).abs() < 1e-6, "{mean} of {x} and {y} is {score}");
            }
        }
    }
}

#[test]
fn predictions_are_the_same_every_time() {
    let lab = Lab::trained();
    for (k, how) in ["--threads 1", "--threads 2", "--threads 2"]
        .into_iter()
        .enumerate()
    {
        lab.earmark(&format!("predict runs/a --data tones -o {k}.csv {how}"))
            .done();
        assert_eq!(lab.bytes(&format!("{k}.csv")), lab.bytes("0.csv"), "{how}");
    }
}

/// Neither labels nor class folders are needed, and labels that the model does not know do no harm.
#[test]
fn predicting_needs_no_labels() {
    let lab = Lab::trained();
    lab.tone("mixed/whatever/a.wav", 440.0);
    lab.tone("mixed/b.wav", 880.0);
    lab.earmark("predict runs/a --data mixed -o x.csv").done();
    let files: Vec<String> = Table::parse(&lab.read("x.csv"))
        .rows
        .into_iter()
        .map(|(f, _)| f)
        .collect();
    assert_eq!(files, ["b.wav", "whatever/a.wav"]);
}

#[test]
fn names_that_a_format_would_confuse_are_refused() {
    let lab = Lab::trained();
    for format in ["kaggle2018", "kaggle2019"] {
        assert_eq!(
            lab.earmark(&format!("predict runs/a --data tones -o x.csv --format {format}"))
                .refused(),
            "`high/0.wav` and `low/0.wav` differ only in their folders, which this format leaves out; choose \
             --format csv"
        );
        assert!(!lab.path("x.csv").exists());
    }
}

/// A class that a format can't hold is refused before anything is read.
#[test]
fn a_class_that_the_format_would_split_is_refused_first() {
    let lab = Lab::new();
    for k in 0..6 {
        lab.tone(&format!("others/a dog/{k}.wav"), 1500.0);
        lab.tone(&format!("others/hum/{k}.wav"), 150.0);
    }
    lab.earmark("train tiny.toml --data others --run runs/b --set train.epochs=1")
        .done();
    lab.write("empty.wav", "");
    let predict = "predict runs/b --files others/hum/0.wav empty.wav --format kaggle2018 -o x.csv";
    for more in ["", " --shard 1/2"] {
        let ended = lab.earmark(&format!("{predict}{more}")).exit(1);
        assert!(!ended.err.contains("empty.wav"), "{ended}");
        assert_eq!(
            ended.refused(),
            "--format kaggle2018 separates classes by spaces, and the class `a dog` contains one; choose --format csv"
        );
    }
}

/// All audio in a folder is scored, at any depth; what is named twice so is there once.
#[test]
fn a_folder_among_the_files_is_listed() {
    let lab = Lab::trained();
    lab.write("tones/high/notes.txt", "where and when");
    lab.tone("tones/high/deep/a.wav", 700.0);
    lab.earmark("predict runs/a --files tones/low/0.wav tones/high tones/high/0.wav -o x.csv")
        .done();
    let table = Table::parse(&lab.read("x.csv"));
    let files: Vec<&str> = table.rows.iter().map(|(file, _)| file.as_str()).collect();
    let of_high = |name: &str| format!("tones/high/{name}.wav");
    let mut wanted: Vec<String> = ["0", "1", "2", "3", "4", "5", "deep/a"].map(of_high).to_vec();
    wanted.push("tones/low/0.wav".to_owned());
    assert_eq!(files, wanted);
    // A recording scores the same whatever else is scored.
    lab.earmark("predict runs/a --files tones/high/3.wav -o alone.csv")
        .done();
    let alone = lab.read("alone.csv");
    assert!(
        lab.read("x.csv").contains(alone.lines().nth(1).expect("a row")),
        "{alone}"
    );
    lab.write("texts/notes.txt", "where and when");
    let message = lab.earmark("predict runs/a --files texts -o y.csv").refused();
    assert!(message.starts_with("--files texts: no audio found"), "{message}");
}

/// `-o -` writes to stdout what a file would hold, and nothing else.
#[test]
fn results_on_stdout() {
    let lab = Lab::trained();
    let commands = [
        "predict runs/a@5 --data tones",
        "predict runs/a@30 --data tones",
        "predict runs/a --data tones --format json",
        "predict runs/a --files tones/low/0.wav --format kaggle2018",
        "predict runs/a --files tones/low/0.wav --format kaggle2019",
        "blend 0 1 --mean arithmetic",
        "features tones/low/0.wav --recipe tiny.toml",
        "data classes tones",
    ];
    for (k, command) in commands.into_iter().enumerate() {
        lab.earmark(&format!("{command} -o {k}")).done();
        let piped = lab
            .command(&format!("{command} -o -"))
            .output()
            .expect("the command to start");
        assert!(piped.status.success(), "{command}: {piped:?}");
        assert!(piped.stdout == lab.bytes(&k.to_string()), "{command}: {piped:?}");
        assert!(!lab.path("-").exists());
    }
}

/// Files that no table can name are reported, and the exit status is 2.
#[cfg(target_os = "linux")]
#[test]
fn names_that_are_not_text() {
    use std::os::unix::ffi::OsStrExt;
    let lab = Lab::new();
    let odd = lab
        .path("tones/low")
        .join(std::ffi::OsStr::from_bytes(b"caf\xe9.wav"));
    std::fs::copy(lab.path("tones/low/0.wav"), odd).expect("to copy");
    let line = "skipped low/caf\u{fffd}.wav: has a name that is not UTF-8 and cannot be written to tables; rename it\n";
    let ended = lab
        .earmark("train tiny.toml --data tones --run runs/a --fold 1")
        .exit(2);
    assert_eq!(ended.err.matches(line).count(), 1, "{ended}");
    let ended = lab.earmark("predict runs/a --data tones -o x.csv").exit(2);
    assert_eq!(ended.err.matches(line).count(), 1, "{ended}");
    assert_eq!(Table::parse(&lab.read("x.csv")).rows.len(), 18);
    let ended = lab.earmark("data check tones").done();
    assert!(ended.out.contains("    low/caf\u{fffd}.wav\n"), "{ended}");
}

/// An output that can't be written is refused before an hour of scoring, not after it.
#[test]
fn an_output_that_can_not_be_written_is_found_first() {
    let lab = Lab::trained();
    // Nothing can be read either: were anything scored first, the message would be about that.
    let missing = "predict runs/a --files nowhere.wav";
    for more in ["", " --segments --format json", " --format kaggle2019"] {
        let message = lab.earmark(&format!("{missing} -o no/such.csv{more}")).refused();
        assert!(
            message.starts_with("no/such.csv: cannot write the file: "),
            "{message}"
        );
        let message = lab.earmark(&format!("{missing} -o tones{more}")).refused();
        assert!(message.contains("there is a folder of that name"), "{message}");
    }
    lab.write("old.csv", "fname,low\nx.wav,0.5\n");
    lab.earmark("predict runs/none --files tones/low/0.wav -o old.csv")
        .refused();
    assert_eq!(lab.read("old.csv"), "fname,low\nx.wav,0.5\n");
}
