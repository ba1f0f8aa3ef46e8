//! `earmark init`: a starting recipe beside one's own sounds.

use crate::Status;
use crate::args::{Global, Init};
use crate::console::{Console, out};
use anyhow::{Context, bail};
use earmark::Recipe;
use earmark::data::check::CheckOptions;
use earmark::data::{DataOptions, DataSet, MissingFiles, load};
use earmark::recipe::builtin;
use earmark::report::human_amount;
use earmark_core::atomic;
use std::path::{Path, PathBuf};

/// The lines of the built-in recipe that depend on the data.
const LAYOUT: &str = "layout = \"folders\"";
const SUBSETS: &str = "subsets = [\"train\"]";
const LOSS: &str = "loss = { kind = \"softmax-cross-entropy\", label-smoothing = 0.1 }";
const LOSS_MULTI: &str = "loss = { kind = \"sigmoid-cross-entropy\", label-smoothing = 0.0 }";

/// Writes the recipe and says how to go on.
pub fn run(args: Init, _: &Global, console: &Console) -> anyhow::Result<Status> {
    let path = args.dir.join("recipe.toml");
    if path.exists() {
        bail!(
            "{}: is there already and stays as it is; move it away, or choose another folder",
            path.display()
        );
    }
    let (_, template) = builtin::find("folder").context("the recipe `folder` is built in")?;
    let (text, found) = match recognise(&args.dir) {
        Some(Ok(set)) => (fitted(template, &set), describe(&set)),
        Some(Err(e)) => (template.to_owned(), format!("no labelled sounds found: {e}")),
        None => (
            template.to_owned(),
            "the folder holds no sounds yet: put a folder a class into it".into(),
        ),
    };
    std::fs::create_dir_all(&args.dir).with_context(|| args.dir.display().to_string())?;
    atomic::write(&path, |w| w.write_all(text.as_bytes()))?;
    // What was written must be a recipe, whatever the data has put into it.
    Recipe::load(&path.to_string_lossy(), &[])?;
    console.note(found);
    let dir = earmark_core::text::quote(&args.dir.to_string_lossy());
    let path = earmark_core::text::quote(&path.to_string_lossy());
    let run = PathBuf::from("runs").join(args.dir.file_name().unwrap_or_else(|| "first".as_ref()));
    let run = earmark_core::text::quote(&run.to_string_lossy());
    out(format!("wrote {path}"))?;
    out("")?;
    out("next:")?;
    for (command, why) in [
        (
            format!("earmark data check {dir}"),
            "decodes every file, finds duplicates and leaks",
        ),
        (
            format!("earmark train {path} --data {dir} --fold 1 --dry-run"),
            "says what training would do and how long it takes",
        ),
        (
            format!("earmark train {path} --data {dir} --fold 1 --run {run}"),
            "trains, keeping a fifth for judging",
        ),
        (
            format!("earmark eval {run} --data {dir}"),
            "judges it on that fifth",
        ),
        (
            format!("earmark report {run}"),
            "writes a page with curves, classes and mistakes",
        ),
        (
            format!("earmark predict {run} --files SOME.wav -o scores.csv"),
            "tags other recordings",
        ),
    ] {
        out(format!("  {command}\n      {why}"))?;
    }
    Ok(Status::Done)
}

/// The data set in a folder; `None` where the folder is empty or not there.
fn recognise(dir: &Path) -> Option<Result<DataSet, earmark::data::DataError>> {
    let mut entries = std::fs::read_dir(dir).ok()?.flatten();
    entries
        .any(|e| !e.file_name().as_encoded_bytes().starts_with(b"."))
        .then(|| {
            let options = DataOptions {
                missing_files: MissingFiles::Skip,
                ..DataOptions::default()
            };
            load(dir, &options)
        })
}

/// The parts to train on: all that are not for judging.
fn training_parts(set: &DataSet) -> Vec<&str> {
    let judged = CheckOptions::default().evaluation_subsets;
    set.subsets()
        .into_iter()
        .filter(|p| !judged.iter().any(|j| j == p))
        .collect()
}

/// The template with the lines that depend on the data.
fn fitted(template: &str, set: &DataSet) -> String {
    let parts = training_parts(set);
    let parts = if parts.is_empty() { set.subsets() } else { parts };
    let parts: Vec<String> = parts
        .into_iter()
        .map(|p| toml::Value::String(p.to_owned()).to_string())
        .collect();
    let loss = if set.multi_label { LOSS_MULTI } else { LOSS };
    template
        .replace(LAYOUT, &format!("layout = \"{}\"", set.layout))
        .replace(SUBSETS, &format!("subsets = [{}]", parts.join(", ")))
        .replacen(LOSS, loss, 1)
}

fn describe(set: &DataSet) -> String {
    let labels = if set.multi_label {
        "several labels a clip, hence sigmoid scores"
    } else {
        "one label a clip, hence softmax scores"
    };
    let folds = match set.folds().len() {
        0 => "no folds of its own".to_owned(),
        n => format!("{n} folds of its own"),
    };
    format!(
        "found: layout {}, {} of {} in the {} {}; {labels}; {folds}",
        set.layout,
        human_amount(set.items.len(), "recording", "recordings"),
        human_amount(set.classes.len(), "class", "classes"),
        if set.subsets().len() == 1 { "part" } else { "parts" },
        set.subsets().join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_that_are_filled_in_are_in_the_template() {
        let (_, template) = builtin::find("folder").unwrap();
        for line in [LAYOUT, SUBSETS, LOSS] {
            assert_eq!(
                template
                    .lines()
                    .filter(|l| l.split(" #").next().is_some_and(|l| l.trim() == line))
                    .count(),
                1,
                "{line}"
            );
        }
    }
}
