//! The class map: which class has which index.
//!
//! The file form is the one of the DCASE 2019 task 2 baseline (`class_map.csv`): lines of
//! `index,name` without a header. The published map is in alphabetical order, as is every map
//! built here from labels.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use earmark_core::csv_table::read_records;
use earmark_core::text::composed;
use serde::{Deserialize, Serialize};

use crate::wording::hint;

/// Names of the classes in index order, with a lookup from a name to its index.
///
/// Always valid: names are unique, trimmed and not empty. Serialises as the plain list of names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct ClassMap {
    names: Vec<String>,
    index: HashMap<String, usize>,
}

/// What can be wrong with a class map or with a name looked up in one.
#[derive(Debug, thiserror::Error)]
pub enum ClassMapError {
    /// The file cannot be opened or read.
    #[error("cannot read the class map {path}: {source}; check the path and its permissions")]
    Read {
        /// The class map file.
        path: PathBuf,
        /// Why the system refused.
        source: io::Error,
    },
    /// A line that is not `index,name`.
    #[error(
        "{path}:{line}: {problem}; a class map has one line `index,name` per class and no header, for example \
         `0,Accordion`"
    )]
    Line {
        /// The class map file.
        path: PathBuf,
        /// Line, counted from 1.
        line: usize,
        /// What is wrong there.
        problem: String,
    },
    /// The indices are not exactly 0 to n-1.
    #[error(
        "{path}: index {missing} is missing among {count} classes; number the classes 0 to {last} without gaps",
        last = count.saturating_sub(1)
    )]
    Gap {
        /// The class map file.
        path: PathBuf,
        /// The smallest index that has no class.
        missing: usize,
        /// Number of lines read.
        count: usize,
    },
    /// No class at all.
    #[error("{0}: the class map is empty; write one line `index,name` per class")]
    Empty(PathBuf),
    /// The same name twice, in a list of names that does not come from a file.
    #[error("class {name:?} appears twice (indices {first} and {second}); every class needs its own name")]
    DuplicateName {
        /// The repeated name.
        name: String,
        /// Its first index.
        first: usize,
        /// Its second index.
        second: usize,
    },
    /// An empty name, in a list of names that does not come from a file.
    #[error("the class with index {0} has an empty name; give it one")]
    EmptyName(usize),
    /// A name that is not in the map.
    #[error("unknown class {name:?}{hint}")]
    Unknown {
        /// The name asked for.
        name: String,
        /// The most similar known name, where one is close enough to be a typo, as a question.
        hint: String,
    },
}

impl ClassMap {
    /// The map with these names in this order.
    ///
    /// # Errors
    /// [`ClassMapError::DuplicateName`], [`ClassMapError::EmptyName`].
    pub fn from_names<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Result<Self, ClassMapError> {
        let mut map = Self::default();
        for (second, name) in names.into_iter().enumerate() {
            let name = name.into().trim().to_owned();
            if name.is_empty() {
                return Err(ClassMapError::EmptyName(second));
            }
            if let Some(&first) = map.index.get(&name)
                && map.names[first] == name
            {
                return Err(ClassMapError::DuplicateName { name, first, second });
            }
            map.index.insert(name.clone(), second);
            // Found by its composed form, too, unless another class has exactly that name.
            if let Cow::Owned(composed) = composed(&name) {
                map.index.entry(composed).or_insert(second);
            }
            map.names.push(name);
        }
        Ok(map)
    }

    /// The alphabetical map of all distinct labels (byte order, as Python's `sorted` gives for
    /// these names), accented letters composed. Labels that are empty after trimming are ignored.
    pub fn from_labels<'a>(labels: impl IntoIterator<Item = &'a str>) -> Self {
        let labels = labels.into_iter().map(|label| composed(label.trim()));
        let names: BTreeSet<Cow<str>> = labels.filter(|label| !label.is_empty()).collect();
        Self::from_names(names).expect("names of a set are distinct, and the empty one is left out")
    }

    /// Reads `index,name` lines (no header; lines in any order; quoted names may hold commas).
    ///
    /// # Errors
    /// A [`ClassMapError`] that names the file and the line.
    pub fn read(path: &Path) -> Result<Self, ClassMapError> {
        let bytes = std::fs::read(path).map_err(|source| ClassMapError::Read {
            path: path.into(),
            source,
        })?;
        Self::parse(&bytes, path)
    }

    /// Like [`ClassMap::read`], from bytes in memory; `path` is only for error messages.
    ///
    /// # Errors
    /// As [`ClassMap::read`].
    pub fn parse(bytes: &[u8], path: &Path) -> Result<Self, ClassMapError> {
        let fail = |line: usize, problem: String| ClassMapError::Line {
            path: path.into(),
            line,
            problem,
        };
        let records = read_records(bytes, None).map_err(|e| fail(e.line, e.problem))?;
        let mut by_index: BTreeMap<usize, (usize, String)> = BTreeMap::new(); // index -> line, name
        let mut lines_of: HashMap<String, usize> = HashMap::new();
        for record in records {
            let line = record.line;
            let fail = |problem: String| fail(line, problem);
            if record.len() != 2 {
                return Err(fail(format!("expected 2 fields, found {}", record.len())));
            }
            let (number, name) = (record.cell(0), record.cell(1).to_owned());
            let Ok(index) = number.parse::<usize>() else {
                return Err(fail(format!("the index {number:?} is not a whole number from 0")));
            };
            if name.is_empty() {
                return Err(fail("the class name is empty".into()));
            }
            if let Some(first) = lines_of.insert(name.clone(), line) {
                return Err(fail(format!("class {name:?} is already on line {first}")));
            }
            if let Some((first, _)) = by_index.insert(index, (line, name)) {
                return Err(fail(format!("index {index} is already on line {first}")));
            }
        }
        let count = by_index.len();
        match (0..count).find(|index| !by_index.contains_key(index)) {
            _ if count == 0 => Err(ClassMapError::Empty(path.into())),
            None => Self::from_names(by_index.into_values().map(|(_, name)| name)),
            Some(missing) => Err(ClassMapError::Gap {
                path: path.into(),
                missing,
                count,
            }),
        }
    }

    /// Writes `index,name` lines without a header; names with commas or quotes are quoted.
    ///
    /// # Errors
    /// Whatever the writer reports.
    pub fn write(&self, writer: impl Write) -> io::Result<()> {
        let mut csv = csv::Writer::from_writer(writer);
        for (index, name) in self.names.iter().enumerate() {
            csv.write_record([index.to_string().as_str(), name])?;
        }
        csv.flush()
    }

    /// Number of classes.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is no class (a data set without labels may have none).
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// All names in index order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The name of a class, `None` past the end.
    pub fn name(&self, index: usize) -> Option<&str> {
        self.names.get(index).map(String::as_str)
    }

    /// The index of a class, `None` if there is no class of this name; accents as characters of their own count as
    /// those that are not.
    pub fn index(&self, name: &str) -> Option<usize> {
        let found = self.index.get(name);
        found.or_else(|| self.index.get(composed(name).as_ref())).copied()
    }

    /// The index of a class that must exist.
    ///
    /// # Errors
    /// [`ClassMapError::Unknown`] with the most similar known name.
    pub fn require(&self, name: &str) -> Result<usize, ClassMapError> {
        self.index(name).ok_or_else(|| ClassMapError::Unknown {
            name: name.to_owned(),
            hint: self.hint(name),
        })
    }

    /// "; did you mean X?" where a name of the map is close enough to be meant, otherwise nothing.
    pub(crate) fn hint(&self, name: &str) -> String {
        hint(name, self.names.iter().map(String::as_str))
    }
}

impl TryFrom<Vec<String>> for ClassMap {
    type Error = ClassMapError;
    fn try_from(names: Vec<String>) -> Result<Self, ClassMapError> {
        Self::from_names(names)
    }
}

impl From<ClassMap> for Vec<String> {
    fn from(map: ClassMap) -> Self {
        map.names
    }
}
