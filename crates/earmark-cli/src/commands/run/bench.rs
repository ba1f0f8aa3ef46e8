//! `earmark bench`

use crate::prelude::*;
use earmark::Recipe;
use earmark::models::{Precision, short_count};
use earmark::train::benchmark::{
    self, BenchmarkResult, Measurement, SavedSpeeds, SpeedVerdict, StepSpeed, bench,
};
use earmark_core::human::human_rate;

const PARTS: &[Choice<Measurement>] = &[
    ("front-end", "Audio to features", Measurement::FrontEnd),
    (
        "train-step",
        "Forward, backward and update of a batch",
        Measurement::TrainStep,
    ),
    ("inference", "Scores of a batch", Measurement::Inference),
    (
        "inference-one",
        "Scores of a single segment",
        Measurement::InferenceOne,
    ),
];

/// Measure the speed of front end, training and inference on this machine
#[derive(Args)]
#[command(after_help = "Example: earmark bench --recipe dcase2019-baseline/1-noisy --batch 16 --json")]
pub struct Bench {
    /// Recipe to measure
    #[arg(long, env = "EARMARK_RECIPE", default_value = "dcase2019-baseline/1-noisy")]
    pub recipe: String,
    #[command(flatten)]
    pub overrides: RecipeArgs,
    /// Batch size; default: the recipe's
    #[arg(long, value_name = "N")]
    pub batch: Option<usize>,
    /// Number of classes
    #[arg(long, alias = "classes", value_name = "N", default_value_t = 80)]
    pub class_count: usize,
    /// Minimum number of repetitions of each measurement; the median is reported
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub repeat: usize,
    /// Measure only these
    #[arg(long, value_parser = choice(PARTS), value_delimiter = ',')]
    pub only: Vec<Measurement>,
    /// Earlier output of --json; what became slower or faster beyond noise is named
    #[arg(long, value_name = "FILE")]
    pub compare: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub compute: Compute,
    #[command(flatten)]
    pub precision: PrecisionArg,
}

/// Measures a recipe on this machine.
pub fn run(args: Bench, console: &Console) -> anyhow::Result<Status> {
    // As training does.
    earmark::engine::keep_freed_memory();
    let job = benchmark::BenchmarkJob {
        recipe: Recipe::load(&args.recipe, &args.overrides.set)?,
        settings: args.overrides.set,
        batch: args.batch,
        classes: args.class_count,
        repeat: args.repeat,
        device: args.compute.device,
        precision: args.precision.precision,
        measurements: match args.only.is_empty() {
            true => Measurement::ALL.to_vec(),
            false => args.only,
        },
    };
    let saved = args
        .compare
        .as_deref()
        .map(|path| saved(path, &job))
        .transpose()?;
    let stop = console.stop_flag()?;
    let note = |what: &str| console.note(format!("measuring: {what}"));
    let Some(mut speeds) = bench(&job, &note, &stop)? else {
        bail!(Stopped("interrupted".into()));
    };
    if let Some(note) = speeds.precision.note() {
        console.note(note);
    }
    if let Some(saved) = saved {
        speeds.changes = saved.changes(&speeds)?;
    }
    print_as(args.json, || &speeds, || text(&speeds))?;
    Ok(Status::Done)
}

fn saved(path: &Path, job: &benchmark::BenchmarkJob) -> anyhow::Result<SavedSpeeds> {
    let refused = || format!("--compare {}: cannot be read; check the path", path.display());
    let text = std::fs::read(path).with_context(refused)?;
    let saved: serde_json::Value = serde_json::from_slice(&text).with_context(|| {
        format!(
            "{}: is not JSON; give what `earmark bench --json` printed",
            path.display()
        )
    })?;
    SavedSpeeds::new(&saved, job).with_context(|| path.display().to_string())
}

fn text(speeds: &BenchmarkResult) -> String {
    let threads = human_amount(speeds.threads, "thread", "threads");
    let simd = speeds.simd.map_or(String::new(), |name| format!(" ({name})"));
    let precision = match speeds.precision.computed {
        Precision::F32 => String::new(),
        other => format!(", inference in {other}"),
    };
    let mut text = format!(
        "{} on {}{simd}, {threads}{precision}\n",
        one_line(&speeds.recipe),
        speeds.device
    );
    if let Some(f) = &speeds.front_end {
        let rows = [
            ("WAV", threads.as_str(), f.x_real_time),
            ("WAV", "one core", f.x_real_time_one_core),
            ("samples", threads.as_str(), f.x_real_time_without_decoding),
            ("samples", "one core", f.x_real_time_without_decoding_one_core),
        ];
        let rows = rows.map(|(from, by, v)| vec![format!("{from} to features, {by}"), format!("{v:.0} x")]);
        text += &format!("\n{}", number_table(&["front end", "real time"], rows));
    }
    let row = |what: &str, speed: &StepSpeed| {
        let memory = speed.peak_mib.map_or("–".to_owned(), |m| format!("{m:.0} MiB"));
        vec![
            what.to_owned(),
            speed.batch.to_string(),
            human_duration(speed.seconds),
            human_rate(speed.items_per_second, "segments"),
            memory,
        ]
    };
    let steps = [
        ("training step", &speeds.train_step),
        ("inference", &speeds.inference),
        ("inference, one", &speeds.inference_one),
    ];
    let steps = steps.into_iter();
    let steps: Vec<_> = steps
        .filter_map(|(what, speed)| Some((what, speed.as_ref()?)))
        .collect();
    if !steps.is_empty() {
        let headers = ["step", "batch", "time", "speed", "peak memory"];
        text += &format!(
            "\n{}",
            number_table(&headers, steps.iter().map(|(what, speed)| row(what, speed)))
        );
    }
    text += &limits_text(speeds, &steps);
    if !speeds.changes.is_empty() {
        let rows = speeds.changes.iter().map(|change| {
            let verdict = match change.verdict {
                SpeedVerdict::Slower => "slower",
                SpeedVerdict::Faster => "faster",
                SpeedVerdict::Same => "–",
            };
            let (ratio, noise) = (format!("{:.2} x", change.ratio), format!("± {:.2}", change.noise));
            vec![change.what.to_owned(), ratio, noise, verdict.to_owned()]
        });
        let headers = ["since the saved result", "time", "noise", "change"];
        text += &format!("\n{}", number_table(&headers, rows));
    }
    text
}

/// The least times of the steps, and what the machine does at most.
fn limits_text(speeds: &BenchmarkResult, steps: &[(&str, &StepSpeed)]) -> String {
    let row = |(what, speed): &(&str, &StepSpeed)| {
        let limit = speed.roofline?;
        Some(vec![
            (*what).to_owned(),
            short_count(limit.multiply_adds as usize),
            human_duration(limit.computing_seconds),
            human_duration(limit.layer_by_layer_seconds),
            format!("{:.0} %", 100.0 * limit.reached),
        ])
    };
    let rows: Vec<_> = steps.iter().filter_map(row).collect();
    let Some(limits) = speeds.limits.filter(|_| !rows.is_empty()) else {
        return String::new();
    };
    let headers = [
        "least time",
        "multiply-adds",
        "computing",
        "layer by layer",
        "reached",
    ];
    format!(
        "\n{}\nat {} multiply-adds and {} bytes of memory per second; \"reached\" is of the time to compute\n",
        number_table(&headers, rows),
        short_count(limits.multiply_adds_per_second as usize),
        short_count(limits.bytes_per_second as usize),
    )
}
