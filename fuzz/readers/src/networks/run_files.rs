//! What a run keeps next to its weights: its log, its split, and where it comes from.

use std::fs;

use earmark_core::atomic;
use earmark_core::json_lines::JsonLines;
use earmark_engine::evaluation::{read_clips, read_result, read_scores, was_evaluated_on};
use earmark_runs::experiment_log::TrainingHistory;
use earmark_runs::run_dir::RunDir;
use earmark_runs::split_table::SplitTable;

use super::sealed_again;
use crate::{check_message, digest};

/// A recipe for runs in which something else is tried.
const RECIPE: &str = include_str!("../../../seeds/recipe/stack.toml");

/// The bytes as each of these files of a run, its results and what a killed process left: read, or refused with a
/// message. A log that is cut stays the same when it is cut again.
pub fn run_files(data: &[u8]) {
    let bytes = match digest(data) % 2 {
        0 => data.to_vec(),
        _ => sealed_again(data),
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = folder.path();
    let write = |name: &str, bytes: &[u8]| fs::write(run.join(name), bytes).expect("a written file");
    for name in ["metrics.jsonl", "split.csv", "run.json"] {
        write(name, &bytes);
    }
    write("recipe.toml", RECIPE.as_bytes());
    write("classes.csv", b"0,Dog\n1,Cat\n");
    TrainingHistory::read(run).problems.iter().for_each(check_message);
    SplitTable::read(run).map_err(|e| check_message(&e)).ok();
    RunDir::open_any(run).map_err(|e| check_message(&e)).ok();

    // The results of a checkpoint, and the note of a set of files that a killed process left.
    for name in ["eval-7.json", "scores-7.csv", "clips.txt", ".x.pending"] {
        write(name, &bytes);
    }
    read_result(run, 7).map_err(|e| check_message(&e)).ok();
    read_scores(run, 7).map_err(|e| check_message(&e)).ok();
    read_clips(run, 7).map_err(|e| check_message(&e)).ok();
    was_evaluated_on(run, "a.wav [0]\n");
    atomic::finish_pending(&run.join("x"))
        .map_err(|e| check_message(&e))
        .ok();
    assert!(!run.join("x").exists(), "a file of no temporary");

    let log = run.join("metrics.jsonl");
    let cut = || JsonLines::open_cut(&log, |_| true).map_err(|e| check_message(&e));
    if cut().is_ok() {
        let kept = fs::read(&log).expect("a log");
        if cut().is_ok() {
            assert!(fs::read(&log).expect("a log") == kept, "cut twice, it is another");
        }
    }
}
