//! `earmark extract`

use crate::prelude::*;
use earmark::inference::extract::{self, ChooseBy, CutFormat, ExtractJob};
use earmark_core::text::quote;

const BY: &[Choice<ChooseBy>] = &[
    ("score", "Those with the highest scores", ChooseBy::Score),
    ("random", "A random choice", ChooseBy::Random),
    (
        "stratified",
        "As many from each of five ranges of the class's scores",
        ChooseBy::Stratified,
    ),
];

const FORMATS: &[Choice<CutFormat>] = &[
    (
        "wav",
        "16 bits where that changes no sample, else floats",
        CutFormat::Wav,
    ),
    ("flac", "16 bits; what is finer is rounded", CutFormat::Flac),
];

/// Cut detections out of their recordings, as a data set with a folder per class
#[derive(Args)]
#[command(after_help = "Examples:\n  earmark extract tags.csv -o clips\n  \
    earmark extract tags.parquet -o clips --per-class 100 --by stratified --pad 1 --format flac\n  \
    earmark extract tags.csv -o clips --data /mnt/archive --json\n\n\
    Each cut-out is CLASS/NAME_START.wav: mono, at the sample rate of its recording. The table extracts.csv says where \
    each is from. The same events and seed give the same cut-outs; run the command again to add what is missing. \
    Recordings that are missing or damaged are named, and the exit code is then 2.")]
pub struct Extract {
    /// Events as `tag` writes them: CSV, Parquet, JSON or JSON lines
    pub tags: PathBuf,
    /// Folder to write to
    #[arg(long, short, value_name = "DIR")]
    pub out: PathBuf,
    /// Most cut-outs per class
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub per_class: usize,
    /// Which detections are cut out
    #[arg(long, value_parser = choice(BY), default_value = "score")]
    pub by: ChooseBy,
    /// Seconds before and after a detection to cut out with it
    #[arg(long, value_name = "SECONDS", default_value_t = 2.0)]
    pub pad: f64,
    /// Cut at most this much of a detection, from its start
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0)]
    pub longest: f64,
    /// Format of the cut-outs
    #[arg(long, value_parser = choice(FORMATS), default_value = "wav")]
    pub format: CutFormat,
    /// Random seed of --by random and stratified
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Folder that names of recordings are relative to; default: the current one
    #[arg(long, value_name = "ROOT")]
    pub data: Option<PathBuf>,
    /// Print a summary as JSON: cut-outs by class, skipped and damaged recordings
    #[arg(long)]
    pub json: bool,
}

/// Cuts detections out of recordings.
pub fn run(args: Extract, console: &Console) -> anyhow::Result<Status> {
    let job = ExtractJob {
        tags: args.tags,
        out: args.out,
        root: args.data,
        per_class: args.per_class,
        by: args.by,
        seed: args.seed,
        pad_seconds: args.pad,
        longest_seconds: args.longest,
        format: args.format,
    };
    let note = "run the same command again to resume";
    let done = console.run(note, |show, stop| extract::extract(&job, show, stop))?;
    console.clear();
    if done.rounded > 0 {
        let files = human_amount(done.rounded, "cut-out", "cut-outs");
        console.note(format!(
            "{files} rounded to the 16 bits of FLAC; --format wav keeps all"
        ));
    }
    let out = job.out.to_string_lossy();
    print_as(
        args.json,
        || {
            json!({
                "classes": done.classes,
                "written": done.written,
                "present": done.present,
                "rounded": done.rounded,
                "skipped": done.skipped,
                "damaged": done.damaged,
                "out": out,
            })
        },
        || {
            let classes = human_amount(done.classes.len(), "class", "classes");
            let all = done.written + done.present;
            let done = format!(
                "{}: {} {}, {} new; {classes} in the folder",
                shown(&job.out),
                human_count(all as u64),
                if all == 1 { "cut-out" } else { "cut-outs" },
                human_count(done.written as u64),
            );
            // Without any, there is nothing to check.
            match all {
                0 => done,
                _ => format!("{done}\n\nnext: earmark data check {}", one_line(&quote(&out))),
            }
        },
    )?;
    Ok(Status::of_skips(done.skipped.len() + done.damaged.len()))
}
