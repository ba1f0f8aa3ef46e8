//! `earmark predict`

mod formats;
mod segments;
mod shard;

use crate::args::{Asked, ShardArgs};
use crate::commands::out_of_fold_scores::{out_of_fold, sorted_by_file};
use crate::prelude::*;
use clap::ValueEnum;
use earmark::inference::shards::{Shard, refuse_other_shards};
use earmark::inference::{self, MergedScores, Prediction};
use earmark::metrics::BlendMean;
use formats::{ScoreFormat, write};
use serde_json::Value;

/// Score recordings with a model or a run, or with a blend of several
#[derive(Args)]
#[command(
    after_help = "Examples:\n  earmark predict runs/a@500 --data FSDKaggle2019 -o submission.csv \
    --format kaggle2019\n  \
    earmark predict model.safetensors --files *.wav -o scores.csv --json\n  \
    earmark predict model.safetensors --data recordings -o scores.csv\n  \
    earmark predict model.safetensors --files archive -o scores.csv --shard auto\n  \
    earmark predict model.safetensors --from recordings.csv -o s3://lab/scores.csv\n  \
    earmark predict runs/cv --out-of-fold -o oof.csv"
)]
pub struct Predict {
    /// Models: MODEL.safetensors, RUN, RUN@STEP or name of an installed model; a cross-validation RUN counts as one
    /// model per fold
    #[arg(required = true)]
    pub models: Vec<String>,
    #[command(flatten)]
    pub source: Source,
    /// File to write; - is stdout
    #[arg(long, short)]
    pub out: PathBuf,
    /// Format of the file
    #[arg(long, value_enum, default_value_t = ScoreFormat::Csv)]
    pub format: ScoreFormat,
    /// How to average several models: arithmetic or geometric
    #[arg(long, default_value = "geometric")]
    pub mean: BlendMean,
    /// Ignore the models' calibration (out-of-fold scores are always raw)
    #[arg(long)]
    pub raw: bool,
    /// Weights of the models in the mean, one per model
    #[arg(long, value_delimiter = ',', conflicts_with = "out_of_fold")]
    pub weights: Vec<f64>,
    #[command(flatten)]
    pub read: DataArgs,
    #[command(flatten)]
    pub damaged: DamagedArgs,
    #[command(flatten)]
    pub shard: ShardArgs,
    /// Write one row per segment of a clip, with its start in seconds, instead of one per clip
    #[arg(long, alias = "tiles")]
    pub segments: bool,
    /// Score each clip of a cross-validation run with the model of its test fold; default data: where it was in
    /// training
    #[arg(long, conflicts_with_all = ["files", "from", "subset"])]
    pub out_of_fold: bool,
    /// Print a summary as JSON: inputs, skipped recordings, classes
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub compute: Compute,
    #[command(flatten)]
    pub precision: PrecisionArg,
}

/// Writes the scores of recordings.
pub fn run(args: Predict, console: &Console) -> anyhow::Result<Status> {
    refuse_contradictions(&args)?;
    let data = args.source.data.as_deref().filter(|_| !args.out_of_fold);
    args.read.refuse_without(data)?;
    let shard = args.shard.shard()?;
    let settings = match shard {
        None => Vec::new(),
        Some(_) => settings(&args)?,
    };
    let job = inference::PredictJob {
        models: args.models,
        // Files that a command line names have priority over the data folder of the environment.
        files: args.source.recordings()?,
        data: args.source.data.clone().filter(|_| !args.source.names_files()),
        subset: args.source.subset,
        shard,
        read: args.damaged.with(args.read.read_as()?),
        mean: args.mean,
        raw: args.raw,
        weights: (!args.weights.is_empty()).then_some(args.weights),
        device: args.compute.device,
        precision: args.precision.precision,
    };
    output::check(&args.out)?;
    formats::refuse_models(args.format, &job.models)?;
    let target = Target {
        out: &args.out,
        format: args.format,
        shard,
        json: args.json,
    };
    if let Some(shard) = shard {
        refuse_other_shards(&args.out, false, shard)?;
        return shard::run(&job, args.segments, settings, &target, console);
    }
    if args.segments {
        return segments::run(&job, args.out_of_fold, &target, console);
    }
    let prediction = match args.out_of_fold {
        true => held_out(&job, console)?,
        false => console.run("nothing was written", |show, stop| {
            inference::predict(&job, show, stop)
        })?,
    };
    let (skipped, unnamed) = (&prediction.skipped, &prediction.unnamed);
    let scores = &prediction.scores;
    let (count, scored) = (scores.files().len(), prediction.scored());
    refuse_none_read(&args.out, scored, skipped)?;
    write(&args.out, args.format, &prediction)?;
    // Out-of-fold scores have no row for what could not be read.
    let without_row = unnamed.len() + if args.out_of_fold { skipped.len() } else { 0 };
    let all_skipped = [&skipped[..], unnamed].concat();
    let (damaged, notes) = (prediction.remarks.damaged(), prediction.remarks.notes());
    target.report(
        Scored {
            amount: amount_scored(scored, count),
            classes: scores.classes(),
            facts: json!({
                "models": job.models,
                "inputs": count + without_row,
                "rows": count,
                "skipped": all_skipped,
                "damaged": damaged,
                "notes": notes,
                "trained_on": prediction.trained_on,
                "precision": prediction.precision,
            }),
        },
        console,
    )?;
    add_notes(&prediction, args.out_of_fold, console);
    remarks::say(&damaged, &notes, console);
    Ok(Status::of_skips(all_skipped.len() + damaged.len()))
}

/// Where scores go, and whether what is said of them is for programs.
struct Target<'a> {
    out: &'a Path,
    format: ScoreFormat,
    shard: Option<Shard>,
    json: bool,
}

/// What is said of scores that were written.
struct Scored<'a> {
    amount: String,
    classes: &'a [String],
    /// For programs, without what all kinds of scores have.
    facts: Value,
}

impl Target<'_> {
    /// Prints how much was scored.
    fn report(&self, scored: Scored, console: &Console) -> anyhow::Result<()> {
        let (classes, path) = (scored.classes, self.out.display());
        if self.json {
            let format = self.format.to_possible_value();
            let mut facts = scored.facts;
            facts["classes"] = json!(classes);
            facts["out"] = json!(path.to_string());
            facts["format"] = json!(format.as_ref().map(|value| value.get_name()));
            if let Some(shard) = self.shard {
                facts["shard"] = json!([shard.number(), shard.of()]);
            }
            return print_json(&facts);
        }
        let (amount, classes) = (scored.amount, human_amount(classes.len(), "class", "classes"));
        let part = self
            .shard
            .map_or_else(String::new, |shard| format!("shard {shard} of "));
        print_written(
            self.out,
            format!("{amount} scored for {classes}: {part}{path}"),
            console,
        )
    }
}

/// How many recordings were scored, of all that have a row.
fn amount_scored(scored: usize, all: usize) -> String {
    let recordings = human_amount(all, "recording", "recordings");
    match scored == all {
        true => recordings,
        false => format!("{scored} of {recordings}"),
    }
}

/// Refuses to write scores where no recording could be read: the rows would be about nothing.
fn refuse_none_read(out: &Path, scored: usize, skipped: &[(String, String)]) -> anyhow::Result<()> {
    let Some((file, reason)) = skipped.first().filter(|_| scored == 0) else {
        return Ok(());
    };
    let unwritten = match output::is_stdout(out) {
        true => "nothing is written".to_owned(),
        false => format!("{}: is not written", out.display()),
    };
    bail!(
        "{unwritten}, since none of the recordings could be read ({}); the first is {file}: {reason}",
        skipped.len()
    )
}

fn refuse_contradictions(args: &Predict) -> anyhow::Result<()> {
    let source = &args.source;
    let given = |data: &Path| std::env::var_os("EARMARK_DATA").is_none_or(|set| set != *data);
    if source.names_files() && source.data.as_deref().is_some_and(given) {
        let flag = if source.files.is_empty() {
            "--from"
        } else {
            "--files"
        };
        bail!("{flag}: cannot be combined with --data; give one of them");
    }
    if args.json && output::is_stdout(&args.out) {
        bail!(
            "--json: prints a summary, and the scores themselves go to stdout; name a file with -o FILE, or take \
             --format json for scores as JSON"
        );
    }
    if source.data.is_none() && !source.names_files() && !args.out_of_fold {
        bail!("nothing to predict: give a folder with --data DIR, or audio files with --files FILE...");
    }
    if args.damaged.damaged.is_some() && args.out_of_fold {
        bail!(
            "--damaged: out-of-fold scores read recordings as the training did (data.damaged of its recipe); leave it \
             out"
        );
    }
    if args.precision.precision.is_some() && args.out_of_fold {
        bail!(
            "--precision: out-of-fold scores are computed as the run's recipe says (predict.precision); leave it out"
        );
    }
    if args.shard.shard.is_some() && (args.out_of_fold || output::is_stdout(&args.out)) {
        bail!(
            "--shard: shards are merged into a file, and out-of-fold scores have none; name a file with -o FILE, and \
             leave out --out-of-fold"
        );
    }
    if args.segments && matches!(args.format, ScoreFormat::Kaggle2018 | ScoreFormat::Kaggle2019) {
        bail!(
            "--format: a submission has one row per clip, none per segment; choose csv or json, or leave out --segments"
        );
    }
    if let ([_, other, ..], true) = (args.models.as_slice(), args.out_of_fold) {
        bail!("--out-of-fold: takes one cross-validation run, and {other} is a second one");
    }
    Ok(())
}

/// What all shards have in common.
fn settings(args: &Predict) -> anyhow::Result<Vec<(String, String)>> {
    let asked = Asked {
        command: "predict",
        models: &args.models,
        source: &args.source,
        read: &args.read,
        damaged: args.damaged,
        device: &args.compute.device,
        precision: args.precision,
    };
    let mut settings = asked.settings()?;
    let mut add = |key: &str, value: String| settings.push((key.to_owned(), value));
    add("--format", name_of(args.format));
    add("--mean", format!("{:?}", args.mean).to_lowercase());
    add("--weights", format!("{:?}", args.weights));
    add("--raw", args.raw.to_string());
    add("--segments", args.segments.to_string());
    Ok(settings)
}

/// The name of a format.
fn name_of(format: ScoreFormat) -> String {
    let value = format.to_possible_value();
    value.map_or_else(String::new, |value| value.get_name().to_owned())
}

/// Writes the scores of all shards in the format of this name.
pub fn write_merged(path: &Path, format: &str, scores: &MergedScores) -> anyhow::Result<()> {
    let format = ScoreFormat::from_str(format, false);
    let format =
        format.map_err(|_| anyhow::anyhow!("{}: its shards have an unknown format", path.display()))?;
    match scores {
        MergedScores::Clips(prediction) => {
            refuse_none_read(path, prediction.scored(), &prediction.skipped)?;
            write(path, format, prediction)
        }
        MergedScores::Segments(prediction) => {
            refuse_none_read(path, prediction.recordings.len(), &prediction.skipped)?;
            segments::write(path, format, prediction)
        }
    }
}

/// The scores of each clip by the model that did not see it, sorted by file.
fn held_out(job: &inference::PredictJob, console: &Console) -> anyhow::Result<Prediction> {
    let run = Path::new(&job.models[0]);
    let found = out_of_fold(run, job.data.as_deref(), &job.device, console)?;
    Ok(Prediction {
        scores: sorted_by_file(&found.scores)?,
        precision: Vec::new(),
        skipped: found.skipped,
        unread: 0,
        unnamed: Vec::new(),
        remarks: inference::Remarks::default(),
        trained_on: 0,
        has_held_out: false,
        single_label: found.single_label,
    })
}

/// What must be known about the scores.
fn add_notes(prediction: &Prediction, out_of_fold: bool, console: &Console) {
    if prediction.trained_on > 0 {
        let remedy = match prediction.has_held_out {
            true => {
                "evaluate it on its held-out clips with `earmark eval`, or with --out-of-fold for a cross-validation \
                 run"
            }
            false => "evaluate it on recordings it has not seen",
        };
        let count = prediction.trained_on;
        console.note(format!(
            "the model was trained on {count} of these recordings; {remedy}"
        ));
    }
    let (skipped, unread) = (prediction.skipped.len(), prediction.unread);
    if out_of_fold {
        if skipped > 0 {
            console.note(format!("{skipped} could not be read and have no row"));
        }
        return;
    }
    if unread > 0 {
        console.note(format!(
            "{unread} could not be read; their rows contain the mean of the other rows"
        ));
    }
    if let partly @ 1.. = skipped.saturating_sub(unread) {
        console.note(format!(
            "{partly} could be read by some of the models only; the part of the others in their rows is the mean of the \
             other rows"
        ));
    }
}
