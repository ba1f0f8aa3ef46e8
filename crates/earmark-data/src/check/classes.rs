//! Findings about classes and their balance.

use earmark_core::human::human_amount;

use super::findings_and_remedies::{ClassCount, Finding, FindingKind};
use super::options::CheckOptions;
use crate::dataset::data_set::DataSet;
use crate::dataset::item::Item;
use crate::layout::likely_remedy;

/// Classes that a finding names at most.
const NAMED: usize = 10;

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
    let least = used().min_by_key(|c| c.training);
    let most = used().max_by_key(|c| c.training);
    least.zip(most).filter(|_| used().nth(1).is_some())
}

/// Largest by smallest class.
pub(super) fn imbalance(classes: &[ClassCount]) -> Option<f64> {
    extremes(classes).map(|(least, most)| most.training as f64 / least.training as f64)
}

/// Unlabelled clips, and classes with none, few or very different numbers of clips. A set without
/// training subsets has no such findings.
pub(super) fn findings(set: &DataSet, classes: &[ClassCount], options: &CheckOptions) -> Vec<Finding> {
    let training: Vec<&Item> = set.items.iter().filter(|i| options.is_training(i)).collect();
    if training.is_empty() {
        return Vec::new();
    }
    let one_class = set
        .classes
        .names()
        .first()
        .filter(|_| set.classes.len() == 1 && !training.iter().any(|i| i.is_background));
    let one_class = one_class.map(|class| {
        let message = format!("all recordings are of one class, {class:?}: there is nothing to tell apart");
        let mut finding = Finding::new(FindingKind::OneClass, message, None::<&Item>);
        finding.remedy = likely_remedy(set);
        finding
    });
    let unlabelled = training.into_iter().filter(|i| !i.is_labelled());
    let clips = |n| human_amount(n, "training clip", "training clips");
    let unlabelled = Finding::any(FindingKind::Unlabelled, unlabelled, |n| {
        format!("{} without labels", clips(n))
    });
    let mut findings: Vec<Finding> = one_class.into_iter().chain(unlabelled).collect();
    let mut find = |kind, message| findings.push(Finding::new(kind, message, None::<&Item>));
    let list = |what: &str, fits: &dyn Fn(usize) -> bool| {
        let fitting = classes.iter().filter(|c| fits(c.training));
        let names: Vec<String> = fitting
            .map(|c| format!("{:?} ({})", c.name, c.training))
            .collect();
        let amount = human_amount(names.len(), "class has", "classes have");
        let named = names[..names.len().min(NAMED)].join(", ");
        let more = match names.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        (!names.is_empty()).then(|| format!("{amount} {what}: {named}{more}"))
    };
    if let Some(unused) = list("no training clips", &|n| n == 0) {
        find(FindingKind::UnusedClass, unused);
    }
    let folds = options.folds;
    let few = format!("fewer than {folds} training clips, too few for one in each fold");
    if let Some(small) = list(&few, &|n| n > 0 && n < folds) {
        find(FindingKind::SmallClass, small);
    }
    if let (Some(ratio), Some((least, most))) = (imbalance(classes), extremes(classes))
        && ratio > options.imbalance
    {
        let message = format!(
            "the classes are very uneven: {:?} has {} training clips and {:?} has {}, {ratio:.0} times as many",
            least.name, least.training, most.name, most.training
        );
        find(FindingKind::Imbalance, message);
    }
    findings
}
