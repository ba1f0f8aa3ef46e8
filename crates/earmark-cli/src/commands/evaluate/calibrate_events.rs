//! `earmark calibrate --events`

use crate::prelude::*;
use earmark::metrics::{ChosenThresholds, EventMetricOptions, ThresholdGoal, ThresholdQuality, number};
use earmark::train::{EventThresholdJob, calibrate_by_events};

const BY: &[Choice<ThresholdGoal>] = &[
    (
        "segment-f1",
        "The best F1 of segments of --segment",
        ThresholdGoal::SegmentF1,
    ),
    (
        "event-f1",
        "The best F1 of events, in pairs as --collar says",
        ThresholdGoal::EventF1,
    ),
];

/// Thresholds by events.
#[derive(Args)]
pub struct EventThresholdArgs {
    /// Choose thresholds by the true events of recordings that the models were not trained on, in any form that
    /// `score --events` reads; --scores are then those of `tag --windows`, and what calibrates scores stays
    #[arg(
        long,
        value_name = "TRUTH",
        requires = "scores",
        conflicts_with_all = ["truth", "subset", "fold_table", "method", "diagram"],
        help_heading = "Events"
    )]
    pub events: Option<PathBuf>,
    /// What thresholds are chosen by
    #[arg(long, value_parser = choice(BY), default_value = "segment-f1", requires = "events", help_heading = "Events")]
    pub by: ThresholdGoal,
    /// Choose the lowest thresholds with at most this many false events of a class per hour instead
    #[arg(
        long,
        value_name = "RATE",
        requires = "events",
        conflicts_with = "by",
        help_heading = "Events"
    )]
    pub false_per_hour: Option<f64>,
    /// Length of a segment, in seconds
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 1.0,
        requires = "events",
        help_heading = "Events"
    )]
    pub segment: f64,
    /// Collar of onsets and offsets, in seconds; offsets may be off by half of the true event's length, too
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 0.2,
        requires = "events",
        help_heading = "Events"
    )]
    pub collar: f64,
}

impl EventThresholdArgs {
    /// What thresholds are chosen by.
    pub fn goal(&self) -> ThresholdGoal {
        self.false_per_hour.map_or(self.by, ThresholdGoal::FalsePerHour)
    }

    /// What counts as right.
    pub fn options(&self) -> EventMetricOptions {
        EventMetricOptions {
            segment_seconds: self.segment,
            collar_seconds: self.collar,
            ..EventMetricOptions::default()
        }
    }
}

/// Chooses thresholds by events, and prints what they are worth.
pub fn run(job: &EventThresholdJob, json: bool, console: &Console) -> anyhow::Result<Status> {
    let done = console.run("nothing was written", |show, stop| {
        calibrate_by_events(job, show, stop)
    })?;
    let result = || json!({ "thresholds": done.chosen, "written": done.written, "skipped": done.skipped });
    print_as(json, result, || summary(&done.chosen))?;
    for path in &done.written {
        console.note(format!("{}: thresholds chosen", path.display()));
    }
    Ok(Status::of_skips(done.skipped.len()))
}

/// What was chosen, and what it is worth.
fn summary(chosen: &ChosenThresholds) -> String {
    let measured: [Measured<ThresholdQuality>; 5] = [
        ("F1, all", |quality| quality.metric.micro.f1),
        ("F1, mean of classes", |quality| quality.metric.macro_mean.f1),
        ("precision, all", |quality| quality.metric.micro.precision),
        ("recall, all", |quality| quality.metric.micro.recall),
        ("false per hour", |quality| Some(quality.false_per_hour)),
    ];
    let of_class = |(class, threshold): (&String, &f32)| -> Vec<String> {
        let f1 = |quality: &ThresholdQuality| quality.metric.per_class.get(class)?.scores.f1;
        let f1 = [&chosen.before, &chosen.after].map(|quality| number(f1(quality)));
        let cells = [one_line(class).into_owned(), threshold.to_string()];
        cells.into_iter().chain(f1).collect()
    };
    format!(
        "{} ({})\n\n{}\n{}\nother classes: {}\n\nAfter: each recording is evaluated with thresholds that were chosen \
         on others.",
        human_amount(chosen.recordings, "recording", "recordings"),
        human_duration(chosen.hours * 3600.0),
        before_and_after([&chosen.before, &chosen.after], &measured),
        number_table(
            &["class", "threshold", "F1 before", "F1 after"],
            chosen.per_class.iter().map(of_class)
        ),
        chosen.together
    )
}
