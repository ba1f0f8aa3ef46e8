//! How many classes a checkpoint scores, and their names: those of the table that is given, else those of the set that
//! its network was trained on.

use super::tensors::Checkpoint;
use super::{Import, ImportError, PublishedArchitecture};
use crate::catalogue::{audioset, fsdkaggle2019, read_labels};
use earmark_models::VarSpec;

/// How many classes the checkpoint scores: the length of the main logits' bias.
pub(super) fn class_count(
    architecture: &PublishedArchitecture,
    checkpoint: &Checkpoint,
    specs: &[VarSpec],
) -> Option<usize> {
    let is_bias = |s: &&VarSpec| matches!(s.name.as_str(), "logits.bias" | "main.logits.bias");
    let bias = specs.iter().find(is_bias)?;
    match checkpoint.get(&architecture.upstream_name(bias, specs))?.shape[..] {
        [n] => Some(n).filter(|n| *n > 0),
        _ => None,
    }
}

/// The names of the classes, from the table that is given, else those of the set that the network was trained on.
pub(super) fn class_names(
    job: &Import,
    architecture: &PublishedArchitecture,
    classes: usize,
) -> Result<Vec<String>, ImportError> {
    let Some(path) = &job.labels else {
        let (set, names) = match architecture {
            PublishedArchitecture::Argus2019 => ("FSDKaggle2019", fsdkaggle2019()),
            _ => ("AudioSet", audioset()),
        };
        return match names.len() {
            known if known == classes => Ok(names),
            known => Err(ImportError::Unnamed {
                path: job.file.clone(),
                classes,
                set,
                known,
            }),
        };
    };
    let refuse = |reason| ImportError::Labels {
        path: path.clone(),
        reason,
    };
    let names = read_labels(path).map_err(refuse)?;
    match names.len() {
        found if found == classes => Ok(names),
        found => {
            let reason = format!("names {found} classes, and the network scores {classes}");
            Err(refuse(reason))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_those_of_the_set_that_the_network_was_trained_on() {
        let job = Import {
            file: "weights.pth".into(),
            architecture: String::new(),
            labels: None,
            source: None,
            out: "out.safetensors".into(),
        };
        let names = |name: &str, classes| {
            let architecture = PublishedArchitecture::parse(name).unwrap();
            class_names(&job, &architecture, classes)
        };
        assert_eq!(names("argus-2019", 80).unwrap()[1], "Accordion");
        assert_eq!(names("panns-cnn14", 527).unwrap()[0], "Speech");
        assert_eq!(
            names("argus-2019", 41).unwrap_err().to_string(),
            "weights.pth: scores 41 classes, and FSDKaggle2019 has 80; name them with --labels TABLE.csv (index,name \
             lines)"
        );
    }
}
