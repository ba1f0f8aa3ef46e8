//! Evaluating the validation clips while a run trains.

use crate::{PipelineError, reason};
use burn::tensor::Device;
use earmark_data::{FeatureStore, Item};
use earmark_engine::evaluation::{EvaluationError, EvaluationJob, evaluate};
use earmark_engine::{Scorer, Validate, ValidationMetric};
use earmark_features::Extractor;
use earmark_metrics::log_likelihood;
use earmark_models::{Network, Vars};
use earmark_recipe::Recipe;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The validation clips, and what evaluates weights on them.
pub(super) struct ValidationClips<'a> {
    /// Front end, loss and batch size.
    pub recipe: &'a Recipe,
    /// The layers.
    pub network: &'a Network,
    /// Where to compute.
    pub device: &'a Device,
    /// The validation clips, all of them readable.
    pub items: &'a [Item],
    /// Names of the classes.
    pub classes: &'a [String],
    /// Their features.
    pub store: &'a FeatureStore,
    /// Ends a validation after the forward pass in work.
    pub stop: &'a AtomicBool,
}

impl<'a> ValidationClips<'a> {
    /// What evaluates weights; `None` where there are no validation clips.
    pub(super) fn validate(self) -> Result<Option<Box<Validate<'a>>>, PipelineError> {
        if self.items.is_empty() {
            return Ok(None);
        }
        let extractor = Arc::new(Extractor::new(&self.recipe.validation_front_end())?);
        let validate = move |vars: &Vars| {
            let scorer = Scorer {
                network: self.network.clone(),
                vars: vars.clone(),
                loss: self.recipe.train.loss.clone(),
                extractor: Arc::clone(&extractor),
                random_crops: self.recipe.validation.random_crops.clone(),
                batch: self.recipe.batches.size,
                device: self.device.clone(),
            };
            let work = EvaluationJob {
                scorer: &scorer,
                items: self.items,
                classes: self.classes,
                workers: self.store.workers(),
                seed: 0,
                step: 0,
                stop: self.stop,
            };
            let fetch = |item: &Item| self.store.get(item, None).map_err(|e| reason(item, &e));
            let Some(evaluation) = evaluate(&work, fetch, &mut |_, _| {})? else {
                return Ok(None);
            };
            match evaluation.skipped.into_iter().next() {
                Some(s) => Err(EvaluationError::Clip {
                    file: s.file,
                    reason: s.reason,
                }
                .into()),
                None => {
                    let mut report = evaluation.report;
                    if self.recipe.validation.metric == ValidationMetric::LogLikelihood {
                        let single = self.recipe.train.loss.is_single_label();
                        // Nothing was skipped, so that there is a row for each clip, in order.
                        let truth = |item: &Item| -> Vec<bool> {
                            let hot = item.multi_hot(self.classes.len());
                            hot.into_iter().map(|v| v > 0.0).collect()
                        };
                        let truth: Vec<Vec<bool>> = self.items.iter().map(truth).collect();
                        let rows = evaluation.scores.rows().map(|(_, scores)| scores);
                        report.log_likelihood =
                            log_likelihood(rows.zip(truth.iter().map(Vec::as_slice)), single);
                    }
                    Ok(Some(report))
                }
            }
        };
        Ok(Some(Box::new(validate)))
    }
}
