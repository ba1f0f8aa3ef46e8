//! Epochs drawn from subsets with given weights, class by class if wanted.

use std::collections::BTreeSet;

use earmark_core::random::{self, ChaCha8Rng};
use earmark_core::{Check, ConfigError, Within};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::batch_position::SegmentPlace;
use super::error::BatchError;
use crate::augment::check_weights;
use crate::dataset::item::Item;

/// Draws the segments of an epoch at random instead of using each one once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Sampling {
    /// Number of segments in an epoch; argus-2019 has 128 batches of 256.
    pub items: usize,
    /// Subsets with their weights. Default: all clips are equally likely.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<SampleSource>,
    /// From 0, where all clips are equally likely, to 1, where all classes are: a class of n clips has the weight n to the power
    /// of 1 minus this. Above 0, clips without labels are never drawn.
    #[serde(default)]
    pub class_balance: f64,
    /// Whether draws depend on earlier ones.
    #[serde(default)]
    pub draw: DrawMode,
}

/// A subset and how often it is drawn from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SampleSource {
    /// The subset, such as `noisy`.
    pub subset: String,
    /// How often it is drawn from, relative to the others.
    pub weight: f64,
}

/// Whether draws depend on earlier ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DrawMode {
    /// No: a clip may be drawn twice in a row (argus-2019).
    #[default]
    Independent,
    /// Within an epoch, no clip of a subset (or of a class, with class-balance) is drawn again before all others.
    InTurn,
}

impl Check for Sampling {
    fn check(&self) -> Result<(), ConfigError> {
        // An epoch is drawn at once, 16 bytes for each.
        const MOST: usize = 1 << 26;
        let remedy = format!("must be between 1 and {MOST}");
        ConfigError::check_range("items", self.items, 1..=MOST, &remedy)?;
        ConfigError::check_share("class-balance", self.class_balance)?;
        if !self.sources.is_empty() {
            check_weights("sources", self.sources.iter().map(|source| source.weight))?;
        }
        for (at, source) in self.sources.iter().enumerate() {
            let again = self.sources[..at].iter().any(|s| s.subset == source.subset);
            let (key, value) = (format!("sources[{at}].subset"), format!("{:?}", source.subset));
            ConfigError::unless(!again, key, value, "is listed twice; add the weights up")?;
        }
        Ok(())
    }
}

/// [`Sampling`] with the clips that it draws from.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampler {
    items: usize,
    draw: DrawMode,
    sources: Vec<Pools>,
}

/// The clips of a source: all together, or by class. A clip of several classes is in each of their pools.
#[derive(Clone, Debug, PartialEq)]
struct Pools {
    weight: f64,
    pools: Vec<Pool>,
}

#[derive(Clone, Debug, PartialEq)]
struct Pool {
    weight: f64,
    clips: Vec<u32>,
}

impl Sampler {
    /// Finds the clips of each source among `items`; `counts` are their numbers of segments, 0 for clips to be left out.
    ///
    /// # Errors
    ///
    /// When a setting cannot work, or a source with a weight has no clip to draw.
    pub fn new(sample: &Sampling, items: &[Item], counts: &[u32]) -> Result<Self, BatchError> {
        sample.check().within("batches.sample")?;
        let named = sample.sources.iter().map(|s| (Some(s.subset.as_str()), s.weight));
        let mut named: Vec<(Option<&str>, f64)> = named.collect();
        if named.is_empty() {
            named.push((None, 1.0));
        }
        let mut sources = Vec::new();
        for (subset, weight) in named.into_iter().filter(|(_, weight)| *weight > 0.0) {
            let clips: Vec<u32> = (0..items.len())
                .filter(|&clip| counts.get(clip).is_some_and(|&count| count > 0))
                .filter(|&clip| subset.is_none_or(|subset| items[clip].subset == subset))
                .map(|clip| clip as u32)
                .collect();
            let pools = match sample.class_balance > 0.0 {
                false => vec![Pool { weight: 1.0, clips }],
                true => by_class(&clips, items, sample.class_balance),
            };
            let pools: Vec<Pool> = pools.into_iter().filter(|pool| !pool.clips.is_empty()).collect();
            if pools.is_empty() {
                return Err(nothing_to_draw(sample, subset, items));
            }
            sources.push(Pools { weight, pools });
        }
        Ok(Self {
            items: sample.items,
            draw: sample.draw,
            sources,
        })
    }

    /// Number of segments in an epoch.
    pub fn items(&self) -> usize {
        self.items
    }

    /// The segments of an epoch, from its stream: a source, a class where classes are balanced, a clip, one of its segments.
    pub(super) fn order(&self, rng: &mut ChaCha8Rng, counts: &[u32]) -> Vec<SegmentPlace> {
        let decks = self
            .sources
            .iter()
            .map(|source| vec![Vec::new(); source.pools.len()]);
        let mut decks: Vec<Vec<Vec<u32>>> = decks.collect();
        let mut places = Vec::with_capacity(self.items);
        for _ in 0..self.items {
            let source = random::weighted(rng, self.sources.iter().map(|source| source.weight));
            let pools = &self.sources[source].pools;
            let pool = random::weighted(rng, pools.iter().map(|pool| pool.weight));
            let clips = &pools[pool].clips;
            let clip = match self.draw {
                DrawMode::Independent => clips[random::below(rng, clips.len())],
                DrawMode::InTurn => {
                    let deck = &mut decks[source][pool];
                    if deck.is_empty() {
                        deck.clone_from(clips);
                        random::shuffle(rng, deck);
                    }
                    deck.pop().unwrap_or(clips[0])
                }
            };
            let segment = random::below(rng, counts[clip as usize] as usize) as u32;
            places.push(SegmentPlace { clip, segment });
        }
        places
    }
}

fn by_class(clips: &[u32], items: &[Item], balance: f64) -> Vec<Pool> {
    let labels_of = |clip: &u32| items[*clip as usize].labels.iter().copied();
    let last = clips.iter().flat_map(labels_of).max();
    let classes = last.map_or(0, |label| label + 1);
    let mut members: Vec<Vec<u32>> = vec![Vec::new(); classes];
    for &clip in clips {
        labels_of(&clip).for_each(|label| members[label].push(clip));
    }
    let pool = |clips: Vec<u32>| Pool {
        // libm, so that every platform draws alike.
        weight: libm::pow(clips.len() as f64, 1.0 - balance),
        clips,
    };
    members.into_iter().map(pool).collect()
}

fn nothing_to_draw(sample: &Sampling, subset: Option<&str>, items: &[Item]) -> BatchError {
    let Some(subset) = subset else {
        return BatchError::NoSegments;
    };
    let present: BTreeSet<&str> = items.iter().map(|item| item.subset.as_str()).collect();
    let present = Vec::from_iter(present).join(", ");
    let mut sources = sample.sources.iter();
    let at = sources
        .position(|source| source.subset == subset)
        .unwrap_or_default();
    let labelled = match sample.class_balance > 0.0 {
        true => " (with a label, for class-balance)",
        false => "",
    };
    let remedy = format!("has no clip to draw{labelled}; the training subsets are {present}");
    let key = format!("batches.sample.sources[{at}].subset");
    ConfigError::new(key, format!("{subset:?}"), remedy).into()
}
