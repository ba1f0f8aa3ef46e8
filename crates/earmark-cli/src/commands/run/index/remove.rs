//! `earmark index remove`

use super::add::rows_per_shard;
use super::window_names::{say_torn, unknown};
use crate::prelude::*;
use earmark::index::archive::{
    ArchiveIndex, CurrentLabels, IndexManifest, IndexWriter, KnownPaths, normal_name,
};
use earmark::inference::moved_recordings;
use earmark::inference::tag::inputs;
use earmark_core::text::quote;
use std::collections::{BTreeMap, BTreeSet};

/// Take recordings out of an index: those that are gone from the disk, or those that are named
#[derive(Args)]
#[command(after_help = "Examples:\n  earmark index remove owls --gone archive\n  \
    earmark index remove owls archive/a.wav archive/2019\n\n\
    Nothing but the index is changed. Recordings that have only moved below ARCHIVE, by file name and content, are kept. \
    It is done in one step: killed at any moment, all of them are taken out, or none. \
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
    let Chosen { out, moved } = Chosen::of(args, (&index, &names), &writer, console)?;
    let (manifest, removed) = writer.remove(|name| out.contains(name))?;
    let labels = CurrentLabels::of(&ArchiveIndex::open(&args.index)?)?;
    say_torn(labels.torn.as_ref(), console);
    let more = labels.stale.saturating_sub(stale);
    if more > 0 {
        let amount = human_amount(more, "label of them does", "labels of them do");
        console.note(format!("{amount} not count any more"));
    }
    if let Some((name, now)) = moved.first_key_value() {
        let more = match moved.len() - 1 {
            0 => String::new(),
            more => format!(", as {more} more do"),
        };
        console.note(format!("{name}: moved to {now}; keeps its path{more}"));
    }
    let (recordings, windows) = manifest.recordings_and_windows();
    print_as(
        args.json,
        || {
            json!({
                "index": args.index.to_string_lossy(),
                "removed": removed,
                "moved": moved,
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

/// What to take out, by name.
struct Chosen {
    /// The recordings to take out.
    out: BTreeSet<String>,
    /// Those that `--gone` keeps, as they have only moved, each with where it is now.
    moved: BTreeMap<String, String>,
}

impl Chosen {
    fn of(
        args: &RemoveFromIndex,
        (index, names): (&ArchiveIndex, &BTreeSet<String>),
        writer: &IndexWriter,
        console: &Console,
    ) -> anyhow::Result<Self> {
        let known = KnownPaths::of(names.iter().map(String::as_str));
        let mut out = BTreeSet::new();
        for word in &args.files {
            // As the name of a folder, it would be that of all recordings.
            if word.is_empty() {
                bail!(
                    "\"\": is not a name of a recording; name recordings, or folders of them such as archive/2019"
                );
            }
            let found = named(word, names, &known);
            if found.is_empty() {
                bail!(unknown(index, word));
            }
            out.extend(found.into_iter().map(str::to_owned));
        }
        if let Some(archive) = args.gone.iter().find(|archive| !archive.is_dir()) {
            bail!(
                "--gone {}: no such folder; check the path and whether its disk is there, or name the recordings without \
                 --gone if all of it is gone",
                archive.display()
            );
        }
        let mut moved = moved_below(&args.gone, writer, &known, console);
        for archive in &args.gone {
            let gone = known.gone_below(archive);
            let is_there = known.has_below(archive) || gone.iter().any(|name| moved.contains_key(*name));
            if !gone.is_empty() && !is_there {
                bail!(
                    "--gone {}: none of its {} is there; check whether its disk is, or take all out with `earmark index \
                     remove {} {}`",
                    archive.display(),
                    human_amount(gone.len(), "recording", "recordings"),
                    quote(&args.index.to_string_lossy()),
                    quote(&archive.to_string_lossy())
                );
            }
            let gone = gone.into_iter().filter(|name| !moved.contains_key(*name));
            out.extend(gone.map(str::to_owned));
        }
        moved.retain(|name, _| !out.contains(name));
        Ok(Self { out, moved })
    }
}

/// The recordings that are gone from where they were below these folders, and are elsewhere below them.
fn moved_below(
    archives: &[PathBuf],
    writer: &IndexWriter,
    known: &KnownPaths,
    console: &Console,
) -> BTreeMap<String, String> {
    let gone: BTreeSet<&str> = archives
        .iter()
        .flat_map(|archive| known.gone_below(archive))
        .collect();
    if gone.is_empty() {
        return BTreeMap::new();
    }
    let there = inputs::find_in_folders(archives);
    for (name, reason) in &there.left_out {
        console.warning(format!(
            "{name}: recordings that have moved there are not known: {reason}"
        ));
    }
    let mut moved = moved_recordings(&there.files, writer, known);
    moved.retain(|name, _| gone.contains(name.as_str()));
    moved
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
