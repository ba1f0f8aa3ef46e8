//! Cut-outs of one recording that overlap, by the table of `earmark extract`: nobody has copied what they share.

use std::collections::HashMap;

use crate::dataset::data_set::DataSet;
use crate::dataset::item::Item;

/// What to do about them.
pub(super) const REMEDY: &str = "cut out with a smaller --pad, or keep what is from one recording in one fold: \
                                 --group-column recording, which `earmark fit` does by itself";

/// Which recordings of a set are cut-outs that overlap.
#[derive(Default)]
pub(super) struct OverlappingCutOuts<'a> {
    /// Clusters, each of one recording.
    pub clusters: Vec<Vec<&'a Item>>,
    /// The cluster of a recording, by subset and name.
    of_item: HashMap<(&'a str, &'a str), usize>,
}

fn key(item: &Item) -> (&str, &str) {
    (&item.subset, &item.file)
}

impl<'a> OverlappingCutOuts<'a> {
    /// Those of a set; none where no table says what was cut out where.
    pub fn of(set: &'a DataSet) -> Self {
        let mut found = Self::default();
        for cluster in set.cut_outs().unwrap_or_default().overlapping() {
            let items: Vec<&Item> = cluster.iter().map(|&at| &set.items[at]).collect();
            let number = found.clusters.len();
            found.of_item.extend(items.iter().map(|item| (key(item), number)));
            found.clusters.push(items);
        }
        found
    }

    /// Whether all of these are cut-outs of one recording, each of which overlaps others.
    pub fn have(&self, items: &[&Item]) -> bool {
        let mut clusters = items.iter().map(|item| self.of_item.get(&key(item)));
        match clusters.next().flatten() {
            Some(first) => clusters.all(|cluster| cluster == Some(first)),
            None => false,
        }
    }
}
