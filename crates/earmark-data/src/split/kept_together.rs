//! What a split keeps together: single recordings with all of their windows, or groups of them.

use std::collections::HashMap;

use crate::dataset::item::Item;

/// The units of a set, in the order in which their first recordings appear.
pub(super) struct Units {
    /// Indices of the items of each unit.
    pub members: Vec<Vec<usize>>,
    /// Labels of each unit with the number of its items that carry them, by class.
    pub labels: Vec<Vec<(usize, usize)>>,
    /// One past the largest class index in use.
    pub n_classes: usize,
    /// Number of items.
    pub n_items: usize,
}

impl Units {
    pub fn new(items: &[Item], group: bool) -> Self {
        let mut members: Vec<Vec<usize>> = Vec::new();
        let mut unit_of_group: HashMap<&str, usize> = HashMap::new();
        for (i, item) in items.iter().enumerate() {
            // Windows of a recording are never apart.
            let recording = item.span.map(|_| item.recording());
            match item.group.as_deref().filter(|_| group).or(recording) {
                None => members.push(vec![i]),
                Some(name) => {
                    let unit = *unit_of_group.entry(name).or_insert(members.len());
                    if unit == members.len() {
                        members.push(Vec::new());
                    }
                    members[unit].push(i);
                }
            }
        }
        let labels = members.iter().map(|m| counts(items, m)).collect();
        let n_classes = items
            .iter()
            .filter_map(|i| i.labels.last())
            .max()
            .map_or(0, |&l| l + 1);
        Self {
            members,
            labels,
            n_classes,
            n_items: items.len(),
        }
    }

    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether every unit is a single recording.
    pub fn are_items(&self) -> bool {
        self.members.iter().all(|m| m.len() == 1)
    }

    /// What the units are, for messages.
    pub fn what(&self) -> &'static str {
        if self.are_items() { "recordings" } else { "groups" }
    }

    /// Number of items per class.
    pub fn class_totals(&self) -> Vec<usize> {
        let mut totals = vec![0; self.n_classes];
        for &(class, count) in self.labels.iter().flatten() {
            totals[class] += count;
        }
        totals
    }

    /// From the piece of each unit to the piece of each item.
    pub fn spread(&self, of_unit: &[usize]) -> Vec<usize> {
        let mut of_item = vec![0; self.n_items];
        for (members, &piece) in self.members.iter().zip(of_unit) {
            members.iter().for_each(|&i| of_item[i] = piece);
        }
        of_item
    }

    /// Gives each empty piece the smallest unit of the piece that has the most units.
    pub fn fill_empty(&self, of_unit: &mut [usize], pieces: usize) {
        for empty in 0..pieces {
            if of_unit.contains(&empty) {
                continue;
            }
            let size = |piece: usize| of_unit.iter().filter(|&&p| p == piece).count();
            let donor = (0..pieces).max_by_key(|&p| (size(p), std::cmp::Reverse(p)));
            let given = (0..self.len())
                .filter(|&u| Some(of_unit[u]) == donor)
                .min_by_key(|&u| self.members[u].len());
            if let Some(unit) = given {
                of_unit[unit] = empty;
            }
        }
    }

    /// Moves the first unit of every class that `piece` lacks into it.
    pub fn keep_every_class(&self, of_unit: &mut [usize], piece: usize) {
        for class in 0..self.n_classes {
            let carriers = (0..self.len()).filter(|&u| self.labels[u].iter().any(|&(c, _)| c == class));
            let carriers: Vec<usize> = carriers.collect();
            if let Some(&first) = carriers.first()
                && carriers.iter().all(|&u| of_unit[u] != piece)
            {
                of_unit[first] = piece;
            }
        }
    }
}

/// How many of the items carry each class, by class.
fn counts(items: &[Item], members: &[usize]) -> Vec<(usize, usize)> {
    let mut labels: Vec<usize> = members
        .iter()
        .flat_map(|&i| items[i].labels.iter().copied())
        .collect();
    labels.sort_unstable();
    labels
        .chunk_by(|a, b| a == b)
        .map(|same| (same[0], same.len()))
        .collect()
}
