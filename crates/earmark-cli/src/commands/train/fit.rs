//! `earmark fit`

use super::fit_summary::summary;
use super::no_classes::refuse_without_classes;
use super::resume::given_command;
use crate::commands::data::source::options;
use crate::prelude::*;
use crate::replaced_files::refuse_other_than_model;
use earmark::hub::published_models;
use earmark::train::{self, FitFolderJob, FitFolderResult, ProbeClasses};
use earmark_core::text::command_line;

/// What is installed where no network is.
const SMALLEST: &str = "efficientat-mn04-as";

/// What `--damaged` does in a fit.
const DAMAGED: &str = "Recordings of which a part is missing or damaged: refuse leaves them out, salvage uses what is \
                       whole; both name them, and the exit code is then 2; default: refuse";

/// Make the best model of a folder of sounds: probe, fine-tune, compare, calibrate
#[derive(Args)]
#[command(
    after_help = "Examples:\n  earmark fit my-sounds\n  earmark fit my-sounds -o tagger.safetensors --minutes 10\n  \
    earmark fit my-sounds --fold 1 -o my-sounds-without-1.safetensors\n\n\
    First all recordings are looked at: what can't be read is named and left out, and what was recorded together \
    (a column such as site or recordist) or is there twice is never held out from itself. Ways to a model are then \
    compared on clips that they were not trained on, each fifth (fold) held out in turn: a simple classifier on an \
    installed network (probe), that network trained further (fine-tuning), and a simple classifier without a network \
    to compare with. Where the first way makes no error, or there are fewer than 20 clips, it is the only one. \
    Without a network, a small one is trained from scratch. The best way is trained on all clips, its scores made \
    probabilities where that helps held-out clips, and written with a threshold for each class. \
    --set changes the recipe that a network is trained by (fine-tune/folder, or folder), and how the folder is read \
    (data.KEY=VALUE).\n\n\
    The scores of a fit have chosen between its ways, so that they are a little too good. With --fold K, nothing is \
    seen of fold K until the finished model is tested on it: that score has chosen nothing.\n\n\
    What is made on the way is kept in MODEL.fit; the same command resumes there after Ctrl-C. Clips of a subset named \
    test, testing, eval or evaluation are not trained on.",
    mut_arg("damaged", |argument| argument.help(DAMAGED))
)]
pub struct Fit {
    /// A labelled data folder
    pub dir: PathBuf,
    /// Model file to write; default: NAME.safetensors, with the name of the folder
    #[arg(long, short)]
    pub out: Option<PathBuf>,
    /// Minutes that it may take; a way that takes longer is left out, except the first
    #[arg(long)]
    pub minutes: Option<f64>,
    /// The network to begin with: MODEL.safetensors, RUN or RUN@STEP; default: the first installed one of
    /// `earmark models list`
    #[arg(long)]
    pub model: Option<String>,
    /// See nothing of this fold until the finished model is tested on it
    #[arg(long)]
    pub fold: Option<u32>,
    /// Fold table (file,fold) to use, whatever it separates; default: the data's own folds where they separate nothing
    #[arg(long, value_name = "TABLE")]
    pub fold_table: Option<PathBuf>,
    /// Subsets to train on; default: all except those for testing
    #[arg(long = "subset", value_name = "SUBSET", value_delimiter = ',')]
    pub subsets: Vec<String>,
    #[command(flatten)]
    pub read: DataArgs,
    #[command(flatten)]
    pub damaged: DamagedArgs,
    /// Independent classes, a sigmoid for each: a recording may have several of them, or none
    #[arg(long)]
    pub independent: bool,
    /// Folder of recordings that belong to none of the classes
    #[arg(long, value_name = "DIR")]
    pub background: Option<PathBuf>,
    #[command(flatten)]
    pub overrides: RecipeArgs,
    /// Start over instead of resuming an interrupted fit with the same output
    #[arg(long)]
    pub restart: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub compute: Compute,
}

/// Fits the best model of a folder.
pub fn run(args: Fit, console: &Console) -> anyhow::Result<Status> {
    if let Some(minutes) = args.minutes.filter(|minutes| minutes.is_nan() || *minutes <= 0.0) {
        bail!("--minutes {minutes}: choose a positive number, such as 10");
    }
    let out = match &args.out {
        Some(out) => out.clone(),
        None => {
            let out = default_out(&args.dir)?;
            refuse_other_than_model(&out.display().to_string(), &out)?;
            out
        }
    };
    // How the folder is read is the same for all ways.
    let of_data = |text: &String| text.trim_start().starts_with("data.");
    let (data_set, overrides): (Vec<String>, Vec<String>) = args.overrides.set.into_iter().partition(of_data);
    let source = DataSource {
        dir: args.dir,
        read: args.read,
        subsets: args.subsets,
        data_set,
    };
    let options = args.damaged.over(options(&source)?);
    refuse_without_classes(&source.dir, &options)?;
    let model = args.model.or_else(first_installed);
    if model.is_none() {
        console.note(format!(
            "no network is installed, so one is trained from scratch; `earmark models get {SMALLEST}` (4 MB) brings \
             one that knows 527 kinds of sound, from which ten recordings per class are enough"
        ));
    }
    let job = FitFolderJob {
        options,
        data: source.dir,
        fold_table: args.fold_table,
        fold: args.fold,
        model,
        classes: match args.independent {
            true => ProbeClasses::Independent,
            false => ProbeClasses::Auto,
        },
        background: args.background,
        overrides,
        work: FitFolderJob::work_of(&out),
        out,
        budget_seconds: args.minutes.map(|minutes| 60.0 * minutes),
        restart: args.restart,
        device: args.compute.device,
        command: given_command(),
    };
    let note = format!("run the same command again to resume in {}", job.work.display());
    let done = console.run(&note, |show, stop| train::fit_folder(&job, show, stop))?;
    let next = next_commands(&job, &done);
    let value = || FitJson {
        result: &done,
        next: &next,
    };
    print_as(args.json, value, || summary(&done, &next, console.is_quiet()))?;
    // The clips of ways that had finished before are not read again.
    for (file, reason) in &done.skipped {
        console.skipped(file, reason);
    }
    for (file, what) in &done.damaged {
        console.damaged(file, what);
    }
    Ok(Status::of_skips(done.skipped.len() + done.damaged.len()))
}

/// `NAME.safetensors` in the current folder.
fn default_out(dir: &Path) -> anyhow::Result<PathBuf> {
    let whole = dir
        .canonicalize()
        .with_context(|| format!("{}: cannot be read", dir.display()))?;
    let Some(name) = whole.file_name() else {
        bail!("{}: has no name; name the model file with -o", dir.display());
    };
    Ok(PathBuf::from(format!("{}.safetensors", name.to_string_lossy())))
}

/// The first network of the catalogue that is installed.
fn first_installed() -> Option<String> {
    let mut models = published_models().iter();
    let found = models.find(|model| model.is_installed())?;
    Some(found.name.clone())
}

/// The outcome as JSON. A struct and not `json!`, which would print an `f32` with the digits of an `f64`.
#[derive(serde::Serialize)]
struct FitJson<'a> {
    #[serde(flatten)]
    result: &'a FitFolderResult,
    next: &'a [String],
}

/// What can be done with the model.
fn next_commands(job: &FitFolderJob, done: &FitFolderResult) -> [String; 3] {
    let [model, dir] = [&job.out, &job.data].map(|path| path.to_string_lossy().into_owned());
    // Of a table, the recordings around it.
    let around = job.data.parent().filter(|_| job.data.is_file());
    let recordings = around.map_or(dir.clone(), |folder| match folder.as_os_str().is_empty() {
        true => ".".to_owned(),
        false => folder.to_string_lossy().into_owned(),
    });
    [
        command_line(&["earmark", "tag", &recordings, "--model", &model, "-o", "tags.csv"]),
        command_line(&["earmark", "predict", &model, "--data", &dir, "-o", "scores.csv"]),
        command_line(&again(job, done)),
    ]
}

/// The same fit without a fold, or after one that had a fold left out, with all clips; into another file.
fn again(job: &FitFolderJob, done: &FitFolderResult) -> Vec<String> {
    let mut words = without(&job.command, &["-o", "--out", "--fold"]);
    let stem = job.out.file_stem().unwrap_or_default().to_string_lossy();
    let name = match (job.fold, done.outer_folds.first()) {
        (Some(fold), _) => match stem.strip_suffix(&format!("-without-{fold}")) {
            Some(whole) if !whole.is_empty() => whole.to_owned(),
            _ => format!("{stem}-all"),
        },
        (None, Some(fold)) => {
            if let Some(table) = &done.fold_table {
                words.extend(["--fold-table".to_owned(), table.to_string_lossy().into_owned()]);
            }
            words.extend(["--fold".to_owned(), fold.to_string()]);
            format!("{stem}-without-{fold}")
        }
        (None, None) => stem.into_owned(),
    };
    let out = job.out.with_file_name(format!("{name}.safetensors"));
    words.extend(["-o".to_owned(), out.to_string_lossy().into_owned()]);
    words
}

/// A command line without some options and their values, and without `--restart`.
fn without(command: &[String], options: &[&str]) -> Vec<String> {
    let mut words = vec!["earmark".to_owned()];
    let mut rest = command.iter().skip(1);
    while let Some(word) = rest.next() {
        let name = word.split('=').next().unwrap_or_default();
        if options.contains(&name) {
            // The value is in the same word, or the next one.
            if name == word {
                rest.next();
            }
        } else if word != "--restart" && !(word.starts_with("-o") && options.contains(&"-o")) {
            words.push(word.clone());
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    /// `--damaged` of a fit says what happens in a fit.
    #[test]
    fn the_help_of_damaged_is_that_of_a_fit() {
        #[derive(clap::Parser)]
        struct Line {
            #[command(flatten)]
            _fit: Fit,
        }
        let line = Line::command();
        let damaged = line
            .get_arguments()
            .find(|argument| argument.get_id() == "damaged");
        let help = damaged.and_then(clap::Arg::get_help).expect("a help").to_string();
        assert_eq!(help, DAMAGED);
    }

    #[test]
    fn options_are_taken_from_a_command_line() {
        let given = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        for line in [
            "/bin/earmark fit x -o y.st --fold 3 --json",
            "earmark fit x --out=y.st --fold=3 --restart --json",
            "earmark fit x -oy.st --json",
        ] {
            let words = without(&given(line), &["-o", "--out", "--fold"]);
            assert_eq!(words, ["earmark", "fit", "x", "--json"], "{line}");
        }
        let kept = without(&given("earmark fit x --fold-table t.csv"), &["--fold"]);
        assert_eq!(kept, ["earmark", "fit", "x", "--fold-table", "t.csv"]);
    }
}
