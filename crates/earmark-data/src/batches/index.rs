//! Which examples there are, and their order.

use super::config::Order;
use super::sample::Sampler;
use earmark_core::random::{self, Purpose};

/// One example: the clip that it is cut from and which of the clip's examples it is, both counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExamplePlace {
    /// Index of the clip in the list of items.
    pub clip: u32,
    /// Index of the example in the clip.
    pub example: u32,
}

/// How many examples each clip has.
#[derive(Clone, Debug, PartialEq)]
pub struct ExampleIndex {
    counts: Vec<u32>,
    total: usize,
    /// The group of each clip; empty where all are of one.
    groups: Vec<u32>,
    /// What draws epochs, where they are drawn.
    sampler: Option<Sampler>,
}

impl ExampleIndex {
    /// From the number of examples of each clip: 0 for clips to be left out.
    pub fn new(counts: &[u32]) -> Self {
        Self {
            counts: counts.to_vec(),
            total: counts.iter().map(|&count| count as usize).sum(),
            groups: Vec::new(),
            sampler: None,
        }
    }

    /// The same with a group for each clip: where partners have to be of the same part, groups are parts.
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

    /// Examples in an epoch: all of them, unless they are drawn.
    pub fn epoch_len(&self) -> usize {
        self.sampler.as_ref().map_or(self.total, Sampler::items)
    }

    /// The group of a clip; 0 where there are none.
    pub fn group(&self, clip: u32) -> u32 {
        self.groups.get(clip as usize).copied().unwrap_or(0)
    }

    /// Examples in all.
    pub fn len(&self) -> usize {
        self.total
    }

    /// Whether there is not one example.
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// Clips, those without examples included.
    pub fn clips(&self) -> usize {
        self.counts.len()
    }

    /// Every example once, in the order of `epoch`, or the examples drawn for it: a function of the seed, the epoch and
    /// the counts.
    pub fn epoch_order(&self, order: Order, seed: u64, epoch: u64) -> Vec<ExamplePlace> {
        if let Some(sampler) = &self.sampler {
            let mut rng = random::stream(seed, &[Purpose::Sample as u64, epoch]);
            return sampler.order(&mut rng, &self.counts);
        }
        let mut rng = random::stream(seed, &[Purpose::Shuffle as u64, epoch]);
        match order {
            Order::Sequential => self.in_clip_order(0..self.counts.len()),
            Order::Permutation => {
                let mut places = self.in_clip_order(0..self.counts.len());
                random::shuffle(&mut rng, &mut places);
                places
            }
            Order::Windowed { window_examples } => {
                let clips = random::permutation(&mut rng, self.counts.len());
                let mut places = self.in_clip_order(clips.into_iter());
                // The buffer is the stretch [at, at + window): swapping a random one of it to the front and moving on
                // by one is what a buffer refilled at the end does.
                for at in 0..places.len() {
                    let window = window_examples.max(1).min(places.len() - at);
                    places.swap(at, at + random::below(&mut rng, window));
                }
                places
            }
        }
    }

    fn in_clip_order(&self, clips: impl Iterator<Item = usize>) -> Vec<ExamplePlace> {
        let mut places = Vec::with_capacity(self.total);
        for clip in clips {
            places.extend((0..self.counts[clip]).map(|example| ExamplePlace {
                clip: clip as u32,
                example,
            }));
        }
        places
    }
}
