//! Findings about the recordings themselves, their names and groups.

use std::collections::{BTreeMap, BTreeSet};

use earmark_audio::AudioError;

use super::measure::Measured;
use super::options::CheckOptions;
use super::report::{Finding, FindingKind, Severity};
use super::report_text::amount;
use crate::dataset::data_set::DataSet;
use crate::dataset::item::Item;
use crate::scan::tally;

type Readable<'a> = Vec<(&'a Item, &'a Measured)>;

/// All findings that need the audio, and those about names and groups.
pub(super) fn findings(
    set: &DataSet,
    measured: &[Result<Measured, AudioError>],
    options: &CheckOptions,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut readable = Vec::new();
    for (item, outcome) in set.items.iter().zip(measured) {
        match outcome {
            Ok(measured) => readable.push((item, measured)),
            Err(error) => findings.push(Finding::new(
                Severity::Error,
                FindingKind::Unreadable,
                error.to_string(),
                "repair or replace the file, or remove its row",
                [item],
            )),
        }
    }
    let silent_below = 10f64.powf(options.silence_dbfs / 20.0);
    let is_silent = |m: &Measured| m.samples > 0 && f64::from(m.amplitude) < silent_below;
    findings.extend(odd_levels(&readable, &is_silent, options));
    findings.extend(odd_formats(&readable));
    let audible = readable
        .iter()
        .filter(|(_, m)| m.samples > 0 && !is_silent(m))
        .copied();
    findings.extend(same_sound(set, audible, options));
    findings.extend(same_names(set));
    findings.extend(groups(set, options));
    findings
}

/// A warning about the recordings that are `odd`, if there are any.
fn warn(
    readable: &Readable,
    kind: FindingKind,
    about: &str,
    remedy: &str,
    odd: impl Fn(&Measured) -> bool,
) -> Option<Finding> {
    let items: Vec<&Item> = readable
        .iter()
        .filter(|(_, m)| odd(m))
        .map(|&(item, _)| item)
        .collect();
    let message = format!("{} {about}", amount(items.len(), "recording", "recordings"));
    (!items.is_empty()).then(|| Finding::new(Severity::Warning, kind, message, remedy, items))
}

/// Recordings that are empty, silent or clipped.
fn odd_levels(
    readable: &Readable,
    is_silent: &dyn Fn(&Measured) -> bool,
    options: &CheckOptions,
) -> impl Iterator<Item = Finding> {
    let silent = format!("silent (below {} dBFS throughout)", options.silence_dbfs);
    let clipped = format!(
        "clipped (more than {} % of the samples at full scale)",
        options.clipped_share * 100.0
    );
    let findings = [
        warn(
            readable,
            FindingKind::Empty,
            "without any sample",
            "they train as padding; remove them unless they must be predicted",
            |m| m.samples == 0,
        ),
        warn(
            readable,
            FindingKind::Silent,
            &silent,
            "listen to them; remove them if nothing is there",
            is_silent,
        ),
        warn(
            readable,
            FindingKind::Clipped,
            &clipped,
            "record or export them at a lower level if you can",
            |m| m.clipped as f64 > options.clipped_share * m.samples as f64,
        ),
    ];
    findings.into_iter().flatten()
}

/// Recordings with another sample rate or number of channels than most.
fn odd_formats(readable: &Readable) -> Vec<Finding> {
    let rates = tally(readable.iter().map(|(_, m)| m.info.sample_rate_hz));
    let rate = |&(rate, _): &(u32, usize)| {
        warn(
            readable,
            FindingKind::OddRate,
            &format!("at {rate} Hz, where most are at {} Hz", rates[0].0),
            "they are resampled; nothing is left above half the lower rate",
            |m| m.info.sample_rate_hz == rate,
        )
    };
    let channels = tally(readable.iter().map(|(_, m)| m.info.channels));
    let channel = |&(count, _): &(u16, usize)| {
        let count_text = amount(count.into(), "channel", "channels");
        warn(
            readable,
            FindingKind::OddChannels,
            &format!("with {count_text}, where most have {}", channels[0].0),
            "they are mixed down to one; check that no channel is out of phase",
            |m| m.info.channels == count,
        )
    };
    let by_rate = rates.iter().skip(1).filter_map(rate);
    by_rate
        .chain(channels.iter().skip(1).filter_map(channel))
        .collect()
}

/// Whether some of the items are for training and others for evaluation.
fn leaks(items: &[&Item], options: &CheckOptions) -> Option<&'static str> {
    let n_training = items.iter().filter(|i| options.is_training(i)).count();
    if n_training > 0 && n_training < items.len() {
        return Some("training and evaluation subsets");
    }
    let folds: BTreeSet<u32> = items.iter().filter_map(|i| i.fold).collect();
    (folds.len() > 1).then_some("different folds")
}

/// Clusters of recordings that sound exactly the same.
fn same_sound<'a>(
    set: &DataSet,
    audible: impl Iterator<Item = (&'a Item, &'a Measured)>,
    options: &CheckOptions,
) -> Vec<Finding> {
    let mut clusters: BTreeMap<[u8; 32], Vec<&Item>> = BTreeMap::new();
    audible.for_each(|(item, m)| clusters.entry(*m.content.as_bytes()).or_default().push(item));
    let mut findings = Vec::new();
    for items in clusters.into_values().filter(|c| c.len() > 1) {
        let message = format!("the same sound {} times", items.len());
        let (severity, kind, message) = match leaks(&items, options) {
            Some(across) => (
                Severity::Error,
                FindingKind::Leakage,
                format!("{message}, in {across}"),
            ),
            None => (Severity::Warning, FindingKind::Duplicate, message),
        };
        let remedy = "keep one of them, or give them the same group and make new folds";
        findings.push(Finding::new(
            severity,
            kind,
            message,
            remedy,
            items.iter().copied(),
        ));
        let name = |i: &&Item| set.labels_of(i).collect::<Vec<_>>().join(",");
        let labels: BTreeSet<String> = items.iter().map(name).filter(|l| !l.is_empty()).collect();
        if labels.len() > 1 {
            let names = labels.into_iter().collect::<Vec<_>>().join(" and ");
            findings.push(Finding::new(
                Severity::Warning,
                FindingKind::ConflictingLabels,
                format!("the same sound with different labels: {names}"),
                "listen to it and correct the labels",
                items,
            ));
        }
    }
    findings
}

/// Items by what `key` gives of them.
fn grouped<'a>(
    set: &'a DataSet,
    key: impl Fn(&'a Item) -> Option<&'a String>,
) -> BTreeMap<&'a str, Vec<&'a Item>> {
    let mut groups: BTreeMap<&str, Vec<&Item>> = BTreeMap::new();
    for item in &set.items {
        if let Some(key) = key(item) {
            groups.entry(key).or_default().push(item);
        }
    }
    groups
}

/// Files with the same name in several subsets: outputs cannot tell them apart.
fn same_names(set: &DataSet) -> Option<Finding> {
    let by_name = grouped(set, |item| Some(&item.file));
    let items: Vec<&Item> = by_name.into_values().filter(|c| c.len() > 1).flatten().collect();
    let what = amount(items.len(), "recording", "recordings");
    (!items.is_empty()).then(|| {
        Finding::new(
            Severity::Warning,
            FindingKind::SameName,
            format!("{what} with the same name as one in another subset"),
            "rename them if both subsets are to be predicted into one table",
            items,
        )
    })
}

/// Groups that are used for both training and evaluation.
fn groups(set: &DataSet, options: &CheckOptions) -> Vec<Finding> {
    let by_group = grouped(set, |item| item.group.as_ref());
    let finding = |(group, items): (&str, Vec<&Item>)| {
        let across = leaks(&items, options)?;
        Some(Finding::new(
            Severity::Error,
            FindingKind::GroupLeakage,
            format!("the group {group:?} is in {across}"),
            "keep a group together: make new folds, or move its recordings to one subset",
            items,
        ))
    };
    by_group.into_iter().filter_map(finding).collect()
}
