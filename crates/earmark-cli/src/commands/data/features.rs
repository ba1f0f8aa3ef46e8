//! `earmark features`

use crate::prelude::*;
use earmark::Recipe;
use earmark::data::feature_store::seconds_beyond;
use earmark::data::{ClassMap, DamagedFiles, DataOptions, Item, MissingFiles, load, read_item};
use earmark::features::Extractor;
use earmark::inference::handcrafted::{HandcraftedResult, file_items, write_handcrafted_features};
use earmark::inference::tag::inputs::{expanded, once, recordings_of_table};
use earmark::inference::{FeatureFile, write_features};
use std::sync::atomic::Ordering;

/// Write the features that a model sees (.npy), or handcrafted clip features (.csv)
#[derive(Args)]
#[command(
    after_help = "Examples:\n  earmark features dog.ogg --recipe dcase2019-baseline/esc10 -o dog.npy\n  \
    earmark features --handcrafted --data ESC-10 -o esc10.csv\n\n\
    The .npy file holds float32 [channels, bands, frames]."
)]
pub struct FeaturesArgs {
    /// The audio file; with --handcrafted, any number of them
    #[arg(required_unless_present_any = ["data", "from"])]
    pub files: Vec<PathBuf>,
    /// Table (CSV or Parquet) that names recordings: paths, relative to its folder, or addresses in a column file or url
    #[arg(
        long,
        value_name = "TABLE",
        num_args = 1,
        requires = "handcrafted",
        conflicts_with = "data"
    )]
    pub from: Vec<PathBuf>,
    /// Recipe whose front end computes the features
    #[arg(long, env = "EARMARK_RECIPE", required_unless_present = "handcrafted")]
    pub recipe: Option<String>,
    #[command(flatten)]
    pub overrides: RecipeArgs,
    /// Write a table of 1,133 handcrafted clip features instead: one row per file, with labels and folds where known
    #[arg(long, alias = "summary")]
    pub handcrafted: bool,
    /// A data folder instead of files
    #[arg(long, requires = "handcrafted", conflicts_with = "files")]
    pub data: Option<PathBuf>,
    /// Subset of the data folder; default: all of it
    #[arg(long, alias = "part", requires = "data")]
    pub subset: Option<String>,
    #[command(flatten)]
    pub read: DataArgs,
    #[command(flatten)]
    pub damaged: DamagedArgs,
    /// File to write: .npy, or .csv with --handcrafted; - is stdout
    #[arg(long, short)]
    pub out: PathBuf,
    #[command(flatten)]
    pub threads: Threads,
}

/// Writes the features that a model sees of a file, or a table of handcrafted clip features.
pub fn run(args: FeaturesArgs, console: &Console) -> anyhow::Result<Status> {
    args.read.refuse_without(args.data.as_deref())?;
    if args.handcrafted {
        return handcrafted(args, console);
    }
    let name = args
        .recipe
        .context("--recipe: name the recipe whose front end computes the features")?;
    let file = match args.files.as_slice() {
        [file] => file,
        [_, second, ..] => bail!(
            "{}: is a second file, and the features of one are written to a file; leave it out, or add --handcrafted \
             for a table of many",
            second.display()
        ),
        [] => {
            bail!("--data: features of a whole folder are those of --handcrafted; add it, or name one file")
        }
    };
    let recipe = Recipe::load(&name, &args.overrides.set)?;
    let item = Item {
        path: file.clone(),
        damaged: args.damaged.unwrap_or(DamagedFiles::Refuse),
        ..Item::default()
    };
    let front_end = &recipe.front_end;
    let needs_whole = front_end.handcrafted || front_end.has_more_windows();
    let written = match needs_whole || !output::is_replaced(&args.out) {
        true => write_whole(&item, &recipe, &args.out)?,
        false => console.run("nothing was written", |_, stop| {
            write_features(&item, front_end, &args.out, stop)
        })?,
    };
    for note in &written.notes {
        console.note(format!("{}: {note}", file.display()));
    }
    if let Some(damage) = &written.damage {
        console.damaged(&file.display().to_string(), damage);
    }
    let (out, shape) = (args.out.display(), written.shape);
    let text = format!("{out}: float32 {shape:?} (channels, bands, frames)");
    print_written(&args.out, text, console)?;
    Ok(Status::of_skips(usize::from(written.damage.is_some())))
}

/// Computes features of the whole recording at once: for handcrafted ones and those of several windows, and for what
/// takes a file only from its start to its end.
fn write_whole(item: &Item, recipe: &Recipe, out: &Path) -> anyhow::Result<FeatureFile> {
    refuse_too_long(item, recipe)?;
    let extractor = Extractor::new(&recipe.front_end)?;
    let read = read_item(item, recipe.front_end.sample_rate_hz)?;
    let base = extractor.log_mel_of_clip(&read.clip, &mut extractor.scratch())?;
    let features = extractor.postprocess(&base)?;
    let mut bytes = Vec::new();
    features.write_npy(&mut bytes)?;
    output::write(out, |w| w.write_all(&bytes))?;
    Ok(FeatureFile {
        shape: [features.channels, features.bands, features.frames],
        notes: read.notes,
        damage: read.damage,
    })
}

/// Refuses a recording whose samples and features would take more than 2 GiB, before it is read.
fn refuse_too_long(item: &Item, recipe: &Recipe) -> anyhow::Result<()> {
    const MOST_NUMBERS: f64 = (1_u64 << 29) as f64;
    let shape = recipe.front_end.input_shape()?;
    let features = shape.numbers(1) as f64 * shape.frames_per_second;
    let longest = MOST_NUMBERS / (f64::from(recipe.front_end.sample_rate_hz) + features);
    if let Some(seconds) = seconds_beyond(item, longest) {
        let (own, most) = (human_duration(seconds), human_duration(longest));
        let path = item.path.display();
        let remedy = match recipe.front_end.handcrafted || recipe.front_end.has_more_windows() {
            true => "cut it into shorter files",
            false => "name a file with -o, which takes them in parts",
        };
        bail!("{path}: {own} long, and the features of at most {most} are computed at a time; {remedy}");
    }
    Ok(())
}

/// Writes the table; files that cannot be read are named and left out.
fn handcrafted(args: FeaturesArgs, console: &Console) -> anyhow::Result<Status> {
    let stop = console.stop_flag()?;
    let mut missing = 0;
    let (items, classes) = match &args.data {
        None => {
            let mut files = expanded(&args.files)?;
            for table in &args.from {
                files.extend(recordings_of_table(table)?);
            }
            let (files, repeated) = once(files);
            if let Some(note) = repeated.note() {
                console.note(note);
            }
            let mut items = file_items(&files)?;
            let damaged = args.damaged.unwrap_or(DamagedFiles::Refuse);
            items.iter_mut().for_each(|item| item.damaged = damaged);
            (items, ClassMap::default())
        }
        Some(root) => {
            let options = DataOptions {
                subsets: args.subset.map(|subset| vec![subset]),
                missing_files: MissingFiles::Skip,
                ..args.damaged.over(args.read.over(&DataOptions::default())?)
            };
            let mut set = load(root, &options)?;
            console.data(&set);
            set.skipped.retain(|lost| lost.reason.is_lost());
            for lost in &set.skipped {
                console.skipped(&lost.file, &lost.reason);
            }
            missing = set.skipped.len();
            (set.items, set.classes)
        }
    };
    let mut done = HandcraftedResult::default();
    let written = output::write(&args.out, |w| {
        done = write_handcrafted_features(&items, &classes, w, &|event| console.show(event), &stop)?;
        // A table of some clips would be mistaken for one of all.
        match done.complete {
            true => Ok(()),
            false => Err(std::io::ErrorKind::Interrupted.into()),
        }
    });
    if !done.complete && stop.load(Ordering::Relaxed) {
        bail!(Stopped("interrupted; nothing was written".into()));
    }
    written?;
    let count = items.len() - done.skipped.len();
    let text = format!("{}: {count} clips, 1133 features each", args.out.display());
    print_written(&args.out, text, console)?;
    let damaged = done.remarks.damaged();
    remarks::say(&damaged, &done.remarks.notes(), console);
    Ok(Status::of_skips(done.skipped.len() + damaged.len() + missing))
}
