//! Names of recordings that are there already: the same name again, another path, or a link.

use super::real_path;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// Names that lead to recordings or folders that are there already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repeated {
    /// How many.
    pub count: usize,
    /// The first of them.
    pub first: Option<PathBuf>,
}

impl Repeated {
    /// Counts a name.
    pub(crate) fn add(&mut self, name: &Path) {
        self.count += 1;
        self.first.get_or_insert_with(|| name.to_path_buf());
    }

    /// Counts those of another search.
    pub(crate) fn extend(&mut self, other: Self) {
        self.count += other.count;
        self.first = self.first.take().or(other.first);
    }

    /// What is to be said of them, if there are any.
    pub fn note(&self) -> Option<String> {
        let first = self.first.as_deref()?.display();
        Some(match self.count {
            1 => format!(
                "{first} is there already, by the same or another name; each recording is processed once"
            ),
            n => format!(
                "{n} names lead to recordings or folders that are there already, such as {first}; each recording is \
                 processed once"
            ),
        })
    }
}

/// Recordings in their order, each once whatever name or link leads to it, under the first of its names.
pub fn once(paths: Vec<PathBuf>) -> (Vec<PathBuf>, Repeated) {
    let (mut seen, mut repeated) = (HashSet::new(), Repeated::default());
    let mut kept = paths;
    kept.retain(|path| {
        let is_new = seen.insert(real_path(path));
        if !is_new {
            repeated.add(path);
        }
        is_new
    });
    (kept, repeated)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_is_there_once_under_its_first_name() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::write(at("a.wav"), "").unwrap();
        std::fs::write(at("b.wav"), "").unwrap();
        let (kept, repeated) = once(vec![at("a.wav"), at("b.wav")]);
        assert_eq!((kept.len(), repeated.note()), (2, None));
        let address = PathBuf::from("s3://lab/c.wav");
        let given = vec![
            at("a.wav"),
            at("./b.wav"),
            at("b.wav"),
            address.clone(),
            at("a.wav"),
            address.clone(),
        ];
        let (kept, repeated) = once(given);
        assert_eq!(kept, [at("a.wav"), at("./b.wav"), address]);
        assert_eq!(repeated.count, 3);
        let note = repeated.note().unwrap();
        assert!(note.starts_with("3 names lead to "), "{note}");
        assert!(
            note.contains(&format!("such as {}; ", at("b.wav").display())),
            "{note}"
        );
    }
}
