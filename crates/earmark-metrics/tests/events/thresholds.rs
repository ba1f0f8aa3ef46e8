//! Thresholds that are chosen by events.

use super::add;
use earmark_metrics::{
    EventMetricOptions, EventReport, EventSet, EventThresholds, FoundSpan, PairedEvents, ThresholdGoal,
};
use proptest::prelude::*;

const CLASSES: [&str; 2] = ["a", "b"];

/// True events: recording, class, onset and length in seconds. Predicted ones also have a score in hundredths.
type TrueEvent = (usize, usize, u32, u32);
type ScoredEvent = (usize, usize, u32, u32, u32);

fn names() -> Vec<String> {
    CLASSES.map(str::to_owned).to_vec()
}

fn truth_of(events: &[TrueEvent]) -> EventSet {
    let mut truth = EventSet::default();
    for recording in 0..4 {
        truth.set_seconds(&format!("{recording}.wav"), 30.0);
    }
    for &(recording, class, onset, length) in events {
        let times = (f64::from(onset), f64::from(onset + length));
        add(&mut truth, &format!("{recording}.wav"), CLASSES[class], times);
    }
    truth
}

/// What is found in a recording at a threshold.
fn found(scored: &[ScoredEvent], recording: usize, threshold: f32) -> Vec<FoundSpan> {
    let there = scored.iter().filter(|event| event.0 == recording);
    let kept = there.filter(|event| event.4 as f32 / 100.0 >= threshold);
    kept.map(|&(_, class, onset, length, _)| (class, f64::from(onset), f64::from(onset + length)))
        .collect()
}

/// Adds all recordings, with half as the threshold from before.
fn add_all(thresholds: &mut EventThresholds, scored: &[ScoredEvent]) {
    let candidates = [thresholds.candidates(), &[0.5]].concat();
    for recording in 0..4 {
        // Numbers are those of the classes that have true events.
        let of = |threshold: &f32| -> Vec<FoundSpan> {
            let all = found(scored, recording, *threshold).into_iter();
            let numbered = all.filter_map(|(class, onset, offset)| {
                let number = thresholds
                    .classes()
                    .iter()
                    .position(|name| name == CLASSES[class])?;
                Some((number, onset, offset))
            });
            numbered.collect()
        };
        let of_candidates = candidates.iter().map(of).collect();
        assert!(
            thresholds
                .add(&format!("in/{recording}.wav"), 30.0, of_candidates)
                .unwrap()
        );
    }
}

/// The F1 of each class by the report, at a threshold.
fn f1(truth: &EventSet, scored: &[ScoredEvent], threshold: f32, goal: ThresholdGoal) -> Vec<f64> {
    let mut predicted = EventSet::default();
    for recording in 0..4 {
        let file = format!("{recording}.wav");
        predicted.list(&file);
        for (class, onset, offset) in found(scored, recording, threshold) {
            add(&mut predicted, &file, CLASSES[class], (onset, offset));
        }
    }
    let options = EventMetricOptions::default();
    let report = match PairedEvents::new(truth, &predicted) {
        Ok(paired) => EventReport::compute(&paired, &options).unwrap(),
        // No class in common: nothing is right.
        Err(_) => return vec![0.0; CLASSES.len()],
    };
    let metric = match goal {
        ThresholdGoal::EventF1 => report.event_based,
        _ => report.segment_based,
    };
    let of = |class: &&str| metric.per_class.get(*class).and_then(|found| found.scores.f1);
    CLASSES.iter().map(|class| of(class).unwrap_or(0.0)).collect()
}

proptest! {
    #[test]
    fn no_candidate_has_a_better_f1(
        events in prop::collection::vec((0_usize..4, 0_usize..2, 0_u32..25, 1_u32..5), 1..12),
        scored in prop::collection::vec((0_usize..4, 0_usize..2, 0_u32..25, 1_u32..5, 0_u32..100), 1..20),
        by_events: bool,
    ) {
        let truth = truth_of(&events);
        let goal = if by_events { ThresholdGoal::EventF1 } else { ThresholdGoal::SegmentF1 };
        let mut thresholds = EventThresholds::new(&truth, &names(), goal, EventMetricOptions::default()).unwrap();
        add_all(&mut thresholds, &scored);
        let chosen = thresholds.choose(0).unwrap();
        for (number, class) in CLASSES.iter().enumerate() {
            let Some(&threshold) = chosen.per_class.get(*class) else {
                prop_assert!(events.iter().all(|event| event.1 != number), "{class} has true events");
                continue;
            };
            let best = thresholds
                .candidates()
                .iter()
                .map(|&candidate| f1(&truth, &scored, candidate, goal)[number])
                .fold(0.0, f64::max);
            let own = f1(&truth, &scored, threshold, goal)[number];
            // Where nothing is ever right, the threshold is that of all together.
            prop_assert!(best == 0.0 || (own - best).abs() < 1e-12, "{class}: {own} at {threshold}, {best}");
        }
        prop_assert_eq!(chosen.recordings, 4);
    }
}

/// By hand: two recordings of half an hour, in which false events of 0.2, 0.4, 0.6 and 0.8 are found.
#[test]
fn false_events_per_hour_limit_the_threshold() {
    let mut truth = EventSet::default();
    for file in ["x.wav", "y.wav"] {
        add(&mut truth, file, "a", (0.0, 1.0));
        add(&mut truth, file, "z", (50.0, 60.0));
    }
    let scores = [
        (0, 0.9, 0.0),
        (0, 0.8, 10.0),
        (0, 0.6, 20.0),
        (1, 0.9, 0.0),
        (1, 0.4, 10.0),
        (1, 0.2, 20.0),
    ];
    let chosen = |rate: f64| {
        let goal = ThresholdGoal::FalsePerHour(rate);
        let options = EventMetricOptions::default();
        let mut thresholds = EventThresholds::new(&truth, &names(), goal, options).unwrap();
        assert_eq!(thresholds.classes(), ["a"]);
        assert_eq!(thresholds.unknown_classes(), ["z"]);
        let candidates = [thresholds.candidates(), &[0.5]].concat();
        for (number, file) in ["x.wav", "y.wav"].into_iter().enumerate() {
            let at = |threshold: &f32| -> Vec<FoundSpan> {
                let there = scores
                    .iter()
                    .filter(|(recording, score, _)| *recording == number && *score >= *threshold);
                there.map(|&(_, _, onset)| (0, onset, onset + 1.0)).collect()
            };
            let found = candidates.iter().map(at).collect();
            assert!(thresholds.add(file, 1800.0, found).unwrap());
        }
        thresholds.choose(5).unwrap()
    };
    let with = |rate: f64| chosen(rate).per_class["a"];
    assert!(
        (0.6..0.63).contains(&with(1.0)),
        "one above, the next one at 0.6 not: {}",
        with(1.0)
    );
    assert!((0.2..0.22).contains(&with(3.0)), "{}", with(3.0));
    assert!((0.8..0.82).contains(&with(0.0)), "{}", with(0.0));
    let all = chosen(4.0);
    assert_eq!(all.per_class["a"], 0.0009, "the lowest");
    assert_eq!((all.recordings, all.hours), (2, 1.0));
    // At 0.5, two of the four are left.
    assert_eq!(all.before.false_per_hour, 2.0);
    assert_eq!(all.before.metric.micro.precision, Some(0.5));
}

#[test]
fn what_cannot_be_chosen_is_refused() {
    let truth = truth_of(&[(0, 0, 1, 1)]);
    let new = |classes: &[&str], goal| {
        let classes: Vec<String> = classes.iter().map(|name| (*name).to_owned()).collect();
        let found = EventThresholds::new(&truth, &classes, goal, EventMetricOptions::default());
        found.err().map(|error| error.to_string())
    };
    assert_eq!(new(&["a"], ThresholdGoal::EventF1), None);
    assert_eq!(
        new(&["A", "B"], ThresholdGoal::EventF1).unwrap(),
        "no class of the scores has a true event: `A`, `B`; the truth has `a`: spell classes the same way in both"
    );
    let wrong = new(&["a"], ThresholdGoal::FalsePerHour(f64::NAN)).unwrap();
    assert!(wrong.starts_with("false-per-hour = NaN: "), "{wrong}");
    let options = EventMetricOptions::default();
    let mut one = EventThresholds::new(&truth, &names(), ThresholdGoal::SegmentF1, options).unwrap();
    let nothing = || vec![Vec::new(); one.candidates().len() + 1];
    let (first, second) = (nothing(), nothing());
    assert!(!one.add("strange.wav", 30.0, Vec::new()).unwrap());
    assert!(one.add("0.wav", 30.0, first).unwrap());
    let twice = one.add("in/0.wav", 30.0, second).unwrap_err().to_string();
    assert!(
        twice.starts_with("two recordings of the scores may be `0.wav`: "),
        "{twice}"
    );
    assert!(
        one.choose(1)
            .unwrap_err()
            .to_string()
            .contains("fewer than two recordings")
    );
    assert_eq!(
        one.without_scores().collect::<Vec<_>>(),
        ["1.wav", "2.wav", "3.wav"]
    );
}
