//! `earmark index label`

use super::window_names::{row_at, rows_of, span};
use crate::prelude::*;
use earmark::index::archive::{ArchiveIndex, LabelAnswer, WindowLabel, append_labels};
use earmark::runs::run_dir::now;
use earmark_core::csv_table::{Record, read_records};

/// Say of windows whether a class is in them
#[derive(Args)]
#[command(
    after_help = "Examples:\n  earmark index label owls owl archive/a.wav@12.5 archive/b.wav@3-8\n  \
    earmark index label owls owl archive/rain.wav --no\n  \
    earmark index label owls --table labels.csv --from \"field notes\"\n\n\
    Labels are appended to labels.jsonl in the index, with who said so, when and from what; the last one of a window and \
    class counts."
)]
pub struct LabelWindows {
    /// The index
    pub index: PathBuf,
    /// The class
    #[arg(required_unless_present = "table")]
    pub class: Option<String>,
    /// Windows: FILE@SECONDS for the one that begins there, FILE@START-END for those with their centre in it, FILE for
    /// all of a recording
    #[arg(required_unless_present = "table")]
    pub windows: Vec<String>,
    /// The class is not in them
    #[arg(long, conflicts_with_all = ["withdraw", "table"])]
    pub no: bool,
    /// What was said before no longer counts
    #[arg(long, conflicts_with = "table")]
    pub withdraw: bool,
    /// A CSV table instead: file, start_seconds, class; also end_seconds (windows with their centre in the span) and
    /// answer (yes, no or withdrawn; default: yes)
    #[arg(long, value_name = "FILE", conflicts_with = "class")]
    pub table: Option<PathBuf>,
    /// Who says so; default: the user's name
    #[arg(long)]
    pub who: Option<String>,
    /// What the labels come from; default: the command, or the name of the table
    #[arg(long)]
    pub from: Option<String>,
    /// Print the labels as JSON
    #[arg(long)]
    pub json: bool,
}

/// What is said of a window.
type Said = (usize, String, LabelAnswer);

/// Labels windows.
pub fn run(args: &LabelWindows, console: &Console) -> anyhow::Result<Status> {
    let index = ArchiveIndex::open(&args.index)?;
    let said = match (&args.table, &args.class) {
        (Some(table), _) => of_table(&index, table)?,
        (None, Some(class)) => of_words(&index, class, args)?,
        (None, None) => bail!("nothing to label: give a class and windows, or --table"),
    };
    let from = args.from.clone().unwrap_or_else(|| match &args.table {
        Some(table) => table.to_string_lossy().into_owned(),
        None => "earmark index label".to_owned(),
    });
    let (who, when) = (who(args)?, now());
    let label = |(row, class, answer): Said| {
        let window = index.window(row);
        WindowLabel {
            content: index.placed(row).recording.version.content.clone(),
            file: window.file,
            start_seconds: window.start_seconds,
            end_seconds: window.end_seconds,
            class,
            answer,
            who: who.clone(),
            when: when.clone(),
            from: from.clone(),
        }
    };
    let labels: Vec<WindowLabel> = said.into_iter().map(label).collect();
    if let Some(torn) = append_labels(&index, &labels)? {
        console.warning(format!(
            "{torn}, and was removed: a label that a killed program was writing, or the end of a copy that was not \
             finished; give that label again"
        ));
    }
    if labels.is_empty() {
        console.note("no labels were given");
    }
    print_as(
        args.json,
        || &labels,
        || {
            format!(
                "{}: {}",
                human_amount(labels.len(), "label", "labels"),
                shown(&args.index)
            )
        },
    )?;
    Ok(Status::Done)
}

fn who(args: &LabelWindows) -> anyhow::Result<String> {
    let names = ["USER", "LOGNAME", "USERNAME"].into_iter();
    let user = names
        .filter_map(|name| std::env::var(name).ok())
        .find(|name| !name.is_empty());
    args.who.clone().or(user).context(
        "the system does not say who you are, and labels say who made them; give your name with --who NAME",
    )
}

fn of_words(index: &ArchiveIndex, class: &str, args: &LabelWindows) -> anyhow::Result<Vec<Said>> {
    check_class(class)?;
    let answer = match (args.no, args.withdraw) {
        (true, _) => LabelAnswer::No,
        (false, true) => LabelAnswer::Withdrawn,
        (false, false) => LabelAnswer::Yes,
    };
    let mut said = Vec::new();
    for word in &args.windows {
        let rows = rows_of(index, word)?;
        said.extend(rows.into_iter().map(|row| (row, class.to_owned(), answer)));
    }
    Ok(said)
}

fn check_class(class: &str) -> anyhow::Result<()> {
    if class.trim().is_empty() || class.trim() != class {
        bail!("`{class}`: not a name of a class; give one without blanks around it");
    }
    Ok(())
}

/// The labels of a table: all are checked before one is appended.
fn of_table(index: &ArchiveIndex, path: &Path) -> anyhow::Result<Vec<Said>> {
    let place = path.display();
    let bytes = std::fs::read(path).with_context(|| format!("{place}: cannot be read"))?;
    let records = read_records(&bytes, None).with_context(|| place.to_string())?;
    let Some((head, rows)) = records.split_first() else {
        bail!("{place}: is empty; {COLUMNS}");
    };
    let table = LabelTable::of(head).with_context(|| place.to_string())?;
    let mut said = Vec::new();
    for row in rows {
        let labels = table.labels(index, row);
        said.extend(labels.with_context(|| format!("{place}: line {}", row.line))?);
    }
    Ok(said)
}

/// What a table of labels needs.
const COLUMNS: &str =
    "give it the columns file, start_seconds and class, and where they are needed end_seconds and answer";

/// The columns of a table of labels.
struct LabelTable {
    /// How many there are.
    columns: usize,
    file: usize,
    start: usize,
    class: usize,
    end: Option<usize>,
    answer: Option<usize>,
}

impl LabelTable {
    /// The columns that a first line names.
    fn of(head: &Record) -> anyhow::Result<Self> {
        let column = |name: &str| head.iter().position(|head| head == name);
        let needed = |name: &str| column(name).with_context(|| format!("has no column `{name}`; {COLUMNS}"));
        Ok(Self {
            columns: head.len(),
            file: needed("file")?,
            start: needed("start_seconds")?,
            class: needed("class")?,
            end: column("end_seconds"),
            answer: column("answer"),
        })
    }

    /// What a row says of each of its windows.
    fn labels(&self, index: &ArchiveIndex, row: &Record) -> anyhow::Result<Vec<Said>> {
        // A separator in a cell without quotes would move the cells behind it.
        if row.len() != self.columns {
            bail!(
                "has {} where the header has {}; quote cells with a separator in them, and keep empty ones",
                human_amount(row.len(), "cell", "cells"),
                self.columns
            );
        }
        let answer = match self.answer.map(|column| row.cell(column)) {
            None | Some("" | "yes") => LabelAnswer::Yes,
            Some("no") => LabelAnswer::No,
            Some("withdrawn") => LabelAnswer::Withdrawn,
            Some(other) => bail!("`{other}` is not an answer; write yes, no or withdrawn"),
        };
        let (file, class) = (row.cell(self.file), row.cell(self.class));
        check_class(class)?;
        let start = seconds(row.cell(self.start))?;
        let rows = match self.end.map(|column| row.cell(column)) {
            None | Some("") => vec![row_at(index, file, start)?],
            Some(end) => span(index, file, start, seconds(end)?)?,
        };
        Ok(rows
            .into_iter()
            .map(|row| (row, class.to_owned(), answer))
            .collect())
    }
}

/// A time in a table.
fn seconds(cell: &str) -> anyhow::Result<f64> {
    let number = cell.parse::<f64>().ok().filter(|v| v.is_finite());
    number.with_context(|| format!("`{cell}` is not a number of seconds; write one such as 12.5"))
}
