//! What a training will cost, before it is begun.

use super::Plan;
use crate::{PipelineError, split};
use earmark_audio::probe;
use earmark_core::random::{self, Purpose};
use earmark_engine::{KeepCheckpoints, Optimizer, TrainStep, has_prefix, train_step};
use earmark_features::Extractor;
use earmark_inference::Device;
use earmark_inference::data::open_data;
use earmark_models::{Network, Vars};
use earmark_recipe::Recipe;
use std::path::Path;
use std::time::Instant;

/// Time and room that a training takes, roughly.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct Estimate {
    /// Steps of an epoch.
    pub steps_per_epoch: u64,
    /// Steps in all.
    pub steps: u64,
    /// Seconds of one step, measured here; of the slowest phase.
    pub step_seconds: f64,
    /// Seconds of all steps.
    pub seconds: f64,
    /// Memory that a step's activations, gradients and moments take.
    pub step_bytes: u64,
    /// Memory that cached features take, within the budget.
    pub feature_bytes: u64,
    /// Disk that cached features take, within the budget.
    pub cache_bytes: u64,
    /// Disk that the run's checkpoints and state take at its end.
    pub run_bytes: u64,
}

/// Estimates from the files' headers and one measured step on random data.
pub fn estimate(
    recipe: &Recipe,
    plan: &Plan,
    data: &Path,
    device_name: &str,
) -> Result<Estimate, PipelineError> {
    let device = Device::named(device_name)?;
    let set = open_data(recipe, data)?;
    // Only the count matters, so the division need not be the one that a fold would give.
    let parts = split(
        &Recipe {
            validation: Default::default(),
            ..recipe.clone()
        },
        &set,
        None,
        None,
    )?;
    let extractor = Extractor::new(&recipe.front_end)?;
    let cutting =
        |seconds: f64| extractor.frames((seconds * f64::from(recipe.front_end.sample_rate_hz)) as usize);
    let (mut samples, mut frames, mut examples) = (0u64, 0u64, 0u64);
    for item in &parts.train {
        // What can't be read is named when training starts.
        let seconds = probe(&item.path)
            .ok()
            .and_then(|i| i.duration_seconds())
            .unwrap_or(0.0);
        let n = cutting(seconds);
        samples += (seconds * f64::from(recipe.front_end.sample_rate_hz)) as u64;
        frames += n as u64;
        examples += match recipe.augment.one_segment_per_clip() {
            true => 1,
            false => extractor.segment_count(n) as u64,
        };
    }
    let share = plan.train as f64 / parts.train.len().max(1) as f64;
    let size = recipe.batches.size as f64;
    let in_epoch = match &recipe.batches.sample {
        Some(sample) => sample.items as f64,
        None => examples as f64 * share,
    };
    let batches = in_epoch / size;
    let steps_per_epoch = if recipe.batches.drop_last {
        batches.floor()
    } else {
        batches.ceil()
    };
    let steps_per_epoch = (steps_per_epoch as u64).max(1);
    let steps = recipe.train.total_steps(steps_per_epoch);

    let [c, b, f] = plan.example;
    let classes = plan.classes.len();
    let (network, specs) = Network::build(&recipe.network, c, classes)?;
    let shape = [recipe.batches.size, c, b, f];
    let mut draw = random::stream(0, &[Purpose::Augment as u64]);
    // What is frozen costs less: each phase is measured by itself.
    let (mut step_seconds, mut seconds) = (0.0_f64, 0.0);
    for (frozen, phase_steps) in recipe.train.phase_freezes(steps_per_epoch) {
        let mut vars = device.prepare(Vars::init(specs.clone(), recipe.train.seed, device.burn()));
        vars.freeze(|name| has_prefix(&frozen, name));
        let mut optimizer = Optimizer::new(recipe.train.optimizer, &vars);
        let mut step = || {
            let x = (0..shape.iter().product())
                .map(|_| random::normal(&mut draw))
                .collect();
            let y = vec![0.0; shape[0] * classes];
            let start = Instant::now();
            let step = TrainStep {
                train: &recipe.train,
                network: &network,
                device: device.burn(),
                x,
                shape,
                clip_features: vec![0.0; shape[0] * network.clip_feature_inputs()],
                y,
                noisy: vec![],
                rate: 1e-6,
                rng: random::stream(0, &[Purpose::Dropout as u64]),
            };
            train_step(step, &mut vars, &mut optimizer);
            start.elapsed().as_secs_f64()
        };
        step(); // the first one warms up
        let one = step();
        step_seconds = step_seconds.max(one);
        seconds += one * phase_steps as f64;
    }

    let feature_bytes = match recipe.augment.needs_samples() {
        true => samples * 4,
        false => frames * (extractor.log_mel_channels() * b * 4) as u64,
    };
    let per_checkpoint = plan.checkpoint_bytes;
    let kept = match recipe.checkpoints.keep {
        KeepCheckpoints::All => steps.div_ceil(recipe.checkpoints.every_steps),
        KeepCheckpoints::Last { count } => count as u64,
    };
    Ok(Estimate {
        steps_per_epoch,
        steps,
        step_seconds,
        seconds,
        // Each activation is kept for the way back, once after the convolution and once after BatchNorm and ReLU; its gradient
        // lives beside them.
        step_bytes: 3 * 4 * (plan.network.activations() * recipe.batches.size) as u64 + 4 * per_checkpoint,
        feature_bytes: feature_bytes.min(recipe.cache.memory_mib << 20),
        cache_bytes: feature_bytes.min(recipe.cache.disk_mib << 20),
        run_bytes: per_checkpoint * (kept + 1) + 3 * per_checkpoint,
    })
}
