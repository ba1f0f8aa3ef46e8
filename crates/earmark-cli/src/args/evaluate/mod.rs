//! Arguments of the commands that evaluate.

mod calibrate;
mod eval;
mod report;
mod runs;
mod score;

pub use calibrate::Calibrate;
pub use eval::Eval;
pub use report::Report;
pub use runs::Runs;
pub use score::Score;

use clap::Subcommand;

/// The commands that evaluate.
#[derive(Subcommand)]
pub enum EvaluateCommand {
    /// Evaluate a run's checkpoints
    #[command(after_help = "Example: earmark eval runs/a --data ESC-10 --every 5")]
    Eval(Eval),
    /// Evaluate a score table against the true labels
    #[command(after_help = "Example: earmark score --truth test.csv --scores scores.csv --json")]
    Score(Score),
    /// Calibrate scores to probabilities and choose per-class thresholds on held-out clips
    #[command(after_help = "Examples:\n  earmark calibrate runs/cv --in-place\n  \
        earmark calibrate runs/all --from runs/cv -o tagger.safetensors\n  \
        earmark calibrate model.safetensors --scores oof.csv --truth train.csv -o calibrated.safetensors")]
    Calibrate(Calibrate),
    /// List and compare the runs under a folder
    #[command(
        after_help = "Examples:\n  earmark runs runs --sort accuracy\n  earmark runs --compare runs/noisy runs/curated"
    )]
    Runs(Runs),
    /// Write a run's report.html again
    #[command(
        after_help = "Examples:\n  earmark report runs/a --data ESC-10\n  earmark report runs/curated --compare runs/noisy"
    )]
    Report(Report),
}
