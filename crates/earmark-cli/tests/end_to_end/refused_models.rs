//! Model files and run directories that are broken, foreign, of another time or tampered with.

use super::common::{Lab, copy};

/// A safetensors file as anybody might write it.
fn foreign() -> Vec<u8> {
    let header = br#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(header);
    bytes.extend_from_slice(&[0; 4]);
    bytes
}

#[test]
fn model_files() {
    let lab = Lab::trained();
    let model = lab.bytes("runs/a/best.safetensors");
    lab.write("header.safetensors", &model[..1000]);
    lab.write("cut.safetensors", &model[..model.len() - 1]);
    lab.write("none.safetensors", "");
    lab.write("foreign.safetensors", foreign());
    let text = br#"\"format\":1"#;
    let at = model
        .windows(text.len())
        .position(|w| w == text)
        .expect("the format");
    let mut newer = model.clone();
    newer[at + text.len() - 1] = b'7';
    lab.write("newer.safetensors", newer);
    let not = "expected a .safetensors file written by `earmark train`";
    let foreign = "has no earmark metadata; it holds tensors, but does not say which network, front end and classes they belong to";
    let (length, cut) = (model.len(), model.len() - 1);
    for (name, wanted) in [
        ("header", format!("not a model file (it ends within its header); {not}")),
        ("cut", format!("not a model file (it has {cut} bytes instead of {length}); {not}")),
        ("none", format!("not a model file (it ends too soon); {not}")),
        ("foreign", foreign.to_owned()),
        ("newer", "format 7 is newer than format 1, the newest this program reads; update earmark (the file was written by version 0.1.0)".to_owned()),
    ] {
        let wanted = format!("{name}.safetensors: {wanted}");
        for arguments in [
            format!("predict {name}.safetensors --files tones/high/0.wav -o x.csv"),
            format!("models info {name}.safetensors"),
            format!("train tiny.toml --data tones --run run --init-from {name}.safetensors"),
        ] {
            assert_eq!(lab.earmark(&arguments).refused(), wanted, "earmark {arguments}");
        }
    }
    let message = lab
        .earmark("predict nothing.safetensors --files tones/high/0.wav -o x.csv")
        .refused();
    assert_eq!(
        message,
        "nothing.safetensors: no such model file or run directory; expected MODEL.safetensors, RUN or RUN@STEP"
    );
}

const NO_RUN: &str =
    "not a run directory (run.json is missing); give the folder that was given to `earmark train --run`";

/// A copy of the run, to be tampered with.
fn copied(lab: &Lab, name: &str) -> String {
    copy(&lab.path("runs/a"), &lab.path(name));
    name.to_owned()
}

/// There, but unreadable, is another thing than missing.
fn unreadable_files(lab: &Lab, eval: impl Fn(&str) -> String) {
    let damaged = "cannot be read: stream did not contain valid UTF-8; the file is damaged: restore it from a copy, or start a new run in \
                   another folder";
    for name in ["run.json", "recipe.toml", "classes.csv"] {
        let run = copied(lab, &format!("bytes-{name}"));
        lab.write(&format!("{run}/{name}"), b"\xff\xfe");
        assert_eq!(eval(&run), format!("{run}/{name}: {damaged}"));
        let run = copied(lab, &format!("without-{name}"));
        std::fs::remove_file(lab.path(&run).join(name)).expect("to remove");
        let missing = NO_RUN.replace("run.json", name);
        assert_eq!(eval(&run), format!("{run}: {missing}"));
    }
    #[cfg(unix)]
    {
        let run = copied(lab, "folder");
        std::fs::remove_file(lab.path("folder/recipe.toml")).expect("to remove");
        std::fs::create_dir(lab.path("folder/recipe.toml")).expect("a folder");
        assert_eq!(
            eval(&run),
            "folder/recipe.toml: cannot be read: Is a directory (os error 21); a folder has the name of this file: move it elsewhere"
        );
    }
}

#[test]
fn run_directories() {
    let lab = Lab::trained();
    let tampered = |name: &str| copied(&lab, name);
    let eval = |run: &str| lab.earmark(&format!("eval {run} --data tones")).refused();
    assert_eq!(eval("tones"), format!("tones: {NO_RUN}"));
    assert_eq!(eval("nowhere"), format!("nowhere: {NO_RUN}"));

    // Classes in another order than the model's would give wrong results without a word.
    let run = tampered("order");
    lab.write("order/classes.csv", "0,low\n1,high\n2,mid\n");
    assert_eq!(
        eval(&run),
        "order/checkpoints/step-00000005.safetensors: its classes differ from those of order/classes.csv; one of the two files was \
         changed or belongs to another run"
    );

    let run = tampered("cut");
    let bytes = lab.bytes("cut/checkpoints/step-00000010.safetensors");
    lab.write(
        "cut/checkpoints/step-00000010.safetensors",
        &bytes[..bytes.len() / 2],
    );
    assert!(lab.earmark("eval cut --data tones").exit(1).err.ends_with(
        "error: cut/checkpoints/step-00000010.safetensors: not a model file (it ends within its header); expected a .safetensors file \
         written by `earmark train`\n"
    ));
    // The good one before it is evaluated, and counts.
    assert!(lab.path(&run).join("eval/eval-5.txt").exists());

    let run = tampered("mixed");
    lab.earmark("train tiny.toml --data tones --run wide --fold 1 --set network.width=0.05")
        .done();
    lab.write(
        "mixed/checkpoints/step-00000005.safetensors",
        lab.bytes("wide/checkpoints/step-00000005.safetensors"),
    );
    // A model file says everything about itself, and so it can be evaluated wherever it is.
    lab.earmark(&format!("eval {run} --data tones")).done();

    let run = tampered("newer");
    lab.write(
        "newer/run.json",
        lab.read("newer/run.json")
            .replacen("\"format\": 1", "\"format\": 3", 1),
    );
    assert_eq!(
        eval(&run),
        "newer/run.json: format 3 is newer than the 1 this program knows; update earmark"
    );

    let run = tampered("torn");
    lab.write("torn/run.json", &lab.read("torn/run.json")[..40]);
    assert!(
        eval(&run).starts_with("torn/run.json: does not describe a run: EOF while parsing"),
        "{}",
        eval(&run)
    );

    unreadable_files(&lab, eval);

    let run = tampered("recipe");
    lab.write(
        "recipe/recipe.toml",
        lab.read("recipe/recipe.toml")
            .replacen("learning-rate", "learnin-rate", 1),
    );
    assert!(eval(&run).starts_with("recipe/recipe.toml:"), "{}", eval(&run));

    let run = tampered("bare");
    std::fs::remove_dir_all(lab.path("bare/checkpoints")).expect("to remove");
    assert_eq!(
        eval(&run),
        "bare: has no weights yet; train it first (`earmark train ... --run bare --resume`)"
    );
}

/// The state of a run is checked before it is used.
#[test]
fn states() {
    let lab = Lab::trained();
    let state = lab.bytes("runs/a/checkpoints/state.safetensors");
    lab.write(
        "runs/a/checkpoints/state.safetensors",
        &state[..state.len() - 100],
    );
    let resume = "train tiny.toml --data tones --run runs/a --fold 1 --resume";
    let remedy = "; restore it from a copy, or delete it: --resume then trains from the start again, ends with the same weights and \
                  replaces the existing checkpoints";
    let cannot = "runs/a/checkpoints/state.safetensors: training can't resume from this file";
    assert_eq!(
        lab.earmark(resume).refused(),
        format!(
            "{cannot} (it has {} bytes instead of {}){remedy}",
            state.len() - 100,
            state.len()
        )
    );
    lab.earmark("train tiny.toml --data tones --run wide --fold 1 --set network.width=0.1")
        .done();
    lab.write(
        "runs/a/checkpoints/state.safetensors",
        lab.bytes("wide/checkpoints/state.safetensors"),
    );
    assert_eq!(
        lab.earmark(resume).refused(),
        format!(
            "{cannot} (`weights/pw2.weight` is missing or has another shape than in this network){remedy}"
        )
    );
    // What the remedy says is so.
    let before = lab.bytes("runs/a/best.safetensors");
    std::fs::remove_file(lab.path("runs/a/checkpoints/state.safetensors")).expect("to remove");
    lab.earmark(resume).done();
    assert_eq!(lab.bytes("runs/a/best.safetensors"), before);
    assert_eq!(lab.bytes("runs/a/checkpoints/state.safetensors"), state);
}
