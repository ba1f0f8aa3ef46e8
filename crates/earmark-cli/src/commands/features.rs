//! `earmark features`

use crate::Status;
use crate::args::{Features, Global};
use crate::console::{Console, done};
use crate::output;
use earmark::features::Extractor;
use earmark::{Recipe, audio};

/// Writes what a model will see of a file.
pub fn run(args: Features, _: &Global, console: &Console) -> anyhow::Result<Status> {
    let recipe = Recipe::load(&args.recipe, &args.overrides.set)?;
    let extractor = Extractor::new(&recipe.front_end)?;
    let decoded = audio::read(&args.file, recipe.front_end.sample_rate_hz)?;
    for note in &decoded.notes {
        console.note(format!("{}: {note}", args.file.display()));
    }
    let base = extractor.base_of_clip(&decoded.clip, &mut extractor.scratch())?;
    let features = extractor.finish(&base)?;
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
    done(&args.out, text, console)?;
    Ok(Status::Done)
}
