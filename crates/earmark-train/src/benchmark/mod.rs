//! Benchmarks of front end, training step and inference on this machine.
//!
//! All data is synthetic, so that results depend on recipe and machine only. They are medians of several repetitions after a
//! warm-up; short measurements are repeated more often.

mod front_end;
mod machine_limits;
mod random_step;
mod roofline;
mod saved_speeds;
mod time_and_peak_memory;

pub use front_end::FrontEndSpeed;
pub(crate) use random_step::RandomStep;
pub use roofline::{MachineLimits, Roofline};
pub use saved_speeds::{SavedSpeeds, SpeedChange, SpeedVerdict};
pub use time_and_peak_memory::StepSpeed;
pub(crate) use time_and_peak_memory::median;

use earmark_engine::{Optimizer, Scorer, SegmentBatch};
use earmark_features::Extractor;
use earmark_inference::{Device, ModelPrecision, PipelineError};
use earmark_kernels::Isa;
use earmark_models::{LayerTable, Network, Precision, Vars};
use earmark_recipe::Recipe;
use front_end::front_end_speed;
use machine_limits::machine_limits;
use serde::Serialize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use time_and_peak_memory::{measure, noise, timed};

/// A benchmark.
#[derive(Clone, Debug)]
pub struct BenchmarkJob {
    /// The recipe.
    pub recipe: Recipe,
    /// What was set in it for this benchmark, as `KEY=VALUE`: kept in the result.
    pub settings: Vec<String>,
    /// Segments in a batch; default: the recipe's.
    pub batch: Option<usize>,
    /// Classes of the network.
    pub classes: usize,
    /// Minimum number of repetitions of each measurement.
    pub repeat: usize,
    /// Device by name.
    pub device: String,
    /// What inference computes in; `None`: what the recipe says.
    pub precision: Option<Precision>,
    /// What to measure.
    pub measurements: Vec<Measurement>,
}

impl BenchmarkJob {
    fn batch_size(&self) -> usize {
        self.batch.unwrap_or(self.recipe.batches.size)
    }

    fn asked_precision(&self) -> Precision {
        self.precision.unwrap_or(self.recipe.predict.precision)
    }

    fn check_counts(&self) -> Result<(), PipelineError> {
        if self.repeat == 0 || self.classes == 0 || self.batch == Some(0) {
            return Err(PipelineError::Request(
                "--repeat, --classes and --batch must be 1 or more".into(),
            ));
        }
        Ok(())
    }

    fn sorted_settings(&self) -> Vec<String> {
        let mut settings = self.settings.clone();
        settings.sort();
        settings
    }
}

/// A measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measurement {
    /// Audio to features.
    FrontEnd,
    /// Forward, backward and update of a batch.
    TrainStep,
    /// Scores of a batch.
    Inference,
    /// Scores of a single segment.
    InferenceOne,
}

impl Measurement {
    /// All measurements.
    pub const ALL: [Self; 4] = [
        Self::FrontEnd,
        Self::TrainStep,
        Self::Inference,
        Self::InferenceOne,
    ];
}

/// The results; measurements that were not requested are left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct BenchmarkResult {
    /// Name of the recipe.
    pub recipe: String,
    /// What was set in it, as `KEY=VALUE`, sorted.
    pub settings: Vec<String>,
    /// Classes of the network.
    pub classes: usize,
    /// Device by name.
    pub device: String,
    /// Instruction set of the CPU kernels, if they are used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub simd: Option<&'static str>,
    /// What inference was asked to compute in, and what it computed in.
    pub precision: ModelPrecision,
    /// Threads of the front end and of the CPU device.
    pub threads: usize,
    /// What the machine does at most, where the CPU's kernels computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<MachineLimits>,
    /// Audio to features.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub front_end: Option<FrontEndSpeed>,
    /// Forward, backward and update of a batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub train_step: Option<StepSpeed>,
    /// Scores of a batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inference: Option<StepSpeed>,
    /// Scores of a single segment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inference_one: Option<StepSpeed>,
    /// What became slower or faster since a saved result, if it was compared with one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<SpeedChange>,
}

/// Refuses a batch that no machine can hold. `numbers` are those of each segment's input or targets.
fn check_batch(batch: usize, numbers: usize) -> Result<(), PipelineError> {
    /// 4 GiB.
    const MOST: usize = 1 << 30;
    match batch.saturating_mul(numbers) <= MOST {
        true => Ok(()),
        false => Err(PipelineError::Request(format!(
            "--batch {batch}: is too many for {numbers} numbers of each segment; give at most {}",
            MOST / numbers.max(1)
        ))),
    }
}

/// Measures; `on_start` gets the name of each measurement. `None` when stopped.
pub fn bench(
    job: &BenchmarkJob,
    on_start: &dyn Fn(&str),
    stop: &AtomicBool,
) -> Result<Option<BenchmarkResult>, PipelineError> {
    job.check_counts()?;
    let recipe = &job.recipe;
    let named = Device::named(&job.device)?;
    let device = named.burn().clone();
    let extractor = Arc::new(Extractor::new(&recipe.front_end)?);
    let wanted = |measurement: Measurement| job.measurements.contains(&measurement);
    let stopped = || stop.load(Ordering::Relaxed);
    let mut speeds = BenchmarkResult {
        recipe: recipe.name.clone(),
        settings: job.sorted_settings(),
        classes: job.classes,
        device: job.device.clone(),
        simd: named.instruction_set()?,
        threads: rayon::current_num_threads(),
        ..BenchmarkResult::default()
    };
    if wanted(Measurement::FrontEnd) {
        on_start("front end");
        speeds.front_end = Some(front_end_speed(&extractor, job.repeat)?);
    }

    let batch = job.batch_size();
    let (network, specs) = Network::build_to_train(&recipe.network, extractor.channels(), job.classes)?;
    let mut vars = named.prepare(Vars::init(specs, recipe.train.seed, &device));
    let scoring = ModelPrecision::of_network(&named, job.asked_precision(), vars.clone())?;
    speeds.precision = scoring.0;
    let frames = extractor.segment_frames().unwrap_or(1);
    let of_one = extractor.channels() * extractor.bands() * frames;
    check_batch(batch, of_one.max(job.classes))?;
    let shape = |n: usize| [n, extractor.channels(), extractor.bands(), frames];
    let scorer = Scorer {
        network: network.clone(),
        vars: scoring.1,
        loss: recipe.train.loss.clone(),
        extractor: Arc::clone(&extractor),
        random_crops: None,
        batch,
        device: device.clone(),
    };
    // From the smallest to the largest, so that the memory of one does not count as the peak of the next.
    let infer = |n: usize| {
        let x = noise(shape(n).iter().product());
        measure(n, job.repeat, stop, || {
            let batch = SegmentBatch {
                x: x.clone(),
                shape: shape(n),
                clip_features: vec![0.0; n * scorer.network.clip_feature_inputs()],
            };
            timed(|| scorer.scores(batch))
        })
    };
    if wanted(Measurement::InferenceOne) && !stopped() {
        on_start("inference, one segment");
        speeds.inference_one = infer(1);
    }
    if wanted(Measurement::Inference) && !stopped() {
        on_start("inference, a batch");
        speeds.inference = infer(batch);
    }
    drop(scorer);
    if wanted(Measurement::TrainStep) && !stopped() {
        on_start("training step");
        let step = RandomStep::new(&recipe.train, &network, &device, shape(batch), job.classes);
        let mut optimizer = Optimizer::new(recipe.train.optimizer, &vars);
        speeds.train_step = measure(batch, job.repeat, stop, || {
            step.seconds(&mut vars, &mut optimizer)
        });
    }
    let table = network.layer_table(extractor.channels(), extractor.bands(), frames);
    Ok((!stopped()).then(|| with_rooflines(speeds, &table)))
}

/// The least times of the steps that the CPU's kernels computed in single precision, with AVX2 or AVX-512.
fn with_rooflines(mut speeds: BenchmarkResult, table: &LayerTable) -> BenchmarkResult {
    let isa = speeds.simd.and_then(|name| Isa::named(name).ok());
    // What portable code does at most depends on what the compiler made of it.
    let isa = isa.filter(|isa| *isa != Isa::portable());
    let steps = [speeds.train_step, speeds.inference, speeds.inference_one];
    let Some(isa) = isa.filter(|_| steps.iter().any(Option::is_some)) else {
        return speeds;
    };
    let limits = machine_limits(isa);
    let add = |step: &mut Option<StepSpeed>, times: f64| {
        if let Some(step) = step {
            step.roofline = Roofline::of(table, step.batch, times, limits, step.seconds);
        }
    };
    add(&mut speeds.train_step, roofline::TRAINING);
    if speeds.precision.computed == Precision::F32 {
        add(&mut speeds.inference, 1.0);
        add(&mut speeds.inference_one, 1.0);
    }
    speeds.limits = Some(limits);
    speeds
}
