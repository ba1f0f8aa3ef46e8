//! What must hold for any events.

use super::add;
use earmark_metrics::{
    Bootstrap, EventMetricOptions, EventReport, EventScores, EventSet, IntersectionCriteria, PairedEvents,
    PsdsOptions, psds,
};
use proptest::prelude::*;

/// Events by recording, class, tenths of seconds of onset and length.
type Drawn = Vec<(usize, usize, u32, u32)>;

fn drawn() -> impl Strategy<Value = Drawn> {
    prop::collection::vec((0_usize..3, 0_usize..3, 0_u32..90, 0_u32..30), 1..25)
}

/// A table of three recordings of 12 s with these events.
fn table<'a>(events: impl IntoIterator<Item = &'a (usize, usize, u32, u32)>, prefix: &str) -> EventSet {
    let mut table = EventSet::default();
    for recording in 0..3 {
        table.set_seconds(&format!("{prefix}{recording}.wav"), 12.0);
    }
    for &(recording, class, onset, length) in events {
        let times = (f64::from(onset) / 10.0, f64::from(onset + length) / 10.0);
        add(
            &mut table,
            &format!("{prefix}{recording}.wav"),
            ["a", "b", "c"][class],
            times,
        );
    }
    table
}

/// The report, where the tables have a class in common.
fn report(truth: &EventSet, predicted: &EventSet, options: &EventMetricOptions) -> Option<EventReport> {
    let paired = PairedEvents::new(truth, predicted).ok()?;
    Some(EventReport::compute(&paired, options).expect("a report"))
}

fn overall(report: &EventReport) -> Vec<EventScores> {
    report.rows().into_iter().map(|(_, scores)| *scores).collect()
}

proptest! {
    #[test]
    fn a_perfect_prediction_gives_one(events in drawn()) {
        let truth = table(&events, "");
        let report = report(&truth, &truth, &EventMetricOptions::default()).expect("the same classes");
        prop_assert_eq!(report.event_based.micro.f1, Some(1.0));
        for scores in overall(&report) {
            prop_assert!(scores.f1.is_none_or(|f1| f1 == 1.0) && scores.error_rate.is_none_or(|rate| rate == 0.0));
        }
        let options = PsdsOptions { alpha_ct: 0.5, alpha_st: 1.0, ..PsdsOptions::default() };
        let score = psds(&truth, std::slice::from_ref(&truth), &IntersectionCriteria::default(), &options);
        // Where no event has a length, there is none.
        prop_assert!(score.is_err() || score.is_ok_and(|score| (score.value - 1.0).abs() < 1e-12));
    }

    #[test]
    fn no_order_of_rows_changes_anything(truth in drawn(), predicted in drawn(), turn in 0_usize..25) {
        let turned = |events: &Drawn| {
            let mut events = events.clone();
            events.reverse();
            let turn = turn % events.len();
            events.rotate_left(turn);
            table(&events, "")
        };
        let options = EventMetricOptions::default();
        let (a, b) = (table(&truth, ""), table(&predicted, ""));
        prop_assert_eq!(report(&a, &b, &options), report(&turned(&truth), &turned(&predicted), &options));
    }

    #[test]
    fn swapped_tables_swap_precision_and_recall(truth in drawn(), predicted in drawn()) {
        // The offset collar by length is of true events only.
        let options = EventMetricOptions { offset_share: 0.0, ..EventMetricOptions::default() };
        let (truth, predicted) = (table(&truth, ""), table(&predicted, ""));
        if let (Some(one), Some(other)) = (report(&truth, &predicted, &options), report(&predicted, &truth, &options)) {
            for (one, other) in [
                (one.segment_based.micro, other.segment_based.micro),
                (one.event_based.micro, other.event_based.micro),
            ] {
                prop_assert_eq!((one.precision, one.recall, one.f1), (other.recall, other.precision, other.f1));
            }
        }
    }

    #[test]
    fn the_same_recordings_twice_change_no_result(truth in drawn(), predicted in drawn()) {
        let twice = |events: &Drawn| {
            let mut both = table(events, "");
            for (file, recording) in table(events, "copy-").recordings() {
                both.set_seconds(file, 12.0);
                for event in &recording.events {
                    add(&mut both, file, &event.class, (event.onset, event.offset));
                }
            }
            both
        };
        let options = EventMetricOptions::default();
        let once = report(&table(&truth, ""), &table(&predicted, ""), &options);
        let again = report(&twice(&truth), &twice(&predicted), &options);
        prop_assert_eq!(once.as_ref().map(overall), again.as_ref().map(overall));
        // Nor does an operating point that is there already.
        let (truth, point) = (table(&truth, ""), table(&predicted, ""));
        let criteria = IntersectionCriteria::default();
        let score = |points: &[EventSet]| {
            let found = psds(&truth, points, &criteria, &PsdsOptions::default());
            found.ok().map(|s| s.value)
        };
        prop_assert_eq!(score(std::slice::from_ref(&point)), score(&[point.clone(), point.clone()]));
    }

    #[test]
    fn results_are_in_their_range_and_json_has_no_nan(truth in drawn(), predicted in drawn()) {
        let bootstrap = Some(Bootstrap { resamples: 20, ..Bootstrap::default() });
        let options = EventMetricOptions { bootstrap, ..EventMetricOptions::default() };
        if let Some(report) = report(&table(&truth, ""), &table(&predicted, ""), &options) {
            for scores in overall(&report) {
                for share in [scores.precision, scores.recall, scores.f1].into_iter().flatten() {
                    prop_assert!((0.0..=1.0).contains(&share));
                }
                prop_assert!(scores.f1_interval.is_none_or(|interval| interval.low <= interval.high));
            }
            let text = serde_json::to_string(&report).expect("JSON");
            prop_assert!(!text.contains("NaN") && !text.contains("inf"), "{}", text);
        }
    }
}

/// Half of 400 recordings are right: the standard error of the micro F1, here the accuracy, is sqrt(0.25 / 400) =
/// 0.025.
#[test]
fn the_interval_of_f1_has_the_binomial_width() {
    let (mut truth, mut predicted) = (EventSet::default(), EventSet::default());
    for recording in 0..400 {
        let file = format!("{recording}.wav");
        add(&mut truth, &file, "a", (1.0, 2.0));
        let onset = f64::from(1 + recording % 2);
        add(&mut predicted, &file, "a", (onset, onset + 1.0));
    }
    let bootstrap = Some(Bootstrap::default());
    let options = EventMetricOptions {
        bootstrap,
        ..EventMetricOptions::default()
    };
    let report = report(&truth, &predicted, &options).expect("a common class");
    let interval = report.event_based.micro.f1_interval.expect("an interval");
    assert_eq!(report.event_based.micro.f1, Some(0.5));
    for width in [0.5 - interval.low, interval.high - 0.5] {
        // 1000 draws give the ends to about 8 % of the half width.
        assert!((width - 1.96 * 0.025).abs() < 0.01, "{interval:?}");
    }
    assert_eq!(
        report.event_based.per_class["a"].scores.f1_interval,
        Some(interval)
    );
}
