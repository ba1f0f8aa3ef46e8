//! `earmark report`

use crate::Status;
use crate::args::{CompareBy, Global, Report};
use crate::console::{Console, out};
use anyhow::bail;
use earmark::runs::pages::{compared_run, write_run_report};
use earmark::runs::run_dir::RunDir;

/// Writes a run's report.
pub fn run(args: Report, _: &Global, _: &Console) -> anyhow::Result<Status> {
    if let Some(data) = args.data.as_ref().filter(|d| !d.exists()) {
        bail!(
            "--data {}: there is no such folder; leave it out to look where the run was trained",
            data.display()
        );
    }
    let run = RunDir::open(&args.run)?;
    let compared = args.compare.as_ref().map(|other| {
        let (found, _) = super::runs_compare::compared(other, &args.run, CompareBy::Lwlrap)?;
        anyhow::Ok(compared_run(&other.display().to_string(), &found))
    });
    let page = write_run_report(&run, args.data.as_deref(), compared.transpose()?)?;
    out(page.display())?;
    Ok(Status::Done)
}
