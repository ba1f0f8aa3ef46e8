//! `earmark init`: a starting recipe for one's own sounds.

use crate::prelude::*;
use earmark::Recipe;
use earmark::data::check::CheckOptions;
use earmark::data::{DataError, DataOptions, DataSet, MissingFiles, load};
use earmark::recipe::builtin;
use earmark_core::text::quote;

/// Write a commented starting recipe for a folder of sounds
#[derive(Args)]
#[command(after_help = "Example: earmark init my-sounds")]
pub struct Init {
    /// The folder of sounds; recipe.toml is written into it
    pub dir: PathBuf,
}

/// The lines of the built-in recipe that depend on the data.
const LAYOUT: &str = "layout = \"folders\"";
const SUBSETS: &str = "subsets = [\"train\"]";
const LOSS: &str = "loss = { kind = \"softmax-cross-entropy\", label-smoothing = 0.1 }";
const LOSS_MULTI: &str = "loss = { kind = \"sigmoid-cross-entropy\", label-smoothing = 0.0 }";

/// Writes the recipe and prints the next commands.
pub fn run(args: &Init, console: &Console) -> anyhow::Result<Status> {
    let path = args.dir.join("recipe.toml");
    if path.exists() {
        bail!(
            "{}: already exists and is left unchanged; move it away, or choose another folder",
            path.display()
        );
    }
    let (_, template) = builtin::find("folder").context("the recipe `folder` is built in")?;
    let detected = detect(&args.dir);
    let found = match &detected {
        Some(Ok(set)) => describe(set),
        Some(Err(e)) => format!("no labelled sounds found: {e}"),
        None => "the folder holds no sounds yet: put one folder per class into it".into(),
    };
    let set = detected.and_then(Result::ok);
    let text = set.map_or(template.to_owned(), |set| adapted(template, &set));
    std::fs::create_dir_all(&args.dir).with_context(|| args.dir.display().to_string())?;
    output::write(&path, |w| w.write_all(text.as_bytes()))?;
    // What was written must be a recipe, whatever the data has put into it.
    Recipe::load(&path.to_string_lossy(), &[])?;
    console.note(found);
    let run = PathBuf::from("runs").join(args.dir.file_name().unwrap_or_else(|| "first".as_ref()));
    let [dir, path, run] = [&args.dir, &path, &run].map(|p| quote(&p.to_string_lossy()));
    print(format!(
        "wrote {path}\n\nnext:\n  \
         earmark data check {dir}\n      decodes every file and finds duplicates and leaks\n  \
         earmark train {path} --data {dir} --fold 1 --dry-run\n      \
         prints what training would do and how long it would take\n  \
         earmark train {path} --data {dir} --fold 1 --run {run}\n      \
         trains, with a fifth of the clips held out for testing\n  \
         earmark eval {run} --data {dir}\n      evaluates on the held-out clips\n  \
         earmark report {run}\n      writes a page with curves, classes and mistakes\n  \
         earmark predict {run} --files SOME.wav -o scores.csv\n      tags other recordings"
    ))?;
    Ok(Status::Done)
}

/// The data set in a folder; `None` where the folder is empty or missing.
fn detect(dir: &Path) -> Option<Result<DataSet, DataError>> {
    let mut entries = std::fs::read_dir(dir).ok()?.flatten();
    let options = DataOptions {
        missing_files: MissingFiles::Skip,
        ..DataOptions::default()
    };
    entries
        .any(|e| !e.file_name().as_encoded_bytes().starts_with(b"."))
        .then(|| load(dir, &options))
}

/// The subsets to train on: all that are not for testing, or all where there are no others.
fn training_subsets(set: &DataSet) -> Vec<&str> {
    let tested = CheckOptions::default().evaluation_subsets;
    let mut subsets = set.subsets();
    subsets.retain(|name| !tested.iter().any(|t| t == name));
    match subsets.is_empty() {
        true => set.subsets(),
        false => subsets,
    }
}

/// The template with the lines that depend on the data.
fn adapted(template: &str, set: &DataSet) -> String {
    let quoted = |name: &str| toml::Value::String(name.to_owned()).to_string();
    let subsets: Vec<String> = training_subsets(set).into_iter().map(quoted).collect();
    let loss = if set.multi_label { LOSS_MULTI } else { LOSS };
    template
        .replace(LAYOUT, &format!("layout = \"{}\"", set.layout))
        .replace(SUBSETS, &format!("subsets = [{}]", subsets.join(", ")))
        .replacen(LOSS, loss, 1)
}

fn describe(set: &DataSet) -> String {
    let labels = match set.multi_label {
        true => "several labels per clip, hence sigmoid scores",
        false => "one label per clip, hence softmax scores",
    };
    let folds = match set.folds().len() {
        0 => "no predefined folds".to_owned(),
        n => human_amount(n, "predefined fold", "predefined folds"),
    };
    let subsets = set.subsets();
    format!(
        "found: layout {}, {} of {} in the {} {}; {labels}; {folds}",
        set.layout,
        human_amount(set.items.len(), "recording", "recordings"),
        human_amount(set.classes.len(), "class", "classes"),
        if subsets.len() == 1 { "subset" } else { "subsets" },
        subsets.join(", ")
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
