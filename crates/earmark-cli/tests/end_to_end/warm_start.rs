//! Weights of another run as a start: which come over, and which never do.

use super::common::{Lab, tensors};

/// One step that moves nothing: the rate is lost in rounding, and a decay of almost 1 leaves moving statistics at their start.
const STAY: &str = "--set train.steps=1 --set train.learning-rate=1e-30 --set train.average-decay=0.0 --set network.batch-norm-decay=0.999999 \
                    --set validation.split={kind=\"none\"} --set train.schedule={kind=\"constant\"} --set train.seed=99";

#[test]
fn scopes_say_what_comes_and_only_trainable_variables_do() {
    let lab = Lab::trained();
    let train = |run: &str, more: &str| {
        lab.earmark(&format!(
            "train tiny.toml --data tones --fold 1 --run {run} {STAY} {more}"
        ))
        .done();
        tensors(&lab.path(run).join("best.safetensors"))
    };
    let source = tensors(&lab.path("runs/a/best.safetensors"));
    let cold = train("cold", "");
    for (run, more, comes) in [
        ("all", "--init-from runs/a", (|_| true) as fn(&str) -> bool),
        ("no-logits", "--init-from runs/a --exclude logits", |n| {
            !n.starts_with("logits")
        }),
        (
            "some",
            "--init-from runs/a --include conv0,dw1,logits --exclude logits.bias,dw13",
            |n| {
                // A scope is a prefix: dw1 is dw10 to dw13 as well.
                (n.starts_with("conv0") || n.starts_with("dw1") || n == "logits.weight")
                    && !n.starts_with("dw13")
            },
        ),
        ("step", "--init-from runs/a@10", |_| true),
    ] {
        let source = if run == "step" {
            tensors(&lab.path("runs/a/checkpoints/step-00000010.safetensors"))
        } else {
            source.clone()
        };
        let got = train(run, more);
        assert_eq!(got.len(), source.len());
        let mut came = 0;
        for (name, (_, values)) in &got {
            let statistic = name.ends_with(".mean") || name.ends_with(".variance");
            if statistic {
                let start = if name.ends_with(".mean") { 0.0 } else { 1.0 };
                assert!(
                    values.iter().all(|v| (v - start).abs() < 1e-3),
                    "{run}: {name} is not at its start: {values:?}"
                );
                assert_ne!(*values, source[name].1, "{run}: {name} came over");
            } else if comes(name) {
                assert_eq!(*values, source[name].1, "{run}: {name} did not come over");
                came += 1;
            } else {
                let close = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-20;
                assert!(
                    values.iter().zip(&cold[name].1).all(close),
                    "{run}: {name} came over"
                );
                // Biases and the like begin at 0 or 1 in every run, but have moved in the source.
                assert_ne!(*values, source[name].1, "{run}: {name} came over");
            }
        }
        let log = lab.read(&format!("{run}/log.txt"));
        assert!(
            log.contains(&format!("{came} variables start from ")),
            "{run}: {came} did: {log}"
        );
    }
}

#[test]
fn what_does_not_fit_is_refused_with_the_scopes_there_are() {
    let lab = Lab::trained();
    let refused = |more: &str| {
        lab.earmark(&format!("train tiny.toml --data tones --run new {more}"))
            .refused()
    };
    assert_eq!(
        refused("--init-from runs/a --include body"),
        "runs/a/best.safetensors: no trainable variable matches --include [\"body\"] --exclude []; names here begin with conv0, dw1, pw1, \
         dw2, pw2, dw3, pw3, dw4, pw4, dw5, pw5, dw6, pw6, dw7, pw7, dw8, pw8, dw9, pw9, dw10, pw10, dw11, pw11, dw12, pw12, dw13, pw13, \
         logits"
    );
    assert_eq!(
        refused("--init-from runs/a --set network.width=0.1"),
        "runs/a/best.safetensors: `pw2.weight` has shape [8, 8, 1, 1] there and [12, 8, 1, 1] here; leave it out with --exclude pw2.weight"
    );
    let message = refused("--include conv0");
    assert!(message.contains("--init-from <INIT_FROM>"), "{message}");
    let refused = refused("--init-from runs/none");
    assert_eq!(
        refused,
        "runs/none: no such model file or run directory; expected MODEL.safetensors, RUN or RUN@STEP"
    );
    assert!(!lab.path("new/run.json").exists());
}
