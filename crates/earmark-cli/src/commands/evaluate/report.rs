//! `earmark report`

use super::compare::comparison;
use crate::args::Report;
use crate::output::print;
use crate::status::Status;
use anyhow::bail;
use earmark::metrics::ClassMetric;
use earmark::runs::pages::{compared_run, write_run_report};
use earmark::runs::run_dir::RunDir;

/// Writes a run's report.
pub fn run(args: &Report) -> anyhow::Result<Status> {
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
    let page = write_run_report(&run, args.data.as_deref(), compared.transpose()?)?;
    print(page.display())?;
    Ok(Status::Done)
}
