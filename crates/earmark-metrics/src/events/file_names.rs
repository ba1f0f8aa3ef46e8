//! Which recording of the truth a name in another table means.

use std::collections::HashMap;

use crate::Result;
use crate::tables::missing;

/// Finds recordings by name. A name may have fewer folders than that of the truth, or more, and one of both may lack
/// the ending, as long as it is clear which recording it means.
pub(super) struct FileFinder {
    paths: Vec<String>,
    /// The numbers of paths by their last part, and by that without its ending.
    by_name: HashMap<String, Vec<usize>>,
}

impl FileFinder {
    pub fn new<'a>(files: impl Iterator<Item = &'a String>) -> Self {
        let paths: Vec<String> = files.map(|file| with_slashes(file)).collect();
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        for (number, path) in paths.iter().enumerate() {
            for name in keys(path) {
                by_name.entry(name.to_owned()).or_default().push(number);
            }
        }
        Self { paths, by_name }
    }

    /// The number of the recording that `name` means; `None` if there is no such recording.
    ///
    /// # Errors
    /// A name that may mean several.
    pub fn find(&self, name: &str) -> Result<Option<usize>> {
        let path = with_slashes(name);
        let known = keys(&path).filter_map(|key| self.by_name.get(key));
        let mut found: Vec<usize> = known.flatten().copied().collect();
        found.retain(|&number| is_same(&self.paths[number], &path));
        found.sort_unstable();
        found.dedup();
        if let Some(&exact) = found.iter().find(|&&number| self.paths[number] == path) {
            return Ok(Some(exact));
        }
        match found[..] {
            [] => Ok(None),
            [one] => Ok(Some(one)),
            _ => {
                let context = format!("the recording `{name}` may be one of several of the truth");
                let names: Vec<&str> = found.iter().map(|&number| self.paths[number].as_str()).collect();
                Err(missing(
                    context,
                    &names,
                    "; give it the same folders in both tables",
                ))
            }
        }
    }
}

fn with_slashes(name: &str) -> String {
    name.replace('\\', "/")
}

/// The last part of a path, and that without its ending.
fn keys(path: &str) -> impl Iterator<Item = &str> {
    let last = path.rsplit('/').next().unwrap_or(path);
    [Some(last), stem(last)].into_iter().flatten()
}

fn stem(name: &str) -> Option<&str> {
    let (stem, _) = name.rsplit_once('.')?;
    (!stem.is_empty()).then_some(stem)
}

/// Whether two paths are the same, as far as both have folders.
fn is_same(a: &str, b: &str) -> bool {
    let mut pairs = a.rsplit('/').zip(b.rsplit('/'));
    let last = pairs.next();
    last.is_some_and(|(a, b)| a == b || stem(a) == Some(b) || stem(b) == Some(a))
        && pairs.all(|(a, b)| a == b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_by_what_both_have() {
        let files = ["a/0.wav", "b/0.wav", "b/1.wav", "2.wav", "v1.2.wav"].map(str::to_owned);
        let finder = FileFinder::new(files.iter());
        for (name, number) in [
            ("a/0.wav", Some(0)),
            ("C:\\in\\b\\0.wav", Some(1)),
            ("1.wav", Some(2)),
            ("in/2.wav", Some(3)),
            ("2", Some(3)),
            ("b/0", Some(1)),
            ("v1.2", Some(4)),
            ("2.mp3", None),
            ("c/1.wav", None),
            ("3.wav", None),
        ] {
            assert_eq!(finder.find(name).expect(name), number, "{name}");
        }
        let error = finder.find("0.wav").expect_err("two folders have it").to_string();
        assert_eq!(
            error,
            "the recording `0.wav` may be one of several of the truth: `a/0.wav`, `b/0.wav`; give it the same folders \
             in both tables"
        );
    }
}
