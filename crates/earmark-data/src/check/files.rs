//! Findings about the recordings themselves.

use std::collections::{BTreeMap, BTreeSet};

use earmark_audio::AudioError;

use super::hear::Heard;
use super::{CheckOptions, Finding, FindingKind, Severity, amount, place};
use crate::item::{DataSet, Item};
use crate::scan::tally;

type Hearing = Result<Heard, AudioError>;

/// All findings that need the audio, and those about names and groups.
pub(super) fn findings(
    set: &DataSet,
    heard: &[Hearing],
    options: &CheckOptions,
    findings: &mut Vec<Finding>,
) {
    let pairs: Vec<(&Item, &Heard)> = set
        .items
        .iter()
        .zip(heard)
        .filter_map(|(item, h)| Some((item, h.as_ref().ok()?)))
        .collect();
    for (item, error) in set
        .items
        .iter()
        .zip(heard)
        .filter_map(|(item, h)| Some((item, h.as_ref().err()?)))
    {
        findings.push(Finding {
            severity: Severity::Error,
            kind: FindingKind::Unreadable,
            message: error.to_string(),
            remedy: "repair or replace the file, or remove its row".into(),
            places: vec![place(item)],
        });
    }
    let silent_below = 10f64.powf(options.silence_dbfs / 20.0);
    let is_empty = |h: &Heard| h.samples == 0;
    let is_silent = |h: &Heard| h.samples > 0 && f64::from(h.swing) < silent_below;
    let mut warn = |kind, about: &str, remedy: &str, is: &dyn Fn(&Heard) -> bool| {
        let places: Vec<_> = pairs
            .iter()
            .filter(|(_, h)| is(h))
            .map(|(item, _)| place(item))
            .collect();
        if !places.is_empty() {
            findings.push(Finding {
                severity: Severity::Warning,
                kind,
                message: format!("{} {about}", amount(places.len(), "recording", "recordings")),
                remedy: remedy.into(),
                places,
            });
        }
    };
    warn(
        FindingKind::Empty,
        "without any sample",
        "they train as padding; remove them unless they must be predicted",
        &is_empty,
    );
    warn(
        FindingKind::Silent,
        &format!("silent (below {} dBFS throughout)", options.silence_dbfs),
        "listen to them; remove them if nothing is there",
        &is_silent,
    );
    warn(
        FindingKind::Clipped,
        &format!(
            "clipped (more than {} % of the samples at full scale)",
            options.clipped_share * 100.0
        ),
        "record or export them at a lower level if you can",
        &|h| h.clipped as f64 > options.clipped_share * h.samples as f64,
    );
    let rates = tally(pairs.iter().map(|(_, h)| h.info.sample_rate_hz));
    for &(rate, _) in rates.iter().skip(1) {
        let about = format!("at {rate} Hz, where most are at {} Hz", rates[0].0);
        warn(
            FindingKind::OddRate,
            &about,
            "they are resampled; above half the lower rate they hold nothing",
            &|h| h.info.sample_rate_hz == rate,
        );
    }
    let channels = tally(pairs.iter().map(|(_, h)| h.info.channels));
    for &(count, _) in channels.iter().skip(1) {
        let about = format!(
            "with {}, where most have {}",
            amount(count.into(), "channel", "channels"),
            channels[0].0
        );
        warn(
            FindingKind::OddChannels,
            &about,
            "they are mixed down to one; check that no channel is out of phase",
            &|h| h.info.channels == count,
        );
    }
    let audible = pairs.iter().filter(|(_, h)| !is_empty(h) && !is_silent(h));
    same_sound(set, audible.copied(), options, findings);
    same_names(set, findings);
    groups(set, options, findings);
}

/// Whether two of the items must not both be there: one is trained on and the other is judged on.
fn leaks(items: &[&Item], options: &CheckOptions) -> Option<&'static str> {
    let judged = |i: &&&Item| options.judged_parts.contains(&i.part);
    let n_judged = items.iter().filter(judged).count();
    if n_judged > 0 && n_judged < items.len() {
        return Some("a part that is trained on and one that is judged on");
    }
    let folds: BTreeSet<u32> = items.iter().filter_map(|i| i.fold).collect();
    (folds.len() > 1).then_some("different folds")
}

/// Clusters of recordings that sound exactly the same.
fn same_sound<'a>(
    set: &DataSet,
    pairs: impl Iterator<Item = (&'a Item, &'a Heard)>,
    options: &CheckOptions,
    findings: &mut Vec<Finding>,
) {
    let mut clusters: BTreeMap<[u8; 32], Vec<&Item>> = BTreeMap::new();
    pairs.for_each(|(item, h)| clusters.entry(*h.content.as_bytes()).or_default().push(item));
    for items in clusters.into_values().filter(|c| c.len() > 1) {
        let places: Vec<_> = items.iter().map(|i| place(i)).collect();
        let (severity, kind, message) = match leaks(&items, options) {
            Some(across) => (
                Severity::Error,
                FindingKind::Leakage,
                format!("the same sound {} times, in {across}", items.len()),
            ),
            None => (
                Severity::Warning,
                FindingKind::Duplicate,
                format!("the same sound {} times", items.len()),
            ),
        };
        let remedy = "keep one of them, or give them the same group and make new folds".to_owned();
        findings.push(Finding {
            severity,
            kind,
            message,
            remedy,
            places: places.clone(),
        });
        let labels: BTreeSet<&[usize]> = items
            .iter()
            .map(|i| &i.labels[..])
            .filter(|l| !l.is_empty())
            .collect();
        if labels.len() > 1 {
            let name = |l: &[usize]| {
                l.iter()
                    .filter_map(|&l| set.classes.name(l))
                    .collect::<Vec<_>>()
                    .join(",")
            };
            let names: BTreeSet<String> = labels.into_iter().map(name).collect();
            findings.push(Finding {
                severity: Severity::Warning,
                kind: FindingKind::ConflictingLabels,
                message: format!(
                    "the same sound with different labels: {}",
                    names.into_iter().collect::<Vec<_>>().join(" and ")
                ),
                remedy: "listen to it and correct the labels".into(),
                places,
            });
        }
    }
}

/// Files of one name in several parts: outputs name them alike.
fn same_names(set: &DataSet, findings: &mut Vec<Finding>) {
    let mut by_name: BTreeMap<&str, Vec<&Item>> = BTreeMap::new();
    set.items
        .iter()
        .for_each(|i| by_name.entry(&i.file).or_default().push(i));
    let places: Vec<_> = by_name
        .values()
        .filter(|c| c.len() > 1)
        .flatten()
        .map(|i| place(i))
        .collect();
    if !places.is_empty() {
        findings.push(Finding {
            severity: Severity::Warning,
            kind: FindingKind::SameName,
            message: format!(
                "{} share their names between parts",
                amount(places.len(), "recording", "recordings")
            ),
            remedy: "rename them if both parts are to be predicted into one table".into(),
            places,
        });
    }
}

/// Groups that are trained on and judged on.
fn groups(set: &DataSet, options: &CheckOptions, findings: &mut Vec<Finding>) {
    let mut by_group: BTreeMap<&str, Vec<&Item>> = BTreeMap::new();
    for item in &set.items {
        if let Some(group) = &item.group {
            by_group.entry(group).or_default().push(item);
        }
    }
    for (group, items) in by_group {
        if let Some(across) = leaks(&items, options) {
            findings.push(Finding {
                severity: Severity::Error,
                kind: FindingKind::GroupLeakage,
                message: format!("the group {group:?} is in {across}"),
                remedy: "keep a group together: make new folds, or move its recordings to one part".into(),
                places: items.iter().map(|i| place(i)).collect(),
            });
        }
    }
}
