//! What to evaluate: a run, the clips, and which of its weights.

use earmark_data::ReadAs;
use std::path::PathBuf;

/// Which weights of a run are evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checkpoints {
    /// Every N-th checkpoint, and always the last one.
    Every(usize),
    /// Those that a prediction takes: the best ones in validation, else the last.
    Best,
}

/// What to evaluate.
#[derive(Clone, Debug)]
pub struct EvaluateJob {
    /// The run directory.
    pub run: PathBuf,
    /// The data folder.
    pub data: PathBuf,
    /// The fold to evaluate on; default: the run's test fold.
    pub fold: Option<u32>,
    /// A fold table, if the data has none.
    pub fold_table: Option<PathBuf>,
    /// The subset to evaluate on (`test`, `curated`, ...) instead of a fold. Default without a test fold: `test`, if the data has it.
    pub subset: Option<String>,
    /// How the folder is read where that differs from the run's recipe.
    pub read: ReadAs,
    /// Which weights to evaluate.
    pub checkpoints: Checkpoints,
    /// Folder of the results; default: `eval` in the run.
    pub eval_dir: Option<PathBuf>,
    /// Device by name.
    pub device: String,
}
