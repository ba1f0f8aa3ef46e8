//! `earmark report`

use super::compare::comparison;
use crate::prelude::*;
use earmark::metrics::ClassMetric;
use earmark::runs::pages::{compared_run, write_run_report};
use earmark::runs::run_dir::RunDir;

/// Write a run's report.html again
#[derive(Args)]
#[command(
    after_help = "Examples:\n  earmark report runs/a --data ESC-10\n  earmark report runs/curated --compare runs/noisy"
)]
pub struct ReportArgs {
    /// The run directory
    pub run: PathBuf,
    /// The data folder, for spectrograms of the worst clips; default: where it was in training
    #[arg(long, env = "EARMARK_DATA")]
    pub data: Option<PathBuf>,
    /// Another run or cross-validation run to compare with, class by class
    #[arg(long, value_name = "RUN")]
    pub compare: Option<PathBuf>,
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
    let run = RunDir::open(&args.run)?;
    let compared = args.compare.as_ref().map(|other| {
        let (found, _) = comparison(other, &args.run, ClassMetric::Lwlrap)?;
        anyhow::Ok(compared_run(&other.display().to_string(), &found))
    });
    let page = write_run_report(&run, data, compared.transpose()?)?;
    print(page.display())?;
    Ok(Status::Done)
}
