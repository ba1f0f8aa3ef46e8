//! A result against one that was saved.

use super::{BenchmarkJob, BenchmarkResult, Measurement};
use earmark_inference::PipelineError;
use earmark_models::Precision;
use serde::Serialize;
use serde_json::Value;

/// Differences below this are noise, however much the repetitions agree: the next start of the program has other
/// addresses and another clock rate.
const LEAST_NOISE: f64 = 0.03;

/// The spread of results that don't say theirs, or have it of too few repetitions.
const UNKNOWN_SPREAD: f64 = 0.05;

/// What is compared: its measurement, section and key, whether more is faster, and its name.
const MEASURED: [(Measurement, &str, &str, bool, &str); 7] = [
    (
        Measurement::FrontEnd,
        "front_end",
        "x_real_time",
        true,
        "front end, WAV",
    ),
    (
        Measurement::FrontEnd,
        "front_end",
        "x_real_time_one_core",
        true,
        "front end, WAV, one core",
    ),
    (
        Measurement::FrontEnd,
        "front_end",
        "x_real_time_without_decoding",
        true,
        "front end, samples",
    ),
    (
        Measurement::FrontEnd,
        "front_end",
        "x_real_time_without_decoding_one_core",
        true,
        "front end, samples, one core",
    ),
    (
        Measurement::TrainStep,
        "train_step",
        "seconds",
        false,
        "training step",
    ),
    (Measurement::Inference, "inference", "seconds", false, "inference"),
    (
        Measurement::InferenceOne,
        "inference_one",
        "seconds",
        false,
        "inference, one",
    ),
];

/// What became of one measurement.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SpeedChange {
    /// What is measured.
    pub what: &'static str,
    /// Its time over the saved one.
    pub ratio: f64,
    /// Ratios up to 1 plus this, and down to its inverse, are noise: the spreads of both results together.
    pub noise: f64,
    /// Whether the ratio is more than noise.
    pub verdict: SpeedVerdict,
}

/// Whether something became slower.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SpeedVerdict {
    /// It did.
    Slower,
    /// It became faster.
    Faster,
    /// Neither, or too little to say.
    Same,
}

/// What a result of [`bench`](super::bench) says as JSON, to compare with.
#[derive(Clone, Debug)]
pub struct SavedSpeeds(Vec<(usize, Speed)>);

/// A time or rate, and how much its repetitions differ.
#[derive(Clone, Copy, Debug)]
struct Speed {
    value: f64,
    spread: f64,
}

impl Speed {
    fn of(section: &Value, key: &str) -> Option<Self> {
        let positive = |key| {
            let number = section.get(key).and_then(Value::as_f64);
            number.filter(|number| *number > 0.0)
        };
        Some(Self {
            value: positive(key)?,
            spread: positive("spread").unwrap_or(UNKNOWN_SPREAD),
        })
    }
}

impl SavedSpeeds {
    /// Takes what a saved result has of what a job measures.
    ///
    /// # Errors
    /// When it is something else, has nothing of that, or is of another recipe, device, precision, batch or number of
    /// threads. What earlier versions do not say is not compared; without a precision, it is single precision.
    pub fn new(saved: &Value, job: &BenchmarkJob) -> Result<Self, PipelineError> {
        let wanted: [(&str, Value, bool); 5] = [
            ("recipe", job.recipe.name.as_str().into(), true),
            ("device", job.device.as_str().into(), true),
            ("threads", rayon::current_num_threads().into(), true),
            ("settings", job.sorted_settings().into(), false),
            ("classes", job.classes.into(), false),
        ];
        for (key, wanted, is_needed) in wanted {
            match saved.get(key) {
                Some(found) if *found == wanted => {}
                Some(found) => return refused(other(key, found, &wanted)),
                None if is_needed => return refused("is not what `earmark bench --json` prints".into()),
                None => {}
            }
        }
        // Earlier versions had no other precision, and did not say so.
        let single: Value = Precision::F32.name().into();
        let found = saved.pointer("/precision/asked").unwrap_or(&single);
        let wanted: Value = job.asked_precision().name().into();
        if *found != wanted {
            return refused(other("precision", found, &wanted));
        }
        let mut speeds = Vec::new();
        for (k, (measurement, section, key, _, what)) in MEASURED.into_iter().enumerate() {
            let section = saved.get(section);
            let Some(section) = section.filter(|_| job.measurements.contains(&measurement)) else {
                continue;
            };
            if let Some(found) = section.get("batch")
                && measurement != Measurement::InferenceOne
                && found.as_u64() != u64::try_from(job.batch_size()).ok()
            {
                return refused(other("batch", found, &job.batch_size().into()));
            }
            let Some(speed) = Speed::of(section, key) else {
                return refused(format!("has no speed of: {what}"));
            };
            speeds.push((k, speed));
        }
        match speeds.is_empty() {
            true => refused("has nothing of what is to be measured".into()),
            false => Ok(Self(speeds)),
        }
    }

    /// What became slower or faster since.
    ///
    /// # Errors
    /// For a result that can't be written as JSON.
    pub fn changes(&self, now: &BenchmarkResult) -> Result<Vec<SpeedChange>, PipelineError> {
        let now = serde_json::to_value(now).map_err(|e| PipelineError::Request(e.to_string()))?;
        let change = |(k, old): &(usize, Speed)| {
            let (_, section, key, is_rate, what) = MEASURED[*k];
            let new = Speed::of(now.get(section)?, key)?;
            let ratio = match is_rate {
                true => old.value / new.value,
                false => new.value / old.value,
            };
            let noise = (old.spread + new.spread).max(LEAST_NOISE);
            Some(SpeedChange {
                what,
                ratio,
                noise,
                verdict: verdict(ratio, noise),
            })
        };
        Ok(self.0.iter().filter_map(change).collect())
    }
}

fn other(key: &str, found: &Value, wanted: &Value) -> String {
    format!("was measured with {key} {found}, not {wanted}; choose the same to compare")
}

fn verdict(ratio: f64, noise: f64) -> SpeedVerdict {
    if ratio > 1.0 + noise {
        SpeedVerdict::Slower
    } else if ratio < 1.0 / (1.0 + noise) {
        SpeedVerdict::Faster
    } else {
        SpeedVerdict::Same
    }
}

fn refused<T>(problem: String) -> Result<T, PipelineError> {
    Err(PipelineError::Request(format!("the saved result {problem}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::benchmark::{FrontEndSpeed, Measurement, StepSpeed};
    use earmark_recipe::Recipe;

    fn result(seconds: f64, x_real_time: f64) -> BenchmarkResult {
        BenchmarkResult {
            recipe: "demo/1-noisy".into(),
            device: "cpu".into(),
            settings: vec!["a=2".into(), "b=1".into()],
            threads: rayon::current_num_threads(),
            classes: 10,
            front_end: Some(FrontEndSpeed {
                x_real_time,
                x_real_time_one_core: 100.0,
                x_real_time_without_decoding: 100.0,
                x_real_time_without_decoding_one_core: 100.0,
                spread: 0.01,
            }),
            inference: Some(StepSpeed {
                batch: 4,
                seconds,
                spread: 0.04,
                items_per_second: 4.0 / seconds,
                peak_mib: None,
                roofline: None,
            }),
            ..BenchmarkResult::default()
        }
    }

    fn job() -> BenchmarkJob {
        BenchmarkJob {
            recipe: Recipe::load("demo/1-noisy", &[]).unwrap(),
            settings: vec!["b=1".into(), "a=2".into()],
            batch: Some(4),
            classes: 10,
            repeat: 1,
            device: "cpu".into(),
            precision: None,
            measurements: Measurement::ALL.to_vec(),
        }
    }

    fn saved(result: &BenchmarkResult) -> SavedSpeeds {
        SavedSpeeds::new(&serde_json::to_value(result).unwrap(), &job()).unwrap()
    }

    #[test]
    fn what_is_slower_than_noise_is_named() {
        let changes = saved(&result(1.0, 100.0)).changes(&result(1.2, 104.0)).unwrap();
        let of = |what: &str| changes.iter().find(|change| change.what == what).unwrap();
        assert_eq!(changes.len(), 5);
        let inference = of("inference");
        assert_eq!((inference.ratio, inference.verdict), (1.2, SpeedVerdict::Slower));
        assert!((inference.noise - 0.08).abs() < 1e-12);
        let front_end = of("front end, WAV");
        assert!((front_end.ratio - 100.0 / 104.0).abs() < 1e-12);
        assert_eq!((front_end.noise, front_end.verdict), (0.03, SpeedVerdict::Faster));
        assert_eq!(of("front end, samples").verdict, SpeedVerdict::Same);
        // Within the spreads of both.
        let changes = saved(&result(1.0, 100.0)).changes(&result(1.07, 98.0)).unwrap();
        assert!(
            changes.iter().all(|change| change.verdict == SpeedVerdict::Same),
            "{changes:?}"
        );
    }

    #[test]
    fn other_measurements_are_refused() {
        let message = |change: &dyn Fn(&mut Value)| {
            let mut value = serde_json::to_value(result(1.0, 100.0)).unwrap();
            change(&mut value);
            let changes =
                SavedSpeeds::new(&value, &job()).and_then(|saved| saved.changes(&result(1.0, 100.0)));
            changes.map_err(|e| e.to_string())
        };
        // A result of an earlier version has no spread, settings, classes and precision.
        let of_earlier = message(&|value| {
            value["inference"].as_object_mut().unwrap().remove("spread");
            value.as_object_mut().unwrap().remove("settings");
            value.as_object_mut().unwrap().remove("classes");
            value.as_object_mut().unwrap().remove("precision");
        });
        assert!((of_earlier.unwrap()[4].noise - 0.09).abs() < 1e-12);
        let refused = |change: &dyn Fn(&mut Value)| message(change).unwrap_err();
        assert!(
            refused(&|value| value["recipe"] = "other".into())
                .contains("recipe \"other\", not \"demo/1-noisy\"")
        );
        assert!(refused(&|value| value["threads"] = 99.into()).contains("with threads 99"));
        assert!(refused(&|value| value["classes"] = 99.into()).contains("with classes 99, not 10"));
        assert!(refused(&|value| value["settings"] = Value::Array(Vec::new())).contains("with settings []"));
        assert!(refused(&|value| value["inference"]["batch"] = 8.into()).contains("with batch 8, not 4"));
        assert!(
            refused(&|value| value["inference"]["seconds"] = 0.into()).contains("has no speed of: inference")
        );
        assert!(
            refused(&|value| value["precision"]["asked"] = "bf16".into())
                .contains("with precision \"bf16\", not \"f32\"")
        );
        assert!(refused(&|value| *value = Value::Null).contains("is not what `earmark bench --json` prints"));
        let nothing = |value: &mut Value| {
            let sections = value.as_object_mut().unwrap();
            sections.remove("front_end");
            sections.remove("inference");
        };
        assert!(refused(&nothing).contains("has nothing of what is to be measured"));
    }

    /// Without its precision, a result is of single precision.
    #[test]
    fn results_without_a_precision_are_not_those_of_a_reduced_one() {
        let mut value = serde_json::to_value(result(1.0, 100.0)).unwrap();
        value.as_object_mut().unwrap().remove("precision");
        let of = |precision: Option<Precision>| {
            let job = BenchmarkJob { precision, ..job() };
            SavedSpeeds::new(&value, &job).map_err(|e| e.to_string())
        };
        assert!(of(None).is_ok() && of(Some(Precision::F32)).is_ok());
        let refused = of(Some(Precision::Int8)).unwrap_err();
        assert!(
            refused.contains("with precision \"f32\", not \"int8\""),
            "{refused}"
        );
    }
}
