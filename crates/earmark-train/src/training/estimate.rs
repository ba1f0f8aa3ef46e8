//! What a training will cost, before it is started.

use super::TrainPlan;
use crate::benchmark::RandomStep;
use crate::{PipelineError, split};
use earmark_audio::probe;
use earmark_engine::{KeepCheckpoints, Optimizer, has_prefix};
use earmark_features::Extractor;
use earmark_inference::Device;
use earmark_inference::data::open_data;
use earmark_models::{Network, Vars};
use earmark_recipe::Recipe;
use std::path::Path;

/// Approximate time, memory and disk space of a training.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct Estimate {
    /// Steps of an epoch.
    pub steps_per_epoch: u64,
    /// Steps in all.
    pub steps: u64,
    /// Seconds of one step of the slowest phase, by what was measured on this machine; NaN where even one segment was
    /// too large for that.
    pub step_seconds: f64,
    /// Seconds of all steps; NaN as well.
    pub seconds: f64,
    /// Segments of the measured step: fewer than a batch where a batch would take more memory than an estimate may; 0
    /// where nothing was measured.
    pub measured_segments: usize,
    /// Memory of a step's activations, gradients and moments.
    pub step_bytes: u64,
    /// Memory of cached features, within the budget.
    pub feature_bytes: u64,
    /// Disk space of cached features, within the budget.
    pub cache_bytes: u64,
    /// Disk space of the run's checkpoints and state at its end.
    pub run_bytes: u64,
}

/// Memory that a measured step may take. An estimate says beforehand what a training takes, so that it must not take it
/// itself.
const MEASURED_BYTES: u64 = 512 << 20;

/// Estimates from the files' headers and one measured step on random data, of a part of a batch where a whole one is
/// large.
///
/// # Errors
/// Data that can't be opened, a device that there is not, or settings that do not fit together.
pub fn estimate(
    recipe: &Recipe,
    plan: &TrainPlan,
    data: &Path,
    device_name: &str,
) -> Result<Estimate, PipelineError> {
    let device = Device::named(device_name)?;
    let extractor = Extractor::new(&recipe.front_end)?;
    let size = DataSize::of(recipe, &extractor, data)?;
    let share = plan.train as f64 / size.clips.max(1) as f64;
    let in_epoch = match &recipe.batches.sample {
        Some(sample) => sample.items as f64,
        None => size.segments as f64 * share,
    };
    let batches = in_epoch / recipe.batches.size as f64;
    let steps_per_epoch = match recipe.batches.drop_last {
        true => batches.floor(),
        false => batches.ceil(),
    };
    let steps_per_epoch = (steps_per_epoch as u64).max(1);
    let steps = recipe.train.total_steps(steps_per_epoch);
    let measured_segments = measured_segments(recipe, plan);
    let (step_seconds, seconds) = match measured_segments {
        0 => (f64::NAN, f64::NAN),
        segments => {
            let (step, all) = measure_steps(recipe, plan, &device, (segments, steps_per_epoch))?;
            let whole = recipe.batches.size as f64 / segments as f64;
            (step * whole, all * whole)
        }
    };
    let feature_bytes = match recipe.augment.needs_samples() {
        true => size.samples * 4,
        false => size.frames * (extractor.log_mel_channels() * plan.segment[1] * 4) as u64,
    };
    let per_checkpoint = plan.checkpoint_bytes;
    let kept = match recipe.checkpoints.keep {
        KeepCheckpoints::All => steps.div_ceil(recipe.checkpoints.resolved(steps).every_steps),
        KeepCheckpoints::Last { count } => count as u64,
    };
    Ok(Estimate {
        steps_per_epoch,
        steps,
        step_seconds,
        seconds,
        measured_segments,
        step_bytes: step_bytes(plan, recipe.batches.size),
        feature_bytes: feature_bytes.min(recipe.cache.memory_mib << 20),
        cache_bytes: feature_bytes.min(recipe.cache.disk_mib << 20),
        run_bytes: per_checkpoint * (kept + 1) + 3 * per_checkpoint,
    })
}

/// Memory of a training step with this number of segments.
fn step_bytes(plan: &TrainPlan, segments: usize) -> u64 {
    // Activations are kept for the backward pass, once after the convolution and once after BatchNorm and ReLU, and
    // their gradients as well. Weights come with gradients and two moments.
    let activations = plan.network.activations() as u64;
    activations
        .saturating_mul(3 * 4)
        .saturating_mul(segments as u64)
        .saturating_add(plan.checkpoint_bytes.saturating_mul(4))
}

/// Segments of a step that can be measured within [`MEASURED_BYTES`]; at most a batch.
fn measured_segments(recipe: &Recipe, plan: &TrainPlan) -> usize {
    let fixed = step_bytes(plan, 0);
    let each = step_bytes(plan, 1).saturating_sub(fixed).max(1);
    let most = MEASURED_BYTES.saturating_sub(fixed) / each;
    recipe
        .batches
        .size
        .min(usize::try_from(most).unwrap_or(usize::MAX))
}

/// The amount of training data without a test fold and validation clips.
#[derive(Default)]
struct DataSize {
    clips: usize,
    samples: u64,
    frames: u64,
    segments: u64,
}

impl DataSize {
    fn of(recipe: &Recipe, extractor: &Extractor, data: &Path) -> Result<Self, PipelineError> {
        let set = open_data(recipe, data)?;
        // Only the count matters, so the split need not be that of a fold.
        let everything = Recipe {
            validation: Default::default(),
            ..recipe.clone()
        };
        let clips = split(&everything, &set, None, None)?.train;
        let mut size = Self {
            clips: clips.len(),
            ..Self::default()
        };
        let rate = f64::from(recipe.front_end.sample_rate_hz);
        for item in &clips {
            // Unreadable clips are reported when training starts.
            let seconds = match item.span {
                Some(span) => Some(span.length_seconds()),
                None => probe(&item.path).ok().and_then(|i| i.duration_seconds()),
            };
            let seconds = seconds.unwrap_or(0.0);
            let frames = extractor.frames((seconds * rate) as usize);
            size.samples += (seconds * rate) as u64;
            size.frames += frames as u64;
            size.segments += match recipe.augment.one_segment_per_clip() {
                true => 1,
                false => extractor.segment_count(frames) as u64,
            };
        }
        Ok(size)
    }
}

/// Steps of fewer seconds are measured several times.
const SHORT_STEP: f64 = 1.0;

/// Seconds of a step with this number of segments in the slowest phase, and of all steps. Phases with frozen layers
/// cost less, so each is measured by itself.
fn measure_steps(
    recipe: &Recipe,
    plan: &TrainPlan,
    device: &Device,
    (segments, steps_per_epoch): (usize, u64),
) -> Result<(f64, f64), PipelineError> {
    let [c, b, f] = plan.segment;
    let (train, classes) = (&recipe.train, plan.classes.len());
    let (network, specs) = Network::build(&recipe.network, c, classes)?;
    let shape = [segments, c, b, f];
    let step = RandomStep::new(train, &network, device.burn(), shape, classes);
    let (mut step_seconds, mut seconds) = (0.0_f64, 0.0);
    for (frozen, phase_steps) in train.phase_freezes(steps_per_epoch) {
        let mut vars = device.prepare(Vars::init(specs.clone(), train.seed, device.burn()));
        vars.freeze(|name| has_prefix(&frozen, name));
        let mut optimizer = Optimizer::new(train.optimizer, &vars);
        let mut once = || step.seconds(&mut vars, &mut optimizer);
        once(); // the first one warms up
        // The quickest of some, as others may be using the machine.
        let mut one = once();
        for _ in 0..if one < SHORT_STEP { 3 } else { 0 } {
            one = one.min(once());
        }
        step_seconds = step_seconds.max(one);
        seconds += one * phase_steps as f64;
    }
    Ok((step_seconds, seconds))
}
