//! Recordings that links lead to more than once: each is read once, as `earmark tag` reads it.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use earmark_core::human::human_amount;

use super::interface::{Row, Rows};
use crate::dataset::item::{SkipReason, Skipped};

/// Links that the note names.
const NAMED: usize = 3;

/// How a name leads to a recording; of several names for one recording the first kind is kept.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NameKind {
    Own,
    Link,
    /// In a folder that is a link.
    ThroughFolder,
}

/// Leaves out links to recordings that are there already: a recording goes by its own name rather than that of a link,
/// and by the first of several links to what is outside the folder.
pub(super) fn leave_out_second_names(root: &Path, rows: &mut Rows) {
    let mut folders = HashMap::new();
    let kinds = rows.rows.iter();
    let kinds: Vec<NameKind> = kinds
        .map(|row| kind_of(root, &row.item.path, &mut folders))
        .collect();
    if kinds.iter().all(|kind| *kind == NameKind::Own) {
        return;
    }
    let mut known: HashMap<PathBuf, usize> = HashMap::new();
    // The row of each link, with that of the name that its recording goes by.
    let mut second: BTreeMap<usize, usize> = BTreeMap::new();
    let kinds = &kinds;
    let of_kind = |wanted: NameKind| (0..kinds.len()).filter(move |&at| kinds[at] == wanted);
    let in_order = [NameKind::Own, NameKind::Link, NameKind::ThroughFolder];
    for at in in_order.into_iter().flat_map(of_kind) {
        let path = &rows.rows[at].item.path;
        match known.entry(path.canonicalize().unwrap_or_else(|_| path.clone())) {
            Entry::Occupied(first) => {
                second.insert(at, *first.get());
            }
            Entry::Vacant(place) => {
                place.insert(at);
            }
        }
    }
    if second.is_empty() {
        return;
    }
    rows.notes.push(note(&rows.rows, &second));
    let all = std::mem::take(&mut rows.rows).into_iter().enumerate();
    let (left_out, kept): (Vec<_>, Vec<_>) = all.partition(|(at, _)| second.contains_key(at));
    rows.rows = kept.into_iter().map(|(_, row)| row).collect();
    rows.skipped.extend(left_out.into_iter().map(|(_, row)| Skipped {
        file: row.item.file,
        reason: SkipReason::SecondName,
    }));
}

/// How a path below `root` leads to its file. `folders` remembers which folders are links or in one.
fn kind_of(root: &Path, path: &Path, folders: &mut HashMap<PathBuf, bool>) -> NameKind {
    let folder = path.parent().unwrap_or(root);
    let linked = match folders.get(folder) {
        Some(linked) => *linked,
        None => {
            let mut below = folder.ancestors().take_while(|around| *around != root);
            let linked = below.any(Path::is_symlink);
            folders.insert(folder.to_owned(), linked);
            linked
        }
    };
    match (linked, path.is_symlink()) {
        (true, _) => NameKind::ThroughFolder,
        (false, true) => NameKind::Link,
        (false, false) => NameKind::Own,
    }
}

fn note(rows: &[Row], second: &BTreeMap<usize, usize>) -> String {
    let name = |(link, first): (&usize, &usize)| {
        let (link, first) = (&rows[*link], &rows[*first]);
        let class = match link.labels == first.labels {
            true => "",
            false => ", in another class",
        };
        format!("{} ({}{class})", link.item.file, first.item.file)
    };
    let named: Vec<String> = second.iter().take(NAMED).map(name).collect();
    let more = match second.len().saturating_sub(NAMED) {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    format!(
        "{} left out, to recordings that are there already: {}{more}",
        human_amount(second.len(), "link", "links"),
        named.join(", ")
    )
}
