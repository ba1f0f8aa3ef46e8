//! `earmark score --events`

use crate::commands::truth::is_given;
use crate::prelude::*;
use earmark::metrics::{
    Bootstrap, EventColumns, EventMetric, EventMetricOptions, EventReport, EventSet, IntersectionCriteria,
    OperatingPoints, PairedEvents, PsdsOptions, number, psds, read_durations,
};
use serde::Serialize;

/// Predicted events, and what counts as right.
#[derive(Args)]
pub struct EventScoreArgs {
    /// Predicted events instead of scores: csv or JSON of `tag`, Raven, Audacity, BirdNET, AOEF; or a folder of these
    #[arg(long, requires = "truth", conflicts_with_all = ["scores", "map_at", "threshold"], help_heading = "Events")]
    pub events: Option<PathBuf>,
    /// Lengths of all recordings: file,seconds; those that the truth does not list have no events
    #[arg(long, value_name = "TABLE", requires = "events", help_heading = "Events")]
    pub durations: Option<PathBuf>,
    /// Column of the starts, in seconds; default: one with a usual name
    #[arg(long, value_name = "COLUMN", requires = "events", help_heading = "Events")]
    pub start_column: Option<String>,
    /// Column of the ends, in seconds
    #[arg(long, value_name = "COLUMN", requires = "events", help_heading = "Events")]
    pub end_column: Option<String>,
    /// Collar of onsets and offsets in event-based metrics, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 0.2, help_heading = "Events")]
    #[arg(requires = "events", conflicts_with = "scores")]
    pub collar: f64,
    /// Offsets may be off by this share of the true event's length, where that is more than the collar
    #[arg(long, value_name = "SHARE", default_value_t = 0.5, help_heading = "Events")]
    #[arg(requires = "events", conflicts_with = "scores")]
    pub offset_share: f64,
    /// Length of a segment in segment-based metrics, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0, help_heading = "Events")]
    #[arg(requires = "events", conflicts_with = "scores")]
    pub segment: f64,
    /// Share of a prediction that true events must cover (intersections, PSDS)
    #[arg(long, value_name = "SHARE", default_value_t = 0.5, help_heading = "Events")]
    #[arg(requires = "events", conflicts_with = "scores")]
    pub dtc: f64,
    /// Share of a true event that predictions must cover (intersections, PSDS)
    #[arg(long, value_name = "SHARE", default_value_t = 0.5, help_heading = "Events")]
    #[arg(requires = "events", conflicts_with = "scores")]
    pub gtc: f64,
    /// Operating points for PSDS: a csv of `tag --windows`, taken at 50 thresholds; or a table of events for each
    #[arg(long, value_name = "TABLE", num_args = 1.., requires = "events", help_heading = "Events")]
    pub psds: Vec<PathBuf>,
    /// Share of a false positive over another class with which it is a cross-trigger (PSDS)
    #[arg(long, value_name = "SHARE", default_value_t = 0.3, help_heading = "Events")]
    #[arg(requires = "events", conflicts_with = "scores")]
    pub cttc: f64,
    /// Weight of cross-triggers (PSDS)
    #[arg(
        long,
        value_name = "WEIGHT",
        default_value_t = 0.0,
        requires = "psds",
        help_heading = "Events"
    )]
    pub alpha_ct: f64,
    /// Weight of the standard deviation over classes (PSDS)
    #[arg(
        long,
        value_name = "WEIGHT",
        default_value_t = 0.0,
        requires = "psds",
        help_heading = "Events"
    )]
    pub alpha_st: f64,
    /// Highest effective false positive rate, per hour (PSDS)
    #[arg(
        long,
        value_name = "RATE",
        default_value_t = 100.0,
        requires = "psds",
        help_heading = "Events"
    )]
    pub max_efpr: f64,
}

/// What `score` says about the truth and the output.
pub struct EventRun<'a> {
    /// The table of true events.
    pub truth: &'a Path,
    /// A data folder, which is refused unless the environment names it.
    pub data: Option<&'a Path>,
    /// Columns of the tables.
    pub read: &'a DataArgs,
    /// How many bootstrap samples, for intervals.
    pub bootstrap: Option<Bootstrap>,
    /// Whether to print JSON.
    pub json: bool,
}

/// The results as JSON, with the recordings that were left out.
#[derive(Serialize)]
struct EventOutcome<'a> {
    #[serde(flatten)]
    report: &'a EventReport,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    extra_files: &'a [String],
    #[serde(skip_serializing_if = "<[(String, String)]>::is_empty")]
    failed_files: &'a [(String, String)],
}

impl EventRun<'_> {
    /// Evaluates predicted events and prints the results.
    pub fn score(&self, args: &EventScoreArgs, console: &Console) -> anyhow::Result<Status> {
        let columns = self.columns(args)?;
        let mut truth = EventSet::read(self.truth, &columns)?;
        if let Some(durations) = &args.durations {
            read_durations(durations, &mut truth)?;
        }
        // Tables of predictions may have other names than the truth.
        let columns = EventColumns {
            or_usual: true,
            ..columns
        };
        let events = args.events.as_deref().unwrap_or(Path::new(""));
        let paired = PairedEvents::new(&truth, &EventSet::read(events, &columns)?)?;
        let options = EventMetricOptions {
            collar_seconds: args.collar,
            offset_share: args.offset_share,
            segment_seconds: args.segment,
            intersection: IntersectionCriteria {
                dtc: args.dtc,
                gtc: args.gtc,
                cttc: args.cttc,
            },
            bootstrap: self.bootstrap,
        };
        let mut report = EventReport::compute(&paired, &options)?;
        if !args.psds.is_empty() {
            let weights = PsdsOptions {
                alpha_ct: args.alpha_ct,
                alpha_st: args.alpha_st,
                max_efpr: args.max_efpr,
            };
            let points = OperatingPoints::read(&args.psds, &columns)?;
            report.psds = Some(psds(&truth, &points.tables, &options.intersection, &weights)?);
        }
        let outcome = || EventOutcome {
            report: &report,
            extra_files: paired.extra(),
            failed_files: paired.failed(),
        };
        print_as(self.json, outcome, || text(&report))?;
        Ok(show_left_out(&paired, console))
    }

    /// The columns that the flags name.
    fn columns(&self, args: &EventScoreArgs) -> anyhow::Result<EventColumns> {
        let read = self.read;
        let others = [
            &read.layout,
            &read.fold_column,
            &read.group_column,
            &read.subset_column,
            &read.label_separator,
        ];
        if self.data.is_some_and(is_given) || read.table.is_some() || others.into_iter().any(Option::is_some)
        {
            bail!(
                "--events: a data folder has no times; give --truth alone, and for columns \
                 --file-column, --label-column, --start-column and --end-column"
            );
        }
        Ok(EventColumns {
            file: read.file_column.clone(),
            class: read.label_column.clone(),
            start: args.start_column.clone(),
            end: args.end_column.clone(),
            or_usual: false,
        })
    }
}

/// Names recordings that were left out; says whether there are any.
fn show_left_out(paired: &PairedEvents, console: &Console) -> Status {
    for (file, reason) in paired.failed() {
        console.skipped(file, reason);
    }
    let extra = paired.extra();
    if let Some(first) = extra.first() {
        let amount = human_amount(extra.len(), "recording", "recordings");
        let others = match extra.len() {
            1 => "",
            _ => " and others",
        };
        console.skipped(
            &amount,
            format!(
                "not in the truth: `{first}`{others}; a recording without events is listed there with empty times, or \
                 in --durations"
            ),
        );
    }
    Status::of_skips(paired.failed().len() + extra.len())
}

/// The results as a table of metrics, and one of classes.
fn text(report: &EventReport) -> String {
    let mut lines = format!(
        "{}, {}, {}\n\n",
        human_amount(report.recordings, "recording", "recordings"),
        human_amount(report.reference_events, "true event", "true events"),
        human_amount(report.predicted_events, "predicted event", "predicted events")
    );
    let has_intervals = report.settings.bootstrap.is_some();
    let rows = report.rows().into_iter().map(|(name, scores)| -> Vec<String> {
        let numbers = [scores.precision, scores.recall, scores.f1, scores.error_rate].map(number);
        let interval = scores.f1_interval.map_or_else(String::new, |interval| {
            format!("{:.4} to {:.4}", interval.low, interval.high)
        });
        [name.to_owned()]
            .into_iter()
            .chain(numbers)
            .chain(has_intervals.then_some(interval))
            .collect()
    });
    let mut headers = vec!["", "precision", "recall", "F1", "error rate"];
    headers.extend(has_intervals.then_some("95 % of F1"));
    lines += &number_table(&headers, rows);
    if let Some(psds) = &report.psds {
        let points = human_amount(psds.operating_points, "operating point", "operating points");
        lines += &format!("\nPSDS {:.4} ({points})\n", psds.value);
    }
    let classes = report
        .event_based
        .per_class
        .iter()
        .map(|(class, events)| -> Vec<String> {
            let of = |metric: &EventMetric| metric.per_class.get(class).and_then(|c| c.scores.f1);
            let f1 = [
                &report.event_based,
                &report.segment_based,
                &report.intersection_based,
            ]
            .map(of);
            let psds = report
                .psds
                .as_ref()
                .and_then(|psds| psds.per_class.get(class))
                .copied();
            let name = one_line(class).into_owned();
            let cells = [name, events.reference.to_string()]
                .into_iter()
                .chain(f1.map(number));
            cells.chain(report.psds.as_ref().map(|_| number(psds))).collect()
        });
    let mut headers = vec!["class", "events", "event F1", "segment F1", "intersection F1"];
    headers.extend(report.psds.as_ref().map(|_| "area"));
    lines + "\n" + &number_table(&headers, classes)
}
