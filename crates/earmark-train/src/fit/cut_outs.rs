//! Clips that were cut out of longer recordings: those of one recording are alike, and no fold should separate them.

use earmark_core::human::human_amount;
use earmark_core::text::quote;
use earmark_data::layout::CutOuts;
use earmark_data::{DataSet, LayoutKind};

/// The column of `extracts.csv` with the recording.
const COLUMN: &str = "recording";

/// What finds the recording in the name of a cut-out, as a value of the key `group-pattern`.
const PATTERN: &str = "([^/]+)_[0-9]+[.][0-9]{3}[^/]*$";

/// How cut-outs are kept together.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct KeptCutOuts {
    /// What is kept together, in a line.
    pub note: String,
    /// What is doubtful about the results.
    pub warning: Option<String>,
    /// The column of the groups, where the folder is read by a table that has it.
    pub column: Option<String>,
    /// The option with which other commands make groups of recordings; empty where none does.
    pub option: String,
}

/// Makes a group of the cut-outs of each recording; where most classes could not be held out then, of those that
/// overlap alone. None where the clips are no cut-outs, or have groups.
pub(super) fn keep_together(set: &mut DataSet) -> Option<KeptCutOuts> {
    if set.items.iter().any(|item| item.group.is_some()) {
        return None;
    }
    let found = set.cut_outs()?;
    let sources = found.sources();
    let why = match found.has_table {
        true => "extracts.csv",
        false => "their names",
    };
    let clips = human_amount(found.clips(), "clip is a cut-out", "clips are cut-outs");
    let from = human_amount(sources, "recording", "recordings");
    let made = format!("{clips} of {from}, by {why}");
    let (column, option) = named_as_groups(set, &found);
    if sources > 1 && set.classes_are_spread(&found.recordings) {
        for (item, recording) in set.items.iter_mut().zip(found.recordings) {
            item.group = recording;
        }
        return Some(KeptCutOuts {
            note: format!("{made}: folds keep those of one recording together"),
            warning: None,
            column,
            option,
        });
    }
    for cluster in found.overlapping() {
        let first = set.items[cluster[0]].file.clone();
        for at in cluster {
            set.items[at].group = Some(first.clone());
        }
    }
    let kept = match found.has_table {
        true => ": folds keep those together that overlap",
        // Names have no ends.
        false => "",
    };
    Some(KeptCutOuts {
        note: format!("{made}{kept}"),
        warning: Some(format!(
            "cut-outs of one recording are in several folds, as there are too few recordings of most classes to hold \
             out whole ones ({from}), so that the scores are too high; cut out of more recordings"
        )),
        // Groups of whole recordings would be others.
        column: None,
        option: String::new(),
    })
}

/// The column of groups, and the option that says the same in other commands.
fn named_as_groups(set: &DataSet, found: &CutOuts) -> (Option<String>, String) {
    let is_read =
        set.layout == LayoutKind::Csv && set.tables.values().all(|path| path.ends_with("extracts.csv"));
    match (found.has_table, is_read) {
        (true, true) => (Some(COLUMN.to_owned()), format!(" --group-column {COLUMN}")),
        _ => (
            None,
            format!(" --set {}", quote(&format!("group-pattern={PATTERN}"))),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_data::{DataOptions, load};

    /// Folders of empty cut-outs `CLASS/NAME`, and perhaps their table: recording and start of each.
    fn set(files: &[(&str, &str, f64)], has_table: bool) -> DataSet {
        let dir = tempfile::tempdir().unwrap();
        let mut table = String::from("file,class,recording,cut_from_seconds,cut_to_seconds\n");
        for (class, recording, start) in files {
            std::fs::create_dir_all(dir.path().join(class)).unwrap();
            let file = format!("{class}/{recording}_{start:.3}.wav");
            std::fs::write(dir.path().join(&file), "").unwrap();
            table += &format!(
                "{file},{class},in/{recording}.wav,{start:.3},{:.3}\n",
                start + 2.0
            );
        }
        if has_table {
            std::fs::write(dir.path().join("extracts.csv"), table).unwrap();
        }
        // The folder is gone after this: what reads its table must do so here.
        let mut set = load(dir.path(), &DataOptions::default()).unwrap();
        let kept = keep_together(&mut set);
        set.notes = kept.iter().map(|kept| kept.note.clone()).collect();
        set.notes
            .extend(kept.iter().filter_map(|kept| kept.warning.clone()));
        set.notes.extend(kept.and_then(|kept| kept.column));
        set
    }

    fn groups(set: &DataSet) -> Vec<Option<&str>> {
        set.items.iter().map(|item| item.group.as_deref()).collect()
    }

    const TWO_RECORDINGS: [(&str, &str, f64); 4] = [
        ("dog", "a", 1.0),
        ("dog", "b", 1.0),
        ("owl", "a", 9.0),
        ("owl", "b", 9.0),
    ];

    #[test]
    fn cut_outs_of_one_recording_are_a_group() {
        let by_table = set(&TWO_RECORDINGS, true);
        let (a, b) = (Some("in/a.wav"), Some("in/b.wav"));
        assert_eq!(groups(&by_table), [a, b, a, b]);
        assert_eq!(
            by_table.notes,
            [
                "4 clips are cut-outs of 2 recordings, by extracts.csv: folds keep those of one recording together",
                "recording"
            ]
        );
        let by_name = set(&TWO_RECORDINGS, false);
        assert_eq!(groups(&by_name), [Some("a"), Some("b"), Some("a"), Some("b")]);
        assert_eq!(
            by_name.notes,
            [
                "4 clips are cut-outs of 2 recordings, by their names: folds keep those of one recording together"
            ]
        );
    }

    /// Each class is of one recording: without it, nothing could be learned of the class.
    #[test]
    fn classes_of_one_recording_are_divided_where_nothing_overlaps() {
        let files = [
            ("dog", "a", 1.0),
            ("dog", "a", 2.0),
            ("dog", "a", 9.0),
            ("owl", "b", 1.0),
            ("owl", "b", 7.0),
        ];
        let found = set(&files, true);
        let first = Some("dog/a_1.000.wav");
        assert_eq!(groups(&found), [first, first, None, None, None]);
        assert!(
            found.notes[0].ends_with("by extracts.csv: folds keep those together that overlap"),
            "{:?}",
            found.notes
        );
        assert!(
            found.notes[1].contains("cut-outs of one recording are in several folds")
                && found.notes[1].contains("(2 recordings)"),
            "{:?}",
            found.notes
        );
        assert_eq!(found.notes.len(), 2);
    }

    #[test]
    fn groups_of_the_data_are_kept() {
        let mut found = set(&TWO_RECORDINGS, false);
        assert_eq!(keep_together(&mut found), None);
        let others = [("dog", "a", 1.0), ("owl", "b", 1.0)];
        assert!(set(&others, false).notes.is_empty());
    }
}
