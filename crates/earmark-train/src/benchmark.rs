//! How fast this machine is: front end, training step, inference.
//!
//! Everything is measured on data made up on the spot, so that a result depends on the recipe and the machine alone. Medians of
//! several repetitions are given, after one that warms up and does not count; what is over in milliseconds is repeated more
//! often, so that a single hiccup of the machine does not show.

use burn::tensor::Device;
use earmark_audio::{Clip, decode_bytes};
use earmark_core::random::{self, Purpose};
use earmark_engine::{Optimizer, Scorer, SegmentBatch, TrainStep, train_step};
use earmark_features::Extractor;
use earmark_inference::Device as NamedDevice;
use earmark_inference::PipelineError;
use earmark_models::{Network, VarId, Vars};
use earmark_recipe::Recipe;
use rayon::prelude::*;
use serde::Serialize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Rate of the synthetic files, whatever the recipe wants: then resampling is part of the measurement, as in life.
const FILE_RATE_HZ: u32 = 44_100;
/// Length of a synthetic file; a long one would not fit caches as clips do.
const FILE_SECONDS: f64 = 5.0;
/// Files of one repetition, at least; as many a thread.
const FILES: usize = 8;

/// Each measurement takes at least about this long in all.
const LEAST_SECONDS: f64 = 0.5;
/// More repetitions tell nothing new.
const MOST_REPEATS: usize = 200;

/// What to measure.
#[derive(Clone, Debug)]
pub struct Bench {
    /// The system.
    pub recipe: Recipe,
    /// Examples of a batch; default the recipe's.
    pub batch: Option<usize>,
    /// Classes of the network.
    pub classes: usize,
    /// Repetitions of each measurement, at least.
    pub repeat: usize,
    /// Device by name.
    pub device: String,
    /// What of it all.
    pub parts: Vec<Part>,
}

/// A measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Audio to features.
    FrontEnd,
    /// Forward, backward and update of a batch.
    TrainStep,
    /// Scores of a batch.
    Inference,
    /// Scores of a single example.
    InferenceOne,
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::FrontEnd,
        Self::TrainStep,
        Self::Inference,
        Self::InferenceOne,
    ];
}

/// What came out; parts that were not asked for are left out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Speeds {
    /// Name of the recipe.
    pub recipe: String,
    /// Device by name.
    pub device: String,
    /// Instruction set of the CPU kernels, where they are used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub simd: Option<&'static str>,
    /// Threads of the front end and of the CPU device.
    pub threads: usize,
    /// Audio to features.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub front_end: Option<FrontEndSpeed>,
    /// Forward, backward and update of a batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub train_step: Option<Speed>,
    /// Scores of a batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inference: Option<Speed>,
    /// Scores of a single example.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inference_one: Option<Speed>,
}

/// Seconds of audio that a second of computing turns into features.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct FrontEndSpeed {
    /// From WAV files in memory, on all threads.
    pub x_real_time: f64,
    /// The same on one core.
    pub x_real_time_one_core: f64,
    /// From samples at the recipe's rate, on all threads.
    pub x_real_time_without_decoding: f64,
    /// The same on one core.
    pub x_real_time_without_decoding_one_core: f64,
}

/// Time and room of a step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Speed {
    /// Examples of a step.
    pub batch: usize,
    /// Median.
    pub seconds: f64,
    /// Examples a second.
    pub items_per_second: f64,
    /// Most memory that the process has held meanwhile; known on Linux only.
    pub peak_mib: Option<f64>,
}

/// Measures; `told` hears what is being measured. `None` when stopped.
pub fn bench(job: &Bench, told: &dyn Fn(&str), stop: &AtomicBool) -> Result<Option<Speeds>, PipelineError> {
    if job.repeat == 0 || job.classes == 0 || job.batch == Some(0) {
        return Err(PipelineError::Request(
            "--repeat, --classes and --batch must be 1 or more".into(),
        ));
    }
    let recipe = &job.recipe;
    let named = NamedDevice::named(&job.device)?;
    let device = named.burn().clone();
    let extractor = Arc::new(Extractor::new(&recipe.front_end)?);
    let asked = |part: Part| job.parts.contains(&part);
    let stopped = || stop.load(Ordering::Relaxed);
    let mut speeds = Speeds {
        recipe: recipe.name.clone(),
        device: job.device.clone(),
        simd: named.instruction_set()?,
        threads: rayon::current_num_threads(),
        front_end: None,
        train_step: None,
        inference: None,
        inference_one: None,
    };
    if asked(Part::FrontEnd) {
        told("front end");
        speeds.front_end = Some(front_end(&extractor, job.repeat)?);
    }

    let batch = job.batch.unwrap_or(recipe.batches.size);
    let (network, specs) = Network::build(&recipe.network, extractor.channels(), job.classes)?;
    let vars = named.prepare(Vars::init(specs, recipe.train.seed, &device));
    let frames = extractor.segment_frames().unwrap_or(1);
    let shape = |n: usize| [n, extractor.channels(), extractor.bands(), frames];
    let scorer = Scorer {
        network: network.clone(),
        vars: vars.clone(),
        loss: recipe.train.loss.clone(),
        extractor: Arc::clone(&extractor),
        random_crops: None,
        batch,
        device: device.clone(),
    };
    // From the smallest to the largest, so that what one leaves behind does not count as the peak of the next.
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
    if asked(Part::InferenceOne) && !stopped() {
        told("inference, one example");
        speeds.inference_one = infer(1);
    }
    if asked(Part::Inference) && !stopped() {
        told("inference, a batch");
        speeds.inference = infer(batch);
    }
    drop(scorer);
    if asked(Part::TrainStep) && !stopped() {
        told("training step");
        speeds.train_step = step_speed(job, &network, vars, &device, shape(batch), stop);
    }
    Ok((!stopped()).then_some(speeds))
}

/// Forward, backward and update of a batch of `shape`.
fn step_speed(
    job: &Bench,
    network: &Network,
    mut vars: Vars,
    device: &Device,
    shape: [usize; 4],
    stop: &AtomicBool,
) -> Option<Speed> {
    let (recipe, batch) = (&job.recipe, shape[0]);
    let mut optimizer = Optimizer::new(recipe.train.optimizer, &vars);
    let x = noise(shape.iter().product());
    let y: Vec<f32> = (0..batch * job.classes)
        .map(|i| f32::from(u8::from(i % job.classes == (i / job.classes) % job.classes)))
        .collect();
    measure(batch, job.repeat, stop, || {
        let step = TrainStep {
            train: &recipe.train,
            network,
            device,
            x: x.clone(),
            shape,
            clip_features: vec![0.0; batch * network.clip_feature_inputs()],
            y: y.clone(),
            noisy: vec![],
            rate: recipe.train.learning_rate,
            rng: random::stream(recipe.train.seed, &[Purpose::Dropout as u64]),
        };
        timed(|| {
            train_step(step, &mut vars, &mut optimizer);
            // A device that works on its own is waited for.
            vars.to_vec(VarId(0))
        })
    })
}

/// The median over calls of `once` after one that does not count; `None` when stopped.
fn measure(batch: usize, repeat: usize, stop: &AtomicBool, mut once: impl FnMut() -> f64) -> Option<Speed> {
    forget_peak();
    let warm = once();
    let mut seconds = Vec::new();
    for _ in 0..repeats(repeat, warm) {
        if stop.load(Ordering::Relaxed) {
            return None;
        }
        seconds.push(once());
    }
    let seconds = median(seconds);
    Some(Speed {
        batch,
        seconds,
        items_per_second: batch as f64 / seconds,
        peak_mib: peak_mib(),
    })
}

/// Repetitions of something that took `seconds`: `least`, or as many as fill [`LEAST_SECONDS`].
fn repeats(least: usize, seconds: f64) -> usize {
    ((LEAST_SECONDS / seconds.max(1e-9)).ceil() as usize)
        .min(MOST_REPEATS)
        .max(least)
}

fn timed<T>(work: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    std::hint::black_box(work());
    start.elapsed().as_secs_f64()
}

/// The middle value; the mean of the two in the middle where they are even.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    if n == 0 {
        return f64::NAN;
    }
    (values[(n - 1) / 2] + values[n / 2]) / 2.0
}

/// Standard normal numbers.
fn noise(n: usize) -> Vec<f32> {
    let mut rng = random::stream(1, &[Purpose::Augment as u64]);
    (0..n).map(|_| random::normal(&mut rng)).collect()
}

/// Speeds of the front end over files in memory.
fn front_end(extractor: &Extractor, repeat: usize) -> Result<FrontEndSpeed, PipelineError> {
    let request =
        |e: &dyn std::fmt::Display| PipelineError::Request(format!("the front end can't be measured: {e}"));
    let file = wav();
    let rate = extractor.front_end().sample_rate_hz;
    let clip = decode_bytes(file.clone(), rate).map_err(|e| request(&e))?.clip;
    let of_clip = |clip: &Clip, scratch: &mut _| -> Result<usize, PipelineError> {
        let base = extractor
            .log_mel_of_clip(clip, scratch)
            .map_err(|e| request(&e))?;
        Ok(extractor.postprocess(&base).map_err(|e| request(&e))?.data.len())
    };
    let of_file = |scratch: &mut _| {
        of_clip(
            &decode_bytes(file.clone(), rate).map_err(|e| request(&e))?.clip,
            scratch,
        )
    };
    let many = FILES.max(FILES * rayon::current_num_threads());

    let one_core = || -> Result<usize, PipelineError> {
        let mut scratch = extractor.scratch();
        (0..FILES).map(|_| of_file(&mut scratch)).sum()
    };
    let all = || {
        (0..many)
            .into_par_iter()
            .map_init(|| extractor.scratch(), |scratch, _| of_file(scratch))
            .sum()
    };
    let bare_one_core = || -> Result<usize, PipelineError> {
        let mut scratch = extractor.scratch();
        (0..FILES).map(|_| of_clip(&clip, &mut scratch)).sum()
    };
    let bare = || {
        (0..many)
            .into_par_iter()
            .map_init(|| extractor.scratch(), |scratch, _| of_clip(&clip, scratch))
            .sum()
    };
    let speed =
        |files: usize, work: &dyn Fn() -> Result<usize, PipelineError>| -> Result<f64, PipelineError> {
            let once = || -> Result<f64, PipelineError> {
                let start = Instant::now();
                std::hint::black_box(work()?);
                Ok(start.elapsed().as_secs_f64())
            };
            let warm = once()?;
            let seconds = (0..repeats(repeat, warm))
                .map(|_| once())
                .collect::<Result<Vec<f64>, _>>()?;
            Ok(files as f64 * FILE_SECONDS / median(seconds))
        };
    Ok(FrontEndSpeed {
        x_real_time: speed(many, &all)?,
        x_real_time_one_core: speed(FILES, &one_core)?,
        x_real_time_without_decoding: speed(many, &bare)?,
        x_real_time_without_decoding_one_core: speed(FILES, &bare_one_core)?,
    })
}

/// A mono WAV file of 16-bit noise (RIFF, PCM).
fn wav() -> Vec<u8> {
    let n = (FILE_SECONDS * f64::from(FILE_RATE_HZ)) as usize;
    let samples = noise(n);
    let bytes = 2 * n as u32;
    let mut file = Vec::with_capacity(44 + 2 * n);
    file.extend(b"RIFF");
    file.extend((36 + bytes).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16u32.to_le_bytes());
    file.extend([1u16, 1].map(u16::to_le_bytes).concat()); // PCM, one channel
    file.extend([FILE_RATE_HZ, 2 * FILE_RATE_HZ].map(u32::to_le_bytes).concat()); // rate, bytes a second
    file.extend([2u16, 16].map(u16::to_le_bytes).concat()); // bytes a frame, bits a sample
    file.extend(b"data");
    file.extend(bytes.to_le_bytes());
    file.extend(samples.iter().flat_map(|s| ((s * 3000.0) as i16).to_le_bytes()));
    file
}

/// The most resident memory since [`forget_peak`], in MiB.
fn peak_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024.0)
}

/// Lets the kernel begin a new peak; where it refuses, a peak is that since the program began.
fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
        assert!(median(vec![]).is_nan());
    }

    #[test]
    fn the_synthetic_file_decodes_to_its_length() {
        let decoded = decode_bytes(wav(), FILE_RATE_HZ).unwrap();
        assert_eq!(decoded.clip.samples.len(), 220_500);
        assert!(decoded.notes.is_empty(), "{:?}", decoded.notes);
        let rms = (decoded.clip.samples.iter().map(|s| s * s).sum::<f32>() / 220_500.0).sqrt();
        assert!((rms - 3000.0 / 32768.0).abs() < 1e-3, "{rms}");
    }

    #[test]
    fn a_stopped_measurement_gives_nothing() {
        let stop = AtomicBool::new(true);
        assert!(measure(1, 3, &stop, || 1.0).is_none());
        let speed = measure(4, 3, &AtomicBool::new(false), || 0.5).unwrap();
        assert_eq!((speed.seconds, speed.items_per_second), (0.5, 8.0));
        assert_eq!(
            (repeats(3, 10.0), repeats(3, 0.05), repeats(3, 0.0)),
            (3, 10, 200)
        );
    }
}
