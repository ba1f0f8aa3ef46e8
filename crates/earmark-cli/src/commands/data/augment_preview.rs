//! `earmark data augment-preview`

use crate::args::count_to;
use crate::prelude::*;
use earmark::data::batches::{AugmentedSegment, mix_preview, preview};
use earmark::features::Extractor;
use earmark::report::{ContactSheet, SpectrogramImage};
use earmark::{Recipe, audio};
use std::num::NonZeroUsize;

/// Draw what a recipe's augmentation does to a recording, as a contact sheet
#[derive(Args)]
#[command(
    after_help = "Examples:\n  earmark data augment-preview dog.ogg --recipe folder -o dog.png\n  \
    earmark data augment-preview dog.ogg -o a.html --recipe argus-2019/1-fold --with rain.ogg\n  \
    earmark data augment-preview dog.ogg -o a.svg --recipe folder --set augment.time-shift.prob=1"
)]
pub struct AugmentPreview {
    /// The recording
    pub file: PathBuf,
    /// Recipe whose augmentation is drawn
    #[arg(long, env = "EARMARK_RECIPE")]
    pub recipe: String,
    #[command(flatten)]
    pub overrides: RecipeArgs,
    /// Image or page to write, by its ending: .png, .svg or .html
    #[arg(long, short)]
    pub out: PathBuf,
    /// Other recordings to mix with
    #[arg(long, num_args = 1.., value_name = "FILE")]
    pub with: Vec<PathBuf>,
    /// Number of augmented versions to draw next to the original
    #[arg(long, value_name = "N", default_value = "11", value_parser = count_to::<1000>)]
    pub count: NonZeroUsize,
    /// Number of spectrograms per row
    #[arg(long, value_name = "N", default_value = "4", value_parser = count_to::<1000>)]
    pub columns: NonZeroUsize,
    /// Channel to draw: 0 is the spectrogram, 1 and 2 are its derivatives where the recipe has them
    #[arg(long, default_value_t = 0)]
    pub channel: usize,
    /// Random seed; default: the recipe's, which shows what the first epoch starts with
    #[arg(long)]
    pub seed: Option<u64>,
}

/// Draws what a recipe's augmentation does to a recording.
pub fn run(args: &AugmentPreview, console: &Console) -> anyhow::Result<Status> {
    let draw = drawing(&args.out)?;
    let recipe = Recipe::load(&args.recipe, &args.overrides.set)?;
    let extractor = Extractor::new(&recipe.front_end)?;
    if args.channel >= extractor.channels() {
        let channels = human_amount(extractor.channels(), "channel", "channels");
        bail!(
            "--channel {}: {} has {channels}, counted from 0",
            args.channel,
            recipe.name
        );
    }
    let sheet = sheet(args, &recipe, &extractor, console)?;
    let bytes = draw(&sheet)?;
    output::write(&args.out, |w| w.write_all(&bytes))?;
    let count = human_amount(args.count.get() + 1, "spectrogram", "spectrograms");
    print_written(&args.out, format!("{}: {count}", args.out.display()), console)?;
    Ok(Status::Done)
}

/// Draws a sheet as the bytes of a file.
type Draw = fn(&ContactSheet) -> anyhow::Result<Vec<u8>>;

/// How a file of this name is drawn.
fn drawing(path: &Path) -> anyhow::Result<Draw> {
    let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    match ending.as_deref() {
        Some("png") => Ok(|sheet| Ok(sheet.png()?)),
        Some("svg") => Ok(|sheet| Ok(sheet.svg()?.into_bytes())),
        Some("html" | "htm") => Ok(|sheet| Ok(sheet.html()?.into_bytes())),
        _ => bail!(
            "-o {}: unknown image format; end the name in .png, .svg or .html",
            path.display()
        ),
    }
}

/// The original and its augmented versions.
fn sheet(
    args: &AugmentPreview,
    recipe: &Recipe,
    extractor: &Extractor,
    console: &Console,
) -> anyhow::Result<ContactSheet> {
    let read = |file: &PathBuf| anyhow::Ok(audio::read(file, recipe.front_end.sample_rate_hz)?.clip);
    let clip = read(&args.file)?;
    let partners = args.with.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let mixes = recipe.batches.mixes() || recipe.augment.between_class.is_some();
    match (mixes, partners.is_empty()) {
        (true, true) => console.note("the recipe mixes clips; name some with --with FILE... to see that"),
        (false, false) => bail!(
            "--with: {} does not mix clips; leave it out, or set batches.mix or augment.between-class",
            recipe.name
        ),
        _ => {}
    }
    let (seed, count) = (args.seed.unwrap_or(recipe.train.seed), args.count.get());
    let unusable = || args.file.display().to_string();
    let seen = preview(&recipe.augment, extractor, &clip, &partners, count, seed).with_context(unusable)?;
    let seen = mix_preview(seen, &recipe.augment, &recipe.batches, extractor, &partners, seed)
        .with_context(unusable)?;
    let plain = AugmentedSegment {
        features: seen.plain,
        changes: vec!["original".into()],
    };
    let images = std::iter::once(&plain).chain(&seen.variants);
    let images = images.map(|variant| image(variant, args.channel));
    let frames = plain.features.frames;
    let channel = match args.channel {
        0 => String::new(),
        n => format!(", channel {n}"),
    };
    let name = args.file.file_name().unwrap_or_default().to_string_lossy();
    Ok(ContactSheet {
        title: format!("{name}, augmented"),
        about: format!(
            "{}: {} of {} ({frames} frames, {} bands, low ones at the bottom), seed {seed}{channel}",
            recipe.name,
            human_amount(count, "version", "versions"),
            human_duration(frames as f64 / extractor.frames_per_second()),
            plain.features.bands,
        ),
        images: images.collect::<anyhow::Result<_>>()?,
        columns: args.columns.get(),
    })
}

fn image(variant: &AugmentedSegment, channel: usize) -> anyhow::Result<SpectrogramImage> {
    let f = &variant.features;
    let caption = match variant.changes.is_empty() {
        true => "unchanged".to_owned(),
        false => variant.changes.join("; "),
    };
    let plane = f.bands * f.frames;
    let values = f.data[channel * plane..][..plane].to_vec();
    Ok(SpectrogramImage::new(caption, values, f.bands, f.frames)?)
}
