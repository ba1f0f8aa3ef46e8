//! `earmark data synth`

use crate::prelude::*;
use earmark::data::synth::{SynthError, SynthLike, SynthPlan};
use earmark_core::text::quote;

const SETS: &[Choice<SynthLike>] = &[
    (
        "fsdkaggle2018",
        "9,473 training clips and 9,400 test clips, 41 classes",
        SynthLike::Fsdkaggle2018,
    ),
    (
        "fsdkaggle2019",
        "4,970 curated clips, 19,815 noisy ones and 4,481 test clips, 80 classes",
        SynthLike::Fsdkaggle2019,
    ),
];

/// Synthesize a data set with the counts, lengths and tables of a published one
#[derive(Args)]
#[command(
    after_help = "Examples:\n  earmark data synth --like fsdkaggle2018 --scale 0.01 -o small\n  \
    earmark data synth --like fsdkaggle2019 -o like-2019\n\n\
    For trying recipes at full scale without the data. Classes and counts are the published ones, the sounds are not: \
    each class is a synthetic sound that a network can be trained on, and three in ten of the labels that nobody \
    verified are wrong. The files have the names in the tables, which end in .wav, and hold FLAC (44.1 kHz, mono, \
    16 bits). Run the command again to resume."
)]
pub struct DataSynth {
    /// The published set
    #[arg(long, value_name = "SET", value_parser = choice(SETS))]
    pub like: SynthLike,
    /// Share of the published number of clips; every class is there at least twice
    #[arg(long, value_name = "SHARE", default_value_t = 1.0, value_parser = scale)]
    pub scale: f64,
    /// Random seed
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Folder for the set
    #[arg(long, short, value_name = "DIR")]
    pub out: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub threads: Threads,
}

/// A share of the published set.
fn scale(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(scale) if scale > 0.0 && scale <= 10.0 => Ok(scale),
        _ => Err("expected a number above 0, at most 10 (1 = as many clips as published)".into()),
    }
}

/// Writes a synthetic set.
pub fn run(args: &DataSynth, console: &Console) -> anyhow::Result<Status> {
    let stop = console.stop_flag()?;
    let set = SynthPlan::new(args.like, args.scale, args.seed, &args.out)?;
    let (clips, missing) = (human_count(set.clips() as u64), set.missing());
    let estimate = set.estimated_bytes();
    console.note(format!(
        "{clips} clips of {} classes, {}; {} to write, about {}",
        args.like.classes().len(),
        human_duration(set.seconds()),
        human_count(missing as u64),
        human_bytes(estimate)
    ));
    set.check_room(estimate)?;
    let written = match set.write(&|done, total| console.synthesizing(done, total), &stop) {
        Err(stopped @ SynthError::Stopped) => bail!(Stopped(stopped.to_string())),
        written => written?,
    };
    let dir = shown(&args.out);
    print_as(
        args.json,
        || &written,
        || {
            format!(
                "{dir}: {clips} clips, {}, {} wrong labels\n\nnext: earmark data check {}",
                human_bytes(written.bytes),
                human_count(written.wrong_labels as u64),
                one_line(&quote(&args.out.to_string_lossy()))
            )
        },
    )?;
    Ok(Status::Done)
}
