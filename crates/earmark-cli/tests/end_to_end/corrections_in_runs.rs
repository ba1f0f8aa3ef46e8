//! Corrections of labels: folds that do not depend on them, and runs that keep what they began with.

use super::common::{Lab, Table};

/// One clip removed and one relabelled; the file is next to the data folder.
const TRAIN: &str = "train tiny.toml --data tones --folds all --set data.corrections-folder=../fixes \
    --set data.corrections=[{file=\"fix.json\",subset=\"train\",keep-in-folds=true}] --set folds.stratify=none";

fn lab() -> Lab {
    let lab = Lab::new();
    lab.write(
        "fixes/fix.json",
        r#"{"high/0.wav": "remove", "low/1.wav": "mid"}"#,
    );
    lab
}

#[test]
fn a_removed_clip_keeps_its_fold_and_has_scores() {
    let lab = lab();
    lab.earmark(&format!("{TRAIN} --run runs/fixed")).done();
    lab.earmark("train tiny.toml --data tones --folds all --run runs/plain --set folds.stratify=none")
        .done();
    for fold in 1..=3 {
        let fold_of = |run: &str| -> Vec<String> {
            let table = lab.read(&format!("runs/{run}/fold-{fold}/split.csv"));
            let rows = table
                .lines()
                .skip(1)
                .map(|line| line.split(',').collect::<Vec<_>>());
            let held_out = rows.filter(|cells| ["judged", "removed"].contains(&cells[2]));
            held_out.map(|cells| cells[1].to_owned()).collect()
        };
        assert_eq!(fold_of("fixed"), fold_of("plain"), "fold {fold}");
    }
    // Every segment of it is scored, and no result is about it.
    lab.earmark("predict runs/fixed --out-of-fold --segments -o segments.csv")
        .done();
    assert!(lab.read("segments.csv").contains("high/0.wav"));
    lab.earmark("predict runs/fixed --out-of-fold -o clips.csv")
        .done();
    let clips = Table::parse(&lab.read("clips.csv"));
    assert_eq!(clips.rows.len(), 17);
    assert!(clips.rows.iter().all(|(file, _)| file != "high/0.wav"));
}

#[test]
fn a_run_keeps_its_corrections() {
    let lab = lab();
    lab.earmark(&format!("{TRAIN} --run runs/a")).done();
    std::fs::remove_dir_all(lab.path("fixes")).expect("a folder to remove");
    let refused = lab.earmark(&format!("{TRAIN} --run runs/b -q")).refused();
    assert!(
        refused.contains(
            "fix.json: there is no such file of corrections; looked for tones/../fixes/fix.json, tones/fix.json, \
             corrections/fix.json, fix.json, and among the files that earmark carries; put it in one of these folders, \
             or name its folder"
        ),
        "{refused}"
    );
    // Evaluated and resumed by the copies alone.
    lab.earmark("eval runs/a/fold-1 --data tones --eval-dir again")
        .done();
    let folds = lab.read("runs/a/folds.json");
    std::fs::remove_file(lab.path("runs/a/folds.json")).expect("a file to remove");
    lab.earmark(&format!("{TRAIN} --run runs/a --resume")).done();
    assert_eq!(lab.read("runs/a/folds.json"), folds);
    let copy = "runs/a/fold-2/corrections/1-fix.json";
    let changed = lab.read(copy).replace("mid", "low");
    lab.write(copy, changed);
    let refused = lab.earmark("eval runs/a/fold-2 --data tones").refused();
    assert!(
        refused.contains("1-fix.json: its checksum is not the one in run.json"),
        "{refused}"
    );
}

/// A recipe brings its files along, in a folder next to it or in the program. Which one was taken is said before
/// anything is trained.
#[test]
fn corrections_come_with_the_recipe() {
    let lab = Lab::new();
    lab.write("recipes/tiny.toml", lab.read("tiny.toml"));
    lab.write(
        "recipes/corrections/fix.json",
        r#"{"high/0.wav": "remove", "low/1.wav": "mid"}"#,
    );
    let train = "train recipes/tiny.toml --data tones --fold 1 \
                 --set data.corrections=[{file=\"fix.json\",subset=\"train\"}]";
    let note = "recipes/corrections/fix.json: 2 clips, 1 removed, 1 relabelled (subset train)";
    let planned = lab.earmark(&format!("{train} --dry-run")).done();
    assert!(
        planned.out.contains(&format!("data        {note}\n")),
        "{planned}"
    );
    let trained = lab.earmark(&format!("{train} --run run")).done();
    assert!(
        trained.err.contains(note) && lab.read("run/log.txt").contains(note),
        "{trained}"
    );
    std::fs::remove_dir_all(lab.path("recipes/corrections")).expect("a folder to remove");
    lab.earmark("eval run --data tones --eval-dir again").done();

    lab.write("tones/fix.json", r#"{"high/0.wav": "remove"}"#);
    let checked = lab
        .earmark("data check tones --set corrections=[{file=\"fix.json\",subset=\"train\"}]")
        .done();
    assert!(
        checked
            .err
            .contains("tones/fix.json: 1 clip, 1 removed, 0 relabelled (subset train)"),
        "{checked}"
    );
    // One of the program's, which is about other clips.
    let name = "corrections-31156c79.json";
    let check = format!("data check tones --set corrections=[{{file=\"{name}\",subset=\"train\"}}]");
    let refused = lab.earmark(&check).refused();
    let message =
        format!("{name}, carried by the recipe: \"e4210ac8.wav\": is not a file of the subset \"train\"");
    assert!(refused.starts_with(&message), "{refused}");
}
