//! Epochs drawn from parts with given probabilities, class by class if wanted.

use serde::{Deserialize, Serialize};

use super::config::BatchError;
use super::index::ExamplePlace;
use crate::augment::check_weights;
use crate::dataset::item::Item;
use crate::setting::{SettingError, check_share};
use earmark_core::random::{self, ChaCha8Rng};

/// Draws the examples of an epoch instead of taking each one once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Sample {
    /// Examples in an epoch; argus-2019 has 128 batches of 256.
    pub items: usize,
    /// Parts with their weights; without any, all clips alike.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Source>,
    /// From 0, clips are equally likely, to 1, classes are: a class of n clips has the weight n to the power of 1 minus this.
    /// Above 0, clips without labels are never drawn.
    #[serde(default)]
    pub class_balance: f64,
    /// Whether a draw remembers the ones before it.
    #[serde(default)]
    pub draw: Draw,
}

/// A part of the data set and how often it is drawn from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Source {
    /// The part, such as `noisy`.
    pub part: String,
    /// How often, relative to the others.
    pub weight: f64,
}

/// Whether a draw remembers the ones before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Draw {
    /// No: a clip may come twice in a row (argus-2019).
    #[default]
    Independent,
    /// Within an epoch, no clip of a part (or of a class, with class-balance) comes again before all others have come.
    InTurn,
}

impl Sample {
    pub(super) fn check(&self, section: &str) -> Result<(), SettingError> {
        const MOST: usize = 1 << 31;
        if !(1..=MOST).contains(&self.items) {
            return Err(SettingError::new(
                section,
                "items",
                self.items,
                format!("must be between 1 and {MOST}"),
            ));
        }
        check_share(section, "class-balance", self.class_balance)?;
        if !self.sources.is_empty() {
            check_weights(
                section,
                "sources",
                self.sources.iter().map(|source| source.weight),
            )?;
        }
        let parts = || self.sources.iter().map(|source| source.part.as_str());
        match parts()
            .enumerate()
            .find(|(at, part)| parts().take(*at).any(|other| other == *part))
        {
            Some((at, part)) => {
                let key = format!("sources[{at}].part");
                Err(SettingError::new(
                    section,
                    &key,
                    format!("{part:?}"),
                    "stands there twice; add the weights up",
                ))
            }
            None => Ok(()),
        }
    }
}

/// A [`Sample`] with the clips that it draws from.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampler {
    items: usize,
    draw: Draw,
    sources: Vec<Pools>,
}

/// The clips of a source: all together, or by class. A clip of several classes stands in each of their pools.
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
    /// Finds the clips of each source among `items`; `counts` are their examples, 0 for clips to be left out.
    ///
    /// # Errors
    ///
    /// When a setting can't work, or a source of some weight has no clip to draw.
    pub fn new(sample: &Sample, items: &[Item], counts: &[u32]) -> Result<Self, BatchError> {
        sample.check("batches.sample")?;
        let all = [(None, 1.0)];
        let named: Vec<(Option<&str>, f64)> = match sample.sources.is_empty() {
            true => all.to_vec(),
            false => sample
                .sources
                .iter()
                .map(|s| (Some(s.part.as_str()), s.weight))
                .collect(),
        };
        let mut sources = Vec::new();
        for (part, weight) in named.into_iter().filter(|(_, weight)| *weight > 0.0) {
            let clips: Vec<u32> = (0..items.len())
                .filter(|&clip| counts.get(clip).is_some_and(|&count| count > 0))
                .filter(|&clip| part.is_none_or(|part| items[clip].subset == part))
                .map(|clip| clip as u32)
                .collect();
            let pools = match sample.class_balance > 0.0 {
                false => vec![Pool { weight: 1.0, clips }],
                true => by_class(&clips, items, sample.class_balance),
            };
            let pools: Vec<Pool> = pools.into_iter().filter(|pool| !pool.clips.is_empty()).collect();
            if pools.is_empty() {
                return Err(nothing_to_draw(sample, part, items));
            }
            sources.push(Pools { weight, pools });
        }
        Ok(Self {
            items: sample.items,
            draw: sample.draw,
            sources,
        })
    }

    /// Examples in an epoch.
    pub fn items(&self) -> usize {
        self.items
    }

    /// The examples of an epoch, from its stream: a source, a class where classes are balanced, a clip, one of its examples.
    pub(super) fn order(&self, rng: &mut ChaCha8Rng, counts: &[u32]) -> Vec<ExamplePlace> {
        let mut decks: Vec<Vec<Vec<u32>>> = self
            .sources
            .iter()
            .map(|source| vec![Vec::new(); source.pools.len()])
            .collect();
        let mut places = Vec::with_capacity(self.items);
        for _ in 0..self.items {
            let source = random::weighted(rng, self.sources.iter().map(|source| source.weight));
            let pools = &self.sources[source].pools;
            let pool = random::weighted(rng, pools.iter().map(|pool| pool.weight));
            let clips = &pools[pool].clips;
            let clip = match self.draw {
                Draw::Independent => clips[random::below(rng, clips.len())],
                Draw::InTurn => {
                    let deck = &mut decks[source][pool];
                    if deck.is_empty() {
                        deck.clone_from(clips);
                        random::shuffle(rng, deck);
                    }
                    deck.pop().unwrap_or(clips[0])
                }
            };
            let example = random::below(rng, counts[clip as usize] as usize) as u32;
            places.push(ExamplePlace { clip, example });
        }
        places
    }
}

fn by_class(clips: &[u32], items: &[Item], balance: f64) -> Vec<Pool> {
    let classes = clips
        .iter()
        .flat_map(|&clip| &items[clip as usize].labels)
        .max()
        .map_or(0, |&label| label + 1);
    let mut pools: Vec<Pool> = vec![
        Pool {
            weight: 0.0,
            clips: Vec::new()
        };
        classes
    ];
    for &clip in clips {
        for &label in &items[clip as usize].labels {
            pools[label].clips.push(clip);
        }
    }
    for pool in &mut pools {
        // libm, so that every platform draws alike.
        pool.weight = libm::pow(pool.clips.len() as f64, 1.0 - balance);
    }
    pools
}

fn nothing_to_draw(sample: &Sample, part: Option<&str>, items: &[Item]) -> BatchError {
    let Some(part) = part else {
        return BatchError::NoExamples;
    };
    let mut present: Vec<&str> = items.iter().map(|item| item.subset.as_str()).collect();
    present.sort_unstable();
    present.dedup();
    let at = sample
        .sources
        .iter()
        .position(|source| source.part == part)
        .unwrap_or_default();
    let key = format!("sources[{at}].part");
    let remedy = format!(
        "has no clip to draw{}; the parts trained on are {}",
        if sample.class_balance > 0.0 {
            " (with a label, for class-balance)"
        } else {
            ""
        },
        present.join(", ")
    );
    BatchError::Setting(SettingError::new(
        "batches.sample",
        &key,
        format!("{part:?}"),
        remedy,
    ))
}
