//! `earmark init`: a starting recipe for one's own sounds, made of the built-in recipe `folder`
//! (`crates/earmark-recipe/recipes/folder.toml`), whose comments it keeps.

use super::fill_in_recipe_folder_toml::adapted;
use super::propose_fine_tune_or_probe::proposal;
use crate::prelude::*;
use earmark::Recipe;
use earmark::data::layout::has_recordings_or_tables;
use earmark::data::{DataError, DataOptions, DataSet, MissingFiles, ReadAs, load};
use earmark::recipe::built_in_recipes;
use earmark_core::text::quote;

/// Write a commented starting recipe for a folder of sounds
#[derive(Args)]
#[command(after_help = "Examples:\n  earmark init my-sounds\n  \
                        earmark init my-sounds --table labels.csv --label-column species")]
pub struct Init {
    /// The folder of sounds; recipe.toml is written into it
    pub dir: PathBuf,
    #[command(flatten)]
    pub read: DataArgs,
}

/// Writes the recipe and prints the next commands.
pub fn run(args: &Init, console: &Console) -> anyhow::Result<Status> {
    if !args.dir.is_dir() {
        let what = match args.dir.is_file() {
            true => "is a file, not a folder",
            false => "there is no such folder",
        };
        bail!(
            "{}: {what}; give the folder of your sounds, with one folder per class or a table in it",
            args.dir.display()
        );
    }
    let path = args.dir.join("recipe.toml");
    if path.exists() {
        bail!(
            "{}: already exists and is left unchanged; move it away, or choose another folder",
            path.display()
        );
    }
    let (_, template) = built_in_recipes::find("folder").context("the recipe `folder` is built in")?;
    let read = args.read.read_as()?;
    // A recipe for what can't be read would only make the next call fail.
    let set = detect(&args.dir, &read)?;
    let found = match &set {
        Some(set) => describe(set),
        None => "the folder holds no sounds yet: put recordings into it, in one folder per class".into(),
    };
    let text = set
        .as_ref()
        .map_or(template.to_owned(), |set| adapted(template, set, &read));
    output::write(&path, |w| w.write_all(text.as_bytes()))?;
    // What was written must be a recipe, whatever the data has put into it.
    Recipe::load(&path.to_string_lossy(), &[])?;
    console.note(found);
    if let Some(set) = &set {
        set.lines().iter().skip(1).for_each(|note| console.note(note));
        if let Err(one_class) = set.refuse_one_class() {
            console.note(one_class);
        }
    }
    print_lines(&next_commands(args, &path, set.as_ref())?)?;
    Ok(Status::Done)
}

/// What was written, and what can be done with it.
fn next_commands(args: &Init, path: &Path, set: Option<&DataSet>) -> anyhow::Result<String> {
    let run = PathBuf::from("runs").join(args.dir.file_name().unwrap_or_else(|| "first".as_ref()));
    let [dir, path, run] = [args.dir.as_path(), path, run.as_path()]
        .map(|p| one_line(&quote(&p.to_string_lossy())).into_owned());
    // What the recipe says of the data, a command without it needs as flags.
    let data = dir.clone() + &flags(&args.read);
    let folds = set.map(DataSet::folds).unwrap_or_default();
    let (fold, held_out) = match folds.first() {
        None => (1, "a fifth of the clips".to_owned()),
        Some(_) if folds.contains(&1) => (1, "fold 1".to_owned()),
        Some(first) => (*first, format!("fold {first}")),
    };
    let start = proposal(&data, fold, &run, set.is_some_and(|set| set.multi_label))?;
    Ok(format!(
        "wrote {path}\n\nnext:\n  \
         earmark data check {data}\n      decodes every file and finds duplicates and leaks\n  \
         earmark train {path} --data {dir} --fold {fold} --dry-run\n      \
         prints what training would do and how long it would take\n  \
         earmark train {path} --data {dir} --fold {fold} --run {run}\n      \
         trains, with {held_out} held out for testing\n  \
         earmark eval {run} --data {dir}\n      evaluates on the held-out clips\n  \
         earmark report {run}\n      writes a page with curves, classes and mistakes\n  \
         earmark predict {run} --files {dir} -o scores.csv\n      \
         scores all recordings in the folder; name others in its place\n  \
         {start}"
    ))
}

/// How the folder is read, as it was given, for another command.
fn flags(read: &DataArgs) -> String {
    let table = read
        .table
        .as_ref()
        .map(|table| table.to_string_lossy().into_owned());
    let given = [
        ("--layout", &read.layout),
        ("--table", &table),
        ("--file-column", &read.file_column),
        ("--label-column", &read.label_column),
        ("--fold-column", &read.fold_column),
        ("--group-column", &read.group_column),
        ("--subset-column", &read.subset_column),
        ("--label-separator", &read.label_separator),
    ];
    let mut text = String::new();
    for (flag, value) in given {
        if let Some(value) = value {
            text += &format!(" {flag} {}", one_line(&quote(value)));
        }
    }
    text
}

/// The data set in a folder; `None` where nothing is there yet that could be read: folders for the classes at most.
fn detect(dir: &Path, read: &ReadAs) -> Result<Option<DataSet>, DataError> {
    let options = read.over(&DataOptions {
        missing_files: MissingFiles::Skip,
        ..DataOptions::default()
    });
    match load(dir, &options) {
        Err(_) if !has_recordings_or_tables(dir) => Ok(None),
        found => found.map(Some),
    }
}

fn describe(set: &DataSet) -> String {
    let labels = match set.multi_label {
        true => "several labels per clip, hence sigmoid scores",
        false => "one label per clip, hence softmax scores",
    };
    format!("found {}; {labels}", set.describe())
}
