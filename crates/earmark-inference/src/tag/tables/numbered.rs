//! Names that are numbered as they are met.

use std::collections::HashMap;

/// Names in the order in which they were met.
#[derive(Debug, Default)]
pub(crate) struct Numbered {
    pub names: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl Numbered {
    /// The number of a name, from 0.
    pub fn number(&mut self, name: &str) -> usize {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        self.numbers.insert(name.to_owned(), self.names.len());
        self.names.push(name.to_owned());
        self.names.len() - 1
    }
}
