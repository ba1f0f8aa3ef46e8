//! `earmark models get`

use crate::args::GetModel;
use crate::console::Console;
use crate::output::print;
use crate::status::{Interrupted, Status};
use anyhow::bail;
use earmark::hub::{self, Architecture, DownloadProgress};
use std::sync::atomic::Ordering;

/// Downloads and installs a model.
pub fn run(args: &GetModel, console: &Console) -> anyhow::Result<Status> {
    let name = &args.name;
    let Some(entry) = hub::entry(name) else {
        if Architecture::parse(name).is_some() {
            bail!(
                "{name}: cannot be downloaded, only imported from a file of weights: `earmark models import FILE --as {name}`"
            );
        }
        let near = hub::nearest(name).map_or(String::new(), |near| format!(", did you mean {near}?"));
        bail!("{name}: no such published model{near}; `earmark models list` lists them");
    };
    let stop = console.stop_flag()?;
    let url = args.url.as_deref().unwrap_or(&entry.url);
    let mut show = |p: DownloadProgress| {
        console.downloading(&entry.name, p.done, p.total);
        !stop.load(Ordering::Relaxed)
    };
    let installed = match hub::get(entry, url, &mut show) {
        Err(e) if e.is_stop() => {
            console.note("interrupted; run the command again to resume the download");
            return Err(Interrupted.into());
        }
        installed => installed?,
    };
    console.clear();
    if installed.imported.is_none() {
        console.note(format!("{} is already installed", entry.name));
    }
    print(installed.path.display())?;
    Ok(Status::Done)
}
