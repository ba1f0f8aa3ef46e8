//! The numbers of sed_eval and psds_eval, written by xtask/golden/events_sed_psds.py.

use super::add;
use earmark_metrics::{
    EventMetric, EventMetricOptions, EventReport, EventScores, EventSet, IntersectionCriteria, PairedEvents,
    PsdsOptions, psds,
};
use serde_json::Value;

/// Both sides compute in float64; only the order of sums differs.
const TOLERANCE: f64 = 1e-9;

fn golden() -> Value {
    serde_json::from_str(include_str!("../golden/events.json")).expect("the golden file is JSON")
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().expect("a list")
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

/// The events of `[class, onset, offset]`, of the recording with this number.
fn add_all(table: &mut EventSet, recording: usize, events: &Value) {
    let file = format!("{recording}.wav");
    table.list(&file);
    for event in list(events) {
        let times = (number(&event[1]), number(&event[2]));
        add(table, &file, event[0].as_str().expect("a class"), times);
    }
}

#[track_caller]
fn check(what: &str, got: Option<f64>, wanted: &Value) {
    match (got, wanted.as_f64()) {
        (None, None) => {}
        (Some(got), Some(wanted)) if (got - wanted).abs() <= TOLERANCE => {}
        (got, wanted) => panic!("{what} is {got:?}, expected {wanted:?}"),
    }
}

fn check_scores(what: &str, scores: &EventScores, wanted: &Value) {
    check(
        &format!("{what}, precision"),
        scores.precision,
        &wanted["precision"],
    );
    check(&format!("{what}, recall"), scores.recall, &wanted["recall"]);
    check(&format!("{what}, F1"), scores.f1, &wanted["f1"]);
    check(
        &format!("{what}, error rate"),
        scores.error_rate,
        &wanted["error_rate"],
    );
}

fn check_metric(what: &str, metric: &EventMetric, wanted: &Value) {
    check_scores(&format!("{what}, micro"), &metric.micro, &wanted["micro"]);
    check_scores(&format!("{what}, macro"), &metric.macro_mean, &wanted["macro"]);
    let classes = wanted["per_class"].as_object().expect("classes");
    assert_eq!(metric.per_class.len(), classes.len(), "{what}");
    for (class, wanted) in classes {
        let scores = &metric.per_class[class].scores;
        check_scores(&format!("{what}, class {class}"), scores, wanted);
    }
}

#[test]
fn segments_and_pairs_agree_with_sed_eval() {
    for (number_of_case, case) in list(&golden()["sed"]).iter().enumerate() {
        let (mut truth, mut predicted) = (EventSet::default(), EventSet::default());
        for (recording, events) in list(&case["recordings"]).iter().enumerate() {
            add_all(&mut truth, recording, &events["truth"]);
            add_all(&mut predicted, recording, &events["predicted"]);
            if let Some(seconds) = events["seconds"].as_f64() {
                truth.set_seconds(&format!("{recording}.wav"), seconds);
            }
        }
        let options = EventMetricOptions {
            collar_seconds: number(&case["collar"]),
            offset_share: number(&case["share"]),
            segment_seconds: number(&case["segment"]),
            ..EventMetricOptions::default()
        };
        let paired = PairedEvents::new(&truth, &predicted).expect("tables that agree");
        let report = EventReport::compute(&paired, &options).expect("a report");
        let what = |metric: &str| format!("case {number_of_case}, {metric}");
        check_metric(&what("segments"), &report.segment_based, &case["segment_based"]);
        check_metric(&what("pairs"), &report.event_based, &case["event_based"]);
    }
}

#[test]
fn psds_and_intersections_agree_with_psds_eval() {
    for (number_of_case, case) in list(&golden()["psds"]).iter().enumerate() {
        let mut truth = EventSet::default();
        let mut points = vec![EventSet::default(); 4];
        for (recording, events) in list(&case["recordings"]).iter().enumerate() {
            add_all(&mut truth, recording, &events["truth"]);
            truth.set_seconds(&format!("{recording}.wav"), number(&events["seconds"]));
            for (table, events) in points.iter_mut().zip(list(&events["points"])) {
                add_all(table, recording, events);
            }
        }
        let intersection = IntersectionCriteria {
            dtc: number(&case["dtc"]),
            gtc: number(&case["gtc"]),
            cttc: number(&case["cttc"]),
        };
        for wanted in list(&case["psds"]) {
            let options = PsdsOptions {
                alpha_ct: number(&wanted[0]),
                alpha_st: number(&wanted[1]),
                max_efpr: number(&wanted[2]),
            };
            let found = psds(&truth, &points, &intersection, &options).expect("a score");
            let what = format!("PSDS of case {number_of_case} with {options:?}");
            check(&what, Some(found.value), &wanted[3]);
            assert_eq!(found.per_class.len(), 3, "d is in no reference");
        }
        let options = EventMetricOptions {
            intersection,
            ..EventMetricOptions::default()
        };
        let paired = PairedEvents::new(&truth, &points[0]).expect("tables that agree");
        let report = EventReport::compute(&paired, &options).expect("a report");
        for (class, wanted) in case["f1"].as_object().expect("classes") {
            let scores = &report.intersection_based.per_class[class].scores;
            check(
                &format!("F1 of {class} in case {number_of_case}"),
                scores.f1,
                wanted,
            );
        }
    }
}
