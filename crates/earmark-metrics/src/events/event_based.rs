//! Event-based metrics: true and predicted events in pairs, whose onsets and offsets differ little.

use super::counts::RecordingCounts;
use super::matching::largest_matching;
use super::options::EventMetricOptions;
use super::paired::{ClassSpan, PairedRecording};

/// The numbers of the predictions that a true event may be paired with, class aside; `predicted` is sorted by onset.
fn near<'a>(
    truth: &'a ClassSpan,
    predicted: &'a [ClassSpan],
    options: &'a EventMetricOptions,
) -> impl Iterator<Item = usize> + 'a {
    let collar = options.collar_seconds;
    let offset_collar = collar.max(options.offset_share * (truth.offset - truth.onset));
    let is_early = |p: &ClassSpan| p.onset < truth.onset && truth.onset - p.onset > collar;
    let from = predicted.partition_point(is_early);
    let onsets = predicted[from..]
        .iter()
        .take_while(move |p| p.onset - truth.onset <= collar);
    let hits = (from..)
        .zip(onsets)
        .filter(move |(_, p)| (truth.offset - p.offset).abs() <= offset_collar);
    hits.map(|(number, _)| number)
}

/// Counts the events of a recording: as many pairs as possible of one class, and, of what is left, substitutions.
pub(super) fn count_events(recording: &PairedRecording, options: &EventMetricOptions) -> RecordingCounts {
    let (truth, predicted) = (&recording.truth, &recording.predicted);
    // Predictions in the order in which they are first met, each with the true events that it may be paired with.
    let (mut order, mut lefts) = (Vec::new(), Vec::<Vec<usize>>::new());
    let mut places: Vec<Option<usize>> = vec![None; predicted.len()];
    for (number, event) in truth.iter().enumerate() {
        for hit in near(event, predicted, options).filter(|&p| predicted[p].class == event.class) {
            let place = *places[hit].get_or_insert_with(|| {
                order.push(hit);
                lefts.push(Vec::new());
                lefts.len() - 1
            });
            lefts[place].push(number);
        }
    }
    let partners = largest_matching(&lefts, truth.len());

    let mut counts = RecordingCounts::default();
    let mut is_free = vec![true; predicted.len()];
    for (event, partner) in truth.iter().zip(&partners) {
        match partner {
            Some(place) => {
                is_free[order[*place]] = false;
                counts.of(event.class).true_positives += 1;
            }
            None => counts.of(event.class).false_negatives += 1,
        }
    }
    for (event, _) in predicted.iter().zip(&is_free).filter(|(_, is_free)| **is_free) {
        counts.of(event.class).false_positives += 1;
    }
    let missed = partners.iter().filter(|partner| partner.is_none()).count() as u64;
    let wrong = is_free.iter().filter(|is_free| **is_free).count() as u64;
    for (event, _) in truth
        .iter()
        .zip(&partners)
        .filter(|(_, partner)| partner.is_none())
    {
        if let Some(other) = near(event, predicted, options).find(|&p| is_free[p]) {
            is_free[other] = false;
            counts.substitutions += 1;
        }
    }
    counts.deletions = missed - counts.substitutions;
    counts.insertions = wrong - counts.substitutions;
    counts
}
