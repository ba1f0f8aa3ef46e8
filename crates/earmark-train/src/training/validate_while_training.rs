//! Evaluating the validation clips while a run trains.

use super::prepare::Prepared;
use crate::evaluation::with_truth;
use crate::{PipelineError, reason};
use earmark_data::Item;
use earmark_engine::evaluation::{EvaluationError, EvaluationJob, SkippedClip, evaluate};
use earmark_engine::{FitError, Scorer, Validate, ValidationMetric};
use earmark_features::Extractor;
use earmark_inference::Device;
use earmark_metrics::{Report, log_likelihood};
use earmark_models::Vars;
use earmark_recipe::Recipe;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

impl Prepared {
    /// What evaluates weights on the validation clips; `None` where there are no such clips. `stop` ends a validation after
    /// the forward pass in work.
    pub fn validate<'a>(
        &'a self,
        recipe: &'a Recipe,
        device: &'a Device,
        stop: &'a AtomicBool,
    ) -> Result<Option<Box<Validate<'a>>>, PipelineError> {
        let (items, classes) = (self.validation.as_slice(), self.planned.data.classes.names());
        if items.is_empty() {
            return Ok(None);
        }
        let extractor = Arc::new(Extractor::new(&recipe.validation_front_end())?);
        let validate = move |vars: &Vars| -> Result<Option<Report>, FitError> {
            let scorer = Scorer {
                network: self.start.network.clone(),
                vars: vars.clone(),
                loss: recipe.train.loss.clone(),
                extractor: Arc::clone(&extractor),
                random_crops: recipe.validation.random_crops.clone(),
                batch: recipe.batches.size,
                device: device.burn().clone(),
            };
            let work = EvaluationJob {
                scorer: &scorer,
                items,
                classes,
                workers: self.store.workers(),
                seed: 0,
                step: 0,
                stop,
            };
            let fetch = |item: &Item| self.store.get(item, None).map_err(|e| reason(item, &e));
            let Some(evaluation) = evaluate(&work, fetch, &mut |_, _| {})? else {
                return Ok(None);
            };
            if let Some(SkippedClip { file, reason }) = evaluation.skipped.into_iter().next() {
                return Err(EvaluationError::Clip { file, reason }.into());
            }
            let mut report = evaluation.report;
            if recipe.validation.metric == ValidationMetric::LogLikelihood {
                // Nothing was skipped, so that there is a row for each clip, in order.
                let clips = with_truth(evaluation.scores, items).map_err(EvaluationError::from)?;
                let single_label = recipe.train.loss.is_single_label();
                report.log_likelihood = log_likelihood(clips.rows(), single_label);
            }
            Ok(Some(report))
        };
        Ok(Some(Box::new(validate)))
    }
}
