//! `earmark index add`

use super::parts::{part_of, save_command};
use crate::args::ShardArgs;
use crate::prelude::*;
use earmark::data::DamagedFiles;
use earmark::index::archive::{IndexManifest, ROWS_PER_SHARD};
use earmark::inference::tag::{WindowHop, inputs};
use earmark::inference::{AddJob, AddResult, Device, Model, WindowEmbedder, add_to_index};
use earmark::runs::run_dir::ModelRef;
use earmark_core::text::quote;
use std::num::NonZeroUsize;

/// Headings of the arguments.
const WINDOWS: &str = "Windows";

/// Embed the recordings of an archive that are new or have changed, window by window
#[derive(Args)]
#[command(
    after_help = "Examples:\n  earmark index add archive --model mn04.safetensors --to owls\n  \
    earmark index add archive --to owls\n  \
    earmark index add archive --model mn04.safetensors --to owls --shard auto\n\n\
    Killed or interrupted, the same command does what is left to do. Recordings that cannot be read, or of which a part \
    is missing, are listed at the end, and the exit code is then 2. Recordings of the index that are not in the archive \
    any more are said; `earmark index remove` takes them out."
)]
pub struct AddToIndex {
    /// Recordings: files, folders (all audio in them, recursively) or quoted patterns such as 'in/**/*.flac'
    #[arg(required = true)]
    pub inputs: Vec<PathBuf>,
    /// The index, a folder
    #[arg(long, value_name = "X")]
    pub to: PathBuf,
    /// The model: MODEL.safetensors, RUN or RUN@STEP; default: the one that the index was made with
    #[arg(long, short)]
    pub model: Option<String>,
    /// Seconds of a window; default: as in the index, else the length of the segments that the model was trained on, or
    /// 2 if it was trained on whole clips
    #[arg(long, value_name = "SECONDS", help_heading = WINDOWS)]
    pub window: Option<f64>,
    /// Seconds from one window to the next; default: as in the index, else half a window
    #[arg(long, value_name = "SECONDS", help_heading = WINDOWS, conflicts_with = "overlap")]
    pub hop: Option<f64>,
    /// Seconds by which neighbouring windows overlap, instead of --hop
    #[arg(long, value_name = "SECONDS", help_heading = WINDOWS)]
    pub overlap: Option<f64>,
    #[command(flatten)]
    pub damaged: DamagedArgs,
    /// Only add shard K of N of the recordings, to an index of its own, X.shard-K-of-N; auto: K and N of the job array.
    /// `earmark index merge` puts them together
    #[arg(long, value_name = "K/N|auto")]
    pub shard: Option<String>,
    /// Windows per file of the index
    #[arg(long, value_name = "N", default_value_t = rows_per_shard())]
    pub rows_per_file: NonZeroUsize,
    /// Print a summary as JSON: recordings added, replaced and skipped, windows, shards
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub compute: Compute,
}

/// The default of `--rows-per-file`.
pub fn rows_per_shard() -> NonZeroUsize {
    NonZeroUsize::new(ROWS_PER_SHARD).unwrap_or(NonZeroUsize::MIN)
}

/// Adds recordings to an index.
pub fn run(args: &AddToIndex, console: &Console) -> anyhow::Result<Status> {
    let shard = ShardArgs {
        shard: args.shard.clone(),
    };
    let shard = shard.shard()?;
    let mut inputs = inputs::find(&args.inputs)?;
    let to = match shard {
        None => args.to.clone(),
        Some(shard) => {
            inputs = inputs.of_shard(shard).0;
            part_of(&args.to, shard)
        }
    };
    let (name, embedder) = embedder(args, &to)?;
    if let Some(note) = inputs.repeated.note() {
        console.note(note);
    }
    let amount = human_amount(inputs.files.len(), "recording", "recordings");
    console.note(format!("{amount}, {}", embedder.window_rule().describe()));
    if let Some(note) = embedder.model().precision().note() {
        console.note(note);
    }
    let done = console.run(
        "what was embedded is in the index; run the same command again for the rest",
        |show, stop| {
            add_to_index(&AddJob {
                embedder: &embedder,
                model_name: &name,
                inputs: &inputs,
                archives: &args.inputs,
                to: &to,
                rows_per_shard: args.rows_per_file.get(),
                observer: show,
                stop,
            })
        },
    )?;
    console.clear();
    if shard.is_some() {
        save_command(&to)?;
    }
    print_as(args.json, || facts(&done, &to), || describe(&done, &to))?;
    say_paths(args, &done, &to, console);
    let (damaged, notes) = (done.remarks.damaged(), done.remarks.notes());
    remarks::say(&damaged, &notes, console);
    Ok(Status::of_skips(done.skipped.len() + damaged.len()))
}

/// The model with its windows, and what it is called: those of the index where nothing else is asked for.
fn embedder(args: &AddToIndex, to: &Path) -> anyhow::Result<(String, WindowEmbedder)> {
    let known = IndexManifest::path(to).exists().then(|| IndexManifest::read(to));
    let known = known.transpose()?;
    let name = args
        .model
        .clone()
        .or_else(|| Some(known.as_ref()?.model.name.clone()));
    let Some(name) = name else {
        bail!(
            "--model: {} is a new index; name the model that makes its embeddings",
            to.display()
        );
    };
    let device = Device::named(&args.compute.device)?;
    let model = Model::open(&ModelRef::new(&name), &device)?;
    let damaged = args.damaged.unwrap_or(DamagedFiles::Salvage);
    let hop = match (args.hop, args.overlap) {
        (Some(hop), _) => WindowHop::Hop(hop),
        (None, Some(overlap)) => WindowHop::Overlap(overlap),
        (None, None) => WindowHop::Default,
    };
    let embedder = match known {
        Some(known)
            if args.window.is_none()
                && hop == WindowHop::Default
                && model.sample_rate_hz() == known.windows.sample_rate_hz =>
        {
            WindowEmbedder::of_index(model, known.windows, damaged)?
        }
        _ => WindowEmbedder::new(model, args.window, hop, damaged)?,
    };
    Ok((name, embedder))
}

/// Says which recordings go by another path, are gone, or are there twice.
fn say_paths(args: &AddToIndex, done: &AddResult, to: &Path, console: &Console) {
    let to = one_line(&quote(&to.to_string_lossy())).into_owned();
    if let Some((given, known)) = done.other_paths.first() {
        let amount = human_amount(done.other_paths.len(), "recording is", "recordings are");
        console.note(format!(
            "{amount} in the index by another path and keep it, first {given}, which is {known} there"
        ));
    }
    if let Some(first) = done.gone.first() {
        let amount = human_amount(
            done.gone.len(),
            "recording of the index is",
            "recordings of the index are",
        );
        let folders = args.inputs.iter().filter(|archive| archive.is_dir());
        let folders: Vec<String> = folders.map(|folder| quote(&folder.to_string_lossy())).collect();
        let archives = match folders.len() {
            0..=3 => folders.join(" "),
            _ => "ARCHIVE".to_owned(),
        };
        console.note(format!(
            "{amount} not there any more, first {first}; `earmark index remove {to} --gone {}` takes them out",
            one_line(&archives)
        ));
    }
    if let Some((twice, first)) = done.twice.first() {
        let amount = human_amount(done.twice.len(), "recording is", "recordings are");
        console.warning(format!(
            "{amount} in the index twice, first {twice}, which is {first}, too; take one of the names out: `earmark \
             index remove {to} {}`",
            one_line(&quote(twice))
        ));
    }
}

fn facts(done: &AddResult, to: &Path) -> serde_json::Value {
    let (recordings, windows) = done.manifest.recordings_and_windows();
    json!({
        "index": to.to_string_lossy(),
        "model": done.manifest.model,
        "width": done.manifest.width,
        "added": done.added,
        "replaced": done.replaced,
        "unchanged": done.same,
        "other_paths": done.other_paths,
        "gone": done.gone,
        "twice": done.twice,
        "resumed": done.taken_up,
        "windows_added": done.windows,
        "recordings": recordings,
        "windows": windows,
        "shards": done.manifest.shards.len(),
        "skipped": done.skipped,
        "damaged": done.remarks.damaged(),
        "notes": done.remarks.notes(),
    })
}

fn describe(done: &AddResult, to: &Path) -> String {
    let windows = human_amount(done.windows, "window", "windows");
    let mut parts = vec![format!(
        "{} added",
        human_amount(done.added, "recording", "recordings")
    )];
    let more = [
        (done.replaced, "replaced, as their files have changed"),
        (done.taken_up, "taken up from an interrupted run"),
        (done.same, "there already"),
    ];
    parts.extend(
        more.into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}")),
    );
    format!("{} ({windows}): {}", parts.join(", "), shown(to))
}
