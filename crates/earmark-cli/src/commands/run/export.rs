//! `earmark export`

use crate::prelude::*;
use earmark::inference::export::{ExportCheck, ExportOptions, OnnxExport, WeightPrecision};
use earmark::onnx::{OPSET, Port};
use earmark::runs::run_dir::find_model;
use serde_json::Value;

const PRECISIONS: &[Choice<WeightPrecision>] = &[
    ("float32", "As trained", WeightPrecision::Float32),
    (
        "int8",
        "One byte per weight and a factor per output channel: a quarter of the size, slightly different scores",
        WeightPrecision::Int8,
    ),
];

/// Write a model as ONNX for other programs: samples in, scores out
#[derive(Args)]
#[command(
    after_help = "Examples:\n  earmark export runs/a --onnx -o model.onnx --check\n  \
    earmark export model.safetensors --onnx -o small.onnx --precision int8\n\n\
    The input `waveform` is float32 [batch, samples]: mono, -1 to 1, at the model's sample rate, clips of any length. \
    The outputs are `scores` [batch, classes] as from `earmark predict`, `logits` and `embedding`. Decoding and \
    resampling are up to the program that uses the file; classes, sample rate and licence are in its metadata, and in \
    labels.json next to it, with thresholds and lengths of windows."
)]
pub struct Export {
    /// MODEL.safetensors, RUN or RUN@STEP
    pub model: String,
    /// Write ONNX (operator set 17), the only format so far
    #[arg(long, required = true)]
    pub onnx: bool,
    /// File to write; - is stdout
    #[arg(long, short)]
    pub out: PathBuf,
    /// Precision of the stored weights
    #[arg(long, alias = "weights", value_parser = choice(PRECISIONS), default_value = "float32")]
    pub precision: WeightPrecision,
    /// Ignore the model's calibration
    #[arg(long)]
    pub raw: bool,
    /// Before writing, score a synthetic clip with the exported graph and with the model, and refuse a float32 export
    /// whose scores differ by more than 1e-4 (takes some seconds, needs no runtime)
    #[arg(long)]
    pub check: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Writes a model for other programs.
pub fn run(args: &Export, console: &Console) -> anyhow::Result<Status> {
    if args.json && output::is_stdout(&args.out) {
        bail!("--json: the model itself goes to stdout; name a file with -o");
    }
    let path = find_model(&args.model)?;
    #[cfg(feature = "onnx-models")]
    if export_imported(args, &path, console)? {
        return Ok(Status::Done);
    }
    let options = ExportOptions {
        weights: args.precision,
        raw: args.raw,
    };
    let onnx = OnnxExport::of_model(&path, options)?;
    let check = args.check.then(|| onnx.check()).transpose()?;
    if let Some(check) = &check {
        check.refuse_large_difference(&path, args.precision)?;
    }
    if onnx.leaves_random_crops {
        console.note(
            "the graph scores whole clips, `earmark predict` random crops of them (predict.random-crops): the scores \
             differ",
        );
    }
    let bytes = onnx.model.bytes();
    // No labels next to a pipe or a device.
    let to_file = !output::is_stdout(&args.out) && (args.out.is_file() || !args.out.exists());
    let labels = match to_file {
        true => Some(onnx.save(&args.out, &bytes)?),
        false => {
            output::write(&args.out, |w| w.write_all(&bytes))?;
            None
        }
    };
    let written = Written {
        bytes: bytes.len(),
        labels: labels.as_deref(),
        check: check.as_ref(),
    };
    let text = match args.json {
        true => serde_json::to_string_pretty(&as_json(args, &onnx, &written))?,
        false => as_text(args, &onnx, &written),
    };
    match output::is_stdout(&args.out) {
        true => console.lines(&text),
        false => print_lines(&text)?,
    }
    Ok(Status::Done)
}

/// Writes the graph of an imported model; false for a network of this program.
#[cfg(feature = "onnx-models")]
fn export_imported(args: &Export, path: &Path, console: &Console) -> anyhow::Result<bool> {
    let source = earmark::inference::model::ModelSource::read(path)?;
    let earmark::recipe::AnyRecipe::Audio(recipe) = &source.recipe else {
        return Ok(false);
    };
    if !recipe.network.is_graph() {
        return Ok(false);
    }
    if args.precision != WeightPrecision::Float32 {
        bail!("--precision: an imported graph is exported with float32 weights; leave it out");
    }
    if args.check {
        bail!(
            "--check: compares the networks of earmark with their exports; leave it out for an imported graph"
        );
    }
    let failed = |reason: String| anyhow::anyhow!("{}: {reason}", path.display());
    let bytes = earmark::foreign::export_graph(&source.file, recipe, args.raw).map_err(failed)?;
    let precision = |graph: &[u8]| earmark::foreign::graph_precision(graph).map_err(failed);
    let weights = precision(&bytes)?;
    let imported = precision(source.file.graph.as_deref().unwrap_or_default())?;
    output::write(&args.out, |w| w.write_all(&bytes))?;
    let meta = &source.file.meta;
    let text = match args.json {
        true => serde_json::to_string_pretty(&json!({
            "file": args.out.to_string_lossy(),
            "bytes": bytes.len(),
            "weights": weights,
            "imported_weights": imported,
            "sample_rate_hz": recipe.front_end.sample_rate_hz,
            "classes": meta.classes,
            "licence": meta.licence,
        }))?,
        false => {
            let classes = human_amount(meta.classes.len(), "class", "classes");
            let licence = one_line(meta.licence.as_deref().unwrap_or("not stated")).into_owned();
            let size = human_bytes(bytes.len() as u64);
            let was = match weights == imported {
                true => String::new(),
                false => format!(" (imported as {imported})"),
            };
            format!(
                "{}: ONNX, {size}, {classes}, {weights} weights{was}, one window at a time; licence: {licence}",
                shown(&args.out)
            )
        }
    };
    match output::is_stdout(&args.out) {
        true => console.lines(&text),
        false => print_lines(&text)?,
    }
    Ok(true)
}

/// What was written, and how it compares.
struct Written<'a> {
    bytes: usize,
    /// The labels next to the ONNX file.
    labels: Option<&'a Path>,
    check: Option<&'a ExportCheck>,
}

fn dimensions(port: &Port) -> Vec<String> {
    port.shape.iter().map(ToString::to_string).collect()
}

fn as_text(args: &Export, onnx: &OnnxExport, written: &Written) -> String {
    let graph = &onnx.model.graph;
    let (out, size) = (shown(&args.out), human_bytes(written.bytes as u64));
    let nodes = human_amount(graph.nodes.len(), "node", "nodes");
    let classes = human_amount(onnx.meta.classes.len(), "class", "classes");
    let mut text = format!("{out}: ONNX, {size}, {nodes}, {classes}");
    let mut add = |what: &str, ports: &[Port], rate: &str| {
        for port in ports {
            let shape = dimensions(port).join(", ");
            text += &format!("\n  {what} {} float32 [{shape}]{rate}", port.name);
        }
    };
    add("input", &graph.inputs, &format!(" at {} Hz", onnx.sample_rate_hz));
    add("output", &graph.outputs, "");
    if let Some(labels) = written.labels {
        text += &format!(
            "\n  {}: classes, thresholds, sample rate and lengths",
            labels.display()
        );
    }
    if let Some(check) = written.check {
        text += &format!(
            "\n  checked on a synthetic clip of {:.1} s: scores differ from the model's by at most {:.1e}",
            check.seconds, check.largest_difference
        );
    }
    text
}

fn as_json(args: &Export, onnx: &OnnxExport, written: &Written) -> Value {
    let graph = &onnx.model.graph;
    let ports = |ports: &[Port]| -> Vec<Value> {
        let port = |port: &Port| json!({ "name": port.name, "type": "float32", "shape": dimensions(port) });
        ports.iter().map(port).collect()
    };
    let mut value = json!({
        "file": args.out.to_string_lossy(),
        "labels": written.labels.map(Path::to_string_lossy),
        "bytes": written.bytes,
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
    if let Some(check) = written.check {
        value["check"] = json!({ "seconds": check.seconds, "largest_difference": check.largest_difference });
    }
    value
}
