//! Outputs that would replace what a command reads, or a file of another kind: refused before anything is done.
//!
//! All commands are looked at in this one place, by their arguments: those of [`OUTPUTS`] name what is written, and all
//! others may name what is read.

use crate::args::{DataArgs, DataSource};
use crate::commands::data::source;
use crate::kinds_of_results::ResultKind;
use crate::output::is_stdout;
use anyhow::bail;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};
use earmark::data::layout::{is_audio_name, is_table_name};
use earmark::data::{DataOptions, load};
use earmark::engine::{ModelFile, ModelFileError};
use earmark::recipe::AnyRecipe;
use earmark::runs::run_dir::find_models;
use earmark_core::remote;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Arguments that name a file or folder to write.
const OUTPUTS: [&str; 9] = [
    "out",
    "out_dir",
    "write",
    "corrections",
    "diagram",
    "chosen",
    "normalise",
    "out_of_fold",
    "html",
];

/// Commands whose output is a model file.
const MODEL_COMMANDS: [&[&str]; 6] = [
    &["fit"],
    &["probe"],
    &["calibrate"],
    &["models", "average"],
    &["models", "import"],
    &["review", "precision"],
];

/// Files that a run consists of.
const RUN_FILES: [&str; 9] = [
    "recipe.toml",
    "classes.csv",
    "split.csv",
    "run.json",
    "log.txt",
    "metrics.jsonl",
    "best.safetensors",
    "decisions.jsonl",
    "teacher-scores.csv",
];

/// Folders above a file in which its run or index is looked for.
const LEVELS: usize = 3;

/// A command as it was given.
struct Asked<'a> {
    /// Its name, such as `models`, `average`.
    names: Vec<&'a str>,
    command: &'a Command,
    matches: &'a ArgMatches,
}

/// Refuses a command line with an output that would replace an input of the command, a table of its data folder, a file
/// that a run or an index consists of, or a file of another kind.
pub fn refuse_lost_files(command: &Command, matches: &ArgMatches) -> anyhow::Result<()> {
    let mut asked = Asked {
        names: Vec::new(),
        command,
        matches,
    };
    while let Some((name, below)) = asked.matches.subcommand() {
        let Some(command) = asked.command.find_subcommand(name) else {
            break;
        };
        asked.names.push(name);
        (asked.command, asked.matches) = (command, below);
    }
    let outputs = asked.outputs();
    for (at, (arg, path)) in outputs.iter().enumerate() {
        asked.refuse_input(arg, path)?;
        let mut others = outputs[..at].iter();
        if let Some((other, _)) = others.find(|(_, other)| is_same(other, path)) {
            bail!(
                "{} {}: is written by {}, too; name another file",
                flag(arg),
                path.display(),
                flag(other)
            );
        }
        let kind = asked.kind(arg);
        if let Some(kind) = kind.filter(|kind| asked.is_format_open(*kind)) {
            kind.refuse_ending(&format!("{} {}", flag(arg), path.display()), path)?;
        }
        let Some(found) = file_at(path) else {
            continue;
        };
        let given = format!("{} {}", flag(arg), path.display());
        if let Some(owner) = owner(&found) {
            bail!(
                "{given}: is a file of {owner}, which would lose it; {}",
                asked.remedy()
            );
        }
        let is_out = arg.get_id() == "out";
        if is_out && MODEL_COMMANDS.contains(&asked.names.as_slice()) {
            refuse_other_than_model(&given, path)?;
        } else {
            refuse_no_result(&given, &found)?;
            asked.refuse_table(&given, &found, kind)?;
            if let Some(kind) = kind {
                kind.refuse_other(&given, &found)?;
            }
        }
        if is_out && asked.names == ["export"] && !is_empty(&found) && !is_graph(&found) {
            bail!("{given}: is not an ONNX graph, and would be replaced by one; name another file");
        }
    }
    Ok(())
}

impl<'a> Asked<'a> {
    /// The files and folders to write, each with its argument.
    fn outputs(&self) -> Vec<(&'a Arg, &'a Path)> {
        let args = self.command.get_arguments();
        args.filter(|arg| is_output(arg))
            .flat_map(|arg| self.values(arg).into_iter().map(move |path| (arg, path)))
            .filter(|(_, path)| !is_stdout(path))
            .collect()
    }

    /// The values that the command line or the environment gives an argument.
    fn values(&self, arg: &Arg) -> Vec<&'a Path> {
        let id = arg.get_id().as_str();
        let is_given = arg.get_action().takes_values()
            && self.matches.value_source(id) != Some(ValueSource::DefaultValue);
        let found = match is_given {
            true => self.matches.try_get_raw(id).ok().flatten(),
            false => None,
        };
        found.into_iter().flatten().map(Path::new).collect()
    }

    /// What is written to the file that an argument names.
    fn kind(&self, arg: &Arg) -> Option<ResultKind> {
        let is_set = |id: &str| matches!(self.matches.try_get_one::<bool>(id), Ok(Some(true)));
        let value = |id: &str| {
            let given = self.values_of(id);
            given.first().map(|value| value.to_string_lossy().into_owned())
        };
        ResultKind::of(&self.names, arg.get_id().as_str(), is_set, value)
    }

    /// Whether nothing but the ending of its file says the format of scores; of other kinds nothing else does.
    fn is_format_open(&self, kind: ResultKind) -> bool {
        kind != ResultKind::BestThree && (kind != ResultKind::Scores || self.values_of("format").is_empty())
    }

    /// The values of an argument that only some commands have.
    fn values_of(&self, id: &str) -> Vec<&'a Path> {
        let mut args = self.command.get_arguments();
        let found = args.find(|arg| arg.get_id() == id);
        found.map_or_else(Vec::new, |arg| self.values(arg))
    }

    /// The folders that labels may be read from.
    fn data_folders(&self) -> Vec<&'a Path> {
        ["data", "dir"].iter().flat_map(|id| self.values_of(id)).collect()
    }

    /// Refuses an output that is an input, or that is written with a file that is one.
    fn refuse_input(&self, output: &Arg, path: &Path) -> anyhow::Result<()> {
        for written in self.written_with(path) {
            let Some(lost) = place(&written) else {
                continue;
            };
            let args = self.command.get_arguments().filter(|arg| may_be_input(arg));
            let mut read = args.flat_map(|arg| self.values(arg).into_iter().map(move |value| (arg, value)));
            let is_lost = |(arg, value): &(&Arg, &Path)| {
                let files = self.read_with(arg, value);
                files.iter().any(|file| place(file).as_ref() == Some(&lost))
            };
            let Some((arg, value)) = read.find(is_lost) else {
                continue;
            };
            let also = match written == path {
                true => String::new(),
                false => format!(", with which {} is written", written.display()),
            };
            bail!(
                "{} {}{also}: would replace what the command reads ({} {}); {}",
                flag(output),
                path.display(),
                flag(arg),
                value.display(),
                self.remedy()
            );
        }
        Ok(())
    }

    /// The files that are written with an output: itself, what goes next to it, what is always in its folder.
    fn written_with(&self, path: &Path) -> Vec<PathBuf> {
        let mut written = vec![path.to_path_buf()];
        if path.extension() == Some(OsStr::new("npy")) {
            for ending in [".csv", ".json"] {
                let mut names = path.as_os_str().to_owned();
                names.push(ending);
                written.push(names.into());
            }
        }
        if self.names == ["extract"] {
            written.push(path.join("extracts.csv"));
        }
        written
    }

    /// The files that are read where an argument names one.
    fn read_with(&self, arg: &Arg, value: &Path) -> Vec<PathBuf> {
        let mut read = vec![value.to_path_buf()];
        // A log of decisions is next to the table that was reviewed.
        let reviewed = value
            .to_str()
            .and_then(|text| text.strip_suffix(".decisions.jsonl"));
        read.extend(reviewed.map(PathBuf::from));
        if arg.get_id() == "table" {
            read.extend(self.data_folders().iter().map(|folder| folder.join(value)));
        }
        read
    }

    /// Refuses to replace a table that the labels of a data folder are read from: any table that no kind of results
    /// guards, where the folder can't be read without a choice.
    fn refuse_table(&self, given: &str, found: &Path, kind: Option<ResultKind>) -> anyhow::Result<()> {
        for folder in self.data_folders() {
            let is_below = folder
                .canonicalize()
                .is_ok_and(|folder| found.starts_with(folder));
            if !is_below {
                continue;
            }
            let set = self
                .data_options()
                .and_then(|options| Ok(load(folder, &options)?));
            let is_unknown = set.is_err() && kind.is_none() && is_table_name(found);
            let tables = set.map(|set| set.tables).unwrap_or_default();
            let named = self
                .tables_of_recipes()
                .into_iter()
                .map(|table| folder.join(table));
            let mut tables = tables.into_values().chain(named);
            let is_read = tables.any(|table| place(&table).as_deref() == Some(found));
            if is_read || is_unknown {
                bail!(
                    "{given}: {} the table that the labels in {} are read from, and would be replaced; {}",
                    if is_read { "is" } else { "may be" },
                    folder.display(),
                    self.remedy()
                );
            }
        }
        Ok(())
    }

    /// How the command line says that the data folder is read.
    fn data_options(&self) -> anyhow::Result<DataOptions> {
        let texts = |id: &str| -> Vec<String> {
            let values = self.values_of(id);
            values
                .iter()
                .map(|value| value.to_string_lossy().into_owned())
                .collect()
        };
        let text = |id: &str| texts(id).into_iter().next();
        source::options(&DataSource {
            dir: PathBuf::new(),
            read: DataArgs {
                layout: text("layout"),
                table: self.values_of("table").first().map(PathBuf::from),
                file_column: text("file_column"),
                label_column: text("label_column"),
                fold_column: text("fold_column"),
                group_column: text("group_column"),
                subset_column: text("subset_column"),
                label_separator: text("label_separator"),
            },
            subsets: Vec::new(),
            data_set: texts("data_set"),
        })
    }

    /// The tables that the recipes of models and runs name.
    fn tables_of_recipes(&self) -> Vec<PathBuf> {
        let models = ["models", "model", "run"];
        let models = models.iter().flat_map(|id| self.values_of(id));
        models.filter_map(table_of_recipe).collect()
    }

    /// What to do instead.
    fn remedy(&self) -> &'static str {
        let mut args = self.command.get_arguments();
        match args.any(|arg| arg.get_id() == "in_place") {
            true => "name another file, or use --in-place for the model that is read",
            false => "name another file",
        }
    }
}

/// The table of labels that the recipe of a model or run names.
fn table_of_recipe(name: &Path) -> Option<PathBuf> {
    let model = find_models(&name.to_string_lossy()).ok()?.into_iter().next()?;
    let recipe = ModelFile::read_metadata(&model).ok()?.recipe;
    match AnyRecipe::parse(&recipe, &model).ok()? {
        AnyRecipe::Audio(recipe) => recipe.data.table,
        AnyRecipe::Stacked(_) => None,
    }
}

/// Refuses to replace a file that is not a model of earmark by one; `given` is how it was named.
pub fn refuse_other_than_model(given: &str, path: &Path) -> anyhow::Result<()> {
    if file_at(path).is_none_or(|found| is_empty(&found)) {
        return Ok(());
    }
    match ModelFile::read_metadata(path) {
        Err(ModelFileError::Broken { .. } | ModelFileError::Foreign { .. }) => bail!(
            "{given}: is a file that is not a model of earmark, and would be replaced by one; give the model another \
             name with -o, such as {}, or remove the file",
            unused_name(path).display()
        ),
        // A damaged model, or one of a later version, may be replaced by who made it.
        _ => Ok(()),
    }
}

/// A name for a model that nothing has.
fn unused_name(path: &Path) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let plain = path.with_file_name(format!("{stem}.safetensors"));
    let numbered = (2..).map(|number| path.with_file_name(format!("{stem}-{number}.safetensors")));
    let mut names = std::iter::once(plain.clone()).chain(numbered);
    names.find(|name| !name.exists()).unwrap_or(plain)
}

/// Refuses to replace a recording or a model by results.
fn refuse_no_result(given: &str, found: &Path) -> anyhow::Result<()> {
    let is_model = found.extension() == Some(OsStr::new("safetensors"));
    if (is_model || is_audio_name(found)) && !is_empty(found) {
        let what = if is_model { "a model" } else { "a recording" };
        bail!("{given}: is {what}, and would be replaced by results; name another file");
    }
    Ok(())
}

/// The run or index that a file is a part of.
fn owner(found: &Path) -> Option<String> {
    found.ancestors().skip(1).take(LEVELS).find_map(|folder| {
        let below = found.strip_prefix(folder).ok()?;
        let first = below.components().next()?.as_os_str().to_str()?;
        let is_direct = first == below.as_os_str();
        let of_run = is_direct && (RUN_FILES.contains(&first) || first.starts_with("events.out."))
            || !is_direct && matches!(first, "checkpoints" | "corrections");
        let of_index = match is_direct {
            true => {
                matches!(first, "index.json" | "labels.jsonl" | "adding.log") || first.starts_with("shard-")
            }
            false => first == "classifiers",
        };
        let shown = folder.display();
        if of_run && folder.join("run.json").is_file() {
            return Some(format!("the run {shown}"));
        }
        let is_index = of_index && folder.join("index.json").is_file();
        is_index.then(|| format!("the index {shown}"))
    })
}

fn is_output(arg: &Arg) -> bool {
    arg.get_action().takes_values() && OUTPUTS.contains(&arg.get_id().as_str())
}

/// Whether an argument may name a file that is read: no value of a closed set does.
fn may_be_input(arg: &Arg) -> bool {
    !is_output(arg) && arg.get_possible_values().is_empty()
}

/// How an argument is written on the command line.
fn flag(arg: &Arg) -> String {
    match (arg.get_short(), arg.get_long()) {
        (Some(short), _) => format!("-{short}"),
        (None, Some(long)) => format!("--{long}"),
        (None, None) => arg.get_id().as_str().to_uppercase(),
    }
}

/// The file that a path leads to, through links, `.` and `..`, if there is one.
fn file_at(path: &Path) -> Option<PathBuf> {
    path.canonicalize().ok().filter(|found| found.is_file())
}

/// The same, and for an address itself.
fn place(path: &Path) -> Option<PathBuf> {
    match remote::is_address(path) {
        true => Some(path.into()),
        false => file_at(path),
    }
}

/// Whether two paths name one file, which need not be there.
fn is_same(a: &Path, b: &Path) -> bool {
    a == b || place(a).is_some_and(|a| place(b) == Some(a))
}

/// Whether a file begins as ONNX graphs do, with the version of their format.
fn is_graph(path: &Path) -> bool {
    let mut first = [0];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut first));
    read.is_ok() && first == [0x08]
}

fn is_empty(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| found.len() == 0)
}
