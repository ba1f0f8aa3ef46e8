//! The model whose weights a training begins with.

use super::{PipelineError, Train};
use earmark_engine::{ModelFile, StartConfig, TransferReport, transfer_scaler, warm_start};
use earmark_models::{Network, VarSpec, Vars};
use earmark_report::human_amount;
use earmark_runs::run_dir::{RunDir, RunError, find_model, fold_runs};
use std::path::{Path, PathBuf};

/// `[train.start]`, with what the command line says instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Start {
    /// What comes from where.
    pub config: StartConfig,
    /// The fold that is judged.
    fold: Option<u32>,
    /// Whether the recipe named the model, and not the command line.
    by_recipe: bool,
}

impl Start {
    /// The start of a job; that of a run which has begun, if the command line leaves it out.
    pub fn of(job: &Train, begun: Option<&RunDir>) -> Option<Self> {
        let of_recipe = job.recipe.train.start.clone();
        let (from, scopes) = match (&job.init_from, begun) {
            (Some(from), _) => (Some(from), &job.scopes),
            (None, Some(run)) => (run.info.init_from.as_ref(), &run.info.scopes),
            (None, None) => (None, &job.scopes),
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
    pub fn carry_over(
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
        let carried = warm_start(&path, &model, &self.config, classifier, classes, vars)?;
        Ok(TransferReport { scaler, ..carried })
    }

    /// What came over, a line each.
    pub fn told(&self, carried: &TransferReport) -> Vec<String> {
        let statistics = match carried.statistics {
            0 => String::new(),
            n => format!(
                ", {} with them",
                human_amount(n, "moving statistic", "moving statistics")
            ),
        };
        let mut lines = vec![format!(
            "{} variables start from {}{statistics}",
            carried.variables.len(),
            self.config.from
        )];
        if !carried.fresh.is_empty() {
            let names = carried.fresh.join(", ");
            lines.push(format!("{names} start fresh: the classes are others than there"));
        }
        if carried.classes > 0 {
            let classes = human_amount(carried.classes, "class begins", "classes begin");
            lines.push(format!("{classes} as classes of {}", self.config.from));
        }
        lines
    }
}

/// Positions of the variables that have a row for each class.
pub(super) fn classifier(network: &Network, specs: &[VarSpec]) -> Vec<usize> {
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
            let found = classifier(&network, &specs);
            assert_eq!(found, longer);
            assert_eq!(found.len(), count);
            assert!(found.iter().all(|&i| specs[i].shape[0] == 7), "a row a class");
        }
    }
}
