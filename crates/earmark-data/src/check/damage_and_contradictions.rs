//! Findings about recordings of which a part is missing, and about files that contradict their sound.

use std::collections::BTreeMap;

use super::clipping_and_amplitude::Readable;
use super::findings_and_remedies::{Finding, FindingKind, cause};
use crate::dataset::item::Item;

/// What is said of recordings that can be read: one finding per cause.
pub(super) fn remarked(readable: &Readable) -> Vec<Finding> {
    let mut said: BTreeMap<(FindingKind, String), Vec<(&Item, String)>> = BTreeMap::new();
    let mut say = |kind: FindingKind, item, cause: String, message: String| {
        said.entry((kind, cause)).or_default().push((item, message));
    };
    for &(item, measured) in readable {
        let Some(remarks) = &measured.remarks else {
            continue;
        };
        if let Some(damage) = &remarks.damage {
            // Each is damaged in its own way: they are one finding.
            say(FindingKind::Damaged, item, String::new(), damage.to_string());
        }
        for note in &remarks.notes {
            say(FindingKind::Contradiction, item, cause(note, item), note.clone());
        }
    }
    said.into_iter()
        .filter_map(|((kind, _), items)| finding(kind, &items))
        .collect()
}

/// One finding about these recordings.
fn finding(kind: FindingKind, items: &[(&Item, String)]) -> Option<Finding> {
    let (item, first) = items.first()?;
    let first = format!("{}: {first}", item.file);
    let message = match (kind, items.len()) {
        (_, 1) => first,
        (FindingKind::Damaged, n) => format!("{n} recordings are used in part, such as {first}"),
        (_, n) => format!("{n} recordings contradict themselves, such as {first}"),
    };
    Some(Finding::new(kind, message, items.iter().map(|(item, _)| *item)))
}
