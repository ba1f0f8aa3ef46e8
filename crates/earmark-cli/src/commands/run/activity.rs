//! `earmark activity`

use crate::prelude::*;
use earmark::inference::activity::{ActivityBy, ActivityRow, ActivityTable, read_activity};
use earmark::report::{Align, bar, render_activity_page, text_table};

const BY: &[Choice<ActivityBy>] = &[
    (
        "hour",
        "The hour of the day, by the recorder's clock",
        ActivityBy::Hour,
    ),
    ("day", "The day, by the recorder's clock", ActivityBy::Day),
    ("site", "The site", ActivityBy::Site),
    ("class", "The class", ActivityBy::Class),
];

/// Columns of a bar, and classes that are named next to it.
const BAR: usize = 20;
const NAMED: usize = 3;

/// Count detections by hour, day, site or class
#[derive(Args)]
#[command(
    after_help = "Examples:\n  earmark activity tags.csv\n  earmark activity tags.csv --by day --json\n  \
    earmark activity north.csv south.parquet --by site -o activity.html\n\n\
    Times and sites are the columns that `tag --time-and-place` adds. Hours and days are those of the recorders' \
    clocks. Detections are counted, whatever was recorded: an hour without any may be one without recordings."
)]
pub struct ActivityArgs {
    /// Tables of events that `earmark tag` wrote: CSV or Parquet
    #[arg(required = true)]
    pub tables: Vec<PathBuf>,
    /// What to count detections by
    #[arg(long, value_parser = choice(BY), default_value = "hour")]
    pub by: ActivityBy,
    /// Also write a page with a map of days and hours for each class; - is stdout, instead of the counts
    #[arg(long, short, value_name = "PAGE.html")]
    pub out: Option<PathBuf>,
    /// Print the counts as JSON
    #[arg(long)]
    pub json: bool,
}

/// Counts detections.
pub fn run(args: &ActivityArgs, console: &Console) -> anyhow::Result<Status> {
    if let Some(out) = &args.out {
        output::check(out)?;
    }
    let activity = read_activity(&args.tables)?;
    let table = activity.table(args.by)?;
    if let Some(out) = &args.out {
        let names = args.tables.iter().map(|table| shown(table));
        let page = activity.page(&names.collect::<Vec<_>>().join(", "))?;
        let page = render_activity_page(&page);
        output::write(out, |w| w.write_all(page.as_bytes()))?;
        if output::is_stdout(out) {
            return Ok(Status::Done);
        }
        console.note(format!("wrote {}", out.display()));
    }
    if table.unknown > 0 {
        let what = match args.by {
            ActivityBy::Site => "site",
            _ => "time",
        };
        let amount = human_amount(table.unknown as usize, "detection", "detections");
        console.note(format!("not counted: {amount} without a known {what}"));
    }
    print_as(args.json, || &table, || as_text(&table))?;
    Ok(Status::Done)
}

fn as_text(table: &ActivityTable) -> String {
    let name = match table.by {
        ActivityBy::Hour => "hour",
        ActivityBy::Day => "day",
        ActivityBy::Site => "site",
        ActivityBy::Class => "class",
    };
    let most = table
        .rows
        .iter()
        .map(|row| row.detections)
        .max()
        .unwrap_or(0)
        .max(1);
    let row = |row: &ActivityRow| {
        vec![
            row.name.clone(),
            human_count(row.detections),
            human_count(row.recordings as u64),
            bar(row.detections as f64 / most as f64, BAR),
            most_frequent(row),
        ]
    };
    let rows: Vec<Vec<String>> = table.rows.iter().map(row).collect();
    let classes = match table.by {
        ActivityBy::Class => "",
        _ => "most frequent",
    };
    let columns = [Align::Left, Align::Right, Align::Right, Align::Left, Align::Left];
    text_table(&[name, "detections", "recordings", "", classes], &rows, &columns)
}

/// The classes of a row with most detections, and how many these are.
fn most_frequent(row: &ActivityRow) -> String {
    let mut classes: Vec<(&String, u64)> = row.classes.iter().map(|(class, count)| (class, *count)).collect();
    // Equals stay in the order of their names.
    classes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let named = classes.iter().take(NAMED);
    let named = named.map(|(class, count)| format!("{class} {}", human_count(*count)));
    named.collect::<Vec<_>>().join(", ")
}
