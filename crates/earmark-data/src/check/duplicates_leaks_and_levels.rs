//! Findings about the recordings themselves, their names and groups.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use earmark_core::human::human_amount;

use super::clipping_and_amplitude::{Measured, Readable};
use super::damage_and_contradictions::remarked;
use super::findings_and_remedies::{Finding, FindingKind, cause};
use super::near_duplicates::near_duplicates;
use super::odd_names::odd_names;
use super::options::CheckOptions;
use super::overlapping_cut_outs::{OverlappingCutOuts, REMEDY};
use crate::dataset::data_set::DataSet;
use crate::dataset::item::Item;
use crate::feature_store::ItemFault;
use crate::scan::tally;
use crate::wording::quoted;

/// All findings that need the audio, and those about names and groups.
pub(super) fn findings(
    set: &DataSet,
    measured: &[Result<Measured, ItemFault>],
    options: &CheckOptions,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut readable = Vec::new();
    let mut broken: BTreeMap<String, Vec<(&Item, String)>> = BTreeMap::new();
    for (item, outcome) in set.items.iter().zip(measured) {
        match outcome {
            Ok(measured) => readable.push((item, measured)),
            Err(error) => {
                let message = error.to_string();
                broken
                    .entry(cause(&message, item))
                    .or_default()
                    .push((item, message));
            }
        }
    }
    findings.extend(broken.into_values().filter_map(|items| unreadable(&items)));
    findings.extend(remarked(&readable));
    findings.extend(odd_levels(&readable, options));
    findings.extend(odd_formats(&readable));
    let audible = readable
        .iter()
        .filter(|(_, m)| !m.is_empty() && !m.is_silent(options));
    let audible: Readable = audible.copied().collect();
    let overlaps = OverlappingCutOuts::of(set);
    findings.extend(same_sound(set, &overlaps, audible.iter().copied(), options));
    findings.extend(similar_sounds(&audible, &overlaps, options));
    findings.extend(overlapping(&audible, &overlaps, options));
    findings.extend(same_names(set));
    findings.extend(odd_names(set));
    findings.extend(groups(set, options));
    findings.extend(likely_groups(set));
    findings
}

/// One finding about all files that can't be read for one cause.
fn unreadable(items: &[(&Item, String)]) -> Option<Finding> {
    let (_, first) = items.first()?;
    let message = match items.len() {
        1 => first.clone(),
        n => format!("{n} recordings cannot be read, such as {first}"),
    };
    let files = items.iter().map(|(item, _)| *item);
    Some(Finding::new(FindingKind::Unreadable, message, files))
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
fn odd_levels(readable: &Readable, options: &CheckOptions) -> impl Iterator<Item = Finding> {
    let silent = format!("silent (below {} dBFS throughout)", options.silence_dbfs);
    let percent = options.clipped_share * 100.0;
    let clipped = format!("clipped (more than {percent} % of the samples at full scale)");
    let (is_silent, is_clipped) = (
        |m: &Measured| m.is_silent(options),
        |m: &Measured| m.is_clipped(options),
    );
    let findings = [
        odd_ones(
            readable,
            FindingKind::Empty,
            "without any sample",
            Measured::is_empty,
        ),
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
    overlaps: &OverlappingCutOuts,
    audible: impl Iterator<Item = (&'a Item, &'a Measured)>,
    options: &CheckOptions,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let clusters = grouped(audible.map(|(item, m)| (*m.content.as_bytes(), item)));
    for items in clusters.into_values().filter(|c| c.len() > 1) {
        let times = items.len();
        let what = match overlaps.have(&items) {
            true => "the same part of a recording, cut out",
            false => "the same sound",
        };
        let finding = match leaks(&items, options) {
            Some(across) => {
                let message = format!("{what} {times} times, in {across}");
                let cause = format!("{what} in {across}");
                Finding::new(FindingKind::Leakage, message, items.iter().copied()).because(&cause)
            }
            None => {
                let message = format!("{what} {times} times");
                let cause = format!("{what} several times");
                Finding::new(FindingKind::Duplicate, message, items.iter().copied()).because(&cause)
            }
        };
        findings.push(finding);
        let name = |i: &&Item| set.labels_of(i).collect::<Vec<_>>().join(",");
        let labels: BTreeSet<String> = items.iter().map(name).filter(|l| !l.is_empty()).collect();
        if labels.len() > 1 {
            let cause = "the same sound with different labels";
            let labels: Vec<String> = labels.into_iter().collect();
            let message = format!("{cause}: {}", quoted(&labels, " and "));
            let finding = Finding::new(FindingKind::ConflictingLabels, message, items);
            findings.push(finding.because(cause));
        }
    }
    findings
}

/// Cut-outs of one recording that overlap, are not yet one group, and do not all sound exactly the same.
fn overlapping(audible: &Readable, overlaps: &OverlappingCutOuts, options: &CheckOptions) -> Vec<Finding> {
    let sounds: HashMap<(&str, &str), &Measured> = audible
        .iter()
        .map(|(item, m)| ((item.subset.as_str(), item.file.as_str()), *m))
        .collect();
    let sound = |item: &Item| {
        let measured = sounds.get(&(item.subset.as_str(), item.file.as_str()))?;
        Some(measured.content)
    };
    let find = |items: &Vec<&Item>| {
        let first = items.first()?;
        let one_group = first.group.is_some() && items.iter().all(|item| item.group == first.group);
        let one_sound = sound(first).is_some() && items.iter().all(|item| sound(item) == sound(first));
        if one_group || one_sound {
            return None;
        }
        let across = leaks(items, options).map_or(String::new(), |across| format!(" in {across}"));
        let cause = format!("cut-outs of one recording that overlap{across}");
        let finding = Finding::new(FindingKind::NearDuplicate, cause, items.iter().copied());
        Some(finding.with_remedy(REMEDY))
    };
    overlaps.clusters.iter().filter_map(find).collect()
}

/// Clusters of recordings that sound nearly the same, are not yet one group, and are no cut-outs that overlap.
fn similar_sounds(audible: &Readable, overlaps: &OverlappingCutOuts, options: &CheckOptions) -> Vec<Finding> {
    let prints: Vec<_> = audible.iter().map(|(_, m)| &m.fingerprint).collect();
    let find = |cluster: Vec<usize>| {
        let (first, rest) = cluster.split_first()?;
        let (item, measured) = audible[*first];
        let one_group = item.group.is_some() && rest.iter().all(|&at| audible[at].0.group == item.group);
        let one_sound = rest.iter().all(|&at| audible[at].1.content == measured.content);
        if one_group || one_sound {
            return None;
        }
        let items: Vec<&Item> = cluster.iter().map(|&at| audible[at].0).collect();
        if overlaps.have(&items) {
            return None;
        }
        let across = leaks(&items, options).map_or(String::new(), |across| format!(" in {across}"));
        let cause = format!("nearly the same sound{across}: cut, louder, resampled or compressed again");
        Some(Finding::new(FindingKind::NearDuplicate, cause, items))
    };
    let found = near_duplicates(&prints);
    let partial = found.is_partial.then(|| {
        let message = "not all recordings could be compared for nearly the same sound, as there are too many: some may \
                       be missing above; check the subsets one by one with --subset";
        let nobody = std::iter::empty::<&Item>();
        Finding::new(FindingKind::NearDuplicate, message.to_owned(), nobody)
    });
    found.groups.into_iter().filter_map(find).chain(partial).collect()
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

/// A column that may say what was recorded together.
fn likely_groups(set: &DataSet) -> Option<Finding> {
    let column = set.likely_groups()?;
    let message = format!(
        "the column {:?} looks like groups of what was recorded together: {} of {}",
        column.name,
        human_amount(column.groups, "group", "groups"),
        human_amount(set.items.len(), "recording", "recordings")
    );
    Some(Finding::new(FindingKind::LikelyGroups, message, None::<&Item>))
}

/// Groups that are used for both training and evaluation.
fn groups(set: &DataSet, options: &CheckOptions) -> Vec<Finding> {
    let items = set.items.iter();
    let members = items.filter_map(|item| Some((item.group.as_ref()?, item)));
    let finding = |(group, items): (&String, Vec<&Item>)| {
        let across = leaks(&items, options)?;
        let cause = format!("a group in {across}");
        let message = format!("{cause}: {group:?}");
        Some(Finding::new(FindingKind::GroupLeakage, message, items).because(&cause))
    };
    grouped(members).into_iter().filter_map(finding).collect()
}
