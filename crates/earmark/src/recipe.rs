//! Recipes: one TOML file says everything about a system. Read, merge, parse, check; only then use.
//!
//! A recipe is read in four steps, so that what can't work is refused before any audio is opened: the file is parsed; what it
//! `extends` is laid below it; `--set key=value` overrides are laid above; the result is parsed into [`Recipe`] (unknown keys are
//! errors) and checked value by value. Every error names the file, the key, the value and a remedy.

use crate::library;
use crate::setting::suggest;
use earmark_data::augment::Augment;
use earmark_data::{BatchConfig, CacheConfig, DataOptions};
use earmark_engine::{CheckpointConfig, TrainConfig, ValidationConfig};
use earmark_features::FrontEnd;
use earmark_models::NetworkConfig;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// Version of the recipe language.
pub const FORMAT: u32 = 1;

/// How deep `extends` may go; more is a circle.
const MAX_EXTENDS: usize = 16;

/// A whole system as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Recipe {
    /// Version of the recipe language, see [`FORMAT`].
    #[serde(default = "format")]
    pub format: u32,
    /// Short name.
    pub name: String,
    /// What it is and where it comes from.
    #[serde(default)]
    pub description: String,
    /// Licence of the trained weights, written into the model file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// How a data folder is read.
    #[serde(default)]
    pub data: DataOptions,
    /// Audio to network input.
    pub front_end: FrontEnd,
    /// The network.
    pub network: NetworkConfig,
    /// Optimisation.
    pub train: TrainConfig,
    /// Examples to batches.
    #[serde(default)]
    pub batches: BatchConfig,
    /// Changes to training examples.
    #[serde(default)]
    pub augment: Augment,
    /// Folds to make where the data has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folds: Option<FoldsConfig>,
    /// What steers training besides the loss.
    #[serde(default)]
    pub validation: ValidationConfig,
    /// When weights are written, and which stay.
    #[serde(default)]
    pub checkpoints: CheckpointConfig,
    /// Workers and the store of computed features.
    #[serde(default)]
    pub cache: CacheConfig,
}

/// `[folds]`: stratified folds, drawn where the data brings none. Clips of one group stay together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FoldsConfig {
    /// How many; they are numbered from 1.
    pub count: u32,
    /// Seed of the draw.
    #[serde(default)]
    pub seed: u64,
}

fn format() -> u32 {
    FORMAT
}

/// Why a recipe is refused.
#[derive(Debug, thiserror::Error)]
pub enum RecipeError {
    /// No such file or built-in recipe.
    #[error(
        "{name}: no such recipe file, and no recipe of that name is built in{suggestion}; `earmark recipes list` shows the built-in ones"
    )]
    NotFound {
        /// What was asked for.
        name: String,
        /// A near name, as a clause.
        suggestion: String,
    },
    /// The file can't be read.
    #[error("{path}: cannot be read: {cause}")]
    Read {
        /// Where.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// Not TOML.
    #[error("{path}: is not valid TOML: {message}")]
    Syntax {
        /// Where.
        path: PathBuf,
        /// The parser's words, with the line.
        message: String,
    },
    /// A key that no recipe has, or of the wrong type.
    #[error("{place}: {key}: {message}")]
    Key {
        /// File, and line where known.
        place: String,
        /// Dotted key.
        key: String,
        /// What is wrong, and the nearest right key.
        message: String,
    },
    /// A value that can't work.
    #[error("{place}: {key} = {value}: {remedy}")]
    Value {
        /// File, and line where known.
        place: String,
        /// Dotted key.
        key: String,
        /// The value found.
        value: String,
        /// What to write instead.
        remedy: String,
    },
    /// `--set` without `=`.
    #[error("--set {0}: expected KEY=VALUE, such as --set train.learning-rate=0.001")]
    Set(String),
    /// Files that extend each other in a circle.
    #[error("{path}: `extends` leads in a circle or more than {MAX_EXTENDS} files deep")]
    Circle {
        /// The file where it was noticed.
        path: PathBuf,
    },
    /// Several refusals found in the check.
    #[error("{place}: {message}")]
    Check {
        /// File.
        place: String,
        /// The refusal in its own words.
        message: String,
    },
}

impl Recipe {
    /// Reads a recipe file, or a built-in recipe by its name (`dcase2019-baseline/1-noisy`), with `KEY=VALUE` overrides.
    pub fn load(name: &str, overrides: &[String]) -> Result<Self, RecipeError> {
        let (path, text) = source(name)?;
        let mut table = resolve(&path, &text, 0)?;
        for o in overrides {
            apply_override(&mut table, o)?;
        }
        Self::from_table(
            table,
            &Origin {
                path: &path,
                text: &text,
                overrides,
            },
        )
    }

    /// Parses and checks a recipe that is already whole (no `extends`), such as the one inside a model file.
    pub fn parse(text: &str, place: &Path) -> Result<Self, RecipeError> {
        let table = parse_table(text, place)?;
        Self::from_table(
            table,
            &Origin {
                path: place,
                text,
                overrides: &[],
            },
        )
    }

    fn from_table(table: Table, origin: &Origin) -> Result<Self, RecipeError> {
        let recipe: Self = serde_path_to_error::deserialize(Value::Table(table))
            .map_err(|e| key_error(origin, &e.path().to_string(), &e.inner().to_string()))?;
        recipe.check().map_err(|(key, value, remedy)| {
            if key.is_empty() {
                // A message of another crate's begins with its key.
                let place = origin.place(remedy.split(" = ").next().unwrap_or_default());
                return RecipeError::Check {
                    place,
                    message: remedy,
                };
            }
            RecipeError::Value {
                place: origin.place(&key),
                key,
                value,
                remedy,
            }
        })?;
        Ok(recipe)
    }

    /// The recipe as TOML, every default written out.
    pub fn to_toml(&self) -> String {
        toml::to_string_pretty(self).expect("a recipe is made of tables, strings and numbers")
    }

    /// Refuses values that can't work: (key, value, remedy).
    fn check(&self) -> Result<(), (String, String, String)> {
        if self.format > FORMAT {
            let remedy = format!("this program knows formats up to {FORMAT}; update earmark");
            return Err(("format".into(), self.format.to_string(), remedy));
        }
        let whole = |e: &dyn std::fmt::Display| (String::new(), String::new(), e.to_string());
        self.front_end.check().map_err(|e| whole(&e))?;
        self.network.check().map_err(|e| whole(&e))?;
        self.train
            .check()
            .map_err(|(key, value, remedy)| (format!("train.{key}"), value, remedy.to_owned()))?;
        self.batches
            .check("batches")
            .map_err(|e| (e.key, e.value, e.remedy))?;
        self.augment
            .check_with("augment", &self.front_end)
            .map_err(|e| (e.key, e.value, e.remedy))?;
        if let Some(f) = self.folds.filter(|f| f.count < 2) {
            return Err((
                "folds.count".into(),
                f.count.to_string(),
                "choose 2 or more; 5 is usual".into(),
            ));
        }
        self.cache
            .check("cache")
            .map_err(|e| (e.key, e.value, e.remedy))?;
        self.validation
            .check()
            .map_err(|(key, value, remedy)| (format!("validation.{key}"), value, remedy.to_owned()))?;
        if self.front_end.examples.is_none() {
            let remedy = "set front-end.examples = { length-frames = ..., hop-frames = ... }: this network trains on examples of one length";
            return Err(("front-end.examples".into(), "missing".into(), remedy.into()));
        }
        if self.checkpoints.every_steps == 0 {
            return Err((
                "checkpoints.every-steps".into(),
                "0".into(),
                "choose 1 or more; 100 is usual".into(),
            ));
        }
        if let earmark_engine::Keep::Last { count: 0 } = self.checkpoints.keep {
            return Err((
                "checkpoints.keep.count".into(),
                "0".into(),
                "keep at least 1".into(),
            ));
        }
        Ok(())
    }
}

/// Path and text of a recipe file or a built-in recipe. A file wins over a built-in of the same name.
fn source(name: &str) -> Result<(PathBuf, String), RecipeError> {
    let path = PathBuf::from(name);
    match std::fs::read_to_string(&path) {
        Ok(text) => return Ok((path, text)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
        Err(cause) => return Err(RecipeError::Read { path, cause }),
    }
    if let Some((name, text)) = library::find(name) {
        return Ok((PathBuf::from(name), text.to_owned()));
    }
    let suggestion = suggest(name, library::names())
        .map(|s| format!(" (did you mean `{s}`?)"))
        .unwrap_or_default();
    Err(RecipeError::NotFound {
        name: name.into(),
        suggestion,
    })
}

fn parse_table(text: &str, path: &Path) -> Result<Table, RecipeError> {
    text.parse::<Table>().map_err(|e| RecipeError::Syntax {
        path: path.into(),
        message: e.to_string().trim_end().to_owned(),
    })
}

/// The file's table laid over what it extends.
fn resolve(path: &Path, text: &str, depth: usize) -> Result<Table, RecipeError> {
    if depth > MAX_EXTENDS {
        return Err(RecipeError::Circle { path: path.into() });
    }
    let mut table = parse_table(text, path)?;
    let base = match table.remove("extends") {
        None => return Ok(table),
        Some(Value::String(base)) => base,
        Some(other) => {
            return Err(RecipeError::Value {
                place: place(path, text, "extends"),
                key: "extends".into(),
                value: other.to_string(),
                remedy: "give the name of another recipe file as a string".into(),
            });
        }
    };
    // Relative to the file that says it; a built-in recipe's folder is its name's.
    let beside = path.parent().unwrap_or(Path::new("")).join(&base);
    let (base_path, base_text) = source(&beside.to_string_lossy()).or_else(|_| source(&base))?;
    let mut whole = resolve(&base_path, &base_text, depth + 1)?;
    merge(&mut whole, table);
    Ok(whole)
}

/// Keys that say the same in two units, of which a recipe has one.
const RIVALS: [[&str; 2]; 6] = [
    ["mixup", "mix"],
    ["epochs", "steps"],
    ["window-seconds", "window-samples"],
    ["hop-seconds", "hop-samples"],
    ["hop-seconds", "hop-frames"],
    ["length-seconds", "length-frames"],
];

/// Lays `over` on `base`, table by table. A table whose `kind` changes replaces the other whole: its keys are another set. A key
/// takes the place of its rival.
fn merge(base: &mut Table, over: Table) {
    for [a, b] in RIVALS {
        for (mine, rival) in [(a, b), (b, a)] {
            if over.contains_key(mine) && !over.contains_key(rival) {
                base.remove(rival);
            }
        }
    }
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Table(b)), Value::Table(o)) if !changes_kind(b, &o) => merge(b, o),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

fn changes_kind(base: &Table, over: &Table) -> bool {
    matches!((base.get("kind"), over.get("kind")), (Some(b), Some(o)) if b != o)
}

/// Sets `a.b.c=value`, the value as TOML, or as a string where it is no TOML.
fn apply_override(table: &mut Table, text: &str) -> Result<(), RecipeError> {
    let (key, value) = text
        .split_once('=')
        .ok_or_else(|| RecipeError::Set(text.into()))?;
    let (key, value) = (key.trim(), value.trim());
    if key.is_empty() || key.split('.').any(|k| k.trim().is_empty()) {
        return Err(RecipeError::Set(text.into()));
    }
    let value = format!("v = {value}")
        .parse::<Table>()
        .ok()
        .and_then(|mut t| t.remove("v"))
        .unwrap_or_else(|| Value::String(value.to_owned()));
    let nested = key.rsplit('.').fold(value, |v, k| {
        Value::Table(Table::from_iter([(k.trim().to_owned(), v)]))
    });
    let Value::Table(nested) = nested else {
        return Err(RecipeError::Set(text.into()));
    };
    merge(table, nested);
    Ok(())
}

/// Where the values of a recipe come from, for errors.
struct Origin<'a> {
    path: &'a Path,
    text: &'a str,
    overrides: &'a [String],
}

impl Origin<'_> {
    /// The override that sets a dotted key, else `file:line`, else the file.
    fn place(&self, key: &str) -> String {
        let sets = |o: &&String| {
            let set = o.split('=').next().unwrap_or_default().trim();
            !key.is_empty()
                && key
                    .strip_prefix(set)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        match self.overrides.iter().rev().find(sets) {
            Some(o) => format!("--set {o}"),
            None => place(self.path, self.text, key),
        }
    }
}

/// A parse error in a newcomer's words.
fn key_error(origin: &Origin, at: &str, message: &str) -> RecipeError {
    let message = message.lines().next().unwrap_or(message).trim();
    let at = if at == "." { "" } else { at };
    // serde: unknown field `x`, expected one of `a`, `b`
    if let Some(unknown) = message
        .strip_prefix("unknown field `")
        .and_then(|m| m.split('`').next())
    {
        let known: Vec<&str> = message.split('`').skip(3).step_by(2).collect();
        // serde names the unknown key itself, or, in a table with a `kind`, the table around it.
        let key = match at {
            "" => unknown.to_owned(),
            at if at == unknown || at.ends_with(&format!(".{unknown}")) => at.to_owned(),
            at => format!("{at}.{unknown}"),
        };
        let near = suggest(unknown, known.iter().copied())
            .map(|s| format!("did you mean `{s}`? "))
            .unwrap_or_default();
        let message = format!("is no key of a recipe; {near}keys here: {}", known.join(", "));
        return RecipeError::Key {
            place: origin.place(&key),
            key,
            message,
        };
    }
    let key = if at.is_empty() {
        "recipe".to_owned()
    } else {
        at.to_owned()
    };
    RecipeError::Key {
        place: origin.place(&key),
        key,
        message: message.to_owned(),
    }
}

/// `file:line` of a dotted key, as far as a look at the text tells; else the file.
fn place(path: &Path, text: &str, key: &str) -> String {
    let mut section = String::new();
    let mut best = None;
    for (i, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.split(']').next()) {
            section = name.trim_matches('[').trim().to_owned();
            if section == key {
                best = Some(i + 1);
            }
            continue;
        }
        let Some((left, _)) = line.split_once('=') else {
            continue;
        };
        let full = if section.is_empty() {
            left.trim().to_owned()
        } else {
            format!("{section}.{}", left.trim())
        };
        // An inline table holds deeper keys on its own line.
        if full == key || key.strip_prefix(&full).is_some_and(|rest| rest.starts_with('.')) {
            best = Some(i + 1);
            break;
        }
    }
    match best {
        Some(line) => format!("{}:{line}", path.display()),
        None => path.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Table {
        text.parse().unwrap()
    }

    #[test]
    fn merging_is_deep_and_a_changed_kind_replaces() {
        let mut base = table("[train]\nbatch = 1\nloss = { kind = \"a\", x = 1 }\n[net]\nwidth = 2");
        merge(&mut base, table("[train]\nbatch = 2\nloss = { x = 3 }"));
        assert_eq!(
            base,
            table("[train]\nbatch = 2\nloss = { kind = \"a\", x = 3 }\n[net]\nwidth = 2")
        );
        merge(&mut base, table("[train]\nloss = { kind = \"b\", y = 1 }"));
        assert_eq!(base["train"]["loss"], Value::Table(table("kind = \"b\"\ny = 1")));
    }

    #[test]
    fn a_key_takes_the_place_of_its_rival() {
        let mut base = table("[train]\nepochs = 3\n[stft]\nhop-seconds = 0.01\nwindow-seconds = 0.02");
        merge(&mut base, table("[train]\nsteps = 7\n[stft]\nhop-samples = 160"));
        assert_eq!(
            base,
            table("[train]\nsteps = 7\n[stft]\nhop-samples = 160\nwindow-seconds = 0.02")
        );
        // Both in one place contradict each other, and the check says so.
        merge(&mut base, table("[train]\nsteps = 1\nepochs = 2"));
        assert_eq!(base["train"], Value::Table(table("steps = 1\nepochs = 2")));
    }

    #[test]
    fn overrides_read_toml_values_and_fall_back_to_strings() {
        let mut t = Table::new();
        for o in [
            "a.b=3",
            "a.c = 0.5",
            "a.d=true",
            "name=my run",
            "list=[1,2]",
            "text=\"7\"",
        ] {
            apply_override(&mut t, o).unwrap();
        }
        assert_eq!(
            t,
            table("name = \"my run\"\nlist = [1, 2]\ntext = \"7\"\n[a]\nb = 3\nc = 0.5\nd = true")
        );
        assert!(matches!(
            apply_override(&mut t, "novalue"),
            Err(RecipeError::Set(_))
        ));
        assert!(matches!(apply_override(&mut t, ".a=1"), Err(RecipeError::Set(_))));
    }

    #[test]
    fn places_point_at_the_line() {
        let text = "name = \"x\"\n[train]\nbatch = 3\nloss = { kind = \"a\" }\n";
        let at = |key| place(Path::new("r.toml"), text, key);
        assert_eq!(at("train.batch"), "r.toml:3");
        assert_eq!(at("train.loss.kind"), "r.toml:4");
        assert_eq!(at("elsewhere"), "r.toml");
    }
}
