//! `earmark data stats --normalise`: mean and spread of each band of a data set, as a recipe.

use crate::kinds_of_results::NORMALISED;
use crate::prelude::*;
use earmark::Recipe;
use earmark::data::DataSet;
use earmark::data::statistics::{BandCurve, band_curve};
use toml::{Table, Value};

/// Writes the recipe; clips that cannot be read are named and left out.
pub fn run(
    set: &DataSet,
    recipe: &Recipe,
    name: &str,
    to: &Path,
    console: &Console,
) -> anyhow::Result<Status> {
    let curve = band_curve(set, &recipe.front_end, &|done, total| {
        console.features(done, total);
    })?;
    let Some(curve) = curve else {
        bail!(
            "{}: no clip is long enough for a frame of {name}; give longer clips, or a recipe with shorter frames",
            set.root.display()
        );
    };
    for lost in &curve.unreadable {
        console.skipped(&lost.file, &lost.reason);
    }
    let text = text(recipe, &base(name, to), &curve)?;
    output::write(to, |w| w.write_all(text.as_bytes()))?;
    let written = format!(
        "{}: {} bands of {name}, normalised over {} clips",
        to.display(),
        curve.mean.len(),
        curve.clips
    );
    print_written(to, written, console)?;
    Ok(Status::of_skips(curve.unreadable.len()))
}

/// How the new recipe names the one that it extends: a file in the same folder by its name, another by its whole path.
fn base(name: &str, to: &Path) -> String {
    let path = Path::new(name);
    let whole = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    if !path.is_file() {
        return name.to_owned(); // a built-in one
    }
    match path.file_name() {
        Some(file) if whole(path).parent() == whole(to).parent() => file.to_string_lossy().into_owned(),
        _ => whole(path).to_string_lossy().into_owned(),
    }
}

/// The recipe's text.
fn text(recipe: &Recipe, base: &str, curve: &BandCurve) -> anyhow::Result<String> {
    let rounded = |x: &f64| Value::Float(format!("{x:.6e}").parse().unwrap_or(*x));
    let numbers = |values: &[f64]| Value::Array(values.iter().map(rounded).collect());
    let table = |key: &str, inner: Table| Table::from_iter([(key.to_owned(), Value::Table(inner))]);
    let bands = Table::from_iter([
        ("subtract".to_owned(), numbers(&curve.mean)),
        ("divide".to_owned(), numbers(&curve.divisors())),
    ]);
    let front_end = table("front-end", table("postprocess", table("bands", bands)));
    let name = format!("{}-normalised", recipe.name);
    let head = Table::from_iter([
        ("extends".to_owned(), Value::String(base.to_owned())),
        ("name".to_owned(), Value::String(name)),
    ]);
    Ok(format!(
        "{NORMALISED} {} clips.\n{}\n{}",
        curve.clips,
        toml::to_string(&head)?,
        toml::to_string(&front_end)?
    ))
}
