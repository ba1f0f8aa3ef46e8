//! Which segments there are, and their order.

use super::batch_position::SegmentPlace;
use super::config::SegmentOrder;
use super::sampling::Sampler;
use earmark_core::random::{self, Purpose};

/// The number of segments of each clip.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentIndex {
    counts: Vec<u32>,
    total: usize,
    /// The group of each clip; empty where all are in one.
    groups: Vec<u32>,
    /// Draws epochs, where they are drawn.
    sampler: Option<Sampler>,
}

impl SegmentIndex {
    /// From the number of segments of each clip: 0 for clips to be left out.
    pub fn new(counts: &[u32]) -> Self {
        Self {
            counts: counts.to_vec(),
            total: counts.iter().map(|&count| count as usize).sum(),
            groups: Vec::new(),
            sampler: None,
        }
    }

    /// The same with a group for each clip: where partners must come from the same subset, groups are subsets.
    #[must_use]
    pub fn with_groups(self, groups: Vec<u32>) -> Self {
        Self { groups, ..self }
    }

    /// The same with epochs that are drawn.
    #[must_use]
    pub fn with_sampler(self, sampler: Option<Sampler>) -> Self {
        Self { sampler, ..self }
    }

    /// Whether epochs are drawn.
    pub fn is_sampled(&self) -> bool {
        self.sampler.is_some()
    }

    /// Number of segments in an epoch: all of them, unless they are drawn.
    pub fn epoch_len(&self) -> usize {
        self.sampler.as_ref().map_or(self.total, Sampler::items)
    }

    /// The group of a clip; 0 without groups.
    pub fn group(&self, clip: u32) -> u32 {
        self.groups.get(clip as usize).copied().unwrap_or(0)
    }

    /// Number of segments.
    pub fn len(&self) -> usize {
        self.total
    }

    /// Whether there are no segments.
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// Number of clips, including those without segments.
    pub fn clips(&self) -> usize {
        self.counts.len()
    }

    /// Every segment once, in the order of `epoch`, or the segments drawn for it: a function of the seed, the epoch and
    /// the counts.
    pub fn epoch_order(&self, order: SegmentOrder, seed: u64, epoch: u64) -> Vec<SegmentPlace> {
        if let Some(sampler) = &self.sampler {
            let mut rng = random::stream(seed, &[Purpose::Sample as u64, epoch]);
            return sampler.order(&mut rng, &self.counts);
        }
        let mut rng = random::stream(seed, &[Purpose::Shuffle as u64, epoch]);
        match order {
            SegmentOrder::Sequential => self.in_clip_order(0..self.counts.len()),
            SegmentOrder::Permutation => {
                let mut places = self.in_clip_order(0..self.counts.len());
                random::shuffle(&mut rng, &mut places);
                places
            }
            SegmentOrder::Windowed { window_segments } => {
                let clips = random::permutation(&mut rng, self.counts.len());
                let mut places = self.in_clip_order(clips.into_iter());
                // The buffer is the range [at, at + window): swapping a random one of it to the front and moving on
                // by one is what a buffer refilled at the end does.
                for at in 0..places.len() {
                    let window = window_segments.max(1).min(places.len() - at);
                    places.swap(at, at + random::below(&mut rng, window));
                }
                places
            }
        }
    }

    fn in_clip_order(&self, clips: impl Iterator<Item = usize>) -> Vec<SegmentPlace> {
        let mut places = Vec::with_capacity(self.total);
        for index in clips {
            let clip = index as u32;
            places.extend((0..self.counts[index]).map(|segment| SegmentPlace { clip, segment }));
        }
        places
    }
}
