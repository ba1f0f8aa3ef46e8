//! Where events go that are found without reading a recording, and in what format: of `events` and `index detect`.

use crate::args::TAG_FORMATS;
use crate::prelude::*;
use earmark::inference::tag::{EventSummary, Format, TagError};
use serde_json::Value;
use std::io::{BufWriter, IsTerminal, Write};

/// Format and file of events.
#[derive(Args)]
pub struct EventOutputArgs {
    /// Output format; default: by the ending of --out, or a table on the screen
    #[arg(long, value_parser = choice(TAG_FORMATS))]
    pub format: Option<Format>,
    /// File to write; - is stdout, the default
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Print a summary as JSON: recordings, events, thresholds
    #[arg(long)]
    pub json: bool,
}

/// Where events go: a file, or stdout.
pub struct EventTarget<'a> {
    format: Format,
    file: Option<&'a Path>,
    json: bool,
}

/// What takes events.
pub enum EventSink<'a> {
    /// A file, which is replaced.
    File(&'a Path),
    /// Stdout, and a folder for scratch files.
    Stdout(&'a mut dyn Write, &'a Path),
}

impl EventOutputArgs {
    /// The target, if events of this format can go there; nothing is written yet.
    pub fn target(&self) -> anyhow::Result<EventTarget<'_>> {
        let file = self.out.as_deref().filter(|path| !output::is_stdout(path));
        let format = match file {
            Some(file) => self.format.map_or_else(|| Format::named_by(file), Ok)?,
            None => self.format_of_stdout()?,
        };
        if let Some(file) = file {
            output::check(file)?;
        }
        Ok(EventTarget {
            format,
            file,
            json: self.json,
        })
    }

    fn format_of_stdout(&self) -> anyhow::Result<Format> {
        if self.json {
            bail!(
                "--json: prints a summary, and the events themselves would go to stdout; name a file with -o FILE"
            );
        }
        let format = self.format.unwrap_or(Format::Table);
        if format == Format::Parquet && std::io::stdout().is_terminal() {
            bail!("--format parquet: cannot be printed to a terminal; give -o FILE.parquet");
        }
        Ok(format)
    }
}

impl EventTarget<'_> {
    /// Writes events by `write`, and sums up what is in a file; `facts` are what else programs are given.
    pub fn write(
        &self,
        write: impl FnOnce(Format, EventSink) -> Result<EventSummary, TagError>,
        facts: Value,
    ) -> anyhow::Result<Status> {
        let Some(file) = self.file else {
            let mut stdout = BufWriter::new(std::io::stdout().lock());
            write(self.format, EventSink::Stdout(&mut stdout, &std::env::temp_dir()))?;
            stdout.flush().context(output::NO_STDOUT)?;
            return Ok(Status::Done);
        };
        let summary = write(self.format, EventSink::File(file))?;
        print_as(
            self.json,
            || with_summary(facts, &summary, file),
            || {
                let found = match summary.events {
                    1 => "1 event".to_owned(),
                    n => format!("{} events", human_count(n as u64)),
                };
                let recordings = human_amount(summary.recordings, "recording", "recordings");
                let time = human_duration(summary.seconds);
                format!("{found} in {recordings} ({time}): {}", shown(file))
            },
        )?;
        Ok(Status::Done)
    }
}

/// Facts with what was written.
fn with_summary(mut facts: Value, summary: &EventSummary, file: &Path) -> Value {
    facts["recordings"] = json!(summary.recordings);
    facts["seconds"] = json!(summary.seconds);
    facts["events"] = json!(summary.events);
    facts["out"] = json!(file.to_string_lossy());
    facts
}
