//! Properties that hold for any scores, and a naive restatement that shares no code with the crate.

use earmark_metrics::{
    Aligned, Bootstrap, Lwlrap, Report, ReportOptions, ScoreTable, ThresholdCurve, average_precision_at,
    top_k,
};
use proptest::prelude::*;

/// Clips with scores that often tie, and marks.
#[derive(Clone, Debug)]
struct Clips {
    classes: usize,
    rows: Vec<(Vec<f32>, Vec<bool>)>,
}

fn clips() -> impl Strategy<Value = Clips> {
    (1_usize..7).prop_flat_map(|classes| {
        let scores = prop::collection::vec((-8_i8..8).prop_map(|x| f32::from(x) / 8.0), classes);
        let truth = prop::collection::vec(prop::bool::weighted(0.35), classes);
        prop::collection::vec((scores, truth), 1..25).prop_map(move |rows| Clips { classes, rows })
    })
}

impl Clips {
    fn lwlrap(&self) -> Lwlrap {
        let mut lwlrap = Lwlrap::new(self.classes);
        for (scores, truth) in &self.rows {
            lwlrap.add(scores, truth).expect("finite scores");
        }
        lwlrap
    }

    fn aligned(&self) -> Aligned {
        let files = (0..self.rows.len()).map(|index| format!("{index}.wav")).collect();
        let classes = (0..self.classes).map(|index| format!("c{index}")).collect();
        let values = self.rows.iter().flat_map(|(scores, _)| scores.clone()).collect();
        let truth = self.rows.iter().flat_map(|(_, truth)| truth.clone()).collect();
        Aligned::from_rows(ScoreTable::new(files, classes, values).expect("a table"), truth).expect("marks")
    }

    fn column(&self, class: usize) -> (Vec<f32>, Vec<bool>) {
        self.rows
            .iter()
            .map(|(scores, truth)| (scores[class], truth[class]))
            .unzip()
    }
}

fn roc_auc(scores: &[f32], truth: &[bool]) -> Option<f64> {
    ThresholdCurve::new(scores, truth).expect("finite").roc_auc()
}

/// Lwlrap by walking down an explicit list in which false classes precede true ones of the same score.
///
/// Each of several tied true labels counts all of them: the walk gives a tied group the precision of its end.
fn naive_lwlrap(clips: &Clips) -> (Option<f64>, Vec<Option<f64>>) {
    let mut precisions: Vec<Vec<f64>> = vec![Vec::new(); clips.classes];
    for (scores, truth) in &clips.rows {
        let mut list: Vec<usize> = (0..clips.classes).collect();
        list.sort_by(|&a, &b| {
            scores[b]
                .partial_cmp(&scores[a])
                .expect("finite")
                .then(truth[a].cmp(&truth[b]))
        });
        let mut end = 0;
        while end < list.len() {
            let start = end;
            while end < list.len() && scores[list[end]] == scores[list[start]] {
                end += 1;
            }
            let hits = list[..end].iter().filter(|&&class| truth[class]).count();
            for &class in list[start..end].iter().filter(|&&class| truth[class]) {
                precisions[class].push(hits as f64 / end as f64);
            }
        }
    }
    let mean =
        |values: &[f64]| (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64);
    let all: Vec<f64> = precisions.iter().flatten().copied().collect();
    (mean(&all), precisions.iter().map(|values| mean(values)).collect())
}

/// ROC AUC by asking every pair.
fn naive_auc(scores: &[f32], truth: &[bool]) -> Option<f64> {
    let (mut wins, mut pairs) = (0.0, 0.0);
    for (a, _) in scores.iter().zip(truth).filter(|(_, is_true)| **is_true) {
        for (b, _) in scores.iter().zip(truth).filter(|(_, is_true)| !**is_true) {
            pairs += 1.0;
            wins += if a > b {
                1.0
            } else if a == b {
                0.5
            } else {
                0.0
            };
        }
    }
    (pairs > 0.0).then(|| wins / pairs)
}

fn close(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() < 1e-12,
        (a, b) => a == b,
    }
}

fn report(clips: &Clips) -> Report {
    Report::of(&clips.aligned(), &ReportOptions::default()).expect("a report")
}

proptest! {
    #[test]
    fn lwlrap_equals_the_naive_one(clips in clips()) {
        let (overall, per_class) = naive_lwlrap(&clips);
        let lwlrap = clips.lwlrap();
        prop_assert!(close(lwlrap.overall(), overall));
        for (got, expected) in lwlrap.per_class().into_iter().zip(per_class) {
            prop_assert!(close(got, expected));
        }
        let weighted: f64 = lwlrap.per_class().iter().zip(lwlrap.weights()).map(|(x, w)| x.unwrap_or(0.0) * w).sum();
        prop_assert!(close(overall.map(|_| weighted), overall), "the overall value is the weighted mean of the classes");
        prop_assert_eq!(lwlrap.clips() + lwlrap.skipped(), clips.rows.len() as u64);
    }

    #[test]
    fn auc_equals_the_naive_one(clips in clips()) {
        for class in 0..clips.classes {
            let (scores, truth) = clips.column(class);
            prop_assert!(close(roc_auc(&scores, &truth), naive_auc(&scores, &truth)));
            let turned: Vec<f32> = scores.iter().map(|score| -score).collect();
            let both = roc_auc(&scores, &truth).zip(roc_auc(&turned, &truth));
            prop_assert!(both.is_none_or(|(one, other)| (one + other - 1.0).abs() < 1e-12));
        }
    }

    #[test]
    fn merged_parts_equal_the_whole(clips in clips(), cut in 0_usize..25) {
        let cut = cut.min(clips.rows.len());
        let part = |rows: &[(Vec<f32>, Vec<bool>)]| Clips { classes: clips.classes, rows: rows.to_vec() }.lwlrap();
        let mut merged = part(&clips.rows[..cut]);
        merged.merge(&part(&clips.rows[cut..])).expect("same classes");
        let whole = clips.lwlrap();
        prop_assert!(close(merged.overall(), whole.overall()));
        prop_assert_eq!(merged.label_counts(), whole.label_counts());
        prop_assert_eq!((merged.clips(), merged.skipped()), (whole.clips(), whole.skipped()));
    }

    #[test]
    fn streaming_equals_the_report(clips in clips()) {
        prop_assert_eq!(clips.lwlrap().overall(), report(&clips).lwlrap);
    }

    #[test]
    fn rank_metrics_ignore_monotone_transforms_and_clip_order(clips in clips(), turn in 0_usize..25) {
        let mut other = clips.clone();
        for (scores, _) in &mut other.rows {
            // Exact in float32 for eighths, so ties stay ties and nothing else becomes one.
            scores.iter_mut().for_each(|score| *score = *score * 4.0 + 0.5);
        }
        let turn = turn % other.rows.len();
        other.rows.rotate_left(turn);
        let (a, b) = (report(&clips), report(&other));
        for (a, b) in [
            (a.lwlrap, b.lwlrap), (a.map.value, b.map.value), (a.mean_ap, b.mean_ap), (a.micro_ap, b.micro_ap), (a.auc, b.auc),
            (a.d_prime, b.d_prime), (a.accuracy, b.accuracy), (a.balanced_accuracy, b.balanced_accuracy),
        ] {
            // d' grows without bound near AUC 1 and magnifies rounding there.
            prop_assert!(close(a, b) || a.zip(b).is_some_and(|(a, b)| (a - b).abs() < 1e-9));
        }
    }

    #[test]
    fn results_are_in_their_range_and_json_has_no_nan(clips in clips()) {
        let report = report(&clips);
        for value in [report.lwlrap, report.map.value, report.mean_ap, report.micro_ap, report.auc, report.accuracy] {
            prop_assert!(value.is_none_or(|value| (0.0..=1.0 + 1e-12).contains(&value)));
        }
        let text = serde_json::to_string(&report).expect("JSON");
        prop_assert!(!text.contains("NaN") && !text.contains("inf"));
        prop_assert!(!report.table().contains("NaN") && !report.lwlrap_lines().contains("NaN"));
    }

    #[test]
    fn curve_counts_equal_direct_counts(clips in clips(), eighth in -10_i8..10) {
        let threshold = f32::from(eighth) / 8.0;
        for class in 0..clips.classes {
            let (scores, truth) = clips.column(class);
            let curve = ThresholdCurve::new(&scores, &truth).expect("finite");
            let direct = earmark_metrics::DecisionCounts::of(&scores, &truth, threshold);
            prop_assert_eq!(curve.at(threshold), direct);
            if let Some(best) = curve.best_threshold() {
                prop_assert!(direct.f1().unwrap_or(0.0) <= best.f1);
                prop_assert_eq!(curve.at(best.threshold).f1(), Some(best.f1));
            }
        }
    }

    #[test]
    fn single_label_map_is_one_over_rank(scores in prop::collection::vec(-4_i8..4, 1..8), label in 0_usize..8, k in 1_usize..5) {
        let scores: Vec<f32> = scores.into_iter().map(f32::from).collect();
        let label = label % scores.len();
        let truth: Vec<bool> = (0..scores.len()).map(|class| class == label).collect();
        // The rank by counting: what is higher, and what ties but comes earlier.
        let rank = 1 + (0..scores.len())
            .filter(|&c| scores[c] > scores[label] || (scores[c] == scores[label] && c < label))
            .count();
        let expected = if rank <= k { 1.0 / rank as f64 } else { 0.0 };
        prop_assert_eq!(average_precision_at(k, &scores, &truth), Some(expected));
        prop_assert_eq!(top_k(&scores, 1), top_k(&scores, 3)[..1].to_vec());
    }

    #[test]
    fn bootstrap_is_repeatable_and_ordered(clips in clips(), seed in any::<u64>()) {
        let bootstrap = Bootstrap { resamples: 50, seed, ..Default::default() };
        let aligned = clips.aligned();
        let intervals = bootstrap.intervals(&aligned).expect("settings that work");
        prop_assert_eq!(intervals, bootstrap.intervals(&aligned).expect("settings that work"));
        prop_assert_eq!(intervals.lwlrap.is_some(), clips.lwlrap().overall().is_some());
        for interval in [intervals.lwlrap, intervals.accuracy].into_iter().flatten() {
            prop_assert!(0.0 <= interval.low && interval.low <= interval.high && interval.high <= 1.0 + 1e-12);
        }
    }
}

/// Accuracy of 400 clips, 300 of them right, is binomial: the standard error is sqrt(0.75 x 0.25 / 400) = 0.02165.
#[test]
fn bootstrap_interval_has_the_binomial_width() {
    let rows = (0..400)
        .map(|index| {
            let scores = if index % 4 == 0 {
                vec![0.1, 0.9]
            } else {
                vec![0.9, 0.1]
            };
            (scores, vec![true, false])
        })
        .collect();
    let clips = Clips { classes: 2, rows };
    let bootstrap = Bootstrap {
        resamples: 4000,
        ..Default::default()
    };
    let interval = bootstrap
        .intervals(&clips.aligned())
        .expect("settings that work")
        .accuracy
        .expect("clips");
    let expected = 1.96 * (0.75_f64 * 0.25 / 400.0).sqrt();
    // 4000 draws give the 2.5 % points to about 4 % of the half width; steps of 1/400 add 0.00125.
    assert!((0.75 - interval.low - expected).abs() < 0.004, "{interval:?}");
    assert!((interval.high - 0.75 - expected).abs() < 0.004, "{interval:?}");
}
