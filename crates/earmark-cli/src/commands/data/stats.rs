//! `earmark data stats`

use super::{source, stats_normalise};
use crate::prelude::*;
use earmark::Recipe;
use earmark::data::statistics::{StatisticsOptions, statistics};
use earmark::data::{DataSet, load};
use earmark::features::FrontEnd;
use earmark::runs::pages::write_data_page;

/// Report durations, classes, sample rates and spectra, as text or as a page with charts
#[derive(Args)]
#[command(
    after_help = "Examples:\n  earmark data stats my-sounds --out my-sounds-stats\n  \
    earmark data stats my-sounds --recipe my.toml --normalise my-normalised.toml"
)]
pub struct DataStats {
    #[command(flatten)]
    pub source: DataSource,
    #[command(flatten)]
    pub damaged: DamagedArgs,
    /// Folder for stats.html and its charts as SVG
    #[arg(long, short)]
    pub out: Option<PathBuf>,
    /// Recipe whose front end draws the spectrograms, every channel of it; default: a log-mel spectrogram
    #[arg(long)]
    pub recipe: Option<String>,
    /// Write a recipe that extends --recipe and scales each band to mean 0 and standard deviation 1 over these clips (without
    /// --subset: all but the subset test)
    #[arg(long, value_name = "FILE", requires = "recipe")]
    pub normalise: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub threads: Threads,
}

/// Describes a data folder.
pub fn run(args: &DataStats, console: &Console) -> anyhow::Result<Status> {
    let options = args.damaged.over(source::options(&args.source)?);
    let set = load(&args.source.dir, &options)?;
    console.data(&set);
    let recipe = args.recipe.as_ref().map(|name| Recipe::load(name, &[]));
    let recipe = recipe.transpose()?;
    if recipe.as_ref().is_some_and(|recipe| recipe.front_end.handcrafted) {
        bail!(
            "--recipe: handcrafted clip features have no bands and frames to draw; see `earmark features --handcrafted`"
        );
    }
    if let (Some(recipe), Some(name), Some(to)) = (&recipe, &args.recipe, &args.normalise) {
        let set = match options.subsets {
            Some(_) => set,
            None => without_test(set, console)?,
        };
        return stats_normalise::run(&set, recipe, name, to, console);
    }
    let page = args.out.is_some();
    let defaults = StatisticsOptions::default();
    // Spectra and spectrograms take most of the time; the text shows neither.
    let options = StatisticsOptions {
        spectra: page || args.json,
        pictures_per_class: if page { defaults.pictures_per_class } else { 0 },
        picture_front_end: recipe.map_or_else(FrontEnd::default, |recipe| recipe.front_end),
        ..defaults
    };
    let mut found = statistics(&set, &options, &|done, total| console.features(done, total))?;
    let files = match &args.out {
        Some(folder) => write_data_page(&set, &found, folder)?,
        None => Vec::new(),
    };
    found.classes.iter_mut().for_each(|c| c.spectrograms.clear());
    print_as(args.json, || &found, || found.to_text())?;
    if let Some((page, charts)) = files.split_first() {
        let (page, charts) = (page.display(), charts.len());
        console.note(format!("wrote {page} and {charts} charts next to it"));
    }
    Ok(Status::of_skips(found.unreadable.len() + found.damaged.len()))
}

/// Leaves out the subset `test` where there are others: what a model is fitted with must not come from the clips that it is evaluated
/// on. (Folds are another matter: a recipe of fixed numbers serves all of them.)
fn without_test(set: DataSet, console: &Console) -> anyhow::Result<DataSet> {
    let subsets = set.subsets();
    if !subsets.contains(&"test") || subsets.len() == 1 {
        return Ok(set);
    }
    let others: Vec<&str> = subsets.into_iter().filter(|name| *name != "test").collect();
    console.note("clips of the subset `test` are left out; choose other subsets with --subset");
    Ok(set.select_subsets(&others)?)
}
