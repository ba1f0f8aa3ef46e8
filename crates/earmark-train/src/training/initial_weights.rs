//! The model whose weights a training starts from.

use super::{Planned, TrainJob};
use crate::PipelineError;
use earmark_core::human::human_amount;
use earmark_engine::{StartConfig, TransferReport, check_prefixes, checkpoint, transfer_scaler, warm_start};
use earmark_features::Extractor;
use earmark_inference::Device;
use earmark_inference::model::ModelSource;
use earmark_models::{Network, VarSpec, Vars};
use earmark_runs::run_dir::{RunDir, RunError, find_model, fold_runs};
use std::path::{Path, PathBuf};

/// `[train.start]`, with the command line's changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct InitialWeights {
    /// Which weights come from which model.
    pub config: StartConfig,
    /// The test fold.
    fold: Option<u32>,
    /// Whether the recipe names the model, not the command line.
    by_recipe: bool,
}

impl InitialWeights {
    /// The initial weights of a job; those of a run that has already started, if the command line leaves them out.
    pub fn of(job: &TrainJob, begun: Option<&RunDir>) -> Option<Self> {
        let of_recipe = job.recipe.train.start.clone();
        let (from, prefixes) = match (&job.init_from, begun) {
            (None, Some(run)) => (run.info.init_from.as_ref(), &run.info.prefixes),
            (from, _) => (from.as_ref(), &job.prefixes),
        };
        let mut config = of_recipe.or_else(|| from.map(StartConfig::new))?;
        if let Some(from) = from {
            config.from.clone_from(from);
            // The command line's prefixes replace the recipe's.
            if !prefixes.include.is_empty() {
                config.include.clone_from(&prefixes.include);
            }
            if !prefixes.exclude.is_empty() {
                config.exclude.clone_from(&prefixes.exclude);
            }
        }
        Some(Self {
            config,
            fold: job.fold,
            by_recipe: from.is_none(),
        })
    }

    /// The model file. Of a cross-validation run it is the model of the same test fold, which was not trained on that fold either.
    fn model(&self) -> Result<PathBuf, PipelineError> {
        let runs = fold_runs(Path::new(&self.config.from))?;
        let Some(fold) = self.fold.filter(|_| !runs.is_empty()) else {
            return match find_model(&self.config.from) {
                Err(RunError::NoModel(from)) if self.by_recipe => Err(PipelineError::Request(format!(
                    "train.start.from = {from:?}: no such model file or run directory; check the path, train it first, or start from another model: --init-from MODEL"
                ))),
                found => Ok(found?),
            };
        };
        match runs.into_iter().find(|(number, _)| *number == fold) {
            Some((_, run)) => Ok(find_model(&run.to_string_lossy())?),
            None => Err(PipelineError::Request(format!(
                "{}: holds no run of fold {fold}, the test fold; train that fold there first, since the runs of other folds were trained on its clips",
                self.config.from
            ))),
        }
    }

    /// Fills `vars` from the model, for a training of these classes.
    pub fn transfer(
        &self,
        network: &Network,
        classifier: &[usize],
        classes: &[String],
        vars: &mut Vars,
    ) -> Result<TransferReport, PipelineError> {
        let path = self.model()?;
        let model = ModelSource::read(&path)?.file;
        // Weights are only valid together with their own scaler.
        let scaler = transfer_scaler(&path, &model, network, vars)?;
        let transfer = warm_start(&path, &model, &self.config, classifier, classes, vars)?;
        Ok(TransferReport { scaler, ..transfer })
    }

    /// What was transferred, one line each.
    pub fn describe(&self, transfer: &TransferReport) -> Vec<String> {
        let count = human_amount(transfer.statistics, "moving statistic", "moving statistics");
        let statistics = match transfer.statistics {
            0 => String::new(),
            _ => format!(", {count} with them"),
        };
        let mut lines = vec![format!(
            "{} variables start from {}{statistics}",
            transfer.variables.len(),
            self.config.from
        )];
        if !transfer.fresh.is_empty() {
            let names = transfer.fresh.join(", ");
            lines.push(format!("{names} start fresh, because the classes differ"));
        }
        if transfer.classes > 0 {
            let classes = human_amount(transfer.classes, "class begins", "classes begin");
            lines.push(format!("{classes} as classes of {}", self.config.from));
        }
        lines
    }
}

/// A network with its initial values.
pub(super) struct InitialNetwork {
    pub network: Network,
    pub vars: Vars,
    pub transfer: TransferReport,
    /// What was transferred from another model, one line each.
    pub transferred: Vec<String>,
}

impl InitialNetwork {
    /// Builds the network of a job; `resumed` is the run that it resumes.
    pub fn build(
        job: &TrainJob,
        planned: &Planned,
        resumed: Option<&RunDir>,
        device: &Device,
    ) -> Result<Self, PipelineError> {
        let recipe = &job.recipe;
        let classes = &planned.data.classes;
        let channels = Extractor::new(&recipe.front_end)?.channels();
        let (network, specs) = Network::build_to_train(&recipe.network, channels, classes.len())?;
        check_prefixes(&recipe.train, &specs)?;
        let classifier = classifier_variables(&network, &specs);
        let mut vars = device.prepare(Vars::init(specs, recipe.train.seed, device.burn()));
        let (mut transfer, mut transferred) = (TransferReport::default(), Vec::new());
        // The state of a resumed run holds its weights; one that was killed before its first state starts over.
        let has_state = resumed.is_some() && checkpoint::state_path(&job.run).exists();
        if let Some(start) = InitialWeights::of(job, resumed).filter(|_| !has_state) {
            transfer = start.transfer(&network, &classifier, classes.names(), &mut vars)?;
            if !transfer.variables.is_empty() {
                transferred = start.describe(&transfer);
            }
        }
        Ok(Self {
            network,
            vars,
            transfer,
            transferred,
        })
    }
}

/// Indices of the variables that have a row per class.
pub(crate) fn classifier_variables(network: &Network, specs: &[VarSpec]) -> Vec<usize> {
    let prefixes = network.class_prefixes();
    let is = |s: &VarSpec| prefixes.iter().any(|prefix| s.name.starts_with(prefix));
    (0..specs.len()).filter(|&i| is(&specs[i])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_models::NetworkConfig;
    use earmark_models::networks::aux_skip_attention::AuxSkipAttentionConfig;
    use earmark_models::networks::efficientat::EfficientAtConfig;
    use earmark_models::networks::mobilenet_v1::MobileNetV1Config;

    /// Exactly the variables whose length depends on the number of classes.
    #[test]
    fn the_classifier_is_found_in_every_network() {
        for (config, count) in [
            (NetworkConfig::MobileNetV1(MobileNetV1Config::default()), 2),
            (NetworkConfig::EfficientAt(EfficientAtConfig::default()), 2),
            (
                NetworkConfig::AuxSkipAttention(AuxSkipAttentionConfig {
                    base: 4,
                    ..Default::default()
                }),
                8,
            ),
        ] {
            let (network, specs) = Network::build(&config, 1, 7).unwrap();
            let (_, more) = Network::build(&config, 1, 8).unwrap();
            let longer: Vec<usize> = (0..specs.len())
                .filter(|&i| specs[i].shape != more[i].shape)
                .collect();
            let found = classifier_variables(&network, &specs);
            assert_eq!(found, longer);
            assert_eq!(found.len(), count);
            assert!(found.iter().all(|&i| specs[i].shape[0] == 7), "a row per class");
        }
    }
}
