//! `earmark report`

use super::compare_two_runs::comparison;
use super::report_numbers::{as_json, as_text};
use crate::prelude::*;
use earmark::metrics::ClassMetric;
use earmark::report::{NoteLevel, PageNote};
use earmark::runs::pages::{compared_run, cross_validation_report, run_report, write_report};
use earmark::runs::run_dir::{RunDir, fold_runs};
use earmark::train::{FitFolderJob, UnfinishedFit};
use earmark_core::text::quote;

/// Write the report.html of a run or a cross-validation run
#[derive(Args)]
#[command(
    after_help = "Examples:\n  earmark report runs/a --data ESC-10\n  earmark report runs/cv --text\n  \
    earmark report runs/curated --compare runs/noisy"
)]
pub struct ReportArgs {
    /// The run directory, or a cross-validation run, whose clips of all folds are then reported together
    pub run: PathBuf,
    /// The data folder, for spectrograms and sounds of the worst clips; default: where it was in training
    #[arg(long, env = "EARMARK_DATA")]
    pub data: Option<PathBuf>,
    /// Another run or cross-validation run to compare with, class by class
    #[arg(long, value_name = "RUN")]
    pub compare: Option<PathBuf>,
    /// Also print the results of folds and classes, and the most frequent mistakes
    #[arg(long)]
    pub text: bool,
    /// Print the numbers of the report as JSON
    #[arg(long, conflicts_with = "text")]
    pub json: bool,
}

/// Writes a run's report.
pub fn run(args: &ReportArgs) -> anyhow::Result<Status> {
    let data = args.data.as_deref();
    if let Some(data) = data.filter(|folder| !folder.exists()) {
        bail!(
            "--data {}: there is no such folder; leave it out to use the folder of the training",
            data.display()
        );
    }
    refuse_fit(&args.run)?;
    let mut report = match fold_runs(&args.run)?.is_empty() {
        true => run_report(&RunDir::open(&args.run)?, data)?,
        false => cross_validation_report(&args.run, data)?,
    };
    if let Some(other) = &args.compare {
        let (found, notes) = comparison(other, &args.run, ClassMetric::Lwlrap)?;
        let notes = notes
            .into_iter()
            .map(|note| PageNote::new(NoteLevel::Caution, note));
        report.notes.extend(notes);
        report.compared = Some(compared_run(&other.display().to_string(), &found));
    }
    let page = write_report(&args.run, &report)?;
    if args.json {
        print_json(&as_json(&page, &report))?;
        return Ok(Status::Done);
    }
    if args.text {
        print_lines(as_text(&report).trim_end())?;
    }
    print(page.display())?;
    Ok(Status::Done)
}

/// Refuses a model file, and the folder of a fit, whose report is there already.
fn refuse_fit(run: &Path) -> anyhow::Result<()> {
    let (work, what) = match run.is_file() {
        true => (FitFolderJob::work_of(run), "a model file"),
        false => (run.to_path_buf(), "the folder of a fit"),
    };
    let report = FitFolderJob::report_in(&work);
    if work.join("fit.json").is_file() && report.is_file() {
        bail!(
            "{}: is {what}, not a run; the report that `earmark fit` wrote is {}",
            run.display(),
            report.display()
        );
    }
    if let Some(fit) = UnfinishedFit::of(&work) {
        bail!(about_unfinished(run, &work, &fit));
    }
    if run.is_file() {
        bail!(
            "{}: is a file, not a run; give the run directory of a training (a fit writes its report to \
             MODEL.fit/report.html)",
            run.display()
        );
    }
    Ok(())
}

/// What is there of a fit that has not ended, and what to do.
fn about_unfinished(run: &Path, work: &Path, fit: &UnfinishedFit) -> String {
    let finished = match fit.finished.is_empty() {
        true => "no way to a model has finished".to_owned(),
        false => format!("finished so far: {}", fit.finished.join(", ")),
    };
    let remedy = match fit.is_running {
        true => "it is running: wait for it",
        false => "run the same `earmark fit` command again to resume",
    };
    let runs = match fit.runs.len() {
        0 => String::new(),
        count => format!(
            "; `earmark runs {}` shows its {}",
            quote(&work.to_string_lossy()),
            human_amount(count, "training", "trainings")
        ),
    };
    format!(
        "{}: is of a fit that has not ended, so that there is no report yet, which will be {}; {finished}{runs}; {remedy}",
        run.display(),
        FitFolderJob::report_in(work).display()
    )
}
