//! What to evaluate: a run, the clips, and which of its weights.

use earmark_data::ReadAs;
use earmark_models::Precision;
use std::path::PathBuf;

/// Which weights of a run are evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checkpoints {
    /// Every N-th checkpoint, and always the last one and that which a prediction takes.
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
    /// Folder of the results; default: see [`EvaluateJob::eval_dir`].
    pub eval_dir: Option<PathBuf>,
    /// Device by name.
    pub device: String,
    /// What models score in; `None`: what their recipes say.
    pub precision: Option<Precision>,
}

impl EvaluateJob {
    /// The folder of the results. A precision that is asked for has one of its own, so that results of several exist.
    pub fn eval_dir(&self) -> PathBuf {
        let own = match self.precision {
            None => "eval".to_owned(),
            Some(precision) => format!("eval-{precision}"),
        };
        self.eval_dir.clone().unwrap_or_else(|| self.run.join(own))
    }
}
