//! `earmark features`

use crate::prelude::*;
use earmark::data::{ClassMap, DataOptions, MissingFiles, SkipReason, load};
use earmark::features::Extractor;
use earmark::inference::Skips;
use earmark::inference::handcrafted::{file_items, write_handcrafted_features};
use earmark::{Recipe, audio};

/// Write the features that a model sees (.npy), or handcrafted clip features (.csv)
#[derive(Args)]
#[command(
    after_help = "Examples:\n  earmark features dog.ogg --recipe dcase2019-baseline/esc10 -o dog.npy\n  \
    earmark features --handcrafted --data ESC-10 -o esc10.csv\n\n\
    The .npy file holds float32 [channels, bands, frames]."
)]
pub struct FeaturesArgs {
    /// The audio file; with --handcrafted, any number of them
    #[arg(required_unless_present = "data")]
    pub files: Vec<PathBuf>,
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
        files => bail!("{} files: without --handcrafted, give one file", files.len()),
    };
    let recipe = Recipe::load(&name, &args.overrides.set)?;
    let extractor = Extractor::new(&recipe.front_end)?;
    let decoded = audio::read(file, recipe.front_end.sample_rate_hz)?;
    for note in &decoded.notes {
        console.note(format!("{}: {note}", file.display()));
    }
    let base = extractor.log_mel_of_clip(&decoded.clip, &mut extractor.scratch())?;
    let features = extractor.postprocess(&base)?;
    let mut bytes = Vec::new();
    features.write_npy(&mut bytes)?;
    output::write(&args.out, |w| w.write_all(&bytes))?;
    let (out, shape) = (
        args.out.display(),
        [features.channels, features.bands, features.frames],
    );
    let text = format!("{out}: float32 {shape:?} (channels, bands, frames)");
    print_written(&args.out, text, console)?;
    Ok(Status::Done)
}

/// Writes the table; files that cannot be read are named and left out.
fn handcrafted(args: FeaturesArgs, console: &Console) -> anyhow::Result<Status> {
    let stop = console.stop_flag()?;
    let mut missing = 0;
    let (items, classes) = match &args.data {
        None => (file_items(&args.files)?, ClassMap::default()),
        Some(root) => {
            let options = DataOptions {
                subsets: args.subset.map(|subset| vec![subset]),
                missing_files: MissingFiles::Skip,
                ..args.read.over(&DataOptions::default())?
            };
            let mut set = load(root, &options)?;
            console.data(&set);
            set.skipped.retain(|lost| lost.reason != SkipReason::NotAudio);
            for lost in &set.skipped {
                console.skipped(&lost.file, &lost.reason);
            }
            missing = set.skipped.len();
            (set.items, set.classes)
        }
    };
    let mut outcome = (Skips::new(), true);
    let written = output::write(&args.out, |w| {
        outcome = write_handcrafted_features(&items, &classes, w, &|event| console.show(event), &stop)?;
        // A table of some clips would be mistaken for one of all.
        match outcome.1 {
            true => Ok(()),
            false => Err(std::io::ErrorKind::Interrupted.into()),
        }
    });
    let (skipped, whole) = outcome;
    if !whole {
        bail!(Stopped("interrupted; nothing was written".into()));
    }
    written?;
    let count = items.len() - skipped.len();
    let text = format!("{}: {count} clips, 1133 features each", args.out.display());
    print_written(&args.out, text, console)?;
    Ok(Status::of_skips(skipped.len() + missing))
}
