//! No output replaces an input, a table of the data, a file of a run or an index, or a file of another kind.

use super::common::{CLASSES, Lab};

/// The bytes of these files.
fn contents(lab: &Lab, names: &[&str]) -> Vec<Vec<u8>> {
    names.iter().map(|name| lab.bytes(name)).collect()
}

/// A command line that is refused with what a message contains, while a file stays as it is.
fn refused(lab: &Lab, command: &str, file: &str, wanted: &str) {
    let before = lab.bytes(file);
    let message = lab.earmark(command).refused();
    assert!(
        message.contains(wanted) && message.contains("name"),
        "{command}: {message}"
    );
    assert_eq!(lab.bytes(file), before, "{command}");
}

#[test]
fn an_output_that_is_an_input_is_refused() {
    let lab = Lab::trained();
    lab.write("list.csv", "file\ntones/low/0.wav\ntones/mid/0.wav\n");
    lab.write("scores.csv", "fname,a,b\nx.wav,0.9,0.1\n");
    lab.write("other.csv", "fname,a,b\nx.wav,0.8,0.2\n");
    lab.write(
        "tags.csv",
        "file,start_seconds,end_seconds,class,score\ntones/low/0.wav,0,0.5,low,0.9\n",
    );
    lab.write("tags.csv.decisions.jsonl", "");
    std::fs::create_dir(lab.path("sub")).expect("a folder");
    let lost = "would replace what the command reads";
    for (command, file) in [
        ("tag --from list.csv --model runs/a -o list.csv", "list.csv"),
        (
            "tag --from list.csv --model runs/a -o sub/../list.csv",
            "list.csv",
        ),
        (
            "predict runs/a --from ./list.csv -o list.csv --format csv",
            "list.csv",
        ),
        ("embed runs/a --from list.csv -o list.csv", "list.csv"),
        ("blend scores.csv other.csv -o ./other.csv", "other.csv"),
        ("extract tags.csv -o tags.csv", "tags.csv"),
        ("activity tags.csv -o tags.csv", "tags.csv"),
        ("review apply tags.csv.decisions.jsonl -o tags.csv", "tags.csv"),
        ("review precision tags.csv --model runs/a -o tags.csv", "tags.csv"),
        (
            "calibrate runs/a --scores scores.csv --truth other.csv -o m.safetensors --diagram other.csv",
            "other.csv",
        ),
        (
            "models average runs/a/best.safetensors -o runs/a/best.safetensors",
            "runs/a/best.safetensors",
        ),
    ] {
        refused(&lab, command, file, lost);
    }
    // What is written next to the output, or into its folder.
    lab.write("rows.npy.csv", "file\ntones/low/0.wav\n");
    lab.write("rows.npy", "old");
    refused(
        &lab,
        "embed runs/a --from rows.npy.csv -o rows.npy",
        "rows.npy.csv",
        lost,
    );
    lab.write("clips/extracts.csv", lab.bytes("tags.csv"));
    refused(
        &lab,
        "extract clips/extracts.csv -o clips",
        "clips/extracts.csv",
        lost,
    );
    // Two outputs in one file: one of them would be lost.
    let message = lab
        .earmark("calibrate runs/a --scores scores.csv --truth other.csv -o both --diagram both")
        .refused();
    assert!(message.contains("is written by"), "{message}");
    assert!(!lab.path("both").exists());
}

#[cfg(unix)]
#[test]
fn a_link_to_an_input_is_that_input() {
    let lab = Lab::trained();
    lab.write("list.csv", "file\ntones/low/0.wav\n");
    std::os::unix::fs::symlink("list.csv", lab.path("out.csv")).expect("a link");
    refused(
        &lab,
        "tag --from list.csv --model runs/a -o out.csv",
        "list.csv",
        "would replace what the command reads (--from list.csv)",
    );
}

#[test]
fn the_tables_of_a_data_folder_and_the_files_of_a_run_are_kept() {
    let lab = Lab::trained();
    lab.tone("set/a.wav", 300.0);
    lab.tone("set/b.wav", 1000.0);
    lab.write("set/labels.csv", "file,label\na.wav,low\nb.wav,mid\n");
    lab.write("set/notes.csv", "fname,low\nold.wav,0.5\n");
    let table = "is the table that the labels in set are read from";
    for command in [
        "predict runs/a --data set -o set/labels.csv",
        "data folds set -o set/../set/labels.csv",
        "data classes set -o set/labels.csv",
    ] {
        refused(&lab, command, "set/labels.csv", table);
    }
    refused(
        &lab,
        "predict runs/a --data set --table labels.csv --layout csv -o set/labels.csv",
        "set/labels.csv",
        "would replace what the command reads (--table labels.csv)",
    );
    // Results of before are replaced, there as elsewhere.
    for out in [
        "set/notes.csv",
        "set/notes.csv",
        "runs/a/scores.csv",
        "runs/a/scores.csv",
    ] {
        lab.earmark(&format!("predict runs/a --data set -o {out}")).done();
        assert_eq!(lab.read(out).lines().count(), 3, "{out}");
    }
    for name in ["split.csv", "run.json", "checkpoints/step-00000010.safetensors"] {
        let file = format!("runs/a/{name}");
        let command = format!("predict runs/a --data tones -o {file}");
        // Where the ending does not fit either, the message says so.
        let wanted = match name {
            "split.csv" => "is a file of the run ",
            _ => "runs/a/",
        };
        refused(&lab, &command, &file, wanted);
    }
}

/// Of two tables that fit, a key says which one has the labels; as these are numbers, it looks like a table of scores.
#[test]
fn a_table_that_a_key_names_is_kept() {
    let lab = Lab::new();
    let mut table = String::from("fname,label\n");
    for (label, (class, _)) in (2..).zip(CLASSES) {
        (0..6).for_each(|k| table += &format!("{class}/{k}.wav,{label}\n"));
    }
    lab.write("tones/list.csv", &table);
    lab.write("tones/other.csv", &table);
    let kept = "is the table that the labels in tones are read from";
    refused(
        &lab,
        "data check tones --set table=list.csv --write tones/list.csv",
        "tones/list.csv",
        kept,
    );
    lab.earmark(
        "train tiny.toml --data tones --run runs/t --fold 1 --set train.epochs=1 --set data.layout=csv \
         --set data.table=list.csv",
    )
    .done();
    refused(
        &lab,
        "predict runs/t --data tones -o tones/list.csv",
        "tones/list.csv",
        kept,
    );
    lab.earmark("predict runs/t --data tones -o scores.csv").done();
}

#[test]
fn a_model_replaces_a_model_and_nothing_else() {
    let lab = Lab::trained();
    lab.add_other();
    lab.write("notes.csv", "a,b\n1,2\n");
    lab.write("theirs.safetensors", "\u{2}\0\0\0\0\0\0\0{}");
    lab.write("empty.safetensors", "");
    let probe = "probe runs/a --data other -o";
    for name in ["notes.csv", "theirs.safetensors", "other/deep/0.wav"] {
        let wanted = "is a file that is not a model of earmark";
        refused(&lab, &format!("{probe} {name}"), name, wanted);
        refused(
            &lab,
            &format!("fit tones -o {name}"),
            name,
            "give the model another name with -o, such as ",
        );
    }
    let message = lab
        .earmark("models average runs/a@10 runs/a@20 -o notes.csv")
        .refused();
    assert!(
        message.contains("such as notes.safetensors, or remove"),
        "{message}"
    );
    lab.earmark(&format!("{probe} empty.safetensors")).done();
    let first = lab.bytes("empty.safetensors");
    lab.earmark(&format!("{probe} empty.safetensors --strength 7"))
        .done();
    assert_ne!(
        lab.bytes("empty.safetensors"),
        first,
        "a model is replaced by a model"
    );
    // So is a graph by a graph.
    let export = "export runs/a --onnx -o";
    refused(
        &lab,
        &format!("{export} notes.csv"),
        "notes.csv",
        "is not an ONNX graph",
    );
    for _ in 0..2 {
        lab.earmark(&format!("{export} m.onnx")).done();
    }
    // The usual name of a fit is a name like any other.
    lab.write("tones.safetensors", "not a model");
    refused(
        &lab,
        "fit tones",
        "tones.safetensors",
        "tones.safetensors: is a file that is not a model of earmark",
    );
    assert!(!lab.path("tones.safetensors.fit").exists());
}

#[test]
fn results_replace_no_recording_and_no_model() {
    let lab = Lab::trained();
    lab.write("copy.safetensors", lab.bytes("runs/a/best.safetensors"));
    let files = ["copy.safetensors", "tones/low/0.wav"];
    let before = contents(&lab, &files);
    for (file, wanted) in [(files[0], "is a model"), (files[1], "is a recording")] {
        for command in [
            "predict runs/a --files tones/mid/0.wav -o",
            "tag tones --model runs/a --format csv -o",
        ] {
            refused(&lab, &format!("{command} {file}"), file, wanted);
        }
    }
    assert_eq!(contents(&lab, &files), before);
}

/// A file that holds something else than what a command writes stays.
#[test]
fn files_of_another_kind_stay() {
    let lab = Lab::trained();
    let labels = "filename,primary_label\nhigh/0.wav,dog\n";
    lab.write("train.csv", labels);
    lab.write("page.html", "my notes");
    lab.write("truth.csv", "fname,low,mid\na.wav,1,0\nb.wav,0,1\n");
    lab.write("best.csv", "fname,label\na.wav,low\nb.wav,mid\n");
    lab.write("mine.toml", "extends = \"tiny.toml\"\n");
    lab.write("words", "fname,low\na.wav,1\n");
    lab.write("prose", "to be blended: which of them?\n");
    let blend = "blend s1.csv s2.csv --select --truth truth.csv -o s3.csv --chosen";
    let other = "there is something else in this file than what would replace it, ";
    for (command, file, what) in [
        (
            "tag tones/low/0.wav --model runs/a -o",
            "train.csv",
            "a table of events or windows",
        ),
        (
            "predict runs/a --files tones/low/0.wav -o",
            "train.csv",
            "a table of scores",
        ),
        (
            "embed runs/a --files tones/low/0.wav -o",
            "train.csv",
            "embeddings",
        ),
        ("data folds tones -o", "train.csv", "a table of folds in CSV"),
        (
            "data check tones --write",
            "train.csv",
            "a table of recordings in CSV",
        ),
        ("review worst runs/a -o", "train.csv", "a list in CSV"),
        ("runs runs --html", "page.html", "a page in HTML"),
        (
            "predict runs/a --files tones/low/0.wav -o",
            "truth.csv",
            "a table of scores",
        ),
        (
            "predict runs/a --files tones/low/0.wav --format kaggle2018 -o",
            "best.csv",
            "a table of the best three classes",
        ),
        (
            "data stats tones --recipe tiny.toml --normalise",
            "mine.toml",
            "a recipe of --normalise",
        ),
        (blend, "words", "a list of names"),
        (blend, "prose", "a list of names"),
        (
            "data augment-preview tones/low/0.wav --recipe tiny.toml -o",
            "page.html",
            "a page or an image",
        ),
    ] {
        refused(
            &lab,
            &format!("{command} {file}"),
            file,
            &format!("{other}{what}"),
        );
    }
    assert_eq!(lab.read("train.csv"), labels);
}

/// So does a name whose ending says something else.
#[test]
fn endings_fit_what_is_written() {
    let lab = Lab::trained();
    for (command, file) in [
        ("runs runs --html", "x.csv"),
        ("data check tones --write", "x.json"),
        ("data folds tones -o", "x.html"),
        ("predict runs/a --files tones/low/0.wav -o", "x.json"),
    ] {
        let message = lab.earmark(&format!("{command} {file}")).refused();
        assert!(
            message.contains("its ending does not fit what is written, "),
            "{message}"
        );
        assert!(!lab.path(file).exists());
    }
}

/// Labels that somebody made stay, though they are in a format of `tag`: in a file, and in a folder of results.
#[test]
fn labels_of_people_stay() {
    let lab = Lab::trained();
    let tag = "tag tones/low/0.wav --model runs/a --threshold 0";
    let other = "there is something else in this file than what would replace it";
    for (name, more, labels) in [
        (
            "hand.selections.txt",
            "",
            "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tSpecies\n1\tS\t1\t0.1\t0.5\tdog\n",
        ),
        ("hand.txt", "--format audacity", "0.100000\t0.500000\tdog\n"),
        ("hand.csv", "", "Start (s),End (s),Class,Who\n0.1,0.5,dog,me\n"),
    ] {
        lab.write(name, labels);
        refused(&lab, &format!("{tag} {more} -o {name}"), name, other);
    }
    let tag = format!("{tag} --format csv --out-dir labels");
    let file = "labels/0.wav.csv";
    lab.write(file, "start,end,label\n0.1,0.5,dog\n");
    let other = "labels/0.wav.csv is not a result of tagging";
    refused(&lab, &tag, file, other);
    let log = "labels/.earmark-tag.journal";
    assert!(!lab.path(log).exists());
    // Also where the folder has results of others.
    let more = "--out-dir labels --format csv --threshold 0 --keep-journal";
    lab.earmark(&format!("tag tones/low/1.wav --model runs/a {more}"))
        .done();
    refused(&lab, &tag, file, other);
    std::fs::remove_file(lab.path(file)).expect("to remove");
    for more in ["", "--fresh", "--keep-journal", "--keep-journal"] {
        lab.earmark(&format!("{tag} {more}")).done();
    }
}

/// What a command wrote, it replaces.
#[test]
fn results_replace_results_of_their_kind() {
    let lab = Lab::trained();
    lab.add_other();
    lab.tone("in/20240517_043000.wav", 310.0);
    lab.calibrate("m.safetensors");
    for command in [
        "predict runs/a --files tones/low/0.wav -o s.csv",
        "predict runs/a --files tones/low/0.wav -o s.json --format json",
        "predict runs/a --files tones/low/0.wav -o s2.csv --segments",
        "predict runs/a --files tones/low/0.wav -o s2.json --format json --segments",
        "predict runs/a --files tones/low/0.wav --format kaggle2018 -o b.csv",
        "predict runs/a@10 --data tones --raw -o other.csv",
        "blend scores.csv other.csv -o blended.csv",
        "blend scores.csv other.csv --select --truth truth.csv -o blended.csv --chosen chosen.txt",
        "review worst --scores scores.csv --truth truth.csv -o worst.csv --corrections worst.json",
        "review best --scores scores.csv --truth truth.csv -o best.csv --corrections best.json",
        "calibrate runs/a --scores scores.csv --truth truth.csv -o m.safetensors --diagram d.svg",
        "probe runs/a --data other -o p.safetensors --folds all --out-of-fold oof.csv",
        "embed runs/a --files tones/low/0.wav -o e.csv",
        "embed runs/a --files tones/low/0.wav -o e2.csv --segments",
        "embed runs/a --files tones/low/0.wav -o e.npy",
        "data folds tones --count 2 -o f.csv",
        "data classes tones -o c.csv",
        "data check tones --write w.csv",
        "features --handcrafted --data tones -o h.csv",
        "data stats tones --recipe tiny.toml --normalise n.toml",
        "data augment-preview tones/low/0.wav --recipe tiny.toml -o p.svg",
        "runs runs --html r.html",
        "tag in --model runs/a --threshold 0 --time-and-place -o tags.csv",
        "activity tags.csv -o activity.html",
        "tag in --model runs/a --windows -o windows.csv",
        "tag in --model runs/a --windows --time-and-place -o windows2.csv",
        "events windows.csv --threshold 0 -o events.csv",
    ] {
        for _ in 0..2 {
            lab.earmark(command).done();
        }
    }
}

/// So do results of tagging in every format, also where nothing but a broken recording comes first.
#[test]
fn tags_replace_tags() {
    let lab = Lab::trained();
    lab.write("broken.wav", "no sound");
    for format in [
        "table", "csv", "birdnet", "json", "ndjson", "raven", "parquet", "aoef",
    ] {
        let tag = format!("--model runs/a --threshold 0 --format {format} -o tags.{format}");
        for _ in 0..2 {
            lab.earmark(&format!("tag tones/low/0.wav {tag}")).done();
            lab.earmark(&format!("tag broken.wav tones/low/0.wav {tag}"))
                .exit(2);
        }
    }
    let audacity = "--model runs/a --threshold 0 --format audacity -o labels.txt";
    for _ in 0..2 {
        lab.earmark(&format!("tag tones/low/0.wav {audacity}")).done();
        lab.earmark(&format!("tag broken.wav {audacity}")).exit(2);
    }
    for format in ["table", "csv", "json", "ndjson", "parquet"] {
        let tag = format!("--model runs/a --windows --format {format} -o windows.{format}");
        for more in ["", "", "--top-k 2"] {
            lab.earmark(&format!("tag broken.wav tones/low/0.wav {tag} {more}"))
                .exit(2);
        }
    }
}
