//! `earmark tag`

use crate::args::Tag;
use crate::console::Console;
use crate::output::{is_stdout, print_written};
use crate::status::{Interrupted, Status};
use anyhow::{Context, bail};
use earmark::inference::tag::{
    self, Format, InputFiles, OutputTarget, TagEvent, TagJob, TagSummary, Tagger, WindowHop,
};
use earmark_core::human::{human_amount, human_count, human_duration};
use std::fs::OpenOptions;
use std::io::{BufWriter, IsTerminal, Write};
use std::path::Path;

/// Detects sounds in recordings.
pub fn run(args: &Tag, console: &Console) -> anyhow::Result<Status> {
    let output = Output::of(args)?;
    let inputs = tag::inputs::find(&args.inputs)?;
    let tagger = Tagger::new(&request(args)?)?;
    describe(&tagger, &inputs, console);
    let stop = console.stop_flag()?;
    let show = |event: TagEvent| match event {
        TagEvent::Progress {
            files,
            of,
            bytes,
            of_bytes,
        } => console.tagging(files, of, bytes, of_bytes),
        // All of them are listed at the end.
        TagEvent::Skipped { .. } => {}
        TagEvent::Note(text) => console.note(text),
    };
    let job = TagJob {
        tagger: &tagger,
        threads: args.compute.threads.threads,
        workers: args.workers,
        observer: &show,
        stop: &stop,
    };
    let target = OutputTarget {
        format: output.format,
        fresh: args.fresh,
        keep_journal: args.keep_journal,
    };
    let result = match output.to {
        Destination::Stdout => {
            let mut stdout = BufWriter::new(std::io::stdout().lock());
            let result = tag::to_stream(&job, &inputs, output.format, &mut stdout)?;
            stdout.flush().context("stdout")?;
            result
        }
        Destination::Device(path) => {
            let device = OpenOptions::new().write(true).open(path);
            let mut device = device.with_context(|| path.display().to_string())?;
            tag::to_stream(&job, &inputs, output.format, &mut device)?
        }
        Destination::File(path) => tag::to_file(&job, &inputs, target, path)?,
        Destination::Folder(path) => tag::to_folder(&job, &inputs, target, path)?,
    };
    console.clear();
    summarize(&result, &inputs, &output, console)
}

/// Where results go, and in which format.
struct Output<'a> {
    to: Destination<'a>,
    format: Format,
}

enum Destination<'a> {
    Stdout,
    /// A pipe or device, which cannot be replaced and has no resume log.
    Device(&'a Path),
    File(&'a Path),
    Folder(&'a Path),
}

impl<'a> Output<'a> {
    fn of(args: &'a Tag) -> anyhow::Result<Self> {
        let to = match (&args.out, &args.out_dir) {
            (_, Some(folder)) => Destination::Folder(folder),
            (Some(path), None) if is_stdout(path) => Destination::Stdout,
            (Some(path), None) if path.exists() && !path.is_file() && !path.is_dir() => {
                Destination::Device(path)
            }
            (Some(path), None) => Destination::File(path),
            (None, None) => Destination::Stdout,
        };
        let format = match (args.format, &to) {
            (Some(format), _) => format,
            (None, Destination::Stdout | Destination::Device(_)) => Format::Table,
            (None, Destination::File(path)) => Format::of_name(path).with_context(|| {
                format!(
                    "{}: its ending names no known format; end it in .csv, .json, .ndjson, .parquet or .selections.txt (Raven), or give --format",
                    path.display()
                )
            })?,
            (None, Destination::Folder(_)) => bail!("--out-dir: give the format with --format"),
        };
        if matches!(to, Destination::Stdout | Destination::Device(_)) && (args.fresh || args.keep_journal) {
            bail!("--fresh, --keep-journal: only files have a resume log; give -o FILE or --out-dir DIR");
        }
        let on_screen = matches!(to, Destination::Stdout) && std::io::stdout().is_terminal();
        if on_screen && format == Format::Parquet {
            bail!("--format parquet: cannot be printed to a terminal; give -o FILE.parquet");
        }
        Ok(Self { to, format })
    }
}

fn request(args: &Tag) -> anyhow::Result<tag::TagConfig> {
    let models = match args.model.is_empty() {
        true => vec![
            tag::default_model::default_model()?
                .to_string_lossy()
                .into_owned(),
        ],
        false => args.model.clone(),
    };
    Ok(tag::TagConfig {
        models,
        mean: args.mean,
        device: args.compute.device.clone(),
        window_seconds: args.window,
        hop: match (args.hop, args.overlap) {
            (Some(hop), _) => WindowHop::Hop(hop),
            (None, Some(overlap)) => WindowHop::Overlap(overlap),
            (None, None) => WindowHop::Default,
        },
        classes: args.classes.clone(),
        threshold: args.threshold,
        release: args.release,
        merge_seconds: args.merge,
        min_seconds: args.min_duration,
        event_score: args.score,
        top: args.top_k,
        windows: args.windows,
    })
}

/// Notes the model, its windows, and files that are ignored.
fn describe(tagger: &Tagger, inputs: &InputFiles, console: &Console) {
    let (window, hop) = tagger.window_seconds();
    let models: Vec<String> = tagger
        .ensemble()
        .paths()
        .map(|p| p.display().to_string())
        .collect();
    console.note(format!(
        "{}: {}, windows of {} every {}",
        models.join(", "),
        human_amount(tagger.classes().len(), "class", "classes"),
        human_duration(window),
        human_duration(hop)
    ));
    if let (n @ 1.., Some(first)) = &inputs.not_audio {
        console.note(format!(
            "ignored {} without an audio file name, such as {}",
            human_amount(*n, "file", "files"),
            first.display()
        ));
    }
}

/// Names what was skipped and sums up the rest.
fn summarize(
    result: &TagSummary,
    inputs: &InputFiles,
    output: &Output,
    console: &Console,
) -> anyhow::Result<Status> {
    for (file, reason) in &result.skipped {
        console.skipped(file, reason);
    }
    let path = match output.to {
        Destination::File(path) | Destination::Folder(path) => Some(path),
        Destination::Stdout | Destination::Device(_) => None,
    };
    if !result.complete {
        let kept = path.map_or("", |_| "; run the same command again to resume");
        console.note(format!(
            "interrupted: {} of {} recordings processed{kept}",
            result.tagged,
            inputs.files.len()
        ));
        return Err(Interrupted.into());
    }
    if let Some(path) = path {
        let events = match result.events {
            1 => "1 event".to_owned(),
            n => format!("{} events", human_count(n as u64)),
        };
        let text = format!(
            "{} processed ({}), {events}: {}",
            human_amount(result.tagged, "recording", "recordings"),
            human_duration(result.seconds),
            path.display()
        );
        print_written(path, text, console)?;
    }
    if !result.skipped.is_empty() {
        console.note(format!(
            "{} skipped, for the reasons above",
            human_amount(result.skipped.len(), "recording", "recordings")
        ));
    }
    Ok(Status::of_skips(result.skipped.len()))
}
