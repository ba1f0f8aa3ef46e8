//! Clips that an evaluation left out or used in part, kept with its results: who evaluates again learns of them, too.

use crate::{Event, Observer, Skips};
use earmark_engine::evaluation::{Evaluation, read_result, result_path};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::path::Path;

/// Keys of the JSON of a result: pairs of a clip and what is wrong with it. (`skipped` is a number of the report: clips
/// without labels.)
const SKIPPED: &str = "skipped_clips";
const DAMAGED: &str = "damaged_clips";

/// Clips that are left out, and those that are used in part; each once.
#[derive(Clone, Debug, Default)]
pub(super) struct LostClips {
    pub skipped: Skips,
    pub damaged: Skips,
    /// The names in the two lists.
    known: [HashSet<String>; 2],
}

/// What the JSON of a result says of lost clips; nothing where no clip was lost.
pub(super) fn keys(evaluation: &Evaluation, damaged: Skips) -> impl Iterator<Item = (String, Value)> {
    let skipped = evaluation.skipped.iter();
    let skipped: Skips = skipped.map(|s| (s.file.clone(), s.reason.clone())).collect();
    let lost = [(SKIPPED, skipped), (DAMAGED, damaged)].into_iter();
    let lost = lost.filter(|(_, clips)| !clips.is_empty());
    lost.map(|(key, clips)| (key.to_owned(), json!(clips)))
}

impl LostClips {
    /// Adds and names a clip that is left out, unless it is known.
    pub fn skip(&mut self, file: String, reason: String, observer: Observer) {
        if !self.known[0].insert(file.clone()) {
            return;
        }
        observer(Event::Skipped {
            file: &file,
            reason: &reason,
        });
        self.skipped.push((file, reason));
    }

    /// Adds and names the clips that the results of an evaluated step lack.
    pub fn add_evaluated(&mut self, eval: &Path, step: u64, observer: Observer) {
        // Without its mark, another process is at it.
        if !result_path(eval, step).exists() {
            return;
        }
        let result = read_result(eval, step).unwrap_or_default();
        // Results of earlier versions don't say.
        let clips = |key: &str| serde_json::from_value::<Skips>(result[key].clone()).unwrap_or_default();
        for (file, reason) in clips(SKIPPED) {
            self.skip(file, reason, observer);
        }
        for (file, what) in clips(DAMAGED) {
            if self.known[1].insert(file.clone()) {
                observer(Event::Damaged {
                    file: &file,
                    what: &what,
                });
                self.damaged.push((file, what));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_engine::evaluation::{ResultNotes, SkippedClip, write_result};
    use earmark_metrics::{Aligned, Report, ReportOptions, ScoreTable};
    use std::sync::Mutex;

    #[test]
    fn what_a_result_lacks_is_known_when_it_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let scores = ScoreTable::new(vec!["a.wav".into()], vec!["x".into()], vec![0.9]).unwrap();
        let clips = Aligned::from_rows(scores.clone(), vec![true]).unwrap();
        let evaluation = Evaluation {
            report: Report::of(&clips, &ReportOptions::default()).unwrap(),
            scores,
            skipped: vec![SkippedClip {
                file: "b\n.wav".into(),
                reason: "is cut off".into(),
            }],
            lwlrap_5: None,
        };
        let damaged = vec![("a.wav".to_owned(), "1 s is missing".to_owned())];
        for step in [7, 9] {
            let notes = ResultNotes {
                keys: keys(&evaluation, damaged.clone()).collect(),
                ..ResultNotes::default()
            };
            write_result(dir.path(), step, &evaluation, &notes).unwrap();
        }
        let named = Mutex::new(Vec::new());
        let observer = |event: Event| match event {
            Event::Skipped { file, .. } | Event::Damaged { file, .. } => {
                named.lock().unwrap().push(file.to_owned());
            }
            _ => {}
        };
        let mut lost = LostClips::default();
        for step in [7, 8, 9] {
            lost.add_evaluated(dir.path(), step, &observer);
        }
        assert_eq!(lost.skipped, [("b\n.wav".to_owned(), "is cut off".to_owned())]);
        assert_eq!(lost.damaged, damaged);
        assert_eq!(
            named.into_inner().unwrap(),
            ["b\n.wav", "a.wav"],
            "each once, of however many steps"
        );
    }
}
