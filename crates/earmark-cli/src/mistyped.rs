//! "Did you mean": the nearest names, for errors about a file, folder, run or model that is not there.

use crate::given;
use earmark::hub;
use earmark_core::text::{letters_and_digits, suggest};
use std::fs;
use std::path::{Component, Path, PathBuf};

/// Most names that are offered.
const OFFERED: usize = 3;

/// Most names of a folder that are compared, so that no error waits for a huge folder.
const COMPARED: usize = 20_000;

/// Names shorter than this are too near to all others of their length.
const SHORTEST: usize = 3;

/// What errors say of something that is not there: ours in small letters, then the system's.
const MISSING: [&str; 8] = [
    "no such file",
    "no such folder",
    "no data folder",
    "no such recipe file",
    NO_MODEL,
    NO_RUN,
    "(os error 2)",
    "(os error 3)",
];

/// What they say where a model, and where a run was expected.
const NO_MODEL: &str = "no such model file or run directory";
const NO_RUN: &str = "not a run directory (";

/// What they say of a file to write whose folder is not there.
const NO_FOLDER: &str = "create its folder first";

/// Where runs are unless the command line says otherwise.
const RUNS: &str = "runs";

/// The ending of model files.
const MODEL_FILE: &str = ".safetensors";

/// "; did you mean X?" where the message says that something is not there which the command line or the environment
/// names, and there is something with nearly that name; otherwise nothing.
pub fn did_you_mean(message: &str) -> String {
    let lower = message.to_lowercase();
    if lower.contains("did you mean") || !MISSING.iter().any(|text| lower.contains(text)) {
        return String::new();
    }
    let found = words().iter().find_map(|word| {
        let near = nearest(named(message, word)?, message);
        (!near.is_empty()).then_some(near)
    });
    found.map_or(String::new(), |near| {
        format!("; did you mean {}?", near.join(" or "))
    })
}

/// What may be a name: the words of the command line and of settings in the environment, and what is in them behind
/// `=` and between `;` and `,`.
fn words() -> Vec<String> {
    let settings = std::env::vars_os().filter(|(key, _)| key.to_string_lossy().starts_with("EARMARK_"));
    let settings = settings.map(|(_, value)| value.to_string_lossy().into_owned());
    let mut words = Vec::new();
    for word in given::words().into_iter().skip(1).chain(settings) {
        let value = word.split_once('=').map_or(word.as_str(), |(_, value)| value);
        let pieces = [word.as_str(), value].into_iter().chain(value.split([';', ',']));
        let pieces = pieces
            .map(|piece| piece.trim_matches('"'))
            .filter(|piece| !piece.is_empty());
        words.extend(pieces.map(str::to_owned));
    }
    words
}

/// The path that `message` is about, if it ends in `word`: `word` itself, or below another folder.
fn named<'a>(message: &'a str, word: &str) -> Option<&'a str> {
    let is_edge = |c: char| matches!(c, ' ' | '"' | '`');
    message.match_indices(word).find_map(|(at, _)| {
        let (before, end) = (&message[..at], at + word.len());
        let start = match before.chars().next_back() {
            Some('/') => before.rfind(is_edge).map_or(0, |edge| edge + 1),
            Some(c) if !is_edge(c) => return None,
            _ => at,
        };
        message[end..]
            .starts_with([':', ',', ';', '"', '`'])
            .then(|| &message[start..end])
    })
}

/// The nearest names that there are.
fn nearest(name: &str, message: &str) -> Vec<String> {
    // A link that leads nowhere is not mistyped.
    if fs::symlink_metadata(name).is_ok() {
        return Vec::new();
    }
    let (is_model, is_run) = (message.contains(NO_MODEL), message.contains(NO_RUN));
    let (path, step) = match name.rsplit_once('@').filter(|_| is_model) {
        Some((run, step)) => (run, format!("@{step}")),
        None => (name, String::new()),
    };
    let mut paths = nearest_paths(Path::new(path), message.contains(NO_FOLDER));
    if (is_model || is_run) && !path.contains(['/', '\\']) {
        paths.extend(nearest_paths(&Path::new(RUNS).join(path), false));
    }
    let paths = paths.iter().map(|near| format!("{}{step}", near.display()));
    let mut found: Vec<String> = paths.filter(|near| near != name).collect();
    if is_model {
        found.extend(nearest_model(name));
    }
    found.truncate(OFFERED);
    found
}

/// The paths that are there and nearly `path`. Of a file that is to be written, only its folder must be there.
fn nearest_paths(path: &Path, is_new: bool) -> Vec<PathBuf> {
    let parts: Vec<Component> = path.components().collect();
    let Some((Component::Normal(last), parents)) = parts.split_last() else {
        return Vec::new();
    };
    let mut folder = PathBuf::new();
    for part in parents {
        let next = folder.join(part);
        folder = match part {
            Component::Normal(name) if !next.is_dir() => {
                let near = near_names(&folder, &name.to_string_lossy()).into_iter();
                let mut near = near.map(|near| folder.join(near));
                match near.find(|near| near.is_dir()) {
                    Some(near) => near,
                    None => return Vec::new(),
                }
            }
            _ => next,
        };
    }
    let whole = folder.join(last);
    if is_new && whole == path {
        return Vec::new();
    }
    if is_new || whole.exists() {
        return vec![whole];
    }
    let near = near_names(&folder, &last.to_string_lossy());
    near.into_iter().map(|near| folder.join(near)).collect()
}

/// Names in a folder that are nearly `name`, the nearest first.
fn near_names(folder: &Path, name: &str) -> Vec<String> {
    let folder = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    let mut names = names_in(folder);
    names.retain(|other| is_near(name, other));
    let mut found = Vec::new();
    while found.len() < OFFERED
        && let Some(near) = suggest(stem(name), names.iter().map(|other| stem(other)))
        && let Some(at) = names.iter().position(|other| stem(other) == near)
    {
        found.push(names.remove(at));
    }
    found
}

/// The names in a folder, in their order; none where it can't be listed.
fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries
        .take(COMPARED)
        .map(|entry| entry.file_name().into_string());
    let mut names: Vec<String> = names.flatten().collect();
    names.sort_unstable();
    names
}

/// Whether one of two names may be the other with a slip. Other numbers mean another file, fold or step.
fn is_near(name: &str, other: &str) -> bool {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let (a, b) = (stem(name), stem(other));
    if name == other || digits(a) != digits(b) {
        return false;
    }
    if letters_and_digits(a) == letters_and_digits(b) {
        return true;
    }
    let endings = (name[a.len()..].to_lowercase(), other[b.len()..].to_lowercase());
    let has_near_ending = endings.0 == endings.1
        || endings.0.len() > 1 && suggest(&endings.0[1..], endings.1.get(1..)).is_some();
    has_near_ending && a.chars().count() >= SHORTEST && suggest(a, [b]).is_some()
}

/// A file name without its ending.
fn stem(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => name,
    }
}

/// The installed or published model with the nearest name, and how to install one that is not.
fn nearest_model(name: &str) -> Option<String> {
    if name.contains(['/', '\\']) {
        return None;
    }
    let name = name.strip_suffix(MODEL_FILE).unwrap_or(name);
    let files = hub::models_folder().map_or(Vec::new(), |folder| names_in(&folder));
    let mut names: Vec<&str> = files
        .iter()
        .filter_map(|file| file.strip_suffix(MODEL_FILE))
        .collect();
    for model in hub::published_models() {
        names.push(&model.name);
        // Most of them are known without this, too.
        names.extend(model.name.strip_prefix("efficientat-"));
    }
    let near = suggest(name, names)?;
    Some(match (hub::installed_model(near), hub::published_model(near)) {
        (None, Some(model)) => {
            format!("{0} (`earmark models get {0}` installs it)", model.name)
        }
        _ => near.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark::data::DataError;
    use earmark::runs::run_dir::RunError;

    #[test]
    fn the_messages_are_those_of_the_libraries() {
        let no_model = RunError::NoModel("x".into()).to_string();
        assert!(no_model.contains(NO_MODEL), "{no_model}");
        let no_run = RunError::NoRun {
            path: "x".into(),
            missing: "run.json",
        };
        assert!(no_run.to_string().contains(NO_RUN), "{no_run}");
        let no_data = DataError::NoRoot("x".into()).to_string();
        let missing = fs::read("no/such/file").unwrap_err().to_string();
        for message in [no_data, missing] {
            assert!(MISSING.iter().any(|text| message.contains(text)), "{message}");
        }
    }

    #[test]
    fn a_slip_is_near_and_another_number_is_not() {
        for (name, other) in [
            ("scores.cvs", "scores.csv"),
            ("Scores.csv", "scores.csv"),
            ("my_sounds", "my-sounds"),
            ("frist", "first"),
            ("model", "model.safetensors"),
            ("fold-2", "fold_2"),
        ] {
            assert!(is_near(name, other), "{name} and {other}");
        }
        for (name, other) in [
            ("same.csv", "same.csv"),
            ("fold-1", "fold-2"),
            ("a.wav", "b.wav"),
            ("scores.csv", "score.json"),
            ("nothing.safetensors", "none.safetensors"),
        ] {
            assert!(!is_near(name, other), "{name} and {other}");
        }
    }

    #[test]
    fn a_message_names_the_path_that_it_is_about() {
        let of = |message: &'static str, word: &str| named(message, word);
        assert_eq!(of("--files a b.wav: no such file", "a b.wav"), Some("a b.wav"));
        assert_eq!(of("cannot read in/t.csv: x", "t.csv"), Some("in/t.csv"));
        assert_eq!(of("a.wav, b.wav: no such files", "a.wav"), Some("a.wav"));
        assert_eq!(of("from = \"runs/x\": no", "runs/x"), Some("runs/x"));
        assert_eq!(of("cannot open `a.csv`: no", "a.csv"), Some("a.csv"));
        assert_eq!(of("no data folder in/x; check", "in/x"), Some("in/x"));
        assert_eq!(of("cannot read mat.csv: x", "t.csv"), None);
        assert_eq!(of("give t.csv to it", "t.csv"), None);
    }

    #[test]
    fn mistyped_folders_are_looked_through() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        fs::create_dir_all(dir.join("tones/high")).unwrap();
        fs::write(dir.join("tones/high/bell.wav"), "").unwrap();
        let near = |path: &str, is_new| nearest_paths(&dir.join(path), is_new);
        let wanted = vec![dir.join("tones/high/bell.wav")];
        for path in ["tnes/high/bell.wav", "tones/hihg/bell.wav", "tnes/hihg/bel.wav"] {
            assert_eq!(near(path, false), wanted, "{path}");
        }
        assert_eq!(near("else/high/bell.wav", false), Vec::<PathBuf>::new());
        // A file to write has any name; it is never taken for one that is there.
        assert_eq!(near("tones/hihg/bel.wav", true), [dir.join("tones/high/bel.wav")]);
        assert_eq!(near("tones/high/bel.wav", true), Vec::<PathBuf>::new());
    }
}
