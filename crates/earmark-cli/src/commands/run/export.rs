//! `earmark export`

use crate::Status;
use crate::args::{Export, Global, StoredWeights};
use crate::console::{Console, done};
use crate::output::{self, is_stdout};
use anyhow::bail;
use earmark::inference::export::{Check, ExportOptions, Onnx, Weights};
use earmark::onnx::{OPSET, Port};
use earmark::report::human_bytes;
use earmark::runs::run_dir::find_model;

/// How far a float32 export may be from its model.
const TOLERANCE: f32 = 1e-4;

/// Writes a model for other programs.
pub fn run(args: Export, _: &Global, console: &Console) -> anyhow::Result<Status> {
    if args.json && is_stdout(&args.out) {
        bail!("--json: stdout is taken by the model; name a file with -o");
    }
    let weights = match args.weights {
        StoredWeights::Float32 => Weights::Float32,
        StoredWeights::Int8 => Weights::Int8,
    };
    let path = find_model(&args.model)?;
    let onnx = Onnx::of_model(
        &path,
        ExportOptions {
            weights,
            raw: args.raw,
        },
    )?;
    let check = args.check.then(|| onnx.check()).transpose()?;
    if let Some(Check {
        largest_difference: d,
        ..
    }) = check
        && (d.is_nan() || (weights == Weights::Float32 && d > TOLERANCE))
    {
        bail!(
            "{}: the scores of its export are off by {d:e}, more than {TOLERANCE:e}; nothing was written. This is a fault of earmark's own: \
             please report it with the recipe",
            path.display()
        );
    }
    if onnx.leaves_trimming {
        console.note(
            "front-end.trim is not in the graph: cut silence off the clips before they go in (the metadata says how, as `trim`)",
        );
    }
    if onnx.leaves_stretches {
        console.note(
            "the graph hears clips whole, and `earmark predict` random stretches of them (predict.random-crops): their scores differ",
        );
    }
    let bytes = onnx.model.bytes();
    output::write(&args.out, |w| w.write_all(&bytes))?;
    let text = if args.json {
        serde_json::to_string_pretty(&json(&args, &onnx, bytes.len(), check.as_ref()))?
    } else {
        text(&args, &onnx, bytes.len(), check.as_ref())
    };
    done(&args.out, text, console)?;
    Ok(Status::Done)
}

fn text(args: &Export, onnx: &Onnx, bytes: usize, check: Option<&Check>) -> String {
    let graph = &onnx.model.graph;
    let mut text = format!(
        "{}: ONNX, {}, {} nodes, {} classes",
        args.out.display(),
        human_bytes(bytes as u64),
        graph.nodes.len(),
        onnx.meta.classes.len()
    );
    for (what, ports) in [("takes", &graph.inputs), ("gives", &graph.outputs)] {
        for port in ports {
            let dims: Vec<String> = port.shape.iter().map(ToString::to_string).collect();
            text.push_str(&format!("\n  {what} {} float32 [{}]", port.name, dims.join(", ")));
            if what == "takes" {
                text.push_str(&format!(" at {} Hz", onnx.sample_rate_hz));
            }
        }
    }
    if let Some(check) = check {
        text.push_str(&format!(
            "\n  scores of a made-up clip of {:.1} s are those of the model to {:.1e}",
            check.seconds, check.largest_difference
        ));
    }
    text
}

fn json(args: &Export, onnx: &Onnx, bytes: usize, check: Option<&Check>) -> serde_json::Value {
    let graph = &onnx.model.graph;
    let ports = |ports: &[Port]| -> Vec<serde_json::Value> {
        let one = |port: &Port| {
            let shape: Vec<String> = port.shape.iter().map(ToString::to_string).collect();
            serde_json::json!({ "name": port.name, "type": "float32", "shape": shape })
        };
        ports.iter().map(one).collect()
    };
    let mut value = serde_json::json!({
        "file": args.out.to_string_lossy(),
        "bytes": bytes,
        "opset": OPSET,
        "nodes": graph.nodes.len(),
        "weights": match args.weights {
            StoredWeights::Float32 => "float32",
            StoredWeights::Int8 => "int8",
        },
        "sample_rate_hz": onnx.sample_rate_hz,
        "inputs": ports(&graph.inputs),
        "outputs": ports(&graph.outputs),
        "classes": onnx.meta.classes,
        "licence": onnx.meta.licence,
    });
    if let Some(check) = check {
        value["check"] = serde_json::json!({
            "seconds": check.seconds,
            "largest_difference": check.largest_difference,
        });
    }
    value
}
