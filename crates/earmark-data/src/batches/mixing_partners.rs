//! Which segments are mixed, and how.

use std::collections::BTreeMap;

use super::config::BatchConfig;
use crate::augment::mixing::{Mix, Mixed, Mixup, Partner};
use earmark_core::random::{self, ChaCha8Rng};

/// The one of the two settings that a recipe has.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mixing<'a> {
    Mixup(&'a Mixup),
    Mix(&'a Mix),
}

/// Whether partners must come from the same subset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SameSubset(pub bool);

impl<'a> Mixing<'a> {
    /// The setting of a recipe; `None` where nothing is mixed.
    pub(super) fn of(config: &'a BatchConfig) -> Option<Self> {
        let mix = config.mix.as_ref().map(Self::Mix);
        mix.or_else(|| config.mixup.as_ref().map(Self::Mixup))
    }

    pub(super) fn across_epoch(self) -> bool {
        let (Self::Mixup(Mixup { partner, .. }) | Self::Mix(Mix { partner, .. })) = self;
        *partner == Partner::Epoch
    }

    pub(super) fn same_subset(self) -> SameSubset {
        match self {
            Self::Mixup(_) => SameSubset(false),
            Self::Mix(mix) => SameSubset(mix.same_subset),
        }
    }

    pub(super) fn draw(self, rng: &mut ChaCha8Rng) -> Mixed {
        match self {
            Self::Mix(mix) => mix.draw(rng),
            Self::Mixup(mixup) => mixup.draw(rng),
        }
    }
}

impl BatchConfig {
    /// Draws how a segment is mixed: not at all where the recipe mixes none.
    pub fn draw_mixed(&self, rng: &mut ChaCha8Rng) -> Mixed {
        Mixing::of(self).map_or(Mixed::Alone, |mixing| mixing.draw(rng))
    }

    /// Whether segments are mixed at all.
    pub fn mixes(&self) -> bool {
        Mixing::of(self).is_some()
    }
}

/// A partner for each place, from its own group: a permutation of each group's places.
pub(super) fn pairing(rng: &mut ChaCha8Rng, groups: &[u32]) -> Vec<usize> {
    let mut members: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (place, &group) in groups.iter().enumerate() {
        members.entry(group).or_default().push(place);
    }
    let mut partners = vec![0; groups.len()];
    for places in members.values() {
        for (&place, other) in places.iter().zip(random::permutation(rng, places.len())) {
            partners[place] = places[other];
        }
    }
    partners
}
