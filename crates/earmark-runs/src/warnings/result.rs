//! Warnings about a result: no better than guessing, classes that are never predicted.

use super::remedies::Remedies;
use super::warning::{RunWarning, WarningKind};
use earmark_core::human::human_amount;
use earmark_metrics::{Guessing, Report, number};
use serde::Deserialize;
use serde_json::Value;

/// Classes named in a warning.
const NAMED: usize = 5;

/// A result as far as warnings depend on it: in the JSON of a report, and in a validation's line of `metrics.jsonl`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct ResultFacts {
    /// Clips evaluated.
    pub clips: usize,
    /// Share of them whose highest score is a true label.
    pub accuracy: Option<f64>,
    /// Mean recall over classes; only where no clip has several labels.
    pub balanced_accuracy: Option<f64>,
    /// Label-weighted label-ranking average precision.
    pub lwlrap: Option<f64>,
    /// What guessing would reach; results of earlier versions lack it.
    pub guessing: Option<Guessing>,
    /// Classes that are predicted for no clip.
    pub never_predicted: Vec<String>,
}

impl From<&Report> for ResultFacts {
    fn from(report: &Report) -> Self {
        Self {
            clips: report.clips,
            accuracy: report.accuracy,
            balanced_accuracy: report.balanced_accuracy,
            lwlrap: report.lwlrap,
            guessing: report.guessing.clone(),
            never_predicted: report.never_predicted.clone(),
        }
    }
}

impl ResultFacts {
    /// Those in some JSON; of one that lacks them or is damaged there is nothing to warn of.
    pub fn of_json(value: &Value) -> Self {
        Self::deserialize(value).unwrap_or_default()
    }

    /// What is bad about the result; `clips` says what was evaluated, such as `validation clips`, and `remedies` what can
    /// be advised.
    pub fn warnings(&self, clips: &str, remedies: Remedies) -> Vec<RunWarning> {
        let guessing = self.no_better_than_guessing(clips, remedies);
        let never = self.never_predicted(clips, remedies);
        guessing.into_iter().chain(never).collect()
    }

    /// With one label per clip, accuracy and balanced accuracy are both within luck of guessing: the first alone is so wherever one
    /// class is much more frequent than the others. With several labels, lwlrap is.
    fn no_better_than_guessing(&self, clips: &str, remedies: Remedies) -> Option<RunWarning> {
        let guess = self.guessing.as_ref()?;
        let of = format!("of {} {clips}", self.clips);
        let text = match (guess.balanced_accuracy, self.balanced_accuracy) {
            (Some(balanced), Some(found)) => {
                let accuracy = self.accuracy?;
                let level = guess.accuracy;
                // With so few clips that nothing is better than luck, nothing is said.
                let is_bad = !level.is_passed_by(accuracy) && !balanced.is_passed_by(found);
                if !is_bad || !level.is_passed_by(1.0) {
                    return None;
                }
                format!(
                    "accuracy {} {of} is no better than guessing: always saying {:?} gives {}, and by luck up to {}",
                    number(Some(accuracy)),
                    guess.class,
                    number(Some(level.expected)),
                    number(Some(level.by_luck))
                )
            }
            _ => {
                let (lwlrap, level) = (self.lwlrap?, guess.lwlrap);
                if level.is_passed_by(lwlrap) || !level.is_passed_by(1.0) {
                    return None;
                }
                format!(
                    "lwlrap {} {of} is no better than guessing: ranking the classes by how frequent they are gives {}, and by luck \
                     up to {}",
                    number(Some(lwlrap)),
                    number(Some(level.expected)),
                    number(Some(level.by_luck))
                )
            }
        };
        let network = match remedies.trained_network {
            true => " or begin with a trained network (the recipe fine-tune/folder)",
            false => "",
        };
        let warm_up = match remedies.batch_norm_warm_up {
            true => "; a short training needs train.batch-norm-warm-up=true",
            false => "",
        };
        Some(RunWarning {
            kind: WarningKind::NoBetterThanGuessing,
            text,
            remedy: format!(
                "check the labels (`earmark data check DIR`), then train longer{network}{warm_up}"
            ),
        })
    }

    fn never_predicted(&self, clips: &str, remedies: Remedies) -> Option<RunWarning> {
        let missed = &self.never_predicted;
        let named = missed.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
        let more = match missed.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let classes = human_amount(missed.len(), "class is", "classes are");
        let weights = match remedies.class_weights {
            true => ", or let rare classes count more: --set 'train.loss.class-weights=\"balanced\"'",
            false => "",
        };
        (!missed.is_empty()).then(|| RunWarning {
            kind: WarningKind::NeverPredicted,
            text: format!(
                "{classes} never predicted, with at least 3 clips each among the {} {clips}: {named}{more}",
                self.clips
            ),
            remedy: format!("add recordings of what is missed{weights}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_metrics::GuessLevel;

    fn level(expected: f64, by_luck: f64) -> GuessLevel {
        GuessLevel { expected, by_luck }
    }

    /// Ten classes of forty clips each.
    fn ten_classes(accuracy: f64) -> ResultFacts {
        ResultFacts {
            clips: 400,
            accuracy: Some(accuracy),
            balanced_accuracy: Some(accuracy),
            lwlrap: Some(0.5),
            guessing: Some(Guessing {
                class: "dog".into(),
                accuracy: level(0.1, 0.125),
                balanced_accuracy: Some(level(0.1, 0.1247)),
                lwlrap: level(0.2929, 0.3163),
            }),
            never_predicted: Vec::new(),
        }
    }

    fn kinds(facts: &ResultFacts) -> Vec<WarningKind> {
        facts
            .warnings("clips", Remedies::default())
            .iter()
            .map(|w| w.kind)
            .collect()
    }

    #[test]
    fn accuracy_must_pass_what_luck_makes_of_guessing() {
        use WarningKind::NoBetterThanGuessing;
        assert_eq!(kinds(&ten_classes(0.115)), [NoBetterThanGuessing]);
        assert_eq!(kinds(&ten_classes(0.1245)), [NoBetterThanGuessing]);
        assert!(kinds(&ten_classes(0.1275)).is_empty());
        let text = ten_classes(0.115).warnings("test clips", Remedies::default())[0].to_string();
        let wanted = "accuracy 0.1150 of 400 test clips is no better than guessing: always saying \"dog\" gives 0.1000, and by luck \
                      up to 0.1250; check the labels";
        assert!(text.starts_with(wanted), "{text}");
    }

    /// Where nine of ten clips are of one class, a model that finds the others is better than guessing though its accuracy is not.
    #[test]
    fn rare_classes_that_are_found_are_no_guesses() {
        let mut facts = ten_classes(0.9);
        facts.guessing = facts.guessing.map(|guess| Guessing {
            accuracy: level(0.9, 0.92),
            balanced_accuracy: Some(level(0.5, 0.6)),
            ..guess
        });
        facts.balanced_accuracy = Some(0.5);
        assert_eq!(kinds(&facts), [WarningKind::NoBetterThanGuessing]);
        facts.balanced_accuracy = Some(0.8);
        assert!(kinds(&facts).is_empty());
    }

    #[test]
    fn several_labels_are_compared_by_ranking() {
        let mut facts = ten_classes(0.1);
        facts.balanced_accuracy = None;
        facts.guessing = facts.guessing.map(|guess| Guessing {
            balanced_accuracy: None,
            ..guess
        });
        assert!(kinds(&facts).is_empty(), "lwlrap 0.5");
        facts.lwlrap = Some(0.31);
        let found = facts.warnings("clips", Remedies::default());
        assert!(
            found[0].text.starts_with("lwlrap 0.3100 of 400 clips"),
            "{found:?}"
        );
    }

    #[test]
    fn too_few_clips_and_old_results_say_nothing() {
        let mut few = ten_classes(0.0);
        few.guessing = few.guessing.map(|guess| Guessing {
            accuracy: level(0.5, 1.0),
            ..guess
        });
        assert!(kinds(&few).is_empty(), "a perfect result would be luck as well");
        let old = serde_json::json!({ "accuracy": 0.1, "lwlrap": 0.2, "clips": 80, "per_class": {} });
        assert!(
            ResultFacts::of_json(&old)
                .warnings("clips", Remedies::default())
                .is_empty()
        );
        assert_eq!(ResultFacts::of_json(&Value::Null), ResultFacts::default());
    }

    /// What the training has is not advised.
    #[test]
    fn remedies_are_those_that_are_left() {
        let mut facts = ten_classes(0.115);
        facts.never_predicted = vec!["rain".into()];
        let of = |remedies| {
            let found = facts.warnings("clips", remedies);
            found
                .into_iter()
                .map(|warning| warning.remedy)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            of(Remedies::default()),
            [
                "check the labels (`earmark data check DIR`), then train longer",
                "add recordings of what is missed"
            ]
        );
        let all = of(Remedies {
            trained_network: true,
            batch_norm_warm_up: true,
            class_weights: true,
        });
        let end = "or begin with a trained network (the recipe fine-tune/folder); a short training needs \
                   train.batch-norm-warm-up=true";
        assert!(all[0].ends_with(end), "{all:?}");
        assert!(all[1].ends_with("class-weights=\"balanced\"'"), "{all:?}");
    }

    #[test]
    fn missed_classes_are_named() {
        let mut facts = ten_classes(0.8);
        facts.never_predicted = vec!["rain".into()];
        let found = facts.warnings("clips", Remedies::default());
        assert_eq!(found[0].kind, WarningKind::NeverPredicted);
        assert_eq!(
            found[0].text,
            "1 class is never predicted, with at least 3 clips each among the 400 clips: rain"
        );
        facts.never_predicted = ["a", "b", "c", "d", "e", "f", "g"].map(str::to_owned).to_vec();
        let text = &facts.warnings("clips", Remedies::default())[0].text;
        assert!(
            text.starts_with("7 classes are") && text.ends_with(": a, b, c, d, e and 2 more"),
            "{text}"
        );
    }

    /// What a report says in JSON is what it says in numbers.
    #[test]
    fn facts_of_a_report_and_of_its_json_are_the_same() {
        use earmark_metrics::{ReportOptions, ScoreTable, TruthTable};
        let scores =
            "fname,a,b,c\n1,0.9,0.1,0\n2,0.8,0.1,0\n3,0.7,0.2,0\n4,0.6,0.1,0.2\n5,0.9,0,0\n6,0.9,0,0.1\n";
        let truth = "fname,labels\n1,a\n2,a\n3,b\n4,b\n5,b\n6,c\n";
        let scores = ScoreTable::parse(scores.as_bytes(), "s.csv").unwrap();
        let truth = TruthTable::parse(truth.as_bytes(), "t.csv").unwrap();
        let report = Report::compute(&scores, &truth, &ReportOptions::default()).unwrap();
        let facts = ResultFacts::from(&report);
        assert_eq!(ResultFacts::of_json(&serde_json::json!(report)), facts);
        assert_eq!(facts.never_predicted, ["b"]);
        use WarningKind::{NeverPredicted, NoBetterThanGuessing};
        assert_eq!(kinds(&facts), [NoBetterThanGuessing, NeverPredicted]);
    }
}
