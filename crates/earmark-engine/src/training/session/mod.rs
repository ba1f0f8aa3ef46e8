//! A training while it runs: from its start, or from where it was interrupted, to its end.
//!
//! A run that is killed at any moment and resumed ends with the same bytes as an uninterrupted one: batches and dropout masks follow
//! from (seed, step), the state is written last and atomically, and the logs are cut back to it.

mod early_stop_and_save;
mod moving_average_of_weights;
mod next_phase;
mod start_or_resume;
mod state;
mod step_loop;

use super::job::{FitError, FitEvent, FitJob, FitOutcome};
use earmark_models::Vars;
use state::Session;

/// Trains to the end, or until it is stopped; returns the outcome and the last weights (averaged, where the recipe averages).
///
/// # Errors
///
/// When a file can't be read or written, a training or validation clip fails, or the loss is no longer finite.
pub fn fit(job: FitJob, on_event: &mut dyn FnMut(FitEvent)) -> Result<(FitOutcome, Vars), FitError> {
    let mut session = Session::open(job, on_event)?;
    let interrupted = session.run()?;
    Ok(session.finish(interrupted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::{CheckpointConfig, FORMAT, ModelMeta};
    use crate::training::config::TrainConfig;
    use crate::training::metrics_jsonl_and_tensorboard::metrics_path;
    use crate::training::validation_config::ValidationConfig;
    use burn::tensor::Device;
    use earmark_core::random::{ChaCha8Rng, normal};
    use earmark_core::threads::Workers;
    use earmark_data::batches::{BatchConfig, BatchMaker, BatchShape, SegmentIndex, SegmentPlace};
    use earmark_models::networks::mobilenet_v1::MobileNetV1Config;
    use earmark_models::{Network, NetworkConfig, VarId};
    use std::path::Path;
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;

    /// Segments of noise, the louder the higher the class.
    fn batches() -> Arc<BatchMaker> {
        let index = SegmentIndex::new(&[1; 12]);
        let config = BatchConfig {
            size: 4,
            ..BatchConfig::default()
        };
        let shape = BatchShape {
            segment: [1, 16, 32],
            classes: 3,
        };
        let write = |place: SegmentPlace, x: &mut [f32], y: &mut [f32], rng: &mut ChaCha8Rng| {
            let class = place.clip as usize % 3;
            x.iter_mut().for_each(|x| *x = (1 + class) as f32 * normal(rng));
            y[class] = 1.0;
            Ok(())
        };
        let workers = Workers::new(1).unwrap();
        Arc::new(BatchMaker::new(&config, index, shape, 1, workers, write).unwrap())
    }

    /// Steps with their losses.
    type Losses = Vec<(u64, f64)>;

    /// A training of 10 steps that reads losses together; with its losses as reported, and its last weights or why it failed.
    fn train(run: &Path, more: &str, read_every: usize) -> (Losses, Result<Vec<f32>, String>) {
        let train: TrainConfig = serde_json::from_str(&format!(
            r#"{{ "steps": 10, "gradient-clip": {{ "kind": "value", "max": 0.5 }}{more} }}"#
        ))
        .unwrap();
        let config = NetworkConfig::MobileNetV1(MobileNetV1Config {
            width: 0.25,
            ..Default::default()
        });
        let (network, specs) = Network::build(&config, 1, 3).unwrap();
        let stop = AtomicBool::new(false);
        let checkpoints = CheckpointConfig {
            every_steps: 4,
            ..CheckpointConfig::default()
        };
        let job = FitJob {
            train: &train,
            validation: &ValidationConfig::default(),
            checkpoints: &checkpoints,
            network: &network,
            vars: Vars::init(specs, 1, &Device::flex()),
            batches: batches(),
            unmixed: None,
            noisy: vec![],
            validate: None,
            meta: ModelMeta {
                format: FORMAT,
                version: String::new(),
                recipe: String::new(),
                classes: vec![],
                licence: None,
                source: None,
                step: 0,
                calibration: None,
            },
            run,
            resume: false,
            device: Device::flex(),
            stop: &stop,
        };
        let mut losses = Vec::new();
        let mut on_event = |event: FitEvent| {
            if let FitEvent::Step { step, loss, .. } = event {
                losses.push((step, loss));
            }
        };
        let mut session = Session::open(job, &mut on_event).unwrap();
        session.read_every = read_every;
        let ended = session.run();
        let weights = ended.map_err(|e| e.to_string()).map(|_| {
            let (_, vars) = session.finish(false);
            (0..vars.len()).flat_map(|i| vars.to_vec(VarId(i))).collect()
        });
        (losses, weights)
    }

    /// On a GPU, losses are read in groups: the same ones are logged and reported, and the same weights come out.
    #[test]
    fn losses_that_are_read_together_are_the_same() {
        let folders = [1, 3, 20].map(|every| (every, tempfile::tempdir().unwrap()));
        let runs = folders.each_ref().map(|(every, folder)| {
            let (losses, weights) = train(folder.path(), r#", "learning-rate": 0.01"#, *every);
            let log = std::fs::read_to_string(metrics_path(folder.path())).unwrap();
            let log: Vec<_> = log
                .lines()
                .map(|line| line.split("\"gradient_norm\"").next().unwrap().to_owned())
                .collect();
            (losses, weights.unwrap(), log)
        });
        assert_eq!(runs[0].0.len(), 10);
        assert_eq!(runs[0], runs[1]);
        assert_eq!(runs[0], runs[2]);
    }

    /// What diverged is reported with its own step, and never written.
    #[test]
    fn weights_of_a_training_that_diverged_are_not_written() {
        let folders = [1, 3, 20].map(|every| (every, tempfile::tempdir().unwrap()));
        let failed = folders.each_ref().map(|(every, folder)| {
            let optimizer = r#", "learning-rate": 1e30, "optimizer": { "kind": "sgd" }"#;
            let (losses, ended) = train(folder.path(), optimizer, *every);
            let files = crate::checkpoint::list(folder.path()).unwrap();
            (losses, ended.unwrap_err(), files)
        });
        assert!(failed[0].1.contains("training diverged"), "{}", failed[0].1);
        assert!(!failed[0].0.is_empty() && failed[0].0.len() < 4);
        assert_eq!(failed[0], failed[1]);
        assert_eq!(failed[0], failed[2]);
    }
}
