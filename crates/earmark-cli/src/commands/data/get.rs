//! `earmark data get`

use crate::prelude::*;
use earmark::data::{DataOptions, load};
use earmark::hub::{DataProgress, GetData, published_data};
use earmark_core::text::quote;
use std::sync::atomic::Ordering;

/// Download a published data set from its authors and unpack it: ESC-50, FSDKaggle2018 or FSDKaggle2019
#[derive(Args)]
#[command(after_help = "Examples:\n  earmark data get esc50 -o ESC-50\n  \
    earmark data get fsdkaggle2019 --from Downloads -o FSDKaggle2019\n\n\
    Its licence is printed first. Archives are compared with the published checksums (ESC-50 has none), unpacked and \
    removed; where they came from is in source.json. Run the command again to resume. Without a network, the \
    message says which archives to download elsewhere; --from unpacks them.")]
pub struct DataGet {
    /// esc50, fsdkaggle2018 or fsdkaggle2019
    pub name: String,
    /// Folder for the data set
    #[arg(long, short, value_name = "DIR")]
    pub out: PathBuf,
    /// Unpack archives from this folder, downloaded by hand
    #[arg(long, value_name = "FOLDER", conflicts_with = "url")]
    pub from: Option<PathBuf>,
    /// Another address of the record (ESC-50: of the archive), such as a mirror's
    #[arg(long)]
    pub url: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Downloads and unpacks a data set.
pub fn run(args: &DataGet, console: &Console) -> anyhow::Result<Status> {
    let name = args.name.to_lowercase();
    let Some(set) = published_data().iter().find(|set| set.name == name) else {
        let names: Vec<&str> = published_data().iter().map(|set| set.name).collect();
        bail!(
            "{}: no such published data set; there are {}",
            args.name,
            names.join(", ")
        );
    };
    console.note(set.licence);
    let stop = console.stop_flag()?;
    let job = GetData {
        set,
        to: args.out.clone(),
        from: args.from.clone(),
        url: args.url.clone(),
    };
    let mut current = String::new();
    let got = job.run(&mut |progress| {
        let (file, done, total, what) = match progress {
            DataProgress::Downloading { file, done, total } => (file, done, total, ""),
            DataProgress::Unpacking { file, done, total } => (file, done, Some(total), "unpacking "),
            DataProgress::Note(text) => {
                console.note(text);
                return true;
            }
        };
        let name = format!("{what}{file}");
        if name != current {
            // Every file has a bar of its own.
            console.clear();
            current.clone_from(&name);
        }
        console.downloading(&name, done, total);
        !stop.load(Ordering::Relaxed)
    });
    console.clear();
    let origin = match got {
        Err(e) if e.is_stop() => bail!(Stopped("interrupted; run the command again to resume".into())),
        got => got?,
    };
    let dir = &args.out;
    console.data(&load(dir, &DataOptions::default())?);
    let (files, bytes) = origin.size();
    print_as(
        args.json,
        || &origin,
        || {
            format!(
                "{}: {} files, {}\n\nnext: earmark data check {}",
                shown(dir),
                human_count(files),
                human_bytes(bytes),
                one_line(&quote(&dir.to_string_lossy()))
            )
        },
    )?;
    Ok(Status::Done)
}
