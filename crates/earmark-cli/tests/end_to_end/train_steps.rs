//! What a training does step by step, seen in its files: rates, averages of weights, and a loss that runs away.

use super::common::{Lab, tensors};
use std::collections::BTreeMap;

const TRAIN: &str = "train tiny.toml --data tones --fold 1 --set validation.split={kind=\"none\"}";

/// The rate that a schedule gives to a step, by its definition.
type Rate = fn(f64) -> f64;

/// A number of each step, from the log.
fn logged(lab: &Lab, run: &str, key: &str) -> Vec<f64> {
    let lines = lab.logged(run);
    lines.iter().filter_map(|l| l[key].as_f64()).collect()
}

#[test]
fn rates_follow_the_schedule() {
    let lab = Lab::new();
    // 12 clips of two segments in batches of 4: 6 steps per epoch.
    let cases: [(&str, &str, Rate); 3] = [
        (
            "falling",
            "{kind=\"exponential\",decay=0.5,every-epochs=2}",
            |step| 0.01 * 0.5f64.powf((step / 12.0).floor()),
        ),
        (
            "triangle",
            "{kind=\"triangular\",peak-rate=0.03,half-cycle-epochs=1}",
            |step| {
                let phase = (step / 6.0) % 2.0;
                0.01 + 0.02 * if phase <= 1.0 { phase } else { 2.0 - phase }
            },
        ),
        (
            "cosine",
            "{kind=\"cosine\",warm-up-epochs=1}",
            |step| match step {
                s if s < 6.0 => 0.01 * (s + 1.0) / 6.0,
                s => 0.005 * (1.0 + (std::f64::consts::PI * (s - 6.0) / (35.0 - 6.0)).cos()),
            },
        ),
    ];
    for (run, schedule, rate) in cases {
        lab.earmark(&format!(
            "{TRAIN} --run {run} --set train.schedule={schedule} --set train.average-decay=0"
        ))
        .done();
        let rates = logged(&lab, run, "learning_rate");
        assert_eq!(rates.len(), 36, "{run}");
        for (step, got) in rates.into_iter().enumerate() {
            let wanted = rate(step as f64);
            assert!(
                (got - wanted).abs() < 1e-12,
                "{run}, step {step}: {got} against {wanted}"
            );
        }
    }
}

/// `average = d average + (1 - d) weights` with d = min(decay, (1 + t) / (10 + t)) after t steps before, computed here from the weights that a run
/// without averages keeps at every step.
#[test]
fn averages_are_those_of_the_definition() {
    let lab = Lab::new();
    let train = format!(
        "{TRAIN} --set train.steps=12 --set checkpoints.every-steps=1 --set train.schedule={{kind=\"constant\"}}"
    );
    lab.earmark(&format!("{train} --run plain --set train.average-decay=0"))
        .done();
    lab.earmark(&format!("{train} --run averaged --set train.average-decay=0.5"))
        .done();
    assert_eq!(
        logged(&lab, "plain", "loss"),
        logged(&lab, "averaged", "loss"),
        "averages drive nothing"
    );
    let at = |run: &str, step: u64| {
        tensors(
            &lab.path(run)
                .join(format!("checkpoints/step-{step:08}.safetensors")),
        )
    };
    // The start can't be seen, but follows from the first average and the first weights.
    let d = 0.1;
    let (w, a) = (at("plain", 1), at("averaged", 1));
    let mut average: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for (name, (_, values)) in &a {
        average.insert(name.clone(), values.iter().map(|v| f64::from(*v)).collect());
        let start = values
            .iter()
            .zip(&w[name].1)
            .map(|(a, w)| (f64::from(*a) - (1.0 - d) * f64::from(*w)) / d);
        if name.ends_with(".gamma") {
            start.for_each(|s| assert!((s - 1.0).abs() < 1e-5, "{name} starts at {s} instead of 1"));
        } else if name.ends_with(".beta") {
            start.for_each(|s| assert!(s.abs() < 1e-5, "{name} starts at {s} instead of 0"));
        }
    }
    let mut worst = 0f64;
    for step in 2..=12u64 {
        let t = (step - 1) as f64;
        let d = 0.5f64.min((1.0 + t) / (10.0 + t));
        let (weights, averaged) = (at("plain", step), at("averaged", step));
        for (name, average) in &mut average {
            for (k, a) in average.iter_mut().enumerate() {
                *a = d * *a + (1.0 - d) * f64::from(weights[name].1[k]);
                worst = worst.max((*a - f64::from(averaged[name].1[k])).abs() / (1.0 + a.abs()));
            }
        }
    }
    assert!(worst < 1e-5, "relative error {worst}");
    assert!(at("plain", 12) != at("averaged", 12));
}

#[test]
fn a_loss_that_diverges_is_reported() {
    let lab = Lab::new();
    let diverging =
        "--set train.optimizer={kind=\"sgd\"} --set train.learning-rate=1e30 --set network.batch-norm=false";
    let message = lab
        .earmark(&format!("{TRAIN} --run run --quiet {diverging}"))
        .refused();
    let (loss, rest) = message
        .strip_prefix("the loss became ")
        .and_then(|m| m.split_once(" at step "))
        .unwrap_or((&message, ""));
    assert!(loss == "NaN" || loss == "inf", "{message}");
    let wanted = ": training diverged; lower train.learning-rate (it was 1000000000000000000000000000000 here) or set \
                  train.gradient-clip";
    assert!(rest.ends_with(wanted), "{message}");
    // Nothing of it was kept as a result.
    assert!(!lab.path("run/best.safetensors").exists());
}

/// Clipping holds the norm that moves the weights, and the log has the norm as it was.
#[test]
fn gradients_are_clipped() {
    let lab = Lab::new();
    let train = format!(
        "{TRAIN} --set train.steps=5 --set train.optimizer={{kind=\"sgd\"}} --set checkpoints.every-steps=1"
    );
    let train = format!("{train} --set train.average-decay=0 --set train.schedule={{kind=\"constant\"}}");
    lab.earmark(&format!(
        "{train} --run clipped --set train.gradient-clip={{kind=\"global-norm\",max=0.01}}"
    ))
    .done();
    let norms = logged(&lab, "clipped", "gradient_norm");
    assert_eq!(norms.len(), 5);
    assert!(norms.iter().all(|n| *n > 0.01), "{norms:?}");
    let at = |step: u64| {
        tensors(
            &lab.path("clipped")
                .join(format!("checkpoints/step-{step:08}.safetensors")),
        )
    };
    for step in 1..5 {
        let (before, after) = (at(step), at(step + 1));
        let trainable = before
            .iter()
            .filter(|(n, _)| !n.ends_with(".mean") && !n.ends_with(".variance"));
        let squares = trainable
            .flat_map(|(n, (_, b))| b.iter().zip(&after[n].1))
            .map(|(b, a)| f64::from(a - b).powi(2));
        let moved = squares.sum::<f64>().sqrt();
        // Rate 0.01 times norm 0.01; float32 weights around 1 round at 6e-8, some 2,400 of them.
        assert!(
            (moved - 1e-4).abs() < 4e-6,
            "step {step} moved the weights by {moved}"
        );
    }
}

/// The mean of models is that of their tensors, and is a model like any other.
#[test]
fn a_mean_of_checkpoints() {
    let lab = Lab::new();
    lab.earmark(&format!("{TRAIN} --run a")).done();
    let ended = lab
        .earmark("models average a --last 3 -o last.safetensors")
        .done();
    assert_eq!(ended.out, "last.safetensors: the mean of 3 models\n");
    // 36 steps: the checkpoints are at 5, 10, ... 35 and at the end.
    lab.earmark("models average a@30 a@35 a@36 -o named.safetensors")
        .done();
    assert_eq!(lab.bytes("last.safetensors"), lab.bytes("named.safetensors"));
    let of = |step: u64| tensors(&lab.path(&format!("a/checkpoints/step-{step:08}.safetensors")));
    let (mean, parts) = (tensors(&lab.path("last.safetensors")), [30, 35, 36].map(of));
    for (name, (shape, values)) in &mean {
        assert_eq!(*shape, parts[0][name].0);
        for (i, value) in values.iter().enumerate() {
            let wanted = parts.iter().map(|p| f64::from(p[name].1[i])).sum::<f64>() / 3.0;
            assert!((f64::from(*value) - wanted).abs() < 1e-6, "{name}[{i}]");
        }
    }
    lab.earmark("predict last.safetensors -o x.csv --files tones/low/1.wav")
        .done();
    for (arguments, why) in [
        ("a@30 -o x", "an average needs at least two models"),
        ("a --last 20 -o x", "a: has 8 checkpoints, fewer than --last 20"),
        ("a b --last 2 -o x", "--last: averages the checkpoints of one run"),
    ] {
        let message = lab.earmark(&format!("models average {arguments}")).refused();
        assert!(message.starts_with(why), "{message}");
    }
    lab.earmark(&format!(
        "{TRAIN} --run wide --set network.width=0.1 --set train.steps=1"
    ))
    .done();
    let message = lab.earmark("models average a@30 wide@1 -o x").refused();
    assert!(
        message.contains("has a different network or front end"),
        "{message}"
    );
}
