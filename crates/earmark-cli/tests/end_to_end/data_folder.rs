//! What a data folder is taken for: said before it is used, named by flags, checked and fixed.

use super::common::{Ended, Lab};
use serde_json::Value;

/// `sounds/`: two tables of which one fits, and the recordings of [`Lab`] in `audio/`, of two classes.
fn lab() -> Lab {
    let lab = Lab::new();
    let mut table = String::from("path,kind,site\n");
    for (class, hz) in [("high", 2500.0), ("low", 300.0)] {
        for k in 0..6 {
            lab.tone(
                &format!("sounds/audio/{class}{k}.wav"),
                hz * (1.0 + 0.03 * f64::from(k)),
            );
            table += &format!("audio/{class}{k}.wav,{class},{}\n", k / 2);
        }
    }
    lab.write("sounds/labels.csv", table.replacen("kind", "category", 1));
    lab.write("sounds/folds.csv", "file,fold\naudio/high0.wav,1\n");
    lab.write("kinds.csv", table.replace("audio/", "sounds/audio/"));
    lab
}

const LINE: &str = "csv, labels.csv: file column path, label column category; 2 classes, 12 clips\n";
const TRAIN: &str = "train tiny.toml --run run --fold 1 --set train.epochs=1";

fn json(ended: &Ended) -> Value {
    serde_json::from_str(&ended.out).expect("JSON")
}

#[test]
fn one_line_says_what_a_folder_is_taken_for() {
    let lab = lab();
    for command in [
        "data check sounds",
        "data classes sounds",
        "data folds sounds --count 2",
        "data stats sounds",
        "init sounds",
        "features --handcrafted --data sounds -o x.csv",
        "train folder --data sounds --layout csv --fold 1 --dry-run --set network.width=0.01",
    ] {
        let ended = lab.earmark(command).done();
        let said = format!("{}{}", ended.out, ended.err);
        assert!(said.contains(LINE.trim_end()), "{ended}");
    }
    let quiet = lab.earmark("data classes sounds -q").done();
    assert_eq!(quiet.err, "");
    let checked = json(&lab.earmark("data check sounds --json").done());
    assert_eq!(checked["data"]["summary"], LINE.trim_end());
    assert_eq!(checked["data"]["layout"], "csv");
    assert_eq!(checked["data"]["tables"][0], "labels.csv");
    assert_eq!(checked["data"]["columns"]["label"], "category");
    assert_eq!(checked["data"]["clips"], 12);
    assert_eq!(checked["data"]["classes"], 2);
    // Training and evaluating a cross-validation reads the folder again and again, and says it once.
    let train = "train tiny.toml --data sounds --layout csv --run cv --folds all --set train.epochs=1";
    let ended = lab.earmark(train).done();
    assert_eq!(ended.err.matches(LINE).count(), 1, "{ended}");
    let ended = lab.earmark("predict cv --data sounds -o scores.csv").done();
    assert!(
        ended
            .err
            .contains("csv, labels.csv: file column path; no labels, 12 clips\n"),
        "{ended}"
    );
}

#[test]
fn one_class_is_refused_for_training_with_the_likely_table() {
    let lab = lab();
    let likely = "sounds has only the class \"audio\", and a model needs at least two to tell apart; the labels may be in the table \
                  labels.csv: name it with --table labels.csv";
    for command in [
        format!("{TRAIN} --data sounds"),
        format!("{TRAIN} --data sounds --dry-run"),
        "train tiny.toml --data sounds --run run --folds all".to_owned(),
        format!("{TRAIN} --data sounds --layout folders"),
    ] {
        assert_eq!(lab.earmark(&command).refused(), likely, "{command}");
        assert!(!lab.path("run").exists());
    }
    let ended = lab.earmark("data check sounds --layout folders").exit(1);
    assert!(
        ended
            .out
            .contains("error: all recordings are of one class, \"audio\""),
        "{ended}"
    );
    assert!(
        ended
            .out
            .contains("remedy: the labels may be in the table labels.csv"),
        "{ended}"
    );
    // What the remedy says works.
    lab.earmark(&format!("{TRAIN} --data sounds --table labels.csv"))
        .done();
}

#[test]
fn flags_name_table_and_columns() {
    let lab = lab();
    let flags = "--table kinds.csv --label-column kind --group-column site";
    let line = "csv, kinds.csv: file column path, label column kind, group column site; 2 classes, 3 groups, 12 clips\n";
    for command in [
        "data check .",
        "data classes .",
        "data folds . --count 2",
        "data stats .",
    ] {
        let ended = lab.earmark(&format!("{command} {flags}")).done();
        assert!(ended.err.contains(line), "{ended}");
    }
    let ended = lab.earmark(&format!("{TRAIN} --data . {flags}")).done();
    assert!(ended.err.contains(line), "{ended}");
    let recipe = lab.read("run/recipe.toml");
    assert!(recipe.contains("label-column = \"kind\""), "{recipe}");
    // A run knows how its data was read; elsewhere the flags say it again.
    lab.earmark("eval run --data .").done();
    lab.write(
        "moved/other.csv",
        lab.read("kinds.csv").replace("sounds/audio/", ""),
    );
    for name in ["high0", "low0", "high1", "low1"] {
        lab.write(
            &format!("moved/{name}.wav"),
            lab.bytes(&format!("sounds/audio/{name}.wav")),
        );
    }
    let other = "--table other.csv --label-column kind";
    let ended = lab.earmark(&format!("predict run --data moved {other} -o x.csv"));
    assert!(ended.err.contains("looked for moved/high2.wav"), "{ended}");
    let search =
        "tune tiny.toml --data . --run search --fold 1 --grid train.learning-rate=1e-3,1e-2 --dry-run";
    lab.earmark(&format!("{search} {flags}")).done();
    let refused = lab
        .earmark(&format!(
            "predict run --files sounds/audio/high0.wav -o x.csv {other}"
        ))
        .refused();
    assert_eq!(
        refused,
        "--layout, --table and the columns say how a data folder is read; name it with --data DIR"
    );
}

#[test]
fn a_recipe_for_a_folder_names_its_table() {
    let lab = lab();
    let message = lab.earmark("init nowhere").refused();
    assert_eq!(
        message,
        "nowhere: there is no such folder; give the folder of your sounds, with one folder per class or a table in it"
    );
    assert!(!lab.path("nowhere").exists());
    let ended = lab.earmark("init sounds --group-column site").done();
    assert!(
        ended.err.contains("one label per clip, hence softmax scores"),
        "{ended}"
    );
    assert!(
        ended
            .out
            .contains("  earmark predict runs/sounds --files sounds -o scores.csv\n"),
        "{ended}"
    );
    let recipe = lab.read("sounds/recipe.toml");
    assert!(
        recipe.contains("layout = \"csv\"\ntable = \"labels.csv\"\ngroup-column = \"site\"\n"),
        "{recipe}"
    );
    // Another table that would fit changes nothing for it.
    lab.write("sounds/more.csv", lab.read("sounds/labels.csv"));
    let several = lab.earmark("data classes sounds").refused();
    assert_eq!(
        several,
        "sounds contains several tables (labels.csv, more.csv); choose one with --table, or `table` in [data]"
    );
    lab.earmark("train sounds/recipe.toml --data sounds --fold 1 --dry-run --set network.width=0.01 --set folds.count=3")
        .done();
}

/// What can't be read gets no recipe, and what is read by flags gets them in the commands that don't use the recipe.
#[test]
fn a_recipe_is_for_a_folder_that_can_be_read() {
    let lab = Lab::new();
    let mut table = String::from("filename,primary_label,fold\n");
    for (at, class) in (0u32..).zip(["dog", "rain", "dog", "rain"]) {
        lab.tone(
            &format!("kaggle/train_audio/{at}.wav"),
            300.0 + 100.0 * f64::from(at),
        );
        table += &format!("train_audio/{at}.wav,{class},{}\n", at / 2 + 2);
    }
    lab.tone("kaggle/test_audio/9.wav", 900.0);
    lab.write("kaggle/train.csv", table);
    let message = lab.earmark("init kaggle").refused();
    assert!(
        message.ends_with(
            "the labels may be in the table train.csv: name it with --table and --label-column (its columns are \
             \"filename\", \"primary_label\", \"fold\")"
        ),
        "{message}"
    );
    assert!(!lab.path("kaggle/recipe.toml").exists());
    let flags = "--table train.csv --label-column primary_label";
    let ended = lab.earmark(&format!("init kaggle {flags}")).done();
    for line in [
        format!("  earmark data check kaggle {flags}\n"),
        "  earmark train kaggle/recipe.toml --data kaggle --fold 2 --dry-run\n".to_owned(),
        "trains, with fold 2 held out for testing\n".to_owned(),
    ] {
        assert!(ended.out.contains(&line), "{line}: {ended}");
    }
    // The last one starts from a network that is installed, or says how to get one and what to do then.
    let (_, last) = ended
        .out
        .split_once("scores all recordings")
        .expect("the last command");
    assert!(last.contains(&format!("--data kaggle {flags}")), "{ended}");
    lab.earmark(&format!("data classes kaggle {flags}")).done();
}

/// Where nothing is there yet but folders for the classes, or a word about them, the recipe may come first.
#[test]
fn a_recipe_may_come_before_the_recordings() {
    let lab = Lab::new();
    for folder in ["empty", "begun/dog", "begun/cat/far"] {
        std::fs::create_dir_all(lab.path(folder)).expect("a folder");
    }
    lab.write("described/README.txt", "recordings follow");
    for folder in ["empty", "begun", "described"] {
        let ended = lab.earmark(&format!("init {folder}")).done();
        assert!(ended.err.contains("the folder holds no sounds yet: "), "{ended}");
        assert!(lab.path(&format!("{folder}/recipe.toml")).exists());
    }
    // What could be read is not passed over, however deep it is.
    for (name, content) in [("tables/deep/t.csv", "a,b\n1,2\n"), ("sounds/a.wav", "")] {
        lab.write(name, content);
        let (folder, _) = name.split_once('/').expect("a folder");
        lab.earmark(&format!("init {folder}")).refused();
        assert!(!lab.path(&format!("{folder}/recipe.toml")).exists());
    }
}

/// Recordings that the table lacks, and results that are no labels: said wherever the folder is described.
#[test]
fn what_is_not_read_in_a_folder_is_said() {
    let lab = lab();
    lab.write("sounds/audio/new.wav", lab.bytes("sounds/audio/low0.wav"));
    let tags = "Start (s),End (s),Class,Confidence,File\n0.000,0.500,Owl,0.9000,audio/low0.wav\n";
    lab.write("sounds/tags.csv", tags);
    for command in [
        "data check sounds",
        "init sounds",
        "train folder --data sounds --layout csv --fold 1 --dry-run --set network.width=0.01",
    ] {
        let ended = lab.earmark(command);
        let said = format!("{}{}", ended.out, ended.err);
        assert!(said.contains(LINE.trim_end()), "{ended}");
        let left_out = "1 recording not in labels.csv left out, first audio/new.wav";
        assert!(said.contains(left_out), "{ended}");
        assert!(
            said.contains("tags.csv: results of a model, not taken as labels "),
            "{ended}"
        );
    }
}

#[test]
fn a_table_without_duplicates_and_leaks_is_written() {
    let lab = lab();
    lab.write("sounds/audio/copy.wav", lab.bytes("sounds/audio/low0.wav"));
    let mut table = lab.read("sounds/labels.csv").replace("site", "group");
    table += "audio/copy.wav,low,9\n";
    lab.write("sounds/labels.csv", &table);
    assert_eq!(
        lab.earmark("data check sounds")
            .done()
            .out
            .matches("warning: the same sound 2 times")
            .count(),
        1
    );
    let ended = lab.earmark("data check sounds --write sounds/fixed.csv").done();
    assert!(
        ended
            .out
            .ends_with("wrote sounds/fixed.csv: 12 recordings, 1 removed, 0 with another fold or group\n"),
        "{ended}"
    );
    assert!(
        ended
            .err
            .contains("audio/copy.wav (train, line 14): removed: the same sound as \"audio/low0.wav\"\n"),
        "{ended}"
    );
    assert!(
        ended
            .err
            .ends_with("train on it with: earmark fit sounds --table fixed.csv\n"),
        "{ended}"
    );
    let fixed = lab.read("sounds/fixed.csv");
    assert!(
        fixed.starts_with("file,label,group\naudio/high0.wav,high,0\n"),
        "{fixed}"
    );
    // Groups 0 and 9 share a sound and are one.
    assert_eq!(fixed.matches(",9\n").count(), 0, "{fixed}");
    let again = lab.earmark("data check sounds --table fixed.csv").done();
    assert!(again.out.contains("no problems found"), "{again}");
    let checked = json(
        &lab.earmark("data check sounds --table labels.csv --write other.csv --json")
            .done(),
    );
    assert_eq!(checked["changes"][0]["file"], "audio/copy.wav");
    assert_eq!(checked["changes"][0]["removed"], true);
    assert_eq!(checked["written"], "other.csv");
    let same = lab
        .earmark("data check sounds --table labels.csv --write sounds/labels.csv")
        .refused();
    assert_eq!(
        same,
        "--write sounds/labels.csv: would replace what the command reads (--table labels.csv); name another file"
    );
    assert_eq!(lab.read("sounds/labels.csv"), table);
}

/// Classes that a recipe renames are the model's; unknown ones are refused.
#[test]
fn recipes_change_classes() {
    let lab = Lab::new();
    let rename = r#"--set data.classes={rename={high="tone",mid="tone"}}"#;
    let ended = lab.earmark(&format!("{TRAIN} --data tones {rename}")).done();
    assert!(ended.err.contains("folders: 2 classes, 18 clips\n"), "{ended}");
    lab.earmark("eval run --data tones").done();
    let refused = lab
        .earmark("train tiny.toml --data tones --run b --fold 1 --set data.classes.ignore=[\"hihg\"]")
        .refused();
    assert_eq!(
        refused,
        "classes: \"hihg\" is not a class of the data; did you mean \"high\"?; name a class as the data does, or remove it"
    );
}
