//! `earmark index search`

use super::window_names::{rows_of, say_torn, unknown};
use crate::prelude::*;
use earmark::audio::Damaged;
use earmark::index::archive::{ArchiveIndex, CurrentLabels, IndexHit, SearchBy, SearchCounts};
use earmark::inference::{Device, Model, WindowEmbedder};
use earmark::runs::run_dir::ModelRef;
use earmark_core::rows;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::time::Instant;

const SCANS: &[Choice<SearchBy>] = &[
    ("int8", "Bytes: a quarter of the reading", SearchBy::Int8),
    ("float32", "The numbers themselves", SearchBy::Float32),
];

/// Find the windows of an archive that sound most similar to an example
#[derive(Args)]
#[command(after_help = "Examples:\n  earmark index search owls owl.wav --top 50\n  \
    earmark index search owls archive/a.wav@12.5 --elsewhere --json\n\n\
    All windows are compared: the result is exact, whatever is scanned. Of an example with several windows, their mean is \
    searched for.")]
pub struct SearchIndex {
    /// The index
    pub index: PathBuf,
    /// What to search for: audio files, recordings in the index, or windows of these as FILE@SECONDS or FILE@START-END
    #[arg(required = true)]
    pub queries: Vec<String>,
    /// Number of windows to list
    #[arg(long, alias = "top-k", default_value = "20", value_name = "K")]
    pub top: NonZeroUsize,
    /// Leave out the recording that the example is from
    #[arg(long)]
    pub elsewhere: bool,
    /// The model that made the index, where its name there leads nowhere
    #[arg(long, short)]
    pub model: Option<String>,
    /// What is scanned before the best windows are compared by float32 numbers; the result is the same
    #[arg(long, value_name = "int8|float32", value_parser = choice(SCANS), default_value = "int8", hide_possible_values = true)]
    pub by: SearchBy,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub compute: Compute,
}

/// What to search for.
struct Query {
    vector: Vec<f32>,
    windows: usize,
    /// Rows that are the example itself.
    own: Range<usize>,
    /// Rows of the recording that it is from.
    recording: Range<usize>,
}

/// Searches an index.
pub fn run(args: &SearchIndex, console: &Console) -> anyhow::Result<Status> {
    let index = ArchiveIndex::open(&args.index)?;
    let labels = CurrentLabels::of(&index)?;
    say_torn(labels.torn.as_ref(), console);
    let mut embedder = None;
    let mut entries = Vec::new();
    for word in &args.queries {
        let query = query(args, &index, &mut embedder, word, console)?;
        if query.windows > 1 {
            console.note(format!(
                "{word}: has {} windows; their mean is searched for",
                query.windows
            ));
        }
        let is_other = |row: usize| {
            let is_left_out = args.elsewhere && query.recording.contains(&row);
            !is_left_out && !query.own.contains(&row)
        };
        let began = Instant::now();
        let (hits, counts) = index.nearest(&query.vector, args.top.get(), args.by, is_other)?;
        let seconds = began.elapsed().as_secs_f64();
        match args.json {
            true => entries.push(entry(word, (&query, seconds), &hits, counts, &labels)),
            false => print_lines(table(word, &hits, &labels).trim_end())?,
        }
    }
    if args.json {
        print_json(&entries)?;
    }
    Ok(Status::Done)
}

/// The vector of an example: of windows of the index, or of a file that is embedded.
fn query(
    args: &SearchIndex,
    index: &ArchiveIndex,
    embedder: &mut Option<WindowEmbedder>,
    word: &str,
    console: &Console,
) -> anyhow::Result<Query> {
    let width = index.manifest().width;
    let of_index = word
        .rsplit_once('@')
        .is_some_and(|(file, _)| index.recording(file).is_some());
    if of_index || index.recording(word).is_some() {
        let own = rows_of(index, word)?;
        let vectors = index.vectors(&own)?;
        let (first, windows) = (own.first().copied().unwrap_or_default(), own.len());
        return Ok(Query {
            vector: rows::mean(vectors.chunks_exact(width)).unwrap_or_default(),
            windows,
            // Windows of a recording are next to each other.
            own: first..first + windows,
            recording: index.placed(first).rows(),
        });
    }
    let path = Path::new(word);
    if !path.exists() {
        bail!(unknown(index, word).replacen(
            ": not a recording",
            ": neither an audio file nor a recording",
            1
        ));
    }
    if path.is_dir() {
        bail!("{word}: is a folder; name the recordings in it");
    }
    let with = match embedder {
        Some(with) => with,
        None => embedder.insert(open_embedder(args, index)?),
    };
    let found = console.run("nothing was found", |_, stop| {
        let found = with.embed(path, stop);
        found.map_err(|reason| earmark::inference::PipelineError::Request(format!("{word}: {reason}")))
    })?;
    if let Some(said) = &found.remarks {
        console.warning(format!("{word}: {said}"));
    }
    Ok(Query {
        vector: rows::mean(found.vectors.chunks_exact(width)).unwrap_or_default(),
        windows: found.windows,
        own: 0..0,
        recording: 0..0,
    })
}

/// The model of an index, which must be the one that made it.
fn open_embedder(args: &SearchIndex, index: &ArchiveIndex) -> anyhow::Result<WindowEmbedder> {
    let known = index.manifest();
    let name = args.model.as_ref().unwrap_or(&known.model.name);
    let model = Model::open(&ModelRef::new(name), &Device::named(&args.compute.device)?);
    let model = model.with_context(|| {
        format!(
            "--model: {name} made {}, and can't be opened",
            index.folder().display()
        )
    })?;
    Ok(WindowEmbedder::that_made(index, model, name, Damaged::Salvage)?)
}

/// The labels of a window, by class.
fn labels_of(labels: &CurrentLabels, row: usize) -> BTreeMap<&str, bool> {
    let of_class = labels.by_class.iter();
    of_class
        .filter_map(|(class, rows)| Some((class.as_str(), *rows.get(&row)?)))
        .collect()
}

fn entry(
    word: &str,
    (query, seconds): (&Query, f64),
    hits: &[IndexHit],
    counts: SearchCounts,
    labels: &CurrentLabels,
) -> serde_json::Value {
    let hit = |hit: &IndexHit| {
        json!({
            "file": hit.window.file,
            "start_seconds": hit.window.start_seconds,
            "end_seconds": hit.window.end_seconds,
            "similarity": hit.similarity,
            "labels": labels_of(labels, hit.row),
        })
    };
    json!({
        "query": word,
        "windows": query.windows,
        "hits": hits.iter().map(hit).collect::<Vec<_>>(),
        "scanned": counts.scanned,
        "candidates": counts.candidates,
        "seconds": seconds,
    })
}

fn table(word: &str, hits: &[IndexHit], labels: &CurrentLabels) -> String {
    let name = Path::new(word).file_name();
    let name = name.map_or(word.into(), |name| name.to_string_lossy());
    let row = |hit: &IndexHit| {
        let said = labels_of(labels, hit.row).into_iter();
        let said = said.map(|(class, yes)| {
            if yes {
                class.to_owned()
            } else {
                format!("not {class}")
            }
        });
        vec![
            hit.window.file.clone(),
            format!("{:.2} s", hit.window.start_seconds),
            format!("{:.2} s", hit.window.end_seconds),
            format!("{:.4}", hit.similarity),
            said.collect::<Vec<_>>().join(", "),
        ]
    };
    let first = format!("similar to {name}");
    let heads = [first.as_str(), "from", "to", "similarity", "labels"];
    number_table(&heads, hits.iter().map(row))
}
