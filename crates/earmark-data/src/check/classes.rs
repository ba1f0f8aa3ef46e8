//! Findings about classes and their balance.

use super::options::CheckOptions;
use super::report::{ClassCount, Finding, FindingKind, Severity};
use super::report_text::amount;
use crate::dataset::data_set::DataSet;
use crate::dataset::item::Item;

/// Clips of every class by subset.
pub(super) fn count(set: &DataSet, options: &CheckOptions) -> Vec<ClassCount> {
    let subsets = set.subsets();
    let one = |(class, name): (usize, &String)| {
        let clips = || {
            set.items
                .iter()
                .filter(move |i| i.labels.binary_search(&class).is_ok())
        };
        let count_of = |&subset: &&str| (subset.to_owned(), clips().filter(|i| i.subset == subset).count());
        ClassCount {
            name: name.clone(),
            by_subset: subsets.iter().map(count_of).collect(),
            training: clips().filter(|i| options.is_training(i)).count(),
        }
    };
    set.classes.names().iter().enumerate().map(one).collect()
}

/// Smallest and largest of the classes that have training clips; `None` with fewer than two of them.
fn extremes(classes: &[ClassCount]) -> Option<(&ClassCount, &ClassCount)> {
    let used = || classes.iter().filter(|c| c.training > 0);
    let pair = used()
        .min_by_key(|c| c.training)
        .zip(used().max_by_key(|c| c.training));
    pair.filter(|_| used().nth(1).is_some())
}

/// Largest by smallest class.
pub(super) fn imbalance(classes: &[ClassCount]) -> Option<f64> {
    extremes(classes).map(|(least, most)| most.training as f64 / least.training as f64)
}

/// Unlabelled clips, and classes with none, few or very different numbers of clips. A set without
/// training subsets has no such findings.
pub(super) fn findings(set: &DataSet, classes: &[ClassCount], options: &CheckOptions) -> Vec<Finding> {
    let mut findings = Vec::new();
    let training: Vec<&Item> = set.items.iter().filter(|i| options.is_training(i)).collect();
    if training.is_empty() {
        return findings;
    }
    let mut warn = |kind, message: String, remedy: &str, items: &[&Item]| {
        let items = items.iter().copied();
        findings.push(Finding::new(Severity::Warning, kind, message, remedy, items));
    };
    let unlabelled: Vec<&Item> = training.into_iter().filter(|i| i.labels.is_empty()).collect();
    if !unlabelled.is_empty() {
        let what = amount(unlabelled.len(), "training clip", "training clips");
        warn(
            FindingKind::Unlabelled,
            format!("{what} without labels"),
            "correct if they contain none of the classes; otherwise label them",
            &unlabelled,
        );
    }
    let list = |fits: &dyn Fn(usize) -> bool| -> Vec<String> {
        classes
            .iter()
            .filter(|c| fits(c.training))
            .map(|c| format!("{} ({})", c.name, c.training))
            .collect()
    };
    let unused = list(&|n| n == 0);
    if !unused.is_empty() {
        let what = amount(unused.len(), "class has", "classes have");
        let message = format!("{what} no training clips: {}", unused.join(", "));
        warn(
            FindingKind::UnusedClass,
            message,
            "add recordings or take them out of the class map",
            &[],
        );
    }
    let small = list(&|n| n > 0 && n < options.folds);
    if !small.is_empty() {
        let what = amount(small.len(), "class has", "classes have");
        let message = format!(
            "{what} fewer than {} training clips, too few for one in each fold: {}",
            options.folds,
            small.join(", ")
        );
        warn(
            FindingKind::SmallClass,
            message,
            "add recordings or use fewer folds",
            &[],
        );
    }
    if let (Some(ratio), Some((least, most))) = (imbalance(classes), extremes(classes))
        && ratio > options.imbalance
    {
        let message = format!(
            "the classes are very uneven: {} has {} training clips and {} has {}, {ratio:.0} times as many",
            least.name, least.training, most.name, most.training
        );
        warn(
            FindingKind::Imbalance,
            message,
            "look at per-class scores; add recordings of the small classes",
            &[],
        );
    }
    findings
}
