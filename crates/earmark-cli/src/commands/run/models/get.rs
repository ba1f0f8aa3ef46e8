//! `earmark models get`

use super::destination::note_name;
use crate::prelude::*;
use earmark::hub::{self, DownloadProgress, PublishedArchitecture};
use std::sync::atomic::Ordering;

/// Download a published model from its authors and install it
#[derive(Args)]
#[command(after_help = "Example:\n  earmark models get efficientat-mn04-as\n\n\
    Models are kept in the folder EARMARK_MODELS, or else in the user's data folder, and can then be used by name:\n  \
    earmark predict efficientat-mn04-as --files *.wav -o scores.csv\n\n\
    Run the command again to resume an interrupted download. Without a network, the message says which file to \
    download elsewhere and how to import it.")]
pub struct GetModel {
    /// A name from `earmark models list`
    pub name: String,
    /// Download from here instead, such as a mirror; the checksum must be the same
    #[arg(long)]
    pub url: Option<String>,
}

/// Downloads and installs a model.
pub fn run(args: &GetModel, console: &Console) -> anyhow::Result<Status> {
    let name = &args.name;
    let Some(model) = hub::published_model(name) else {
        if let Some(network) = PublishedArchitecture::parse(name) {
            let network = network.name();
            let offer = hub::hand_downloads().iter().find(|o| o.architecture == network);
            let offer = offer.map_or(String::new(), |o| {
                format!("; its authors offer {} at {}", o.content, o.url)
            });
            bail!(
                "{name}: cannot be downloaded, only imported from a file of weights: \
                 `earmark models import FILE --as {name}`{offer}"
            );
        }
        let near =
            hub::nearest_published(name).map_or(String::new(), |near| format!(", did you mean {near}?"));
        bail!("{name}: no such published model{near}; `earmark models list` lists them");
    };
    let stop = console.stop_flag()?;
    let url = args.url.as_deref().unwrap_or(&model.url);
    let mut show = |p: DownloadProgress| {
        console.downloading(&model.name, p.done, p.total);
        !stop.load(Ordering::Relaxed)
    };
    let installed = match hub::install(model, url, &mut show) {
        Err(e) if e.is_stop() => {
            bail!(Stopped(
                "interrupted; run the command again to resume the download".into()
            ))
        }
        installed => installed?,
    };
    console.clear();
    match installed.imported {
        Some(_) => note_name(&installed.path, console),
        None => console.note(format!("{} is already installed", model.name)),
    }
    print(installed.path.display())?;
    Ok(Status::Done)
}
