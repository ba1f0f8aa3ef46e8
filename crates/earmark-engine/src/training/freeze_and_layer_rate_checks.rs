//! Whether frozen prefixes and layer rates fit a network.

use super::config::TrainConfig;
use crate::init::prefixes::known_prefixes;
use earmark_models::{VarKind, VarSpec};

/// Why frozen prefixes or layer rates do not fit a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrefixError {
    /// A prefix that no variable has.
    #[error("{key}: no variable's name begins with {prefix:?}; names here begin with {known}")]
    Unknown {
        /// The recipe's key.
        key: String,
        /// The prefix.
        prefix: String,
        /// First parts of the names there are.
        known: String,
    },
    /// Nothing would be trained.
    #[error("{key}: freezes every variable, so that nothing is trained; leave one prefix out")]
    All {
        /// The recipe's key.
        key: String,
    },
}

/// Refuses prefixes of `freeze` and `layer-rates` that no variable has, and phases in which nothing is trained.
///
/// # Errors
///
/// The first of them, by its key.
pub fn check_prefixes(train: &TrainConfig, specs: &[VarSpec]) -> Result<(), PrefixError> {
    for (k, phase) in train.plan(1).iter().enumerate() {
        let key = |name: &str| match train.phases.len() {
            0 => format!("train.{name}"),
            _ => format!("train.{name} of phase {}", k + 1),
        };
        let rates = phase.layer_rates.iter().map(|r| (&r.prefix, "layer-rates"));
        for (prefix, name) in phase.freeze.iter().map(|s| (s, "freeze")).chain(rates) {
            if !specs.iter().any(|s| s.name.starts_with(prefix.as_str())) {
                return Err(PrefixError::Unknown {
                    key: key(name),
                    prefix: prefix.clone(),
                    known: known_prefixes(specs),
                });
            }
        }
        let trained = |s: &VarSpec| s.kind == VarKind::Trainable && !phase.freezes(&s.name);
        if !specs.iter().any(trained) {
            return Err(PrefixError::All { key: key("freeze") });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_models::VarInit;

    fn config(json: &str) -> TrainConfig {
        serde_json::from_str(json).unwrap()
    }

    fn specs(names: &[(&str, VarKind)]) -> Vec<VarSpec> {
        let spec = |&(name, kind): &(&str, VarKind)| VarSpec {
            name: name.into(),
            shape: vec![1],
            kind,
            init: VarInit::Constant(0.0),
        };
        names.iter().map(spec).collect()
    }

    #[test]
    fn prefixes_must_match_variables_and_leave_some_to_train() {
        let specs = specs(&[
            ("stem.weight", VarKind::Trainable),
            ("stem.bn.mean", VarKind::Buffer),
            ("logits.bias", VarKind::Trainable),
        ]);
        let check = |json: &str| check_prefixes(&config(json), &specs);
        assert_eq!(check(r#"{ "learning-rate": 0.1, "freeze": ["stem"] }"#), Ok(()));
        let unknown = check(r#"{ "learning-rate": 0.1, "freeze": ["body"] }"#)
            .unwrap_err()
            .to_string();
        assert_eq!(
            unknown,
            "train.freeze: no variable's name begins with \"body\"; names here begin with stem, logits"
        );
        let all = check(
            r#"{ "learning-rate": 0.1, "phases": [{ "steps": 1 }, { "steps": 1, "freeze": ["stem.w", "logits"] }] }"#,
        );
        assert!(
            all.unwrap_err()
                .to_string()
                .starts_with("train.freeze of phase 2: freezes every variable")
        );
    }
}
