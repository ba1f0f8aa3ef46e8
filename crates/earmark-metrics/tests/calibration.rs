//! Calibration against scikit-learn and SciPy (xtask/golden/calibration.py), and properties that hold for any scores.

use earmark_metrics::{
    Aligned, Calibration, CalibrationLine, CalibrationMethod, CalibrationOptions, CalibrationQuality,
    CalibrationRule, MetricsError, ReliabilityTable, ScoreTable,
};
use proptest::prelude::*;
use serde_json::Value;

/// The scripts minimise without second derivatives, so their results are good to about the square root of float64's precision.
const TOLERANCE: f64 = 2e-5;

fn golden() -> Value {
    serde_json::from_str(include_str!("golden/calibration.json")).expect("the golden file is JSON")
}

fn names(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|index| format!("{prefix}{index:03}")).collect()
}

fn aligned(scores: &[Vec<f32>], truth: &[Vec<bool>]) -> Aligned {
    let table = ScoreTable::new(
        names("clip", scores.len()),
        names("class", scores[0].len()),
        scores.concat(),
    );
    Aligned::from_rows(table.expect("scores"), truth.concat()).expect("truth")
}

fn rows(value: &Value) -> Vec<Vec<f32>> {
    let numbers = |row: &Value| {
        let row = row.as_array().expect("a row").iter();
        row.map(|x| x.as_f64().expect("a number") as f32).collect()
    };
    value.as_array().expect("rows").iter().map(numbers).collect()
}

fn multi_label(golden: &Value) -> Aligned {
    let truth: Vec<Vec<bool>> = golden["truth"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| row.as_str().expect("marks").bytes().map(|b| b == b'1').collect())
        .collect();
    aligned(&rows(&golden["scores"]), &truth)
}

fn single_label(golden: &Value) -> Aligned {
    let scores = rows(&golden["softmax"]["scores"]);
    let labels = golden["softmax"]["labels"].as_array().expect("labels");
    let truth: Vec<Vec<bool>> = labels
        .iter()
        .map(|l| {
            (0..scores[0].len() as u64)
                .map(|c| l.as_u64() == Some(c))
                .collect()
        })
        .collect();
    aligned(&scores, &truth)
}

fn lines(calibration: &Calibration) -> Vec<CalibrationLine> {
    match &calibration.rule {
        CalibrationRule::Classes { lines } => lines.clone(),
        other => panic!("{other:?} for classes"),
    }
}

#[track_caller]
fn close(what: &str, got: f64, want: &Value) {
    let want = want.as_f64().expect("a number");
    assert!(
        (got - want).abs() <= TOLERANCE * (1.0 + want.abs()),
        "{what}: {got}, expected {want}"
    );
}

#[test]
fn platt_scaling_agrees_with_scikit_learn_and_scipy() {
    let golden = golden();
    let clips = multi_label(&golden);
    for (key, strength) in [("sklearn", 0.0), ("platt_1", 1.0), ("platt_20", 20.0)] {
        let options = CalibrationOptions {
            strength,
            ..Default::default()
        };
        let fitted = lines(&Calibration::fit(&clips, options).unwrap());
        for (class, line) in fitted.iter().enumerate() {
            let want = &golden["classes"][class][key];
            close(
                &format!("{key}, slope of {class}"),
                f64::from(line.slope),
                &want[0],
            );
            close(
                &format!("{key}, shift of {class}"),
                f64::from(line.shift),
                &want[1],
            );
        }
    }
}

#[test]
fn temperatures_agree_with_scipy() {
    let golden = golden();
    for (key, strength) in [("0", 0.0), ("1", 1.0)] {
        let options = CalibrationOptions {
            strength,
            method: CalibrationMethod::Temperature,
            ..Default::default()
        };
        let fitted = Calibration::fit(&multi_label(&golden), options).unwrap();
        for (class, line) in lines(&fitted).iter().enumerate() {
            assert_eq!(line.shift, 0.0);
            let want = &golden["classes"][class][format!("temperature_{key}")];
            close(
                &format!("class {class}, strength {key}"),
                f64::from(line.slope),
                want,
            );
        }
        let options = CalibrationOptions {
            single_label: true,
            ..options
        };
        let fitted = Calibration::fit(&single_label(&golden), options).unwrap();
        let CalibrationRule::Softmax { slope } = fitted.rule else {
            panic!("{:?} for a softmax", fitted.rule)
        };
        close(
            "softmax",
            f64::from(slope),
            &golden["softmax"][format!("slope_{key}")],
        );
    }
}

#[test]
fn loss_and_error_agree_with_their_definition() {
    let golden = golden();
    for (clips, single, want) in [
        (multi_label(&golden), false, &golden),
        (single_label(&golden), true, &golden["softmax"]),
    ] {
        let quality = CalibrationQuality::of(&clips, single, |_| &[0.5; 4]).unwrap();
        for (what, got) in [("log_loss", quality.log_loss), ("ece", quality.ece)] {
            let want = want[what].as_f64().unwrap();
            assert!(
                (got.unwrap() - want).abs() < 1e-9,
                "{what}: {got:?}, expected {want}"
            );
        }
    }
}

/// Scores at a known distance from probabilities: the fit recovers them, also on clips it has not seen.
#[test]
fn calibration_helps_on_clips_that_were_not_fitted_on() {
    let golden = golden();
    for (clips, single_label) in [(multi_label(&golden), false), (single_label(&golden), true)] {
        let options = CalibrationOptions {
            single_label,
            ..Default::default()
        };
        let folds: Vec<u32> = (0..clips.files().len() as u32).map(|i| i % 5).collect();
        let (after, limits) = Calibration::cross_fit(&clips, &folds, options).unwrap();
        let before = CalibrationQuality::of(&clips, single_label, |_| &[0.5; 4]).unwrap();
        let after = CalibrationQuality::of(&after, single_label, |i| limits[i].as_slice()).unwrap();
        assert!(after.log_loss < before.log_loss, "{before:?} {after:?}");
        assert!(
            after.ece < before.ece.map(|e| 0.7 * e),
            "{:?} {:?}",
            before.ece,
            after.ece
        );
    }
}

#[test]
fn a_cross_fit_does_not_use_the_fold_that_it_calibrates() {
    let clips = multi_label(&golden());
    let folds: Vec<u32> = (0..clips.files().len() as u32).map(|i| 7 + i % 3).collect();
    let (all, limits) = Calibration::cross_fit(&clips, &folds, CalibrationOptions::default()).unwrap();
    let others = clips.select(|i| folds[i] != 8).unwrap();
    let fitted = Calibration::fit(&others, CalibrationOptions::default()).unwrap();
    let (mut row, _) = clips.rows().map(|(s, t)| (s.to_vec(), t)).nth(1).unwrap();
    fitted.apply(&mut row);
    assert_eq!(all.rows().nth(1).unwrap().0, row);
    assert_eq!(limits[1], fitted.thresholds);
    let error = Calibration::cross_fit(&clips, &vec![1; folds.len()], CalibrationOptions::default());
    assert!(error.unwrap_err().to_string().contains("at least 2"));
}

#[test]
fn classes_with_too_few_examples_keep_their_scores() {
    // Class 0 has four positives, class 1 four negatives, class 2 is inverted, class 3 says nothing.
    let scores: Vec<Vec<f32>> = (0..40)
        .map(|i| {
            let x = i as f32 / 40.0;
            vec![1.0 - x, x, x, 0.3]
        })
        .collect();
    let truth: Vec<Vec<bool>> = (0..40).map(|i| vec![i < 4, i > 3, i < 20, i % 2 == 0]).collect();
    let clips = aligned(&scores, &truth);
    let fitted = Calibration::fit(&clips, CalibrationOptions::default()).unwrap();
    let lines = lines(&fitted);
    assert_eq!(lines[..3], [CalibrationLine::IDENTITY; 3]);
    // Half of what scores 0.3 is true.
    let mut row = [0.5, 0.5, 0.5, 0.3];
    fitted.apply(&mut row);
    assert!((row[3] - 0.5).abs() < 0.05, "{row:?}");
    assert_eq!(row[..3], [0.5; 3]);
    assert_eq!(fitted.clips, 40);
    // Class 1 has its own threshold, halfway between 3/40 and 4/40; class 0 takes the threshold of all classes together.
    assert!(
        (fitted.thresholds[1] - 3.5 / 40.0).abs() < 1e-6,
        "{:?}",
        fitted.thresholds
    );
    assert_ne!(fitted.thresholds[0], 1.0 - 3.5 / 40.0);
}

#[test]
fn scores_of_0_and_1_and_perfect_classes_stay_finite() {
    let scores: Vec<Vec<f32>> = (0..30)
        .map(|i| if i < 15 { vec![1.0, 0.0] } else { vec![0.0, 1.0] })
        .collect();
    let truth: Vec<Vec<bool>> = (0..30).map(|i| vec![i < 15, i >= 15]).collect();
    let clips = aligned(&scores, &truth);
    for (single_label, strength) in [(false, 0.0), (false, 1.0), (true, 0.0), (true, 1.0)] {
        let options = CalibrationOptions {
            single_label,
            strength,
            ..Default::default()
        };
        let fitted = Calibration::fit(&clips, options).unwrap();
        fitted.check(2).unwrap();
        let mut row = [1.0, 0.0];
        fitted.apply(&mut row);
        assert!(
            row[0] > 0.99 && row[1] < 0.01 && row.iter().all(|p| (0.0..=1.0).contains(p)),
            "{row:?}"
        );
        let back: Calibration = serde_json::from_str(&serde_json::to_string(&fitted).unwrap()).unwrap();
        assert_eq!(back, fitted);
    }
}

#[test]
fn scores_that_are_not_probabilities_are_refused_by_name() {
    let clips = aligned(
        &[vec![0.5, 1.5], vec![0.1, 0.2]],
        &[vec![true, false], vec![false, true]],
    );
    let error = Calibration::fit(&clips, CalibrationOptions::default())
        .unwrap_err()
        .to_string();
    assert!(error.contains("`clip000` for class `class001` is 1.5"), "{error}");
    let clips = aligned(&[vec![0.5, 0.5]], &[vec![true, true]]);
    let options = CalibrationOptions {
        single_label: true,
        ..Default::default()
    };
    let error = Calibration::fit(&clips, options).unwrap_err();
    assert!(
        matches!(error, MetricsError::NotSingleLabel { labels: 2, .. }),
        "{error}"
    );
    let fitted = Calibration::fit(&clips, CalibrationOptions::default()).unwrap();
    assert!(fitted.check(2).is_ok() && fitted.check(3).is_err());
    let broken = Calibration {
        rule: CalibrationRule::Softmax { slope: -1.0 },
        ..fitted
    };
    assert!(broken.check(2).unwrap_err().to_string().contains("slope = -1"));
    assert!(ReliabilityTable::of([(0.5, true)].into_iter(), 0).is_err());
}

#[test]
fn reliability_bins_hold_counts_shares_and_scores() {
    let r = ReliabilityTable::of(
        [(0.0, false), (0.05, true), (0.75, true), (1.0, true)].into_iter(),
        4,
    )
    .unwrap();
    let counts: Vec<u64> = r.bins.iter().map(|b| b.count).collect();
    assert_eq!(counts, [2, 0, 0, 2]);
    assert_eq!(
        (r.bins[0].share, r.bins[1].share, r.bins[3].score),
        (Some(0.5), None, Some(0.875))
    );
    // (|0.05 - 1| + |1.75 - 2|) / 4
    assert!((r.ece.unwrap() - 0.3).abs() < 1e-7);
}

proptest! {
    /// Calibration never changes the order of one class's clips (or, with a softmax, of one clip's classes), up to rounding to equal scores.
    #[test]
    fn order_is_kept(seed in proptest::collection::vec((0.0_f32..=1.0, 0.0_f32..=1.0, any::<bool>(), any::<bool>()), 12..60)) {
        let scores: Vec<Vec<f32>> = seed.iter().map(|s| vec![s.0, s.1]).collect();
        let truth: Vec<Vec<bool>> = seed.iter().map(|s| vec![s.2, s.3]).collect();
        let clips = aligned(&scores, &truth);
        let fitted = Calibration::fit(&clips, CalibrationOptions::default()).unwrap();
        let after: Vec<Vec<f32>> = fitted.of_clips(&clips).unwrap().rows().map(|(row, _)| row.to_vec()).collect();
        for class in 0..2 {
            for (i, j) in (0..scores.len()).flat_map(|i| (0..i).map(move |j| (i, j))) {
                let (a, b) = (after[i][class], after[j][class]);
                prop_assert!(scores[i][class] < scores[j][class] || a >= b);
            }
        }
        prop_assert!(after.iter().flatten().all(|p| (0.0..=1.0).contains(p)));
        prop_assert!(fitted.thresholds.iter().all(|p| (0.0..=1.0).contains(p)));
    }
}
