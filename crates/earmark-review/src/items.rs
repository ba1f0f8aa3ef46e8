//! What is reviewed: whole clips with labels and scores, or detected events.

use crate::error::ReviewError;
use earmark_audio::Span;
use earmark_core::checksum::Checksum;
use earmark_core::random::{self, Purpose};
use earmark_metrics::{Aligned, LabelQuality};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::path::PathBuf;

/// Scores of a clip below this are not kept, unless they are of a label: there is nothing to review about them.
const SMALLEST_SCORE: f32 = 0.01;

/// What kind of items a review has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReviewKind {
    /// Whole clips, whose labels are right or wrong.
    Clips,
    /// Events, each of one class.
    Events,
}

/// What an event is, in addition to its recording.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EventKey {
    /// The class as the detector named it.
    pub class: String,
    /// Its start, in microseconds from the start of the recording.
    pub start_us: u64,
    /// Its end.
    pub end_us: u64,
}

/// What identifies an item, also in a later review of the same recordings.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ReviewKey {
    /// The recording, as the data or the detections name it.
    pub file: String,
    /// The subset of a clip, where the data has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subset: Option<String>,
    /// Of an event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<EventKey>,
}

impl ReviewKey {
    /// A number that looks random and follows from the seed and the item alone, whatever else is reviewed.
    pub(crate) fn rank(&self, seed: u64) -> usize {
        let mut text = format!("{}\n{}", self.file, self.subset.as_deref().unwrap_or_default());
        if let Some(event) = &self.event {
            // Writing to a String can't fail.
            let _ = write!(text, "\n{}\n{}\n{}", event.class, event.start_us, event.end_us);
        }
        // A checksum is 16 hexadecimal digits.
        let key = u64::from_str_radix(&Checksum::of(text.as_bytes()), 16).unwrap_or(0);
        let mut stream = random::stream(seed, &[Purpose::Review as u64, key]);
        random::below(&mut stream, usize::MAX)
    }
}

/// An item.
#[derive(Clone, Debug)]
pub struct ReviewItem {
    /// What identifies it.
    pub key: ReviewKey,
    /// Where its sound is.
    pub path: PathBuf,
    /// Its part of the recording; `None` for all of it.
    pub span: Option<Span>,
    /// The labels to review, as numbers of classes.
    pub labels: Vec<usize>,
    /// Classes and their scores, the best first.
    pub scores: Vec<(usize, f32)>,
    /// How well the scores of a clip agree with its labels.
    pub quality: Option<LabelQuality>,
}

impl ReviewItem {
    /// The class that it is listed under: its first label, else the class with the best score.
    pub fn class(&self) -> Option<usize> {
        let best = || self.scores.first().map(|(class, _)| *class);
        self.labels.first().copied().or_else(best)
    }

    /// The score of a class, if it is kept.
    pub fn score_of(&self, class: usize) -> Option<f32> {
        let found = self.scores.iter().find(|(other, _)| *other == class);
        found.map(|(_, score)| *score)
    }
}

/// Where a scored clip is.
#[derive(Clone, Debug)]
pub struct ClipPlace {
    /// Its name in the data.
    pub file: String,
    /// Its subset, if known.
    pub subset: Option<String>,
    /// Its sound.
    pub path: PathBuf,
}

/// An event that a detector found.
#[derive(Clone, Debug)]
pub struct DetectedEvent {
    /// The recording, as the table names it.
    pub file: String,
    /// Its sound.
    pub path: PathBuf,
    /// Number of the class.
    pub class: usize,
    /// Start and end, in seconds.
    pub seconds: [f64; 2],
    /// The score.
    pub score: f32,
}

/// All items of a review.
#[derive(Clone, Debug)]
pub struct ReviewSet {
    kind: ReviewKind,
    classes: Vec<String>,
    items: Vec<ReviewItem>,
    by_key: HashMap<ReviewKey, usize>,
    single_label: bool,
}

impl ReviewSet {
    /// Clips with scores and labels; `place` says where the clip of a row is.
    ///
    /// # Errors
    /// Scores outside of 0 to 1, a clip that is there twice, or no clip.
    pub fn of_clips(clips: &Aligned, place: impl Fn(usize) -> ClipPlace) -> Result<Self, ReviewError> {
        let mut items = Vec::with_capacity(clips.files().len());
        for (row, (scores, truth)) in clips.rows().enumerate() {
            let ClipPlace { file, subset, path } = place(row);
            let labels: Vec<usize> = (0..truth.len()).filter(|&class| truth[class]).collect();
            let kept = scores.iter().copied().enumerate();
            let kept = kept.filter(|(class, score)| *score >= SMALLEST_SCORE || truth[*class]);
            items.push(ReviewItem {
                key: ReviewKey {
                    file,
                    subset: subset.filter(|subset| !subset.is_empty()),
                    event: None,
                },
                path,
                span: None,
                scores: best_first(kept.collect()),
                quality: LabelQuality::of(scores, truth)?,
                labels,
            });
        }
        Self::new(ReviewKind::Clips, clips.classes().to_vec(), items)
    }

    /// Detected events; `classes` names their classes.
    ///
    /// # Errors
    /// An event that is there twice, or no event.
    pub fn of_events(
        classes: Vec<String>,
        events: impl IntoIterator<Item = DetectedEvent>,
    ) -> Result<Self, ReviewError> {
        let item = |event: DetectedEvent| {
            let [start_us, end_us] = event.seconds.map(|seconds| (seconds * 1e6).round() as u64);
            ReviewItem {
                key: ReviewKey {
                    file: event.file,
                    subset: None,
                    event: Some(EventKey {
                        class: classes[event.class].clone(),
                        start_us,
                        end_us,
                    }),
                },
                path: event.path,
                span: Some(Span {
                    start_us,
                    length_us: end_us.saturating_sub(start_us),
                }),
                labels: vec![event.class],
                scores: vec![(event.class, event.score)],
                quality: None,
            }
        };
        let items = events.into_iter().map(item).collect();
        Self::new(ReviewKind::Events, classes, items)
    }

    fn new(kind: ReviewKind, classes: Vec<String>, items: Vec<ReviewItem>) -> Result<Self, ReviewError> {
        let mut by_key = HashMap::with_capacity(items.len());
        for (number, item) in items.iter().enumerate() {
            if by_key.insert(item.key.clone(), number).is_some() {
                let what = match &item.key.event {
                    None => "the clip is there twice".to_owned(),
                    Some(event) => {
                        let at = event.start_us as f64 / 1e6;
                        format!("the event {} at {at} s is there twice", event.class)
                    }
                };
                return Err(ReviewError::Request(format!(
                    "{}: {what}; remove one of the two",
                    item.key.file
                )));
            }
        }
        if items.is_empty() {
            let nothing = "there is nothing to review: give a run with scored clips, or a table with events";
            return Err(ReviewError::Request(nothing.into()));
        }
        Ok(Self {
            kind,
            classes,
            single_label: items.iter().all(|item| item.labels.len() <= 1),
            by_key,
            items,
        })
    }

    /// The same clips with other scores of some of them: by number, and in the order of the classes.
    ///
    /// # Errors
    /// Scores outside of 0 to 1, of another number of classes, or of an item that is not there.
    pub fn rescored(&self, scores: &BTreeMap<usize, Vec<f32>>) -> Result<Self, ReviewError> {
        let mut found = self.clone();
        for (number, row) in scores {
            let Some(item) = found.items.get_mut(*number) else {
                return Err(ReviewError::Request(format!(
                    "scores of item {number}: there are {}, from 0",
                    self.items.len()
                )));
            };
            if row.len() != self.classes.len() {
                return Err(ReviewError::Request(format!(
                    "{}: {} scores for {} classes; give one per class",
                    item.key.file,
                    row.len(),
                    self.classes.len()
                )));
            }
            let truth: Vec<bool> = (0..row.len()).map(|class| item.labels.contains(&class)).collect();
            item.quality = LabelQuality::of(row, &truth)?;
            let kept = row.iter().copied().enumerate();
            let kept = kept.filter(|(class, score)| *score >= SMALLEST_SCORE || truth[*class]);
            item.scores = best_first(kept.collect());
        }
        Ok(found)
    }

    /// Whether they are clips or events.
    pub fn kind(&self) -> ReviewKind {
        self.kind
    }

    /// Names of the classes.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// The items, in the order of what they were made of.
    pub fn items(&self) -> &[ReviewItem] {
        &self.items
    }

    /// The number of an item.
    pub fn find(&self, key: &ReviewKey) -> Option<usize> {
        self.by_key.get(key).copied()
    }

    /// Whether no item has several labels.
    pub fn is_single_label(&self) -> bool {
        self.single_label
    }

    /// The names of an item's labels.
    pub fn labels_of(&self, item: &ReviewItem) -> Vec<String> {
        item.labels
            .iter()
            .map(|&class| self.classes[class].clone())
            .collect()
    }
}

/// The best first; of equal scores, the class that comes first.
fn best_first(mut scores: Vec<(usize, f32)>) -> Vec<(usize, f32)> {
    scores.sort_by(|(a, x), (b, y)| match y.total_cmp(x) {
        Ordering::Equal => a.cmp(b),
        other => other,
    });
    scores
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{clips, events};

    #[test]
    fn clips_have_labels_scores_and_quality() {
        let set = clips();
        assert_eq!((set.kind(), set.items().len()), (ReviewKind::Clips, 4));
        let first = &set.items()[0];
        assert_eq!(first.key.file, "a.wav");
        assert_eq!(first.key.subset.as_deref(), Some("curated"));
        assert_eq!(first.scores, [(0, 0.9), (1, 0.1)], "what is nearly 0 is not kept");
        assert_eq!(
            (first.class(), first.score_of(1), first.score_of(2)),
            (Some(0), Some(0.1), None)
        );
        assert!(first.quality.unwrap().lwlrap > 0.99);
        assert_eq!(set.find(&first.key), Some(0));
        assert!(set.is_single_label());
    }

    #[test]
    fn clips_get_other_scores() {
        let set = clips();
        let other = set
            .rescored(&BTreeMap::from([(2, vec![0.001, 0.3, 0.7])]))
            .unwrap();
        let (before, after) = (&set.items()[2], &other.items()[2]);
        assert_eq!((&before.key, &before.labels), (&after.key, &after.labels));
        assert_eq!(
            after.scores,
            [(2, 0.7), (1, 0.3), (0, 0.001)],
            "the score of a label is kept"
        );
        assert!(after.quality.unwrap().self_confidence < before.quality.unwrap().self_confidence);
        assert_eq!(other.items()[0].scores, set.items()[0].scores);
        for wrong in [(9, vec![0.5; 3]), (0, vec![0.5; 2]), (0, vec![1.5; 3])] {
            assert!(set.rescored(&BTreeMap::from([wrong])).is_err());
        }
    }

    #[test]
    fn what_is_there_twice_is_refused() {
        let event = |score| DetectedEvent {
            file: "a.wav".into(),
            path: "a.wav".into(),
            class: 0,
            seconds: [1.5, 2.0],
            score,
        };
        let refused = ReviewSet::of_events(vec!["Dog".into()], [event(0.1), event(0.2)]);
        assert_eq!(
            refused.unwrap_err().to_string(),
            "a.wav: the event Dog at 1.5 s is there twice; remove one of the two"
        );
        assert!(ReviewSet::of_events(vec!["Dog".into()], []).is_err());
    }

    #[test]
    fn ranks_follow_from_seed_and_item_alone() {
        let set = events();
        let rank = |item: usize, seed| set.items()[item].key.rank(seed);
        assert_eq!(rank(0, 1), rank(0, 1));
        assert_ne!(rank(0, 1), rank(0, 2));
        assert_ne!(rank(0, 1), rank(1, 1));
    }
}
