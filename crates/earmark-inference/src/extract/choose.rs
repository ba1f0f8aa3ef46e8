//! Which detections of a class are cut out.

use super::ChooseBy;
use crate::tag::tables::Detection;
use earmark_core::checksum::Checksum;
use earmark_core::random::{self, Purpose};

/// Ranges of scores, equally wide, from the lowest score of the class to its highest.
const RANGES: usize = 5;

/// A detection and its place in a random order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub detection: Detection,
    pub rank: usize,
}

/// The place of a detection in the random order of its class: of the detection itself, so that others next to it change
/// nothing.
pub(super) fn rank(seed: u64, recording: &str, class: &str, start: f64) -> usize {
    let text = format!("{recording}\n{class}\n{start:.3}");
    // A checksum is 16 hexadecimal digits.
    let key = u64::from_str_radix(&Checksum::of(text.as_bytes()), 16).unwrap_or(0);
    random::below(
        &mut random::stream(seed, &[Purpose::Extract as u64, key]),
        usize::MAX,
    )
}

/// At most `count` of the candidates of a class. More of them are these and others.
pub(super) fn choose(by: ChooseBy, mut found: Vec<Candidate>, count: usize) -> Vec<Detection> {
    match by {
        ChooseBy::Score => found.sort_by(|a, b| b.detection.score.total_cmp(&a.detection.score)),
        ChooseBy::Random => found.sort_by_key(|candidate| candidate.rank),
        ChooseBy::Stratified => found = in_turn_by_range(found),
    }
    found
        .into_iter()
        .take(count)
        .map(|candidate| candidate.detection)
        .collect()
}

/// One of each range of scores in turn, the highest range first, each range in random order.
fn in_turn_by_range(mut found: Vec<Candidate>) -> Vec<Candidate> {
    found.sort_by_key(|candidate| candidate.rank);
    let scores = || found.iter().map(|candidate| candidate.detection.score);
    let (lowest, highest) = (
        scores().fold(f32::INFINITY, f32::min),
        scores().fold(f32::NEG_INFINITY, f32::max),
    );
    let range = |score: f32| match highest > lowest {
        true => (((score - lowest) / (highest - lowest) * RANGES as f32) as usize).min(RANGES - 1),
        false => 0,
    };
    let mut ranges: [Vec<Candidate>; RANGES] = std::array::from_fn(|_| Vec::new());
    for candidate in &found {
        ranges[range(candidate.detection.score)].push(*candidate);
    }
    let turns = ranges.iter().map(Vec::len).max().unwrap_or(0);
    let of_turn = |turn: usize| {
        ranges
            .iter()
            .rev()
            .filter_map(move |range| range.get(turn).copied())
    };
    (0..turns).flat_map(of_turn).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Detections with these scores, by the number of their recording.
    fn candidates(scores: &[f32]) -> Vec<Candidate> {
        let candidate = |(file, score): (usize, &f32)| Candidate {
            detection: Detection {
                file,
                class: 0,
                start: 0.0,
                end: 1.0,
                score: *score,
            },
            rank: rank(1, &file.to_string(), "Dog", 0.0),
        };
        scores.iter().enumerate().map(candidate).collect()
    }

    fn chosen(by: ChooseBy, found: Vec<Candidate>, count: usize) -> Vec<usize> {
        choose(by, found, count)
            .iter()
            .map(|detection| detection.file)
            .collect()
    }

    #[test]
    fn the_best_or_any_and_more_of_them_are_these_and_others() {
        let found = candidates(&[0.1, 0.9, 0.5, 0.9, 0.3, 0.7]);
        assert_eq!(chosen(ChooseBy::Score, found.clone(), 3), [1, 3, 5]);
        assert_eq!(chosen(ChooseBy::Score, found.clone(), 9).len(), 6);
        for by in [ChooseBy::Random, ChooseBy::Stratified] {
            let all = chosen(by, found.clone(), 6);
            let mut reversed = found.clone();
            reversed.reverse();
            assert_eq!(chosen(by, reversed, 6), all, "the order of the table counts");
            assert_eq!(chosen(by, found.clone(), 2), all[..2]);
        }
        let many = candidates(&[0.5; 50]);
        let other: Vec<Candidate> = many
            .iter()
            .map(|candidate| Candidate {
                rank: rank(2, &candidate.detection.file.to_string(), "Dog", 0.0),
                ..*candidate
            })
            .collect();
        assert_ne!(
            chosen(ChooseBy::Random, many, 10),
            chosen(ChooseBy::Random, other, 10),
            "the seed counts"
        );
    }

    #[test]
    fn every_range_of_scores_has_as_many_as_it_can() {
        // 20 low ones, 20 high ones, and two between.
        let scores: Vec<f32> = (0..42)
            .map(|k| match k {
                0..20 => 0.3 + 0.001 * k as f32,
                20..22 => 0.6,
                _ => 1.0 - 0.001 * k as f32,
            })
            .collect();
        let found = choose(ChooseBy::Stratified, candidates(&scores), 12);
        let count = |from: f32, to: f32| found.iter().filter(|d| (from..to).contains(&d.score)).count();
        assert_eq!((count(0.3, 0.4), count(0.5, 0.7), count(0.9, 1.1)), (5, 2, 5));
        assert_eq!(choose(ChooseBy::Stratified, candidates(&[0.5; 7]), 3).len(), 3);
        assert!(choose(ChooseBy::Stratified, Vec::new(), 3).is_empty());
    }
}
