//! `earmark review serve`, in programs with the feature `serve`

use super::reviewed_items::{ReviewedItems, ReviewedSource};
use crate::commands::truth::{is_given, refuse_unread};
use crate::prelude::*;
use earmark::index::archive::{ArchiveIndex, IndexManifest};
use earmark::inference::ThresholdConfig;
use earmark::review::{ReviewDesk, ReviewOrder};
use earmark::runs::run_dir::ModelRef;
use earmark::train::ReviewedClips;
use earmark_serve::{
    ArchiveConfig, LearningConfig, ReviewContents, ReviewServeConfig, ServeObserver, ServedRequest, Server,
};
use std::net::SocketAddr;
use std::sync::Arc;

const ORDERS: &[Choice<ReviewOrder>] = &[
    (
        "worst",
        "Clips whose labels disagree most with their scores; events with the lowest scores",
        ReviewOrder::Worst,
    ),
    (
        "uncertain",
        "Scores next to 0.5; of clips with one label each, those whose two best scores differ least",
        ReviewOrder::Uncertain,
    ),
    (
        "stratified",
        "Each class and range of scores in turn, at random: the sample for `earmark review precision`",
        ReviewOrder::Stratified,
    ),
    (
        "threshold",
        "Scores next to the thresholds of their classes",
        ReviewOrder::Threshold,
    ),
    (
        "class",
        "Class by class, the best score first",
        ReviewOrder::Class,
    ),
];

/// Review in the browser: listen to what a model found, correct it, learn again; search an index and label it
#[derive(Args)]
#[command(
    after_help = "Examples:\n  earmark review serve runs/cv --learn-with mn04.safetensors\n  \
    earmark review serve tags.csv --data /mnt/archive --order stratified\n  \
    earmark review serve --scores oof.csv --data my-sounds --order uncertain\n  \
    earmark review serve owls\n  \
    earmark review serve tags.csv --index owls\n\n\
    The page is at http://127.0.0.1:8081/. Every decision is in the log before the next item is shown; \
    `earmark review apply` makes corrections or labels with times of it, `earmark review precision` estimates \
    precision from it. An index, as `earmark index add` makes it, is searched, labelled and trained on at \
    http://127.0.0.1:8081/search. Ctrl-C ends the server."
)]
pub struct ReviewServe {
    #[command(flatten)]
    pub source: ReviewedSource,
    /// Which items come first; default: worst
    #[arg(long, value_parser = choice(ORDERS))]
    pub order: Option<ReviewOrder>,
    /// Threshold for --order threshold: a number for all classes, CLASS=NUMBER, or a file of thresholds
    #[arg(long, value_name = "THRESHOLD")]
    pub threshold: Vec<String>,
    /// Of clips: the model whose embeddings the page learns on again, one that was not trained on them. Its models are
    /// written next to the log, as learned-1.safetensors and so on
    #[arg(long, value_name = "MODEL")]
    pub learn_with: Option<String>,
    /// An index to search, label and train on next to the review; an index alone takes the place of RUN|TAGS
    #[arg(long, value_name = "INDEX")]
    pub index: Option<PathBuf>,
    /// The folder that names of recordings in the index are relative to; default: the current one
    #[arg(long, value_name = "DIR")]
    pub archive: Option<PathBuf>,
    /// The model that made the index, where its name there leads nowhere
    #[arg(long, short, value_name = "MODEL")]
    pub model: Option<String>,
    /// Address to listen on; one that other machines reach needs a token
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8081")]
    pub bind: SocketAddr,
    /// File with the token that clients must send, a line of 16 to 256 letters, digits or -._~
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Print the address, and log requests, as lines of JSON
    #[arg(long)]
    pub json: bool,
}

/// What is printed of what is served.
#[derive(Default)]
struct ServedFacts {
    /// Items, and the log of their decisions.
    items: Option<(usize, PathBuf)>,
    /// Windows of an index, and its folder.
    windows: Option<(usize, PathBuf)>,
    skipped: usize,
}

/// Serves until it is stopped.
pub fn run(args: ReviewServe, console: &Console) -> anyhow::Result<Status> {
    let (contents, facts) = match args.source.source.as_deref().filter(|source| is_index(source)) {
        Some(folder) => index_alone(&args, folder)?,
        None => review(&args, console)?,
    };
    let as_json = args.json;
    let shown = console.clone();
    // What a page asks for is a line only where a program may read it, or where it failed.
    let observer: ServeObserver = Arc::new(move |request: &ServedRequest| match as_json {
        true => shown.note(json!(request)),
        false if request.status >= 400 => {
            let ServedRequest {
                method, path, status, ..
            } = request;
            shown.note(format!("{method} {path} {status}"));
        }
        false => {}
    });
    let config = ReviewServeConfig {
        bind: args.bind,
        token_file: args.token_file,
        ..ReviewServeConfig::default()
    };
    let server = Server::start_review(&config, contents, observer)?;
    let stop = console.stop_flag()?;
    announce(server.address(), &facts, as_json)?;
    if !server.run(&stop)? {
        console.warning("some requests took longer than 30 s to end and were given up");
        return Ok(Status::SkippedSome);
    }
    Ok(Status::of_skips(facts.skipped))
}

fn is_index(folder: &Path) -> bool {
    IndexManifest::path(folder).is_file()
}

fn announce(address: SocketAddr, facts: &ServedFacts, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        let (items, log) = facts.items.as_ref().map(|(count, log)| (count, log)).unzip();
        let (windows, index) = facts
            .windows
            .as_ref()
            .map(|(count, index)| (count, index))
            .unzip();
        return output::print_json_line(&json!({
            "address": address.to_string(),
            "items": items,
            "decisions": log.map(|log| log.to_string_lossy()),
            "windows": windows,
            "index": index.map(|index| index.to_string_lossy()),
        }));
    }
    if let Some((count, log)) = &facts.items {
        let items = human_amount(*count, "item", "items");
        print(format!(
            "http://{address}/ shows {items}; decisions in {}",
            log.display()
        ))?;
    }
    if let Some((count, index)) = &facts.windows {
        let windows = human_amount(*count, "window", "windows");
        print(format!(
            "http://{address}/search searches {windows} in {}",
            index.display()
        ))?;
    }
    Ok(())
}

/// An index, with nothing to review.
fn index_alone(args: &ReviewServe, folder: &Path) -> anyhow::Result<(ReviewContents, ServedFacts)> {
    let of_items = [
        ("--order", args.order.is_some()),
        ("--threshold", !args.threshold.is_empty()),
        ("--learn-with", args.learn_with.is_some()),
        ("--index", args.index.is_some()),
        ("--subset", args.source.subset.is_some()),
        ("--decisions", args.source.decisions.is_some()),
    ];
    if let Some((flag, _)) = of_items.iter().find(|(_, is_there)| *is_there) {
        bail!(
            "{flag}: is for items to review, and {} is an index; leave it out",
            folder.display()
        );
    }
    refuse_unread(&args.source.read)?;
    // What the environment names is a folder of clips.
    let data = args.source.data.clone().filter(|data| is_given(data));
    let archive = archive(args, folder, data)?;
    let facts = ServedFacts {
        windows: Some((archive.index.valid_rows(), folder.to_path_buf())),
        ..ServedFacts::default()
    };
    let contents = ReviewContents {
        archive: Some(archive),
        ..ReviewContents::default()
    };
    Ok((contents, facts))
}

fn archive(args: &ReviewServe, folder: &Path, data: Option<PathBuf>) -> anyhow::Result<ArchiveConfig> {
    Ok(ArchiveConfig {
        index: ArchiveIndex::open(folder)?,
        data: args.archive.clone().or(data),
        model: args.model.clone(),
        device: args.source.compute.device.clone(),
    })
}

/// Items to review, perhaps with an index next to them.
fn review(args: &ReviewServe, console: &Console) -> anyhow::Result<(ReviewContents, ServedFacts)> {
    let by = args.order.unwrap_or_default();
    if !args.threshold.is_empty() && by != ReviewOrder::Threshold {
        bail!("--threshold: sorts with --order threshold alone; choose that order, or leave it out");
    }
    if args.index.is_none() && (args.archive.is_some() || args.model.is_some()) {
        bail!("--archive, --model: are about an index; name it with --index, or leave them out");
    }
    let mut items = args.source.read(console)?;
    let learning = learning(args, &mut items)?;
    let classes = items.set.classes();
    let all: Vec<usize> = (0..classes.len()).collect();
    let thresholds = ThresholdConfig::parse(&args.threshold)?.resolve(classes, &all, None)?;
    let count = items.set.items().len();
    let order = (by, thresholds.values(), args.source.seed);
    let log = args.source.log();
    let desk = ReviewDesk::open(items.title, items.set, order, &log)?;
    desk.notes().iter().for_each(|note| console.warning(note));
    let index = args.index.as_ref();
    let archive = index.map(|folder| archive(args, folder, None)).transpose()?;
    let facts = ServedFacts {
        items: Some((count, log)),
        windows: archive
            .as_ref()
            .zip(index)
            .map(|(archive, folder)| (archive.index.valid_rows(), folder.clone())),
        skipped: items.skipped,
    };
    let contents = ReviewContents {
        desk: Some(desk),
        learning,
        archive,
    };
    Ok((contents, facts))
}

/// How the page learns again, if a model for that is named.
fn learning(args: &ReviewServe, items: &mut ReviewedItems) -> anyhow::Result<Option<LearningConfig>> {
    let Some(model) = &args.learn_with else {
        return Ok(None);
    };
    if items.clips.is_empty() {
        bail!(
            "--learn-with: nothing is known of what was not detected, so that nothing can be trained on events alone; make \
             labels of the decisions with `earmark review apply`, and train on them with `earmark fit`"
        );
    }
    // A name that leads nowhere is said at once.
    ModelRef::new(model).path()?;
    let log = args.source.log();
    Ok(Some(LearningConfig {
        clips: ReviewedClips {
            model: model.clone(),
            device: args.source.compute.device.clone(),
            classes: items.set.classes().to_vec(),
            items: std::mem::take(&mut items.clips),
        },
        folder: log.parent().unwrap_or(Path::new("")).to_path_buf(),
    }))
}
