//! `earmark index remove`

use super::add::rows_per_shard;
use super::window_names::{say_torn, unknown};
use crate::prelude::*;
use earmark::index::archive::{
    ArchiveIndex, CurrentLabels, IndexManifest, IndexWriter, KnownPaths, normal_name,
};
use earmark_core::text::quote;
use std::collections::BTreeSet;

/// Take recordings out of an index: those that are gone from the disk, or those that are named
#[derive(Args)]
#[command(after_help = "Examples:\n  earmark index remove owls --gone archive\n  \
    earmark index remove owls archive/a.wav archive/2019\n\n\
    Nothing but the index is changed. It is done in one step: killed at any moment, all of them are taken out, or none. \
    Labels of them stay in labels.jsonl and do not count; `index add` adds such a recording again.")]
pub struct RemoveFromIndex {
    /// The index
    pub index: PathBuf,
    /// Recordings to take out, and folders of them, by their names in the index or their paths
    #[arg(required_unless_present = "gone")]
    pub files: Vec<String>,
    /// Take out the recordings below this folder that are not there any more
    #[arg(long, value_name = "ARCHIVE", num_args = 1..)]
    pub gone: Vec<PathBuf>,
    /// Print a summary as JSON: names of the recordings, what is left
    #[arg(long)]
    pub json: bool,
}

/// Takes recordings out.
pub fn run(args: &RemoveFromIndex, console: &Console) -> anyhow::Result<Status> {
    let known = IndexManifest::read(&args.index)?;
    let writer = IndexWriter::open(
        &args.index,
        known.model.clone(),
        known.windows,
        known.width,
        rows_per_shard().get(),
    )?;
    if writer.torn_bytes() > 0 {
        console.note(format!(
            "{}: the last {} of its log are not whole; `earmark index add` embeds the recordings in them again",
            args.index.display(),
            human_amount(writer.torn_bytes() as usize, "byte", "bytes")
        ));
    }
    let index = ArchiveIndex::open(&args.index)?;
    let stale = CurrentLabels::of(&index)?.stale;
    let names: BTreeSet<String> = writer.names().map(str::to_owned).collect();
    let chosen = chosen(args, &index, &names)?;
    let (manifest, removed) = writer.remove(|name| chosen.contains(name))?;
    let labels = CurrentLabels::of(&ArchiveIndex::open(&args.index)?)?;
    say_torn(labels.torn.as_ref(), console);
    let more = labels.stale.saturating_sub(stale);
    if more > 0 {
        let amount = human_amount(more, "label of them does", "labels of them do");
        console.note(format!("{amount} not count any more"));
    }
    let (recordings, windows) = manifest.recordings_and_windows();
    print_as(
        args.json,
        || {
            json!({
                "index": args.index.to_string_lossy(),
                "removed": removed,
                "stale_labels": labels.stale,
                "recordings": recordings,
                "windows": windows,
                "shards": manifest.shards.len(),
            })
        },
        || {
            let taken = human_amount(removed.len(), "recording", "recordings");
            let left = human_amount(recordings, "recording", "recordings");
            format!("{taken} taken out, {left} left: {}", shown(&args.index))
        },
    )?;
    Ok(Status::Done)
}

/// The names of the recordings to take out.
fn chosen(
    args: &RemoveFromIndex,
    index: &ArchiveIndex,
    names: &BTreeSet<String>,
) -> anyhow::Result<BTreeSet<String>> {
    let known = KnownPaths::of(names.iter().map(String::as_str));
    let mut chosen = BTreeSet::new();
    for word in &args.files {
        let found = named(word, names, &known);
        if found.is_empty() {
            bail!(unknown(index, word));
        }
        chosen.extend(found.into_iter().map(str::to_owned));
    }
    for archive in &args.gone {
        let shown = archive.display();
        if !archive.is_dir() {
            bail!(
                "--gone {shown}: no such folder; check the path and whether its disk is there, or name the recordings \
                 without --gone if all of it is gone"
            );
        }
        let gone = known.gone_below(archive);
        if !gone.is_empty() && !known.has_below(archive) {
            bail!(
                "--gone {shown}: none of its {} is there; check whether its disk is, or take all out with `earmark index \
                 remove {} {}`",
                human_amount(gone.len(), "recording", "recordings"),
                quote(&args.index.to_string_lossy()),
                quote(&archive.to_string_lossy())
            );
        }
        chosen.extend(gone.into_iter().map(str::to_owned));
    }
    Ok(chosen)
}

/// The recordings that a word names: as it is written, else in the usual form of names, else by their paths.
fn named<'a>(word: &str, names: &'a BTreeSet<String>, known: &'a KnownPaths) -> Vec<&'a str> {
    let is_below = |name: &str, folder: &str| {
        let rest = name.strip_prefix(folder);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let all = || names.iter().map(String::as_str);
    let written = word.trim_end_matches('/');
    let mut found: Vec<&str> = all().filter(|name| is_below(name, written)).collect();
    if found.is_empty() {
        let normal = normal_name(word);
        found = all()
            .filter(|name| is_below(&normal_name(name), &normal))
            .collect();
    }
    match found.is_empty() {
        true => known.all_below(Path::new(word)),
        false => found,
    }
}
