//! The model whose weights a training begins with.

use super::{Planned, TrainJob, plan::segment_shape};
use crate::PipelineError;
use earmark_engine::{
    ModelFile, StartConfig, TransferReport, check_prefixes, checkpoint, transfer_scaler, warm_start,
};
use earmark_features::Extractor;
use earmark_inference::Device;
use earmark_models::{Network, VarSpec, Vars};
use earmark_report::human_amount;
use earmark_runs::run_dir::{RunDir, RunError, find_model, fold_runs};
use std::path::{Path, PathBuf};

/// `[train.start]`, with what the command line says instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct InitialWeights {
    /// What comes from where.
    pub config: StartConfig,
    /// The fold that is judged.
    fold: Option<u32>,
    /// Whether the recipe named the model, and not the command line.
    by_recipe: bool,
}

impl InitialWeights {
    /// The start of a job; that of a run which has begun, if the command line leaves it out.
    pub fn of(job: &TrainJob, begun: Option<&RunDir>) -> Option<Self> {
        let of_recipe = job.recipe.train.start.clone();
        let (from, scopes) = match (&job.init_from, begun) {
            (Some(from), _) => (Some(from), &job.prefixes),
            (None, Some(run)) => (run.info.init_from.as_ref(), &run.info.scopes),
            (None, None) => (None, &job.prefixes),
        };
        let Some(from) = from else {
            return of_recipe.map(|config| Self {
                config,
                fold: job.fold,
                by_recipe: true,
            });
        };
        let mut config = of_recipe.unwrap_or_else(|| StartConfig::new(from));
        config.from.clone_from(from);
        // A recipe's scopes stand unless the command line has its own.
        if !scopes.include.is_empty() {
            config.include.clone_from(&scopes.include);
        }
        if !scopes.exclude.is_empty() {
            config.exclude.clone_from(&scopes.exclude);
        }
        Some(Self {
            config,
            fold: job.fold,
            by_recipe: false,
        })
    }

    /// The model: of a set of folds the one that has not learnt the fold that is judged here either.
    fn model(&self) -> Result<PathBuf, PipelineError> {
        let runs = fold_runs(Path::new(&self.config.from))?;
        let Some(fold) = self.fold.filter(|_| !runs.is_empty()) else {
            return match find_model(&self.config.from) {
                Err(RunError::NoModel(from)) if self.by_recipe => Err(PipelineError::Request(format!(
                    "train.start.from = {from:?}: no such model file or run directory; check the path, train it first, or begin with another: --init-from MODEL"
                ))),
                found => Ok(found?),
            };
        };
        match runs.into_iter().find(|(number, _)| *number == fold) {
            Some((_, run)) => Ok(find_model(&run.to_string_lossy())?),
            None => Err(PipelineError::Request(format!(
                "{}: holds no run of fold {fold}, which is judged here; train it there first, since the runs of other folds have learnt from its clips",
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
        let model = ModelFile::read(&path)?;
        // Weights mean nothing beside another standardisation than their own.
        let scaler = transfer_scaler(&path, &model, network, vars)?;
        let transfer = warm_start(&path, &model, &self.config, classifier, classes, vars)?;
        Ok(TransferReport { scaler, ..transfer })
    }

    /// What came over, a line each.
    pub fn describe(&self, transfer: &TransferReport) -> Vec<String> {
        let statistics = match transfer.statistics {
            0 => String::new(),
            n => format!(
                ", {} with them",
                human_amount(n, "moving statistic", "moving statistics")
            ),
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
    pub extractor: Extractor,
    pub network: Network,
    pub vars: Vars,
    pub transfer: TransferReport,
    /// What came from another model, a line each.
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
        let extractor = Extractor::new(&recipe.front_end)?;
        let [channels, ..] = segment_shape(&extractor);
        let (network, specs) = Network::build(&recipe.network, channels, classes.len())?;
        check_prefixes(&recipe.train, &specs)?;
        let classifier = classifier_variables(&network, &specs);
        let mut vars = device.prepare(Vars::init(specs, recipe.train.seed, device.burn()));
        let mut made = (TransferReport::default(), Vec::new());
        // The state of a resumed run holds its weights; one that was killed before its first state starts over.
        let has_state = resumed.is_some() && checkpoint::state_path(&job.run).exists();
        if let Some(start) = InitialWeights::of(job, resumed).filter(|_| !has_state) {
            let transfer = start.transfer(&network, &classifier, classes.names(), &mut vars)?;
            if !transfer.variables.is_empty() {
                made.1 = start.describe(&transfer);
            }
            made.0 = transfer;
        }
        Ok(Self {
            extractor,
            network,
            vars,
            transfer: made.0,
            transferred: made.1,
        })
    }
}

/// Positions of the variables that have a row for each class.
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

    /// What another number of classes makes longer, and nothing else.
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
            assert!(found.iter().all(|&i| specs[i].shape[0] == 7), "a row a class");
        }
    }
}
