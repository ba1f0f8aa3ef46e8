//! Handcrafted clip features as a table, a model on them, and the mean curve of a data set as a recipe.

use crate::common::{Lab, Table, tensors};

/// The recipe on the tones: two features are enough to tell them apart.
const TRAIN: &str = "train summary-baseline/any --data tones --set train.steps=300 --set train.learning-rate=0.03 \
                     --set folds.count=3 --set network.components=6 --set predict.longest-seconds=2";

#[test]
fn a_table_of_a_folder_and_of_files() {
    let lab = Lab::new();
    lab.write("tones/mid/broken.wav", "no sound");
    let ended = lab
        .earmark("features --handcrafted --data tones -o all.csv")
        .exit(2);
    assert!(ended.err.contains("skipped mid/broken.wav: "), "{ended}");
    assert_eq!(ended.out, "all.csv: 18 clips, 1133 features each\n");
    let text = lab.read("all.csv");
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows.len(), 19);
    assert_eq!(rows[0][..4], ["file", "label", "mel-000-mean", "mel-001-mean"]);
    assert!(rows.iter().all(|row| row.len() == 2 + 1133));
    let centroid = rows[0]
        .iter()
        .position(|name| *name == "centroid-hz-mean")
        .unwrap();
    let of = |file: &str| -> f64 {
        let row = rows.iter().find(|row| row[0] == file).unwrap();
        assert_eq!(row[1], file.split('/').next().unwrap());
        row[centroid].parse().unwrap()
    };
    assert!(of("low/0.wav") < of("mid/0.wav") && of("mid/0.wav") < of("high/0.wav"));

    // The same numbers of single files, without labels; stdout holds the table and nothing else.
    let ended = lab
        .earmark("features tones/low/0.wav tones/mid/0.wav --handcrafted -o -")
        .done();
    let lines: Vec<&str> = ended.out.lines().collect();
    assert_eq!(lines.len(), 3);
    let of_folder = text.lines().find(|line| line.starts_with("low/0.wav,")).unwrap();
    assert_eq!(
        lines[1].split_once(',').unwrap().1,
        of_folder.split_once(",low,").unwrap().1
    );

    let message = lab.earmark("features tones --handcrafted -o x.csv").refused();
    assert_eq!(
        message,
        "tones: is a folder; give it with --data tones, or name the files in it"
    );
}

#[test]
fn a_linear_model_on_handcrafted_features() {
    let lab = Lab::new();
    lab.earmark(&format!("{TRAIN} --run a --fold 1")).done();
    lab.earmark(&format!("{TRAIN} --run b --fold 1 --set cache.workers=1"))
        .done();
    // The files differ in the recipe that they hold: it says how many workers there were.
    assert!(tensors(&lab.path("a/best.safetensors")) == tensors(&lab.path("b/best.safetensors")));
    let ended = lab.earmark("eval a --data tones").done();
    assert!(ended.out.contains("accuracy"), "{ended}");
    lab.earmark("predict a --data tones -o scores.csv").done();
    let table = Table::parse(&lab.read("scores.csv"));
    for (file, scores) in &table.rows {
        let best = (0..3).max_by(|a, b| scores[*a].total_cmp(&scores[*b])).unwrap();
        assert_eq!(
            file.split('/').next(),
            Some(table.classes[best].as_str()),
            "{file}: {scores:?}"
        );
    }
    // Its features are of whole recordings.
    lab.long_tone("long.wav", 300.0, 3);
    let ended = lab
        .earmark("predict a --files tones/low/0.wav long.wav -o some.csv")
        .exit(2);
    assert!(
        ended.err.contains("skipped long.wav: is longer than 2"),
        "{ended}"
    );
    assert!(
        ended.err.contains("front-end.handcrafted needs whole recordings"),
        "{ended}"
    );
    // What was fitted is in the model, and a warm start takes it over with the weights.
    let a = tensors(&lab.path("a/best.safetensors"));
    assert_eq!(a["pca.components"].0, [6, 1133]);
    lab.earmark(&format!(
        "{TRAIN} --run c --fold 2 --init-from a --set train.epochs=1"
    ))
    .done();
    let c = tensors(&lab.path("c/best.safetensors"));
    assert!(c["pca.components"] == a["pca.components"] && c["standardise.mean"] == a["standardise.mean"]);
    assert!(c["logits.weight"] != a["logits.weight"]);
}

/// A recording that one of two models can't read has scores of the other one.
#[test]
fn what_one_of_two_models_reads_is_scored() {
    let lab = Lab::trained();
    lab.earmark(&format!("{TRAIN} --run short --fold 1")).done();
    lab.long_tone("long.wav", 300.0, 3);
    let both = "predict short runs/a --files tones/low/0.wav long.wav";
    let ended = lab.earmark(&format!("{both} -o both.csv")).exit(2);
    let scored = "2 recordings scored for 3 classes: ";
    assert_eq!(ended.out, format!("{scored}both.csv\n"));
    let note = "1 could be read by some of the models only; ";
    assert!(ended.err.contains(note), "{ended}");
    let shard = lab.earmark(&format!("{both} -o merged.csv --shard 1/1")).exit(2);
    assert_eq!(shard.out, format!("{scored}shard 1/1 of merged.csv\n"));
    lab.earmark("merge merged.csv").exit(2);
    assert!(lab.bytes("merged.csv") == lab.bytes("both.csv"));
    // Where one of them reads nothing, its part in every row would be zeros.
    for (out, wanted) in [
        ("alone.csv", "alone.csv: is not written, "),
        ("-", "nothing is written, "),
    ] {
        let message = lab
            .earmark(&format!("predict short runs/a --files long.wav -o {out}"))
            .refused();
        let wanted = format!(
            "{wanted}since none of the recordings could be read (1); the first is long.wav: is longer"
        );
        assert!(message.starts_with(&wanted), "{message}");
    }
    assert!(!lab.path("alone.csv").exists());
}

#[test]
fn what_does_not_go_with_handcrafted_features() {
    let lab = Lab::new();
    let refused = |more: &str| lab.earmark(&format!("{TRAIN} --run x {more}")).refused();
    let message = refused("--set network.components=19");
    let wanted = "network.components can't be fitted on the training clips: 18 rows of 1133 numbers have at most \
                  18 components, not 19";
    assert!(message.starts_with(wanted), "{message}");
    let message = refused("--set front-end.handcrafted=false");
    assert!(
        message.contains("network.kind = perceptron: this network takes handcrafted clip features"),
        "{message}"
    );
    let message = refused("--set augment.time-shift.prob=0.5");
    assert!(
        message.contains("augment = (changes to spectrograms): handcrafted features have neither"),
        "{message}"
    );
    let message = refused("--set front-end.sample-rate-hz=16000");
    assert!(
        message.contains("front-end.sample-rate-hz = 16000: can't be combined with front-end.handcrafted"),
        "{message}"
    );
    let message = lab
        .earmark("train tiny.toml --data tones --run x --set front-end.handcrafted=true")
        .refused();
    assert!(
        message.contains("front-end.sample-rate-hz = 8000: can't be combined with front-end.handcrafted"),
        "{message}"
    );
    assert!(!lab.path("x/run.json").exists());
}

#[test]
fn the_mean_curve_as_a_recipe() {
    let lab = Lab::new();
    let ended = lab
        .earmark("data stats tones --recipe tiny.toml --normalise level.toml")
        .done();
    assert_eq!(
        ended.out,
        "level.toml: 32 bands of tiny.toml, normalised over 18 clips\n"
    );
    assert!(lab.read("level.toml").contains("extends = \"tiny.toml\""));
    lab.earmark("train level.toml --data tones --run a --fold 1")
        .done();
    // The model file has the curve in it, and the features that it sees are level.
    let recipe = lab.read("a/recipe.toml");
    assert!(recipe.contains("[front-end.postprocess.bands]"), "{recipe}");
    std::fs::remove_file(lab.path("level.toml")).expect("to remove");
    lab.earmark("predict a --data tones -o scores.csv").done();
    lab.write("elsewhere/note.txt", "");
    lab.earmark("data stats tones --recipe tiny.toml --normalise elsewhere/level.toml")
        .done();
    lab.earmark("train elsewhere/level.toml --data tones --run b --fold 1 --dry-run")
        .done();
    let message = lab
        .earmark("data stats tones --recipe summary-baseline/any")
        .refused();
    assert!(
        message.starts_with("--recipe: handcrafted clip features have no bands"),
        "{message}"
    );
}
