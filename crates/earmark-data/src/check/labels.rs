//! Findings about classes and their balance.

use super::{CheckOptions, ClassCount, Finding, FindingKind, Severity, amount, place};
use crate::item::DataSet;

/// Clips of every class by part.
pub(super) fn count(set: &DataSet, options: &CheckOptions) -> Vec<ClassCount> {
    let parts = set.parts();
    let count_of = |class: usize, part: &str| {
        set.items
            .iter()
            .filter(|i| i.part == part && i.labels.binary_search(&class).is_ok())
            .count()
    };
    let one = |(class, name): (usize, &String)| {
        let by_part: std::collections::BTreeMap<String, usize> = parts
            .iter()
            .map(|&part| (part.to_owned(), count_of(class, part)))
            .collect();
        let training = by_part
            .iter()
            .filter(|(part, _)| !options.judged_parts.contains(part))
            .map(|(_, n)| n)
            .sum();
        ClassCount {
            name: name.clone(),
            by_part,
            training,
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
/// training parts has no such findings.
pub(super) fn findings(
    set: &DataSet,
    classes: &[ClassCount],
    options: &CheckOptions,
    findings: &mut Vec<Finding>,
) {
    let training = || {
        set.items
            .iter()
            .filter(|i| !options.judged_parts.contains(&i.part))
    };
    if training().next().is_none() {
        return;
    }
    let mut warn = |kind, message: String, remedy: &str, places| {
        findings.push(Finding {
            severity: Severity::Warning,
            kind,
            message,
            remedy: remedy.into(),
            places,
        });
    };
    let unlabelled: Vec<_> = training().filter(|i| i.labels.is_empty()).map(place).collect();
    if !unlabelled.is_empty() {
        warn(
            FindingKind::Unlabelled,
            format!(
                "{} without labels",
                amount(unlabelled.len(), "training clip", "training clips")
            ),
            "right if none of the classes is in them; label them otherwise",
            unlabelled,
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
            Vec::new(),
        );
    }
    let small = list(&|n| n > 0 && n < options.folds);
    if !small.is_empty() {
        let what = amount(small.len(), "class has", "classes have");
        let message = format!(
            "{what} fewer than {} training clips, too few for as many folds: {}",
            options.folds,
            small.join(", ")
        );
        warn(
            FindingKind::SmallClass,
            message,
            "add recordings or use fewer folds",
            Vec::new(),
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
            "judge by per-class scores; add recordings of the small ones",
            Vec::new(),
        );
    }
}
