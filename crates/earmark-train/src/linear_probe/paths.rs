//! Solution paths by what they are fitted to: several choices need the same ones, which are fitted once.

use super::examples::Examples;
use crate::{Event, Observer};
use earmark_engine::LinearProbe;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// What all paths of a search have in common.
#[derive(Clone, Copy)]
pub(super) struct PathSettings<'a> {
    pub examples: &'a Examples,
    /// From strong to weak.
    pub strengths: &'a [f64],
    /// Where weights are drawn to, for the first layer.
    pub prior: Option<&'a LinearProbe>,
}

/// For each set of training examples a path for each layer: its probe at each strength.
pub(super) struct Paths<'a> {
    pub settings: PathSettings<'a>,
    by_examples: BTreeMap<Vec<usize>, Vec<Vec<LinearProbe>>>,
}

impl<'a> Paths<'a> {
    /// Fits all layers to each set of examples, on all threads; the results do not depend on how many there are. `None` when stopped.
    pub fn fit(
        settings: PathSettings<'a>,
        sets: BTreeSet<Vec<usize>>,
        observer: Observer,
        stop: &AtomicBool,
    ) -> Option<Self> {
        let layers = settings.examples.layers.len();
        let jobs: Vec<(&Vec<usize>, usize)> = sets
            .iter()
            .flat_map(|set| (0..layers).map(move |layer| (set, layer)))
            .collect();
        let (done, total) = (AtomicUsize::new(0), jobs.len());
        let fit = |&(set, layer): &(&Vec<usize>, usize)| {
            if stop.load(Ordering::Relaxed) {
                return None;
            }
            let data = settings.examples.data(layer, set);
            let prior = settings.prior.filter(|_| layer == 0);
            let path = LinearProbe::path(&data, settings.strengths, prior);
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            observer(Event::Probing { done, total });
            Some(path)
        };
        let fitted: Option<Vec<Vec<LinearProbe>>> = jobs.par_iter().map(fit).collect();
        let mut fitted = fitted?.into_iter();
        let mut by_examples = BTreeMap::new();
        for set in sets {
            by_examples.insert(set, fitted.by_ref().take(layers).collect());
        }
        Some(Self {
            settings,
            by_examples,
        })
    }

    /// The paths of a set of examples, one per layer.
    ///
    /// # Panics
    /// If it was not among those that were fitted.
    pub fn of(&self, examples: &[usize]) -> &[Vec<LinearProbe>] {
        self.by_examples
            .get(examples)
            .expect("the sets that a search needs are fitted before it")
    }
}
