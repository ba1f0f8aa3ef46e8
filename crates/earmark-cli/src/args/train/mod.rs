//! Arguments of the commands that train.

mod demo;
mod probe;
mod recipes;
mod stack;
#[expect(clippy::module_inception, reason = "the group is called as its main command")]
mod train;
mod tune;

pub use demo::Demo;
pub use probe::Probe;
pub use recipes::Recipes;
pub use stack::Stack;
pub use train::Train;
pub use tune::Tune;

use clap::Subcommand;

/// The commands that train.
#[derive(Subcommand)]
pub enum TrainCommand {
    /// Try everything without data: synthesize sounds, train, evaluate, predict, report
    #[command(after_help = "Example: earmark demo --out my-demo")]
    Demo(Demo),
    /// List or show the built-in recipes
    #[command(after_help = "Example: earmark recipes list")]
    Recipes {
        #[command(subcommand)]
        what: Recipes,
    },
    /// Train a recipe on a data folder
    #[command(
        after_help = "Examples:\n  earmark train dcase2019-baseline/esc10 --data ESC-10 --fold 1\n  \
        earmark train my.toml --data sounds --run runs/a --set train.epochs=20\n  \
        earmark train my.toml --data sounds --run runs/a --resume\n  \
        earmark train dcase2019-baseline/esc10 --data ESC-10 --run runs/cv --folds all\n\n\
        Ctrl-C stops training after the current step (or validation batch) and saves the weights as an extra checkpoint. \
        With --resume, training continues exactly there and ends with the same weights as without the interruption."
    )]
    Train(Train),
    /// Search for settings: train a recipe many times and compare on validation clips
    #[command(
        after_help = "Examples:\n  earmark tune folder --data sounds --fold 1 --grid train.learning-rate=1e-4,1e-3\n  \
        earmark tune my.toml --data sounds --random 20 --range train.learning-rate=1e-4..1e-2:log\n\n\
        Each trial is a run in a folder of its own (trial-001, ...). trials.json lists the trials, best.toml is the recipe of the best one. \
        No trial sees the test fold (--fold): train best.toml on it once at the end, and evaluate."
    )]
    Tune(Tune),
    /// Train a stacking model on the out-of-fold scores of several cross-validation runs
    #[command(
        after_help = "Examples:\n  earmark stack runs/a runs/b runs/c --run runs/stack\n  \
        earmark stack runs/a runs/b --run runs/search --random 20\n  \
        earmark stack runs/a runs/b --recipe runs/search/best.toml --run runs/stack --resume\n\n\
        The run of fold K is trained on the other folds and evaluated on fold K. Then `earmark predict runs/stack --data DIR` scores \
        recordings with the stacked runs and the stacking model, and `earmark predict runs/stack --out-of-fold` gives the \
        stacking model's own out-of-fold scores."
    )]
    Stack(Stack),
    /// Train a linear classifier on a frozen model's embeddings (linear probe)
    #[command(
        after_help = "Examples:\n  earmark probe mn04.safetensors --data my-sounds -o tagger.safetensors\n  \
        earmark probe mn04.safetensors --data ESC-10 --folds all\n\n\
        It takes seconds and writes a model file like any other."
    )]
    Probe(Probe),
}
