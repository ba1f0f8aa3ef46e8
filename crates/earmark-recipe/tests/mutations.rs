//! Damaged recipes: they are read, or refused with a place, and never panic.

use earmark_core::random::{ChaCha8Rng, below, stream};
use earmark_recipe::{Recipe, RecipeError, StackRecipe};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// Damaged copies of each text.
const COPIES: u64 = 600;

/// What replaces a value.
const VALUES: [&str; 18] = [
    "nan",
    "-nan",
    "inf",
    "-inf",
    "0",
    "-0.0",
    "-1",
    "-0.5",
    "1e308",
    "-1e308",
    "1e-320",
    "9223372036854775807",
    "-9223372036854775808",
    "4294967296",
    "true",
    "\"\"",
    "[]",
    "{}",
];

fn recipes(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            recipes(&path, found);
        } else if path.extension().is_some_and(|e| e == "toml") {
            found.push(path);
        }
    }
    found.sort();
}

/// Lines that set a key, by number.
fn settings(lines: &[&str]) -> Vec<usize> {
    let sets = |l: &&str| !l.trim_start().starts_with('#') && l.contains('=');
    (0..lines.len()).filter(|&i| sets(&lines[i])).collect()
}

/// One change of a text: (what was done, the bytes).
fn damage(text: &str, rng: &mut ChaCha8Rng) -> (&'static str, Vec<u8>) {
    let mut pick = |n: usize| below(rng, n.max(1));
    let mut lines: Vec<&str> = text.lines().collect();
    let keys = settings(&lines);
    let mut bytes = text.as_bytes().to_vec();
    let key = keys[pick(keys.len())];
    let (left, right) = lines[key].split_once('=').expect("a setting");
    let join = |lines: &[&str]| lines.join("\n").into_bytes();
    match pick(7) {
        0 => {
            let at = pick(bytes.len());
            bytes[at] ^= 1 << pick(8);
            ("a bit flipped", bytes)
        }
        1 => {
            let at = pick(bytes.len());
            let end = (at + 1 + pick(40)).min(bytes.len());
            bytes.drain(at..end);
            ("bytes deleted", bytes)
        }
        2 => {
            lines.remove(key);
            ("a line deleted", join(&lines))
        }
        3 => {
            let to = pick(lines.len());
            let line = lines.remove(key);
            lines.insert(to.min(lines.len()), line);
            ("a line moved", join(&lines))
        }
        4 => {
            let other = keys[pick(keys.len())];
            let value = lines[other].split_once('=').expect("a setting").1;
            let line = format!("{left}={value}");
            lines[key] = &line;
            ("another key's value", join(&lines))
        }
        5 => {
            let line = format!("{left}= {}", VALUES[pick(VALUES.len())]);
            lines[key] = &line;
            ("another value", join(&lines))
        }
        _ => {
            // A number inside, such as one of an inline table.
            let starts: Vec<usize> = right
                .char_indices()
                .filter(|(_, c)| c.is_ascii_digit())
                .map(|(i, _)| i)
                .collect();
            let value = VALUES[pick(14)];
            let line = match starts.as_slice() {
                [] => format!("{left}= {value}"),
                starts => {
                    let at = starts[pick(starts.len())];
                    let rest =
                        right[at..].trim_start_matches(|c: char| c.is_ascii_digit() || ".e-".contains(c));
                    format!(
                        "{left}={}{value}{rest}",
                        right[..at].trim_end_matches(['-', '.', '0'])
                    )
                }
            };
            lines[key] = &line;
            ("another number", join(&lines))
        }
    }
}

/// Reads with `read`; a panic shows what was read. An error must say where, and an accepted recipe must come back from
/// its own text.
fn read_and_check(
    what: &str,
    bytes: &[u8],
    file: &Path,
    read: impl Fn() -> Result<Recipe, RecipeError>,
) -> bool {
    let shown = || format!("{}: {what}:\n{}", file.display(), String::from_utf8_lossy(bytes));
    let outcome = catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| panic!("panicked at {}", shown()));
    match outcome {
        Ok(recipe) => {
            let again =
                Recipe::parse(&recipe.to_toml(), file).unwrap_or_else(|e| panic!("{e} at {}", shown()));
            assert_eq!(again, recipe, "{}", shown());
            true
        }
        Err(error) => {
            let text = error.to_string();
            let place = match &error {
                RecipeError::NotFound { name, .. } => name.clone(),
                RecipeError::Value { error, .. } => error.key.clone(),
                _ => file.file_name().expect("a name").to_string_lossy().into_owned(),
            };
            assert!(text.contains(&place), "{text} does not say where, at {}", shown());
            assert!(
                text.chars().count() > place.chars().count() + 8,
                "{text} does not say what"
            );
            false
        }
    }
}

#[test]
fn damaged_recipes_are_read_or_refused_with_a_place() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("recipes");
    let copy = tempfile::tempdir().expect("a temporary folder");
    let mut found = Vec::new();
    recipes(&source, &mut found);
    assert!(found.len() >= 6, "{found:?}");
    let names: Vec<PathBuf> = found
        .iter()
        .map(|p| p.strip_prefix(&source).expect("below it").to_path_buf())
        .collect();
    for name in &names {
        let to = copy.path().join(name);
        fs::create_dir_all(to.parent().expect("a folder")).expect("a folder to write to");
        fs::copy(source.join(name), to).expect("to copy");
    }
    let (mut accepted, mut refused) = (0, 0);
    for (k, name) in names.iter().enumerate() {
        let path = copy.path().join(name);
        let place = path.to_string_lossy().into_owned();
        let written = fs::read_to_string(&path).expect("a recipe");
        if StackRecipe::load(&place, &[]).is_ok() {
            continue; // read by another command
        }
        let whole = Recipe::load(&place, &[]).expect("a sound recipe").to_toml();
        for n in 0..COPIES {
            let rng = &mut stream(1, &[k as u64, n]);
            // As written, with what it extends, and as resolved, with every key.
            let (what, bytes) = damage(&written, rng);
            fs::write(&path, &bytes).expect("to write");
            let first = read_and_check(what, &bytes, &path, || Recipe::load(&place, &[]));
            let (what, bytes) = damage(&whole, rng);
            let second = match String::from_utf8(bytes) {
                Ok(text) => read_and_check(what, text.as_bytes(), &path, || Recipe::parse(&text, &path)),
                Err(_) => false,
            };
            for good in [first, second] {
                *(if good { &mut accepted } else { &mut refused }) += 1;
            }
        }
        fs::write(&path, &written).expect("to restore");
    }
    // Both must be frequent.
    assert!(
        accepted > 100 && refused > 100,
        "{accepted} accepted, {refused} refused"
    );
}

/// Every value of [`VALUES`] as an override of every key.
#[test]
fn damaged_overrides_are_read_or_refused_with_their_key() {
    let whole = Recipe::load("dcase2019-baseline/2-curated", &[])
        .expect("a built-in recipe")
        .to_toml();
    let (mut section, mut refused) = (String::new(), 0);
    for line in whole.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            section = format!("{name}.");
        }
        let Some((key, _)) = line.split_once(" = ") else {
            continue;
        };
        for value in VALUES {
            let set = format!("{section}{key}={value}");
            let overrides = [set.clone()];
            let read = || Recipe::load("dcase2019-baseline/2-curated", &overrides);
            match catch_unwind(read).unwrap_or_else(|_| panic!("panicked at --set {set}")) {
                Ok(recipe) => {
                    let again = Recipe::parse(&recipe.to_toml(), Path::new("again"));
                    assert_eq!(
                        again.unwrap_or_else(|e| panic!("--set {set}: {e}")),
                        recipe,
                        "--set {set}"
                    );
                }
                Err(e) => {
                    refused += 1;
                    let text = e.to_string();
                    let last = key.rsplit('.').next().unwrap_or(key);
                    assert!(
                        text.contains(last) || text.contains("dcase2019-baseline/2-curated"),
                        "--set {set}: {text}"
                    );
                }
            }
        }
    }
    assert!(refused > 300, "{refused}");
}
