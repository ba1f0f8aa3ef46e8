//! The classes of a report, each with its results.

use earmark_metrics::ConfusionMatrix;
use earmark_report::ClassScoreRow;
use serde_json::Value;

/// The classes that an evaluation has results of, in the order of `names`, and the rule of precision, recall and F1 as
/// a sentence. `results` are those of the evaluation as it wrote them. Where every clip has one class, the highest
/// score decides, and what it decided is in `confusion`.
pub(super) fn class_rows(
    names: &[String],
    results: &Value,
    confusion: Option<&ConfusionMatrix>,
) -> (Vec<ClassScoreRow>, String) {
    let row = |name: &String| {
        let class = results["per_class"].get(name)?;
        let number = |key: &str| class[key].as_f64();
        let of_class = |matrix: &ConfusionMatrix| {
            let index = matrix.classes().iter().position(|class| class == name)?;
            Some(matrix.decisions(index))
        };
        let [precision, recall, f1] = match confusion.and_then(of_class) {
            Some(decisions) => [decisions.precision(), decisions.recall(), decisions.f1()],
            None => ["precision", "recall", "f1"].map(number),
        };
        Some(ClassScoreRow {
            name: name.clone(),
            count: class["count"].as_u64().unwrap_or_default(),
            lwlrap: number("lwlrap"),
            ap: number("ap"),
            auc: number("auc"),
            precision,
            recall,
            f1,
            threshold: None,
        })
    };
    let rule = match confusion {
        Some(_) => "Precision, recall and F1 count the class with the highest score of each clip.".to_owned(),
        None => format!(
            "Precision, recall and F1 count every class with a score of {} or more.",
            results["threshold"].as_f64().unwrap_or(0.5)
        ),
    };
    (names.iter().filter_map(row).collect(), rule)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_highest_score_decides_where_a_clip_has_one_class() {
        let names = ["x", "y", "z"].map(str::to_owned);
        let class = json!({ "count": 4, "ap": 0.75, "precision": 1.0, "recall": 0.25, "f1": 0.4 });
        // `z` has no results: a class that the evaluation did not know.
        let results = json!({ "threshold": 0.25, "per_class": { "x": class, "y": class } });
        let (rows, rule) = class_rows(&names, &results, None);
        assert_eq!(rows.len(), 2);
        assert_eq!(
            (rows[0].precision, rows[0].recall, rows[0].f1),
            (Some(1.0), Some(0.25), Some(0.4))
        );
        assert_eq!((rows[0].count, rows[0].ap, rows[0].lwlrap), (4, Some(0.75), None));
        assert!(rule.ends_with("a score of 0.25 or more."), "{rule}");

        let mut matrix = ConfusionMatrix::new(names.to_vec());
        for (truth, predicted) in [(0, 0), (0, 0), (0, 0), (0, 1), (1, 0), (1, 1)] {
            matrix.add(truth, predicted).unwrap();
        }
        let (rows, rule) = class_rows(&names, &results, Some(&matrix));
        // x: 3 of 4 predictions are right, and 3 of 4 clips are found; y: 1 of 2 and 1 of 2.
        assert_eq!(
            (rows[0].precision, rows[0].recall, rows[0].f1),
            (Some(0.75), Some(0.75), Some(0.75))
        );
        assert_eq!(
            (rows[1].precision, rows[1].recall, rows[1].f1),
            (Some(0.5), Some(0.5), Some(0.5))
        );
        assert_eq!(rows[1].ap, Some(0.75), "a ranking needs no decision");
        assert!(rule.contains("highest score"), "{rule}");
    }
}
