//! `earmark eval`

use crate::prelude::*;
use clap::builder::RangedU64ValueParser;
use earmark::engine::evaluation::result_path;
use earmark::runs::experiment_log::{result_notes, step_evaluations};
use earmark::runs::run_dir::fold_runs;
use earmark::runs::used_model::UsedModel;
use earmark::runs::warnings::{ResultFacts, RunWarning};
use earmark::train::{self, Checkpoints, EvaluateJob, EvaluateResult};
use earmark_core::text::command_line;
use serde_json::{Map, Value};

/// Evaluate a run's checkpoints
#[derive(Args)]
#[command(after_help = "Example: earmark eval runs/a --data ESC-10 --every 5")]
pub struct Eval {
    /// The run directory, or a cross-validation run
    pub run: PathBuf,
    /// The data folder
    #[arg(long, env = "EARMARK_DATA")]
    pub data: PathBuf,
    /// Evaluate on this fold instead of the run's own test fold
    #[arg(long)]
    pub fold: Option<u32>,
    /// Fold table (file,fold)
    #[arg(long, value_name = "TABLE")]
    pub fold_table: Option<PathBuf>,
    /// Evaluate on this subset (test, curated, ...); default: the run's test fold, or the subset test where it has none
    #[arg(long, alias = "part")]
    pub subset: Option<String>,
    #[command(flatten)]
    pub read: DataArgs,
    #[command(flatten)]
    pub damaged: DamagedArgs,
    /// Evaluate every Nth checkpoint, and always the last and the one that predict and tag use
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = RangedU64ValueParser::<usize>::new().range(1..))]
    pub every: usize,
    /// Folder for results; default: eval/ in the run; with --precision eval-PRECISION/, by what is computed (eval-f32/
    /// where the instructions are missing)
    #[arg(long, value_name = "DIR")]
    pub eval_dir: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub compute: Compute,
    #[command(flatten)]
    pub precision: PrecisionArg,
}

/// Evaluates a run's checkpoints, or those of each run of a cross-validation.
pub fn run(args: Eval, console: &Console) -> anyhow::Result<Status> {
    let folds = fold_runs(&args.run)?;
    if let (Some(fold), Some((_, first))) = (args.fold, folds.first()) {
        let own = folds.iter().find(|(number, _)| *number == fold);
        let run = own.map_or(first, |(_, run)| run);
        let words = ["earmark", "eval"].map(str::to_owned).into_iter();
        let paths = [run.as_path(), Path::new("--data"), args.data.as_path()];
        let words = words.chain(paths.map(|path| path.to_string_lossy().into_owned()));
        bail!(
            "--fold: {} holds one run per fold; evaluate one of them: {}",
            args.run.display(),
            command_line(&words.collect::<Vec<_>>())
        );
    }
    let job = EvaluateJob {
        run: args.run,
        data: args.data,
        fold: args.fold,
        fold_table: args.fold_table,
        subset: args.subset,
        read: args.damaged.with(args.read.read_as()?),
        checkpoints: Checkpoints::Every(args.every),
        eval_dir: args.eval_dir,
        device: args.compute.device,
        precision: args.precision.precision,
    };
    let stop = console.stop_flag()?;
    let evaluate = |job: &EvaluateJob| train::evaluate(job, &|e| console.show(e), &stop);
    if folds.is_empty() {
        let done = evaluate(&job)?;
        match args.json {
            true => print_json(&as_json(&done, &job.run))?,
            false => show(&done, &job.run, console)?,
        }
        return status(done.interrupted, done.skipped.len() + done.damaged.len());
    }
    let mut results = Map::new();
    let (mut interrupted, mut partly) = (false, 0);
    for (fold, run) in folds {
        if !args.json {
            print(format!("fold {fold}"))?;
        }
        let done = evaluate(&EvaluateJob {
            eval_dir: job.eval_dir.as_ref().map(|dir| dir.join(format!("fold-{fold}"))),
            run: run.clone(),
            ..job.clone()
        })?;
        match args.json {
            true => drop(results.insert(fold.to_string(), as_json(&done, &run))),
            false => show(&done, &run, console)?,
        }
        partly += done.skipped.len() + done.damaged.len();
        interrupted = done.interrupted;
        if interrupted {
            break;
        }
    }
    if args.json {
        print_json(&json!({ "folds": results }))?;
    }
    status(interrupted, partly)
}

/// How it ended, with this number of clips that were left out or used in part.
fn status(interrupted: bool, partly: usize) -> anyhow::Result<Status> {
    match interrupted {
        true => bail!(Stopped(
            "interrupted; run the same command again to resume".into()
        )),
        false => Ok(Status::of_skips(partly)),
    }
}

fn as_json(done: &EvaluateResult, run: &Path) -> Value {
    let evaluated = done.evaluated.iter().map(|(step, report)| {
        let mut value = json!(report);
        let notes = result_notes(report, done.optimism.as_ref(), done.remedies);
        value
            .as_object_mut()
            .expect("a report is an object")
            .extend(notes);
        (step.to_string(), value)
    });
    json!({
        "eval_dir": done.eval_dir, "optimistic": done.optimism, "judged": evaluated.collect::<Map<_, _>>(),
        "judged_before": done.already_evaluated, "skipped": done.skipped, "damaged": done.damaged, "precision": done.precision,
        "used": UsedModel::read(run),
    })
}

/// Prints the results of the model that `predict` and `tag` use, not those of the last or the best checkpoint on these
/// clips, and what was evaluated.
fn show(done: &EvaluateResult, run: &Path, console: &Console) -> anyhow::Result<()> {
    let used = UsedModel::read(run);
    let is_used = |step: u64| used.as_ref().is_none_or(|used| used.step == step);
    let now = done.evaluated.iter().rfind(|(step, _)| is_used(*step));
    let before = done.already_evaluated.iter().rfind(|step| is_used(**step));
    let before = before.filter(|_| now.is_none() && !done.interrupted);
    let result = match (now, before) {
        (Some((step, report)), _) => Some(StepResult {
            step: *step,
            table: report.table(),
            warnings: ResultFacts::from(report).warnings("clips", done.remedies),
        }),
        (None, Some(step)) if !done.evaluated.is_empty() => StepResult::kept(done, *step),
        _ => None,
    };
    if let Some(result) = &result {
        let chosen = used.as_ref();
        let chosen = chosen.map(|used| format!("{}; `predict` and `tag` use it\n", used.chosen));
        let chosen = chosen.unwrap_or_default();
        print_lines(&format!("step {}\n{chosen}{}", result.step, result.table))?;
        let warnings = cautions(&result.warnings);
        if !warnings.is_empty() {
            print_lines(warnings.trim_end())?;
        }
    }
    if let Some(optimism) = &done.optimism {
        print(&optimism.note)?;
    }
    if let (None, Some(step)) = (&result, before) {
        let new = match done.evaluated.is_empty() {
            true => "nothing new to evaluate; ",
            false => "",
        };
        let which = used.as_ref().map_or("", |_| ", which `predict` and `tag` use,");
        let result = result_path(&done.eval_dir, *step);
        console.note(format!(
            "{new}the result of step {step}{which} is {}",
            result.display()
        ));
    }
    let before = match done.already_evaluated.len() {
        0 => String::new(),
        n => format!(" ({n} evaluated before)"),
    };
    print(format!(
        "{} evaluated{before}; results in {}",
        human_amount(done.evaluated.len(), "checkpoint", "checkpoints"),
        done.eval_dir.display()
    ))
}

/// What is shown of an evaluated checkpoint.
struct StepResult {
    step: u64,
    table: String,
    warnings: Vec<RunWarning>,
}

impl StepResult {
    /// That of a checkpoint that was evaluated before; `None` where it can't be read, or another process is at it.
    fn kept(done: &EvaluateResult, step: u64) -> Option<Self> {
        let (kept, _) = step_evaluations(&done.eval_dir);
        let result = kept.iter().find(|result| result.step == step)?;
        Some(Self {
            step,
            table: result.table(&done.eval_dir)?,
            warnings: result.warnings(done.remedies),
        })
    }
}
