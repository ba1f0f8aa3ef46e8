//! `[train.distil]` of a recipe: teachers whose scores become part of the targets.

use earmark_core::{Check, ConfigError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// `[train.distil]` of a recipe: the scores that other models, the teachers, give the clips trained on become part of
/// their targets (Hinton, Vinyals and Dean 2015). Teachers of one's own recipe make it self-distillation (Furlanello et
/// al. 2018).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DistilConfig {
    /// Runs whose scores are averaged. Of a cross-validation run, the model of the same test fold, which was trained on
    /// the same clips; all its models where there is no test fold. A run that was trained on clips of the test fold is
    /// refused.
    pub teachers: Vec<String>,
    /// Share of these scores in a clip's targets, above 0 to 1; its labels have the rest.
    #[serde(default = "half")]
    pub share: f64,
}

fn half() -> f64 {
    0.5
}

impl Check for DistilConfig {
    fn check(&self) -> Result<(), ConfigError> {
        let remedy = "name the runs whose scores are to be part of the targets: teachers = [\"runs/a\"]";
        ConfigError::unless(!self.teachers.is_empty(), "teachers", "[]", remedy)?;
        let mut seen = BTreeSet::new();
        for teacher in &self.teachers {
            let value = format!("{teacher:?}");
            ConfigError::unless(!teacher.trim().is_empty(), "teachers", &value, "name a run")?;
            let remedy = "is there twice; name each run once";
            ConfigError::unless(seen.insert(teacher), "teachers", &value, remedy)?;
        }
        let remedy = "choose above 0 to 1, such as 0.5; without train.distil, labels alone are the targets";
        let fits = self.share > 0.0 && self.share <= 1.0;
        ConfigError::unless(fits, "share", self.share, remedy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointless_values_are_refused() {
        let check = |json: &str| {
            let config: DistilConfig = serde_json::from_str(json).unwrap();
            config.check().map_err(|e| e.to_string())
        };
        assert_eq!(check(r#"{ "teachers": ["a", "b"] }"#), Ok(()));
        assert_eq!(check(r#"{ "teachers": ["a"], "share": 1 }"#), Ok(()));
        for (json, start) in [
            (r#"{ "teachers": [] }"#, "teachers = []: name the runs"),
            (r#"{ "teachers": ["a", " "] }"#, "teachers = \" \": name a run"),
            (
                r#"{ "teachers": ["a", "a"] }"#,
                "teachers = \"a\": is there twice",
            ),
            (
                r#"{ "teachers": ["a"], "share": 0 }"#,
                "share = 0: choose above 0",
            ),
            (
                r#"{ "teachers": ["a"], "share": 1.5 }"#,
                "share = 1.5: choose above 0",
            ),
        ] {
            let message = check(json).unwrap_err();
            assert!(message.starts_with(start), "{message}");
        }
        assert!(serde_json::from_str::<DistilConfig>(r#"{ "share": 0.5 }"#).is_err());
    }
}
