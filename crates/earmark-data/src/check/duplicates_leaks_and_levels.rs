//! Findings about the recordings themselves, their names and groups.

use std::collections::{BTreeMap, BTreeSet};

use earmark_audio::AudioError;
use earmark_core::human::human_amount;

use super::clipping_and_amplitude::Measured;
use super::findings_and_remedies::{Finding, FindingKind};
use super::options::CheckOptions;
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
            Err(error) => findings.push(Finding::new(FindingKind::Unreadable, error.to_string(), [item])),
        }
    }
    let silent_below = 10f64.powf(options.silence_dbfs / 20.0);
    let is_silent = |m: &Measured| m.samples > 0 && f64::from(m.amplitude) < silent_below;
    findings.extend(odd_levels(&readable, &is_silent, options));
    findings.extend(odd_formats(&readable));
    let audible = readable.iter().filter(|(_, m)| m.samples > 0 && !is_silent(m));
    findings.extend(same_sound(set, audible.copied(), options));
    findings.extend(same_names(set));
    findings.extend(groups(set, options));
    findings
}

/// A finding about the recordings that are `odd`, if there are any.
fn odd_ones(
    readable: &Readable,
    kind: FindingKind,
    about: &str,
    odd: impl Fn(&Measured) -> bool,
) -> Option<Finding> {
    let items = readable.iter().filter(|(_, m)| odd(m)).map(|&(item, _)| item);
    let recordings = |n| human_amount(n, "recording", "recordings");
    Finding::any(kind, items, |n| format!("{} {about}", recordings(n)))
}

/// Recordings that are empty, silent or clipped.
fn odd_levels(
    readable: &Readable,
    is_silent: &dyn Fn(&Measured) -> bool,
    options: &CheckOptions,
) -> impl Iterator<Item = Finding> {
    let silent = format!("silent (below {} dBFS throughout)", options.silence_dbfs);
    let percent = options.clipped_share * 100.0;
    let clipped = format!("clipped (more than {percent} % of the samples at full scale)");
    let is_empty = |m: &Measured| m.samples == 0;
    let is_clipped = |m: &Measured| m.clipped as f64 > options.clipped_share * m.samples as f64;
    let findings = [
        odd_ones(readable, FindingKind::Empty, "without any sample", is_empty),
        odd_ones(readable, FindingKind::Silent, &silent, is_silent),
        odd_ones(readable, FindingKind::Clipped, &clipped, is_clipped),
    ];
    findings.into_iter().flatten()
}

/// Recordings with another sample rate or number of channels than most.
fn odd_formats(readable: &Readable) -> Vec<Finding> {
    let rates = tally(readable.iter().map(|(_, m)| m.info.sample_rate_hz));
    let rate = |&(rate, _): &(u32, usize)| {
        let about = format!("at {rate} Hz, where most are at {} Hz", rates[0].0);
        let odd = |m: &Measured| m.info.sample_rate_hz == rate;
        odd_ones(readable, FindingKind::OddRate, &about, odd)
    };
    let channels = tally(readable.iter().map(|(_, m)| m.info.channels));
    let channel = |&(count, _): &(u16, usize)| {
        let own = human_amount(count.into(), "channel", "channels");
        let about = format!("with {own}, where most have {}", channels[0].0);
        let odd = |m: &Measured| m.info.channels == count;
        odd_ones(readable, FindingKind::OddChannels, &about, odd)
    };
    let by_rate = rates.iter().skip(1).filter_map(rate);
    let by_channels = channels.iter().skip(1).filter_map(channel);
    by_rate.chain(by_channels).collect()
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
    let mut findings = Vec::new();
    let clusters = grouped(audible.map(|(item, m)| (*m.content.as_bytes(), item)));
    for items in clusters.into_values().filter(|c| c.len() > 1) {
        let message = format!("the same sound {} times", items.len());
        let (kind, message) = match leaks(&items, options) {
            Some(across) => (FindingKind::Leakage, format!("{message}, in {across}")),
            None => (FindingKind::Duplicate, message),
        };
        findings.push(Finding::new(kind, message, items.iter().copied()));
        let name = |i: &&Item| set.labels_of(i).collect::<Vec<_>>().join(",");
        let labels: BTreeSet<String> = items.iter().map(name).filter(|l| !l.is_empty()).collect();
        if labels.len() > 1 {
            let names = labels.into_iter().collect::<Vec<_>>().join(" and ");
            let message = format!("the same sound with different labels: {names}");
            findings.push(Finding::new(FindingKind::ConflictingLabels, message, items));
        }
    }
    findings
}

/// The items of each key.
fn grouped<'a, K: Ord>(items: impl Iterator<Item = (K, &'a Item)>) -> BTreeMap<K, Vec<&'a Item>> {
    let mut groups: BTreeMap<K, Vec<&Item>> = BTreeMap::new();
    items.for_each(|(key, item)| groups.entry(key).or_default().push(item));
    groups
}

/// Files with the same name in several subsets: outputs cannot tell them apart.
fn same_names(set: &DataSet) -> Option<Finding> {
    let by_name = grouped(set.items.iter().map(|item| (&item.file, item)));
    let items = by_name.into_values().filter(|c| c.len() > 1).flatten();
    Finding::any(FindingKind::SameName, items, |n| {
        let what = human_amount(n, "recording", "recordings");
        format!("{what} with the same name as one in another subset")
    })
}

/// Groups that are used for both training and evaluation.
fn groups(set: &DataSet, options: &CheckOptions) -> Vec<Finding> {
    let items = set.items.iter();
    let members = items.filter_map(|item| Some((item.group.as_ref()?, item)));
    let finding = |(group, items): (&String, Vec<&Item>)| {
        let message = format!("the group {group:?} is in {}", leaks(&items, options)?);
        Some(Finding::new(FindingKind::GroupLeakage, message, items))
    };
    grouped(members).into_iter().filter_map(finding).collect()
}
