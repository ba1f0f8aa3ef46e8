//! A result against one that was saved.

use super::{BenchmarkJob, BenchmarkResult};
use earmark_inference::PipelineError;
use serde::Serialize;
use serde_json::Value;

/// Differences below this are noise, however much the repetitions agree: the next start of the program has other
/// addresses and another clock rate.
const LEAST_NOISE: f64 = 0.03;

/// The spread of results that don't say theirs.
const UNKNOWN_SPREAD: f64 = 0.05;

/// Section and key of what is compared, whether more is faster, and its name.
const MEASURED: [(&str, &str, bool, &str); 7] = [
    ("front_end", "x_real_time", true, "front end, WAV"),
    (
        "front_end",
        "x_real_time_one_core",
        true,
        "front end, WAV, one core",
    ),
    (
        "front_end",
        "x_real_time_without_decoding",
        true,
        "front end, samples",
    ),
    (
        "front_end",
        "x_real_time_without_decoding_one_core",
        true,
        "front end, samples, one core",
    ),
    ("train_step", "seconds", false, "training step"),
    ("inference", "seconds", false, "inference"),
    ("inference_one", "seconds", false, "inference, one"),
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

/// A result of [`bench`](super::bench) as JSON, to compare with.
#[derive(Clone, Debug)]
pub struct SavedSpeeds(Value);

impl SavedSpeeds {
    /// Takes a saved result.
    ///
    /// # Errors
    /// When it is not one, or one of another recipe, device or number of threads than the job's.
    pub fn new(saved: Value, job: &BenchmarkJob) -> Result<Self, PipelineError> {
        let threads = rayon::current_num_threads();
        let wanted: [(&str, Value); 3] = [
            ("recipe", job.recipe.name.as_str().into()),
            ("device", job.device.as_str().into()),
            ("threads", threads.into()),
        ];
        for (key, wanted) in wanted {
            let Some(found) = saved.get(key) else {
                return refused("is not what `earmark bench --json` prints".into());
            };
            if *found != wanted {
                return refused(format!(
                    "was measured with {key} {found}, not {wanted}; choose the same to compare"
                ));
            }
        }
        Ok(Self(saved))
    }

    /// What became slower or faster since, of all that both results have.
    ///
    /// # Errors
    /// When they have nothing in common, or different batches.
    pub fn changes(&self, now: &BenchmarkResult) -> Result<Vec<SpeedChange>, PipelineError> {
        let now = serde_json::to_value(now).map_err(|e| PipelineError::Request(e.to_string()))?;
        let mut changes = Vec::new();
        for (section, key, is_rate, what) in MEASURED {
            let (Some(old), Some(new)) = (self.0.get(section), now.get(section)) else {
                continue;
            };
            if let (Some(a), Some(b)) = (old.get("batch"), new.get("batch"))
                && a != b
            {
                return refused(format!(
                    "was measured with batch {a}, not {b}; choose the same to compare"
                ));
            }
            let number = |of: &Value, key: &str| of.get(key).and_then(Value::as_f64);
            let positive = |of| number(of, key).filter(|number| *number > 0.0);
            let (Some(a), Some(b)) = (positive(old), positive(new)) else {
                return refused(format!("has no speed of: {what}"));
            };
            let spread = |of| number(of, "spread").unwrap_or(UNKNOWN_SPREAD);
            let ratio = if is_rate { a / b } else { b / a };
            let noise = (spread(old) + spread(new)).max(LEAST_NOISE);
            changes.push(SpeedChange {
                what,
                ratio,
                noise,
                verdict: verdict(ratio, noise),
            });
        }
        match changes.is_empty() {
            true => refused("has nothing of what was measured now".into()),
            false => Ok(changes),
        }
    }
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
            threads: rayon::current_num_threads(),
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
            }),
            ..BenchmarkResult::default()
        }
    }

    fn job() -> BenchmarkJob {
        BenchmarkJob {
            recipe: Recipe::load("demo/1-noisy", &[]).unwrap(),
            batch: None,
            classes: 10,
            repeat: 1,
            device: "cpu".into(),
            measurements: Measurement::ALL.to_vec(),
        }
    }

    fn saved(result: &BenchmarkResult) -> SavedSpeeds {
        SavedSpeeds::new(serde_json::to_value(result).unwrap(), &job()).unwrap()
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
                SavedSpeeds::new(value, &job()).and_then(|saved| saved.changes(&result(1.0, 100.0)));
            changes.map_err(|e| e.to_string())
        };
        // A result of an earlier version has no spread.
        let of_earlier = message(&|value| {
            value["inference"].as_object_mut().unwrap().remove("spread");
        });
        assert!((of_earlier.unwrap()[4].noise - 0.09).abs() < 1e-12);
        let refused = |change: &dyn Fn(&mut Value)| message(change).unwrap_err();
        assert!(
            refused(&|value| value["recipe"] = "other".into())
                .contains("recipe \"other\", not \"demo/1-noisy\"")
        );
        assert!(refused(&|value| value["threads"] = 99.into()).contains("with threads 99"));
        assert!(refused(&|value| value["inference"]["batch"] = 8.into()).contains("with batch 8, not 4"));
        assert!(
            refused(&|value| value["inference"]["seconds"] = 0.into()).contains("has no speed of: inference")
        );
        assert!(refused(&|value| *value = Value::Null).contains("is not what `earmark bench --json` prints"));
        let nothing = |value: &mut Value| {
            let sections = value.as_object_mut().unwrap();
            sections.remove("front_end");
            sections.remove("inference");
        };
        assert!(refused(&nothing).contains("has nothing of what was measured now"));
    }
}
