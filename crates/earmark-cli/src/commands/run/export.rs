//! `earmark export`

use crate::args::Export;
use crate::console::Console;
use crate::output::{self, is_stdout, print_written};
use crate::status::Status;
use anyhow::bail;
use earmark::inference::export::{ExportCheck, ExportOptions, OnnxExport, WeightPrecision};
use earmark::onnx::{OPSET, Port};
use earmark::runs::run_dir::find_model;
use earmark_core::human::{human_amount, human_bytes};
use serde_json::{Value, json};

/// How far a float32 export may be from its model.
const TOLERANCE: f32 = 1e-4;

/// Writes a model for other programs.
pub fn run(args: &Export, console: &Console) -> anyhow::Result<Status> {
    if args.json && is_stdout(&args.out) {
        bail!("--json: the model itself goes to stdout; name a file with -o");
    }
    let path = find_model(&args.model)?;
    let options = ExportOptions {
        weights: args.precision,
        raw: args.raw,
    };
    let onnx = OnnxExport::of_model(&path, options)?;
    let check = args.check.then(|| onnx.check()).transpose()?;
    let difference = check.as_ref().map_or(0.0, |check| check.largest_difference);
    if difference.is_nan() || (args.precision == WeightPrecision::Float32 && difference > TOLERANCE) {
        bail!(
            "{}: the scores of the export differ from the model's by {difference:e}, more than {TOLERANCE:e}; nothing was written. This is a bug in earmark: \
             please report it with the recipe",
            path.display()
        );
    }
    if onnx.leaves_trimming {
        console.note(
            "front-end.trim is not in the graph: trim silence before you pass clips to it (the metadata says how, as `trim`)",
        );
    }
    if onnx.leaves_random_crops {
        console.note(
            "the graph scores whole clips, `earmark predict` random crops of them (predict.random-crops): the scores differ",
        );
    }
    let bytes = onnx.model.bytes();
    output::write(&args.out, |w| w.write_all(&bytes))?;
    let text = match args.json {
        true => serde_json::to_string_pretty(&as_json(args, &onnx, bytes.len(), check.as_ref()))?,
        false => as_text(args, &onnx, bytes.len(), check.as_ref()),
    };
    print_written(&args.out, text, console)?;
    Ok(Status::Done)
}

fn dimensions(port: &Port) -> Vec<String> {
    port.shape.iter().map(ToString::to_string).collect()
}

fn as_text(args: &Export, onnx: &OnnxExport, bytes: usize, check: Option<&ExportCheck>) -> String {
    let graph = &onnx.model.graph;
    let mut text = format!(
        "{}: ONNX, {}, {}, {}",
        args.out.display(),
        human_bytes(bytes as u64),
        human_amount(graph.nodes.len(), "node", "nodes"),
        human_amount(onnx.meta.classes.len(), "class", "classes")
    );
    let rate = format!(" at {} Hz", onnx.sample_rate_hz);
    for (what, ports, rate) in [
        ("input", &graph.inputs, rate.as_str()),
        ("output", &graph.outputs, ""),
    ] {
        for port in ports {
            let shape = dimensions(port).join(", ");
            text += &format!("\n  {what} {} float32 [{shape}]{rate}", port.name);
        }
    }
    if let Some(check) = check {
        text += &format!(
            "\n  checked on a synthetic clip of {:.1} s: scores differ from the model's by at most {:.1e}",
            check.seconds, check.largest_difference
        );
    }
    text
}

fn as_json(args: &Export, onnx: &OnnxExport, bytes: usize, check: Option<&ExportCheck>) -> Value {
    let graph = &onnx.model.graph;
    let ports = |ports: &[Port]| -> Vec<Value> {
        let port = |port: &Port| json!({ "name": port.name, "type": "float32", "shape": dimensions(port) });
        ports.iter().map(port).collect()
    };
    let mut value = json!({
        "file": args.out.to_string_lossy(),
        "bytes": bytes,
        "opset": OPSET,
        "nodes": graph.nodes.len(),
        "weights": match args.precision {
            WeightPrecision::Float32 => "float32",
            WeightPrecision::Int8 => "int8",
        },
        "sample_rate_hz": onnx.sample_rate_hz,
        "inputs": ports(&graph.inputs),
        "outputs": ports(&graph.outputs),
        "classes": onnx.meta.classes,
        "licence": onnx.meta.licence,
    });
    if let Some(check) = check {
        value["check"] = json!({ "seconds": check.seconds, "largest_difference": check.largest_difference });
    }
    value
}
