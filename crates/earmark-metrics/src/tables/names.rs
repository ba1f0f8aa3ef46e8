//! Names of files and classes: unique, looked up, listed in messages.

use std::collections::{HashMap, HashSet};

use crate::MetricsError;

/// The position of each name.
pub(crate) fn index_by_name(names: &[String]) -> HashMap<&str, usize> {
    names.iter().map(String::as_str).zip(0..).collect()
}

/// The names that are not among the known ones.
pub(crate) fn lacking<'a>(names: &'a [String], known: &HashMap<&str, usize>) -> Vec<&'a str> {
    let names = names.iter().map(String::as_str);
    names.filter(|name| !known.contains_key(name)).collect()
}

/// Refuses a name that appears twice.
pub(super) fn check_unique(what: &'static str, names: &[String]) -> crate::Result<()> {
    let mut seen = HashSet::with_capacity(names.len());
    match names.iter().find(|name| !seen.insert(name.as_str())) {
        Some(name) => Err(MetricsError::Duplicate {
            what,
            name: name.clone(),
        }),
        None => Ok(()),
    }
}

/// The error about names that are missing: where, which, and the remedy with a leading separator.
pub(crate) fn missing(context: String, names: &[&str], hint: impl Into<String>) -> MetricsError {
    MetricsError::Missing {
        context,
        missing: shorten(names),
        hint: hint.into(),
    }
}

/// `a, b, c and 4 more`: enough to recognise the problem without filling a screen.
fn shorten(names: &[&str]) -> String {
    const SHOWN: usize = 5;
    let quoted: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    let shown = quoted.join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
