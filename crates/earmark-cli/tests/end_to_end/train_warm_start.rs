//! Weights of another run as a start: which come over, and which never do.

use super::common::{Lab, tensors};

/// One step that moves nothing: the rate is lost in rounding, and a decay of almost 1 leaves moving statistics at their start.
const STAY: &str = "--set train.steps=1 --set train.learning-rate=1e-30 --set train.average-decay=0.0 --set network.batch-norm-decay=0.999999 \
                    --set validation.split={kind=\"none\"} --set train.schedule={kind=\"constant\"} --set train.seed=99";

#[test]
fn prefixes_say_what_is_transferred_and_only_trainable_variables_are() {
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
                // A prefix: dw1 is dw10 to dw13 as well.
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
fn what_does_not_fit_is_refused_with_the_prefixes_there_are() {
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
        "runs/a/best.safetensors: `pw2.weight` has shape [8, 8, 1, 1] there and [12, 8, 1, 1] here; set network and front end as in that model, or leave the variable out: with --init-from by --exclude pw2.weight, in a recipe by train.start.exclude"
    );
    let message = refused("--include conv0");
    assert!(message.contains("--init-from <MODEL>"), "{message}");
    let refused = refused("--init-from runs/none");
    assert_eq!(
        refused,
        "runs/none: no such model file or run directory; expected MODEL.safetensors, RUN or RUN@STEP"
    );
    for (from, message) in [
        (
            "runs/none",
            "train.start.from = \"runs/none\": no such model file or run directory; check the path, train it first, or start from another model: --init-from MODEL",
        ),
        (
            "mobilenet-v2-imagenet",
            "mobilenet-v2-imagenet: not imported yet; import it from a weights file: `earmark models import FILE --as mobilenet-v2-imagenet`",
        ),
    ] {
        lab.write(
            "from.toml",
            format!("extends = \"tiny.toml\"\n[train]\nstart = {{ from = \"{from}\" }}\n"),
        );
        assert_eq!(
            lab.earmark("train from.toml --data tones --run new").refused(),
            message
        );
    }
    assert!(!lab.path("new/run.json").exists());
}

/// A published file of a backbone, narrow and of random weights here.
fn write_published_backbone(path: &std::path::Path) {
    use earmark::engine::{HostTensor, write_tensors};
    use earmark::hub::PublishedArchitecture;
    use earmark::models::{Network, VarKind, Vars};
    let config = serde_json::from_str(r#"{ "kind": "mobilenet-v2", "width": 0.35 }"#).expect("a network");
    let (_, specs) = Network::build(&config, 1, 2).expect("a network");
    let vars = Vars::init(
        specs.clone(),
        5,
        earmark::inference::Device::cpu().expect("a CPU").burn(),
    );
    let backbone = PublishedArchitecture::parse("mobilenet-v2-imagenet").expect("a known name");
    let in_backbone = |name: &str| ["conv0.", "block", "last."].iter().any(|s| name.starts_with(s));
    let theirs = specs
        .iter()
        .enumerate()
        .filter(|(_, s)| in_backbone(&s.name))
        .map(|(i, s)| {
            let mut values = vars.to_vec(earmark::models::VarId(i));
            if s.kind == VarKind::Buffer {
                values
                    .iter_mut()
                    .enumerate()
                    .for_each(|(k, v)| *v += 0.25 + k as f32 / 256.0);
            }
            let shape = s.shape.clone();
            (backbone.upstream_name(s, &specs), HostTensor { shape, values })
        });
    let theirs = theirs.collect();
    write_tensors(path, "{}".into(), &theirs).expect("a file");
}

/// A backbone that was trained on images: imported, described, a start, and no tagger.
#[test]
fn a_backbone_without_classes_is_a_start() {
    let lab = Lab::new();
    write_published_backbone(&lab.path("theirs.safetensors"));
    let ended = lab
        .earmark(
            "models import theirs.safetensors --as mobilenet-v2-imagenet -o body.safetensors --source here",
        )
        .done();
    assert!(
        ended
            .out
            .starts_with("a backbone without classes, to start trainings from"),
        "{ended}"
    );
    let info = lab.earmark("models info body.safetensors").done();
    assert!(
        info.out
            .contains("classes     none: a backbone to start trainings from"),
        "{info}"
    );
    let message = lab
        .earmark("predict body.safetensors --files tones/low/0.wav -o -")
        .refused();
    assert!(
        message.contains("a backbone to start training from (train.start)"),
        "{message}"
    );

    let train = format!(
        "train tiny.toml --data tones --run run {STAY} --set network={{kind=\"mobilenet-v2\",width=0.35,batch-norm-decay=0.999999}}"
    );
    let message = lab
        .earmark(&format!("{train} --init-from body.safetensors"))
        .refused();
    assert!(
        message.contains("`input.bn.gamma` is not in the model"),
        "{message}"
    );
    let start = "--set train.start={from=\"body.safetensors\",include=[\"conv0\",\"block\",\"last\"],statistics=true}";
    let done = lab.earmark(&format!("{train} {start}")).done();
    assert!(
        done.err
            .contains("156 variables start from body.safetensors, 104 moving statistics with them"),
        "{done}"
    );
    let (body, got) = (
        tensors(&lab.path("body.safetensors")),
        tensors(&lab.path("run/best.safetensors")),
    );
    assert_eq!(body.len(), 260);
    for (name, (shape, values)) in &body {
        let (there, got) = &got[name];
        assert_eq!(shape, there, "{name}");
        // Moving statistics keep all but a millionth of themselves in the step.
        let close = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-3;
        assert!(values.iter().zip(got).all(close), "{name} did not come over");
    }
}
