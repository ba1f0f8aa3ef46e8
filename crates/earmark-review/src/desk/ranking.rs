//! The items in the order in which they are reviewed.

use crate::error::ReviewError;
use crate::items::ReviewSet;
use crate::order::ReviewOrder;
use std::collections::BTreeMap;

/// How items are sorted.
pub(super) struct Sorting {
    pub order: ReviewOrder,
    /// One per class.
    pub thresholds: Vec<f32>,
    pub seed: u64,
}

/// Items with the scores that they are sorted by.
pub(super) struct Ranking {
    pub set: ReviewSet,
    /// Numbers of items, the first to review first.
    pub order: Vec<usize>,
    /// The same of each class.
    pub by_class: BTreeMap<usize, Vec<usize>>,
    /// How often they were sorted again.
    pub sorted: usize,
}

impl Ranking {
    /// Sorts items.
    pub fn new(set: ReviewSet, how: &Sorting, sorted: usize) -> Result<Self, ReviewError> {
        let order = how.order.sort(&set, &how.thresholds, how.seed)?;
        let mut by_class: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for &number in &order {
            for class in listed_under(&set, number) {
                by_class.entry(class).or_default().push(number);
            }
        }
        Ok(Self {
            set,
            order,
            by_class,
            sorted,
        })
    }

    /// The items of a class, or all.
    pub fn listed(&self, class: Option<usize>) -> Result<&[usize], ReviewError> {
        match class {
            None => Ok(&self.order),
            Some(class) if class < self.set.classes().len() => {
                Ok(self.by_class.get(&class).map_or(&[][..], Vec::as_slice))
            }
            Some(class) => Err(ReviewError::Request(format!(
                "class {class}: there are {}, from 0",
                self.set.classes().len()
            ))),
        }
    }
}

/// The classes that an item is listed under: its labels, else its best one.
pub(super) fn listed_under(set: &ReviewSet, number: usize) -> Vec<usize> {
    let item = &set.items()[number];
    match item.labels.is_empty() {
        true => item.class().into_iter().collect(),
        false => item.labels.clone(),
    }
}
