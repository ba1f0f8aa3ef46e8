//! `earmark tag`

use crate::Status;
use crate::args::{Global, Tag, TagFormat};
use crate::console::{Console, done};
use crate::output::is_stdout;
use anyhow::{Context, bail};
use earmark::inference::tag::{self, Format, Inputs, Step, TagEvent, TagJob, Tagger, Target, Told};
use earmark::report::{human_amount, human_count, human_duration};
use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Tells what is heard in recordings, and when.
pub fn run(args: Tag, global: &Global, console: &Console) -> anyhow::Result<Status> {
    let out = Out::of(&args)?;
    let inputs = tag::inputs::find(&args.inputs)?;
    let tagger = Tagger::new(&request(&args, global)?)?;
    tell_beginning(&tagger, &inputs, console);
    let stop = console.stop_flag()?;
    let show = |event: TagEvent| match event {
        TagEvent::Progress {
            files,
            of,
            bytes,
            of_bytes,
        } => console.tagging(files, of, bytes, of_bytes),
        // All of them are told at the end.
        TagEvent::Skipped { .. } => {}
        TagEvent::Note(text) => console.note(text),
    };
    let hearing = TagJob {
        tagger: &tagger,
        threads: global.threads,
        workers: args.workers,
        observer: &show,
        stop: &stop,
    };
    let target = Target {
        format: out.format,
        fresh: args.fresh,
        keep_journal: args.keep_journal,
    };
    let told = match out.to {
        To::Stdout => {
            let mut stdout = BufWriter::new(std::io::stdout().lock());
            let told = tag::to_stream(&hearing, &inputs, out.format, &mut stdout)?;
            stdout.flush().context("stdout")?;
            told
        }
        To::Device(path) => {
            let mut device = OpenOptions::new()
                .write(true)
                .open(path)
                .with_context(|| path.display().to_string())?;
            tag::to_stream(&hearing, &inputs, out.format, &mut device)?
        }
        To::File(path) => tag::to_file(&hearing, &inputs, target, path)?,
        To::Folder(path) => tag::to_folder(&hearing, &inputs, target, path)?,
    };
    console.clear();
    tell_end(&told, &inputs, &out, console)
}

/// Where results go, and as what.
struct Out<'a> {
    to: To<'a>,
    format: Format,
}

enum To<'a> {
    Stdout,
    /// A pipe or device, which can't be replaced and has no journal.
    Device(&'a Path),
    File(&'a Path),
    Folder(&'a Path),
}

impl<'a> Out<'a> {
    fn of(args: &'a Tag) -> anyhow::Result<Self> {
        let given = args.format.map(Format::from);
        let to = match (&args.out, &args.out_dir) {
            (_, Some(folder)) => To::Folder(folder),
            (Some(path), None) if is_stdout(path) => To::Stdout,
            (Some(path), None) if path.exists() && !path.is_file() && !path.is_dir() => To::Device(path),
            (Some(path), None) => To::File(path),
            (None, None) => To::Stdout,
        };
        let format = match (given, &to) {
            (Some(format), _) => format,
            (None, To::Stdout | To::Device(_)) => Format::Table,
            (None, To::File(path)) => Format::of_name(path).with_context(|| {
                format!(
                    "{}: its name tells no format; end it in .csv, .json, .ndjson, .parquet or .selections.txt (Raven), or say --format",
                    path.display()
                )
            })?,
            (None, To::Folder(_)) => bail!("--out-dir: say with --format what is to be written there"),
        };
        if let To::Stdout | To::Device(_) = to
            && (args.fresh || args.keep_journal)
        {
            bail!(
                "--fresh, --keep-journal: there is a journal only where results go to a file; give -o FILE or --out-dir DIR"
            );
        }
        if args.format == Some(TagFormat::Parquet) && matches!(to, To::Stdout) {
            use std::io::IsTerminal;
            if std::io::stdout().is_terminal() {
                bail!("--format parquet: is no text for a terminal; give -o FILE.parquet");
            }
        }
        Ok(Self { to, format })
    }
}

fn request(args: &Tag, global: &Global) -> anyhow::Result<tag::TagConfig> {
    let models = if args.model.is_empty() {
        vec![
            tag::default_model::default_model()?
                .to_string_lossy()
                .into_owned(),
        ]
    } else {
        args.model.clone()
    };
    Ok(tag::TagConfig {
        models,
        mean: args.mean.parse().context("--mean")?,
        device: global.device.clone(),
        window_seconds: args.window,
        step: match (args.hop, args.overlap) {
            (Some(hop), _) => Step::Hop(hop),
            (None, Some(overlap)) => Step::Overlap(overlap),
            (None, None) => Step::Own,
        },
        classes: args.classes.clone(),
        threshold: args.threshold,
        release: args.release,
        merge_seconds: args.merge,
        min_seconds: args.min_duration,
        summary: args.score.into(),
        top: args.top_k,
        windows: args.windows,
    })
}

fn tell_beginning(tagger: &Tagger, inputs: &Inputs, console: &Console) {
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
            "{} in the folders ignored that are no audio by their names, such as {}",
            human_amount(*n, "file", "files"),
            first.display()
        ));
    }
}

fn tell_end(told: &Told, inputs: &Inputs, out: &Out, console: &Console) -> anyhow::Result<Status> {
    for (file, reason) in &told.skipped {
        console.skipped(file, reason);
    }
    if !told.whole {
        let kept = match out.to {
            To::File(_) | To::Folder(_) => "; the same command goes on from there",
            To::Stdout | To::Device(_) => "",
        };
        console.note(format!(
            "interrupted: {} of {} recordings heard{kept}",
            told.heard,
            inputs.files.len()
        ));
        return Ok(Status::Interrupted);
    }
    let text = |path: &Path| {
        format!(
            "{} heard ({}), {}: {}",
            human_amount(told.heard, "recording", "recordings"),
            human_duration(told.seconds),
            match told.events {
                1 => "1 event".to_owned(),
                n => format!("{} events", human_count(n as u64)),
            },
            path.display()
        )
    };
    match out.to {
        To::File(path) | To::Folder(path) => done(path, text(path), console)?,
        To::Stdout | To::Device(_) => {}
    }
    if !told.skipped.is_empty() {
        console.note(format!(
            "{} could not be heard, for the reasons above",
            human_amount(told.skipped.len(), "recording", "recordings")
        ));
    }
    Ok(Status::of_skips(told.skipped.len()))
}
