//! `earmark features`

use crate::args::Features;
use crate::console::Console;
use crate::output::{self, print_written};
use crate::status::{Interrupted, Status};
use anyhow::{Context, bail};
use earmark::data::{ClassMap, DataOptions, MissingFiles, SkipReason, load};
use earmark::features::Extractor;
use earmark::inference::Skips;
use earmark::inference::handcrafted::{file_items, write_handcrafted_features};
use earmark::{Recipe, audio};
use std::path::Path;

/// Writes the features that a model sees of a file, or a table of handcrafted clip features.
pub fn run(args: Features, console: &Console) -> anyhow::Result<Status> {
    if args.handcrafted {
        return handcrafted(args, console);
    }
    let name = args
        .recipe
        .context("--recipe: name the recipe whose front end computes the features")?;
    let file: &Path = match args.files.as_slice() {
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
    let text = format!(
        "{}: float32 [{}, {}, {}] (channels, bands, frames)",
        args.out.display(),
        features.channels,
        features.bands,
        features.frames
    );
    print_written(&args.out, text, console)?;
    Ok(Status::Done)
}

/// Writes the table; files that cannot be read are named and left out.
fn handcrafted(args: Features, console: &Console) -> anyhow::Result<Status> {
    let stop = console.stop_flag()?;
    let mut missing = Skips::new();
    let (items, classes) = match &args.data {
        None => (file_items(&args.files)?, ClassMap::default()),
        Some(root) => {
            let options = DataOptions {
                subsets: args.subset.map(|subset| vec![subset]),
                missing_files: MissingFiles::Skip,
                ..DataOptions::default()
            };
            let set = load(root, &options)?;
            let lost = set
                .skipped
                .into_iter()
                .filter(|s| s.reason != SkipReason::NotAudio);
            missing.extend(lost.map(|s| (s.file, s.reason.to_string())));
            (set.items, set.classes)
        }
    };
    for (file, reason) in &missing {
        console.skipped(file, reason);
    }
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
        console.note("interrupted; nothing was written");
        return Err(Interrupted.into());
    }
    written?;
    let count = items.len() - skipped.len();
    let text = format!("{}: {count} clips, 1133 features each", args.out.display());
    print_written(&args.out, text, console)?;
    Ok(Status::of_skips(skipped.len() + missing.len()))
}
