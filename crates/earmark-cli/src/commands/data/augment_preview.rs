//! `earmark data augment-preview`

use crate::Status;
use crate::args::AugmentPreview;
use crate::console::{Console, done};
use crate::output;
use anyhow::{Context, bail};
use earmark::data::batches::{AugmentedSegment, mix_preview, preview};
use earmark::features::{Extractor, Features};
use earmark::report::{ContactSheet, SpectrogramImage, human_amount, human_duration};
use earmark::{Recipe, audio};
use std::path::Path;

/// The kinds of pictures that can be written.
#[derive(Clone, Copy)]
enum Kind {
    Png,
    Svg,
    Html,
}

/// Draws what a recipe's augmentation makes of a file.
pub fn run(args: AugmentPreview, console: &Console) -> anyhow::Result<Status> {
    let kind = kind(&args.out)?;
    let recipe = Recipe::load(&args.recipe, &args.overrides.set)?;
    let extractor = Extractor::new(&recipe.front_end)?;
    if args.channel >= extractor.channels() {
        bail!(
            "--channel {}: {} has {}, counted from 0",
            args.channel,
            recipe.name,
            human_amount(extractor.channels(), "channel", "channels")
        );
    }
    let rate = recipe.front_end.sample_rate_hz;
    let read = |file: &Path| anyhow::Ok(audio::read(file, rate)?.clip);
    let clip = read(&args.file)?;
    let partners = args
        .with
        .iter()
        .map(|f| read(f))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let mixes = recipe.batches.mixes() || recipe.augment.between_class.is_some();
    if mixes && partners.is_empty() {
        console.note("the recipe mixes clips; name others with --with FILE... to see that");
    }
    if !mixes && !partners.is_empty() {
        bail!(
            "--with: {} mixes no clips; leave it out, or set batches.mix or augment.between-class",
            recipe.name
        );
    }
    let (seed, count) = (args.seed.unwrap_or(recipe.train.seed), args.count.get());
    let unusable = || args.file.display().to_string();
    let seen = preview(&recipe.augment, &extractor, &clip, &partners, count, seed).with_context(unusable)?;
    let seen = mix_preview(
        seen,
        &recipe.augment,
        &recipe.batches,
        &extractor,
        &partners,
        seed,
    )
    .with_context(unusable)?;
    let plain = AugmentedSegment {
        features: seen.plain,
        changes: vec!["as it is".into()],
    };
    let frames = plain.features.frames;
    let images: Vec<SpectrogramImage> = std::iter::once(&plain)
        .chain(&seen.variants)
        .map(|variant| image(variant, args.channel))
        .collect::<anyhow::Result<_>>()?;
    let about = format!(
        "{}: {} of {} ({frames} frames and {} bands, low ones below), seed {seed}{}",
        recipe.name,
        human_amount(count, "example", "examples"),
        human_duration(frames as f64 / extractor.frames_per_second()),
        plain.features.bands,
        match args.channel {
            0 => String::new(),
            n => format!(", channel {n}"),
        }
    );
    let sheet = ContactSheet {
        title: format!(
            "{}, augmented",
            args.file.file_name().unwrap_or_default().to_string_lossy()
        ),
        about,
        images,
        columns: args.columns.get(),
    };
    let bytes = match kind {
        Kind::Png => sheet.png()?,
        Kind::Svg => sheet.svg()?.into_bytes(),
        Kind::Html => sheet.html()?.into_bytes(),
    };
    output::write(&args.out, |w| w.write_all(&bytes))?;
    let pictures = human_amount(count + 1, "picture", "pictures");
    done(&args.out, format!("{}: {pictures}", args.out.display()), console)?;
    Ok(Status::Done)
}

fn kind(path: &Path) -> anyhow::Result<Kind> {
    let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    match ending.as_deref() {
        Some("png") => Ok(Kind::Png),
        Some("svg") => Ok(Kind::Svg),
        Some("html" | "htm") => Ok(Kind::Html),
        _ => bail!(
            "-o {}: what kind of picture is that? end its name with .png, .svg or .html",
            path.display()
        ),
    }
}

fn image(variant: &AugmentedSegment, channel: usize) -> anyhow::Result<SpectrogramImage> {
    let Features {
        bands, frames, data, ..
    } = &variant.features;
    let caption = match variant.changes.is_empty() {
        true => "unchanged".to_owned(),
        false => variant.changes.join("; "),
    };
    let plane = bands * frames;
    let values = data[channel * plane..][..plane].to_vec();
    Ok(SpectrogramImage::new(caption, values, *bands, *frames)?)
}
