//! The files of evaluated checkpoints, read with their checksums: the scores of a clip are what a metric or a
//! meta-model is made of.
//!
//! `eval-<step>.json` is sealed and keeps the checksums of `scores-<step>.csv` and of `clips.txt`. Files of earlier
//! versions have none and are read all the same.

use super::result_files::{json_path, result_path, scores_path};
use earmark_core::checksum::{Checksum, Seal, check_seal};
use earmark_metrics::{MetricsError, ScoreTable};
use serde_json::Value;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The key of the scores' checksum.
const SCORES: &str = "scores_checksum";

/// The key of the checksum of the list of clips.
const CLIPS: &str = "clips_checksum";

/// Path of the clips that a run was evaluated on: a line each, its name and its labels.
pub fn clips_path(eval: &Path) -> PathBuf {
    eval.join("clips.txt")
}

/// What the JSON of a result says of the list of clips, whose text this is.
pub fn clips_key(text: &str) -> (String, Value) {
    (CLIPS.to_owned(), Checksum::of(text.as_bytes()).into())
}

/// The result of a checkpoint as JSON, without its checksums.
///
/// # Errors
///
/// What is wrong with the file, in words.
pub fn read_result(eval: &Path, step: u64) -> Result<Value, String> {
    let mut result = sealed(eval, step)?;
    if let Some(keys) = result.as_object_mut() {
        for key in ["checksum", SCORES, CLIPS] {
            keys.remove(key);
        }
    }
    Ok(result)
}

/// The scores of an evaluated checkpoint.
///
/// # Errors
///
/// When they can't be read, or are not those that were written.
pub fn read_scores(eval: &Path, step: u64) -> Result<ScoreTable, MetricsError> {
    let path = scores_path(eval, step);
    let bytes = checked(eval, step, &path, SCORES)?;
    ScoreTable::parse(bytes.as_slice(), &path.display().to_string())
}

/// The list of clips that a checkpoint was evaluated on.
///
/// # Errors
///
/// When it can't be read, or is not the one that was written.
pub fn read_clips(eval: &Path, step: u64) -> Result<String, MetricsError> {
    let path = clips_path(eval);
    let bytes = checked(eval, step, &path, CLIPS)?;
    String::from_utf8(bytes).map_err(|_| damage(&path, "its text is not UTF-8", step))
}

/// What is damaged or missing of an evaluated checkpoint's files; `None` for whole ones, and for a checkpoint that is
/// not evaluated.
pub fn result_damage(eval: &Path, step: u64) -> Option<String> {
    if !result_path(eval, step).exists() {
        return None;
    }
    let files = [(scores_path(eval, step), SCORES), (clips_path(eval), CLIPS)];
    let damaged = |(path, key): (PathBuf, &str)| checked(eval, step, &path, key).err();
    files.into_iter().find_map(damaged).map(|e| match e {
        MetricsError::Table { place, .. } => format!("{place}: is damaged"),
        e => e.to_string(),
    })
}

/// The steps that are evaluated, in no order.
pub fn evaluated_steps(eval: &Path) -> impl Iterator<Item = u64> {
    let entries = fs::read_dir(eval).into_iter().flatten().flatten();
    entries.filter_map(|entry| {
        let name = entry.file_name();
        let step = name.to_str()?.strip_prefix("eval-")?.strip_suffix(".txt")?;
        step.parse().ok()
    })
}

/// Whether any checkpoint was evaluated on the list of clips with this text, whatever is in its file now.
pub fn was_evaluated_on(eval: &Path, text: &str) -> bool {
    let (key, wanted) = clips_key(text);
    let entries = fs::read_dir(eval).into_iter().flatten().flatten();
    let mut steps = entries.filter_map(|entry| {
        let name = entry.file_name();
        let step = name.to_str()?.strip_prefix("eval-")?.strip_suffix(".json")?;
        step.parse().ok()
    });
    steps.any(|step| sealed(eval, step).is_ok_and(|result| result[&key] == wanted))
}

/// The JSON of a result, with its checksums.
fn sealed(eval: &Path, step: u64) -> Result<Value, String> {
    let text = fs::read(json_path(eval, step)).map_err(|e| e.to_string())?;
    let result = serde_json::from_slice(&text).map_err(|e| e.to_string())?;
    match check_seal(&text) {
        Seal::Broken => Err("its checksum differs".to_owned()),
        Seal::Whole | Seal::Missing => Ok(result),
    }
}

/// The bytes of a file whose checksum the JSON of a result may keep.
fn checked(eval: &Path, step: u64, path: &Path, key: &str) -> Result<Vec<u8>, MetricsError> {
    let bytes = fs::read(path).map_err(|source| MetricsError::Io {
        action: "open",
        path: path.into(),
        source,
    })?;
    let json = json_path(eval, step);
    if matches!(fs::metadata(&json), Err(e) if e.kind() == ErrorKind::NotFound) {
        return Ok(bytes);
    }
    let result = sealed(eval, step).map_err(|problem| damage(&json, &problem, step))?;
    match result[key].as_str() {
        Some(written) if written != Checksum::of(&bytes) => Err(damage(path, "its checksum differs", step)),
        _ => Ok(bytes),
    }
}

fn damage(path: &Path, problem: &str, step: u64) -> MetricsError {
    MetricsError::Table {
        place: path.display().to_string(),
        problem: format!(
            "is damaged: {problem}; remove eval-{step}.txt next to it and evaluate the step again"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Evaluation, ResultNotes, write_result};
    use super::*;
    use earmark_metrics::{Aligned, Report, ReportOptions};

    /// An evaluated step, 7.
    fn evaluated(eval: &Path) -> ScoreTable {
        let files = ["a.wav", "b.wav"].map(str::to_owned).to_vec();
        let scores =
            ScoreTable::new(files, vec!["x".into(), "y".into()], vec![0.9, 0.1, 0.25, 0.75]).unwrap();
        let clips = Aligned::from_rows(scores.clone(), vec![true, false, false, true]).unwrap();
        let text = "a.wav [0]\nb.wav [1]\n";
        fs::write(clips_path(eval), text).unwrap();
        let evaluation = Evaluation {
            report: Report::of(&clips, &ReportOptions::default()).unwrap(),
            scores: scores.clone(),
            skipped: Vec::new(),
            lwlrap_5: None,
        };
        let notes = ResultNotes {
            keys: [clips_key(text)].into_iter().collect(),
            ..ResultNotes::default()
        };
        write_result(eval, 7, &evaluation, &notes).unwrap();
        scores
    }

    #[test]
    fn results_notice_every_bit() {
        let dir = tempfile::tempdir().unwrap();
        let eval = dir.path();
        let scores = evaluated(eval);
        assert_eq!(result_damage(eval, 7), None);
        assert_eq!(read_scores(eval, 7).unwrap(), scores);
        assert_eq!(evaluated_steps(eval).collect::<Vec<_>>(), [7]);
        assert_eq!(evaluated_steps(&eval.join("none")).count(), 0);
        let result = read_result(eval, 7).unwrap();
        assert!(result["lwlrap"].is_number() && result.get("checksum").is_none());
        for path in [scores_path(eval, 7), clips_path(eval), json_path(eval, 7)] {
            let whole = fs::read(&path).unwrap();
            for bit in (0..8 * whole.len()).step_by(3) {
                let mut damaged = whole.clone();
                damaged[bit / 8] ^= 1 << (bit % 8);
                fs::write(&path, damaged).unwrap();
                if result_damage(eval, 7).is_none() {
                    // The key of a checksum is damaged, so that nothing is compared, and nothing else is.
                    let keys = result.as_object().unwrap().iter();
                    let found = read_result(eval, 7).unwrap();
                    assert!(path == json_path(eval, 7), "bit {bit} of {}", path.display());
                    keys.for_each(|(key, value)| assert_eq!(found.get(key), Some(value), "bit {bit}"));
                }
            }
            fs::write(&path, &whole).unwrap();
        }
        assert_eq!(result_damage(eval, 7), None);
    }

    #[test]
    fn a_damaged_list_of_clips_can_be_written_again() {
        let dir = tempfile::tempdir().unwrap();
        evaluated(dir.path());
        fs::write(clips_path(dir.path()), "a.wav [1]\nb.wav [1]\n").unwrap();
        let refused = read_clips(dir.path(), 7).unwrap_err().to_string();
        assert!(
            refused.contains("clips.txt: is damaged: its checksum differs; remove eval-7.txt"),
            "{refused}"
        );
        assert!(was_evaluated_on(dir.path(), "a.wav [0]\nb.wav [1]\n"));
        assert!(!was_evaluated_on(dir.path(), "a.wav [1]\nb.wav [1]\n"));
    }

    #[test]
    fn results_of_earlier_versions_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let eval = dir.path();
        let scores = evaluated(eval);
        fs::write(json_path(eval, 7), "{\"lwlrap\": 0.5}").unwrap();
        assert_eq!(read_scores(eval, 7).unwrap(), scores);
        assert_eq!(result_damage(eval, 7), None);
        fs::remove_file(json_path(eval, 7)).unwrap();
        assert_eq!(read_scores(eval, 7).unwrap(), scores);
        fs::write(json_path(eval, 7), "{").unwrap();
        assert!(result_damage(eval, 7).is_some());
    }
}
