//! `earmark data stats`

use super::{normalise, source};
use crate::args::DataStats;
use crate::console::Console;
use crate::output::{print, print_json};
use crate::status::Status;
use anyhow::bail;
use earmark::Recipe;
use earmark::data::statistics::{StatisticsOptions, statistics};
use earmark::data::{DataSet, load};
use earmark::features::FrontEnd;
use earmark::runs::pages::write_data_page;

/// Describes a data folder.
pub fn run(args: &DataStats, console: &Console) -> anyhow::Result<Status> {
    let options = source::options(&args.source)?;
    let set = load(&args.source.dir, &options)?;
    let recipe = args
        .recipe
        .as_deref()
        .map(|name| Recipe::load(name, &[]))
        .transpose()?;
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
        return normalise::run(&set, recipe, name, to, console);
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
    if args.json {
        found.classes.iter_mut().for_each(|c| c.spectrograms.clear());
        print_json(&found)?;
    } else {
        print(found.to_text().trim_end())?;
    }
    if let Some((first, charts)) = files.split_first() {
        console.note(format!(
            "wrote {} and {} charts beside it",
            first.display(),
            charts.len()
        ));
    }
    Ok(Status::of_skips(found.unreadable.len()))
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
