//! `earmark report`

use crate::Status;
use crate::args::{CompareBy, Global, Report};
use crate::console::{Console, out};
use anyhow::bail;
use earmark::runs::pages::{write_compared_report, write_run_report};
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
    let page = match &args.compare {
        None => write_run_report(&run, args.data.as_deref())?,
        Some(other) => {
            let (found, _) = super::runs_compare::compared(other, &args.run, CompareBy::Lwlrap)?;
            let name = other.display().to_string();
            write_compared_report(&run, args.data.as_deref(), &name, &found)?
        }
    };
    out(page.display())?;
    Ok(Status::Done)
}
