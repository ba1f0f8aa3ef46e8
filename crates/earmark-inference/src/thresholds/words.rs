//! The words of `--threshold`.

use super::file::read_thresholds;
use super::{BaseThreshold, GivenThreshold, ThresholdConfig};
use crate::PipelineError;
use std::path::Path;

/// The word that means the model's own thresholds.
const MODEL: &str = "model";

impl ThresholdConfig {
    /// Reads words: a number for all classes; `model` for the model's own; `CLASS=NUMBER`; or a file of thresholds, as CSV with the
    /// columns `class,threshold` or as JSON, an object of numbers by class or the `labels.json` of an export.
    ///
    /// # Errors
    ///
    /// For a word that is not one of these, a file that can't be used, a number outside 0 to 1, and two words for all classes.
    pub fn parse(words: &[String]) -> Result<Self, PipelineError> {
        let mut config = Self::default();
        let mut base: Option<&str> = None;
        for word in words {
            let found = match word.trim() {
                MODEL => Some(BaseThreshold::Model),
                number => number.parse::<f32>().ok().map(BaseThreshold::All),
            };
            let Some(found) = found else {
                config.add(word)?;
                continue;
            };
            if let Some(before) = base.replace(word) {
                return Err(PipelineError::Request(format!(
                    "--threshold {before} and --threshold {word}: both are for all classes; keep one of them, and give a class its own as \
                     CLASS=NUMBER"
                )));
            }
            config.base = found;
        }
        config.check()?;
        Ok(config)
    }

    /// Adds the threshold of a class, or those of a file.
    fn add(&mut self, word: &str) -> Result<(), PipelineError> {
        let refused = |problem: &str| PipelineError::Request(format!("--threshold {word}: {problem}"));
        // The last `=`: names may contain it too.
        let pair = word.rsplit_once('=');
        if let Some((class, value)) = pair.and_then(|(c, v)| Some((c, v.trim().parse::<f32>().ok()?))) {
            self.classes.push(GivenThreshold {
                class: class.to_owned(),
                value,
                place: format!("--threshold {word}"),
            });
            return Ok(());
        }
        match std::fs::metadata(word) {
            Ok(found) if found.is_dir() => Err(refused("is a folder; name a file in it")),
            Ok(_) => {
                self.table.extend(read_thresholds(Path::new(word))?);
                Ok(())
            }
            Err(_) if pair.is_some() => {
                Err(refused("what follows `=` is not a number; give one from 0 to 1"))
            }
            Err(_) => Err(refused(
                "give a number from 0 to 1, CLASS=NUMBER, `model`, or a file of thresholds (there is no such file)",
            )),
        }
    }
}
