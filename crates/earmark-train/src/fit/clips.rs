//! The clips of a folder before they are divided: those that may train, those that can't be read, and what is doubtful
//! about them.

use super::job::FitFolderJob;
use super::sounds::CheckedSounds;
use crate::usable_clips::UsableClips;
use crate::validation_split::with_folds;
use crate::{Event, Observer, PipelineError, ProbeClasses, Skips, is_background};
use earmark_core::human::human_amount;
use earmark_core::text::quote;
use earmark_data::check::CheckOptions;
use earmark_data::split::fold_warnings;
use earmark_data::{DataSet, Item};
use earmark_inference::data::open_data;
use earmark_recipe::Recipe;
use std::collections::HashMap;
use std::path::Path;

/// Any recipe will do to read data with.
const READER: &str = "summary-baseline/any";

/// Names that a note gives at most.
const NAMED: usize = 3;

/// The clips that may train, with folds where the data or a table has them.
pub(super) fn read_usable(job: &FitFolderJob, observer: Observer) -> Result<DataSet, PipelineError> {
    let mut recipe = Recipe::load(READER, &[])?;
    // The clips of a fold are held out by lists for each subset, which a clip that changes its subset would slip past.
    let mut corrections = job.options.corrections.iter();
    let moved = corrections.find(|c| c.corrected_subset.is_some());
    if let (Some(fold), Some(moved)) = (job.fold, moved) {
        return Err(PipelineError::Request(format!(
            "fold {fold}: {} moves clips to another subset (corrected-subset), so that a fold can't be held out; leave \
             one of the two out",
            moved.file.display()
        )));
    }
    recipe.set_data(job.options.clone());
    let data = open_data(&recipe, &job.data)?;
    observer(Event::Data(&data.lines()));
    if job.background.is_none() {
        data.refuse_one_class()?;
    }
    for note in UsableClips::of(&recipe, &data).notes() {
        observer(Event::Note(note));
    }
    let set = with_folds(&recipe, &data, false, job.fold_table.as_deref())?;
    refuse_same_names(&set)?;
    Ok(set)
}

/// Takes the clips that can't be read out of a set, and names them.
pub(super) fn leave_out(
    set: &mut DataSet,
    sounds: &CheckedSounds,
    observer: Observer,
) -> Result<(Skips, Vec<Item>), PipelineError> {
    let found = sounds.found.iter().flat_map(|found| &found.unreadable);
    let reasons: HashMap<usize, &String> = found.map(|(at, reason)| (*at, reason)).collect();
    let (mut skipped, mut unreadable, mut rest) = (Skips::new(), Vec::new(), Vec::new());
    for (at, item) in std::mem::take(&mut set.items).into_iter().enumerate() {
        match reasons.get(&at) {
            Some(&reason) => {
                let file = &item.file;
                observer(Event::Skipped { file, reason });
                skipped.push((file.clone(), reason.clone()));
                unreadable.push(item);
            }
            None => rest.push(item),
        }
    }
    if rest.is_empty() {
        return Err(PipelineError::Request(format!(
            "{}: none of its recordings can be read; `earmark data check` says more",
            set.root.display()
        )));
    }
    set.items = rest;
    Ok((skipped, unreadable))
}

/// Clips with a class that are silent throughout. Those of background are what they are said to be.
pub(super) fn silent_clips(set: &DataSet, sounds: &CheckedSounds) -> Vec<String> {
    of_a_class(set, sounds.found.iter().flat_map(|found| &found.silent))
}

/// Clips with a class that have no samples.
pub(super) fn empty_clips(set: &DataSet, sounds: &CheckedSounds) -> Vec<String> {
    of_a_class(set, sounds.found.iter().flat_map(|found| &found.empty))
}

/// The names of the items at these places that have a class.
fn of_a_class<'a>(set: &DataSet, at: impl Iterator<Item = &'a usize>) -> Vec<String> {
    let is_named = |item: &&Item| {
        let mut names = item.labels.iter().filter_map(|label| set.classes.name(*label));
        names.any(|name| !is_background(name))
    };
    let items = at.filter_map(|at| set.items.get(*at));
    items.filter(is_named).map(|item| item.file.clone()).collect()
}

/// What to know about silent clips.
pub(super) fn about_silent(clips: &[String], data: &Path) -> Option<String> {
    (!clips.is_empty()).then(|| {
        format!(
            "{} silent (below {} dBFS throughout), and so trained on as if that were the class: {}; listen to them, and \
             remove them if nothing is there",
            human_amount(clips.len(), "clip is", "clips are"),
            CheckOptions::default().silence_dbfs,
            first_names(clips, data)
        )
    })
}

/// What to know about clips without samples.
pub(super) fn about_empty(clips: &[String], data: &Path) -> Option<String> {
    (!clips.is_empty()).then(|| {
        format!(
            "{} no samples, so that silence is trained on as if it were the class: {}; record or copy them again, or \
             remove them",
            human_amount(clips.len(), "clip has", "clips have"),
            first_names(clips, data)
        )
    })
}

/// The first names, and where to see the others.
fn first_names(clips: &[String], data: &Path) -> String {
    let named = clips[..clips.len().min(NAMED)].join(", ");
    match clips.len().saturating_sub(NAMED) {
        0 => named,
        more => format!(
            "{named} and {more} more (`earmark data check {}`)",
            quote(&data.to_string_lossy())
        ),
    }
}

/// What to know about classes with a single clip, of which nothing can be held out; refused where all are such.
pub(super) fn few_clips(set: &DataSet) -> Result<Option<String>, PipelineError> {
    let counts = set.class_counts();
    let single = |at: &usize| counts[*at] == 1;
    let classes: Vec<&str> = (0..counts.len())
        .filter(single)
        .filter_map(|at| set.classes.name(at))
        .collect();
    if classes.is_empty() {
        return Ok(None);
    }
    if counts.iter().all(|count| *count < 2) {
        return Err(PipelineError::Request(format!(
            "{}: each class has a single recording, so that none can be held out to test a model on; add recordings",
            set.root.display()
        )));
    }
    let named = classes[..classes.len().min(NAMED)].join(", ");
    let more = match classes.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Ok(Some(format!(
        "{} a single clip, so that nothing shows how well they are found: {named}{more}; add recordings",
        human_amount(classes.len(), "class has", "classes have")
    )))
}

/// What to know about folds of different sizes; what they separate is in their plan.
pub(super) fn sizes(set: &DataSet) -> Option<String> {
    let clips = set.items.iter();
    let text = fold_warnings(clips.filter_map(|item| Some((item.fold?, None)))).pop()?;
    let sizes = text.split(';').next().unwrap_or_default();
    Some(format!(
        "{sizes}; the scores are of all clips together, each of which counts alike"
    ))
}

/// Whether a class is taken for background, and says so.
pub(super) fn say_background(job: &FitFolderJob, set: &DataSet, observer: Observer) -> bool {
    let names = set.classes.names().iter();
    let found = names.filter(|class| job.classes != ProbeClasses::Exclusive && is_background(class));
    let found: Vec<String> = found.map(|class| format!("{class:?}")).collect();
    if !found.is_empty() {
        observer(Event::Note(format!(
            "{}: taken for background, which has none of the classes; rename it if it is a class",
            found.join(", ")
        )));
    }
    !found.is_empty()
}

/// A table of folds or scores names a clip by its file alone.
fn refuse_same_names(set: &DataSet) -> Result<(), PipelineError> {
    let mut seen: HashMap<&str, &str> = HashMap::new();
    for item in &set.items {
        if let Some(other) = seen.insert(&item.file, &item.subset) {
            return Err(PipelineError::Request(format!(
                "{}: `{}` is in the subsets {other} and {}; choose one with --subset",
                set.root.display(),
                item.file,
                item.subset
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_data::{DataOptions, load};

    /// A folder of folders with this many recordings each; nothing opens them.
    fn set(classes: &[(&str, usize)]) -> DataSet {
        let dir = tempfile::tempdir().unwrap();
        for (class, clips) in classes {
            std::fs::create_dir(dir.path().join(class)).unwrap();
            for k in 0..*clips {
                std::fs::write(dir.path().join(class).join(format!("{k}.wav")), "").unwrap();
            }
        }
        load(dir.path(), &DataOptions::default()).unwrap()
    }

    #[test]
    fn classes_of_a_single_clip_are_said() {
        assert_eq!(few_clips(&set(&[("dog", 2), ("owl", 3)])).unwrap(), None);
        let one = few_clips(&set(&[("dog", 2), ("owl", 1)])).unwrap().unwrap();
        assert!(one.starts_with("1 class has a single clip, so that"), "{one}");
        assert!(one.ends_with("are found: owl; add recordings"), "{one}");
        let many: Vec<(String, usize)> = (0..9).map(|k| (format!("c{k}"), 1)).collect();
        let mut many: Vec<(&str, usize)> = many.iter().map(|(class, n)| (class.as_str(), *n)).collect();
        let refused = few_clips(&set(&many)).unwrap_err().to_string();
        assert!(refused.contains("each class has a single recording"), "{refused}");
        many.push(("dog", 2));
        let said = few_clips(&set(&many)).unwrap().unwrap();
        assert!(
            said.contains("9 classes have") && said.contains("c0, c1, c2 and 6 more"),
            "{said}"
        );
    }

    #[test]
    fn folds_of_different_sizes_are_said_once_and_shortly() {
        let mut set = set(&[("dog", 4), ("owl", 4)]);
        for (k, item) in set.items.iter_mut().enumerate() {
            item.fold = Some(if k < 2 { 1 } else { 2 });
        }
        assert_eq!(
            sizes(&set).unwrap(),
            "the folds differ in size: fold 1 has 2 clips, fold 2 has 6; the scores are of all clips together, each of \
             which counts alike"
        );
        set.items[2].fold = Some(1);
        set.items[3].fold = Some(1);
        assert_eq!(sizes(&set), None);
    }

    #[test]
    fn silent_clips_of_a_class_are_named() {
        let set = set(&[("background", 1), ("dog", 6)]);
        let of = |silent: &[usize]| -> CheckedSounds {
            let found = serde_json::json!({ "same": [], "similar": [], "unreadable": [], "silent": silent });
            let sounds = serde_json::json!({ "data": "", "seconds": 1.0, "found": found });
            serde_json::from_value(sounds).unwrap()
        };
        let said = |silent: &[usize]| about_silent(&silent_clips(&set, &of(silent)), Path::new("my sounds"));
        assert_eq!(said(&[]), None);
        assert_eq!(said(&[0]), None, "background may be silent");
        let one = said(&[0, 2]).unwrap();
        assert!(
            one.starts_with("1 clip is silent (below -70 dBFS throughout), and so")
                && one.contains(": dog/1.wav; listen"),
            "{one}"
        );
        let many = said(&[1, 2, 3, 4, 5]).unwrap();
        assert!(
            many.starts_with("5 clips are silent")
                && many.contains(
                    "dog/0.wav, dog/1.wav, dog/2.wav and 2 more (`earmark data check 'my sounds'`)"
                ),
            "{many}"
        );
        assert!(empty_clips(&set, &of(&[1])).is_empty());
        let mut without = of(&[]);
        without.found.as_mut().unwrap().empty = vec![0, 3];
        assert_eq!(
            about_empty(&empty_clips(&set, &without), Path::new("my sounds")).unwrap(),
            "1 clip has no samples, so that silence is trained on as if it were the class: dog/2.wav; record or copy \
             them again, or remove them"
        );
        // What an earlier version has found says nothing of them.
        let earlier = serde_json::json!({
            "data": "", "seconds": 1.0, "found": { "same": [], "similar": [], "unreadable": [] },
        });
        let earlier: CheckedSounds = serde_json::from_value(earlier).unwrap();
        assert!(silent_clips(&set, &earlier).is_empty());
    }

    #[test]
    fn clips_that_can_not_be_read_are_taken_out() {
        let mut set = set(&[("dog", 2), ("owl", 2)]);
        let sounds: CheckedSounds = serde_json::from_value(serde_json::json!({
            "data": "", "seconds": 1.0,
            "found": { "same": [], "similar": [], "unreadable": [[1, "is empty"], [2, "is empty"]] },
        }))
        .unwrap();
        let said = std::sync::Mutex::new(Vec::new());
        let observer = |event: Event| {
            if let Event::Skipped { file, .. } = event {
                said.lock().unwrap().push(file.to_owned());
            }
        };
        let (skipped, unreadable) = leave_out(&mut set, &sounds, &observer).unwrap();
        assert_eq!(*said.lock().unwrap(), ["dog/1.wav", "owl/0.wav"]);
        assert_eq!(skipped[0], ("dog/1.wav".to_owned(), "is empty".to_owned()));
        assert_eq!((unreadable.len(), set.items.len()), (2, 2));
        let none = serde_json::json!({
            "data": "", "seconds": 1.0,
            "found": { "same": [], "similar": [], "unreadable": [[0, "is empty"], [1, "is empty"]] },
        });
        let none: CheckedSounds = serde_json::from_value(none).unwrap();
        let refused = leave_out(&mut set, &none, &observer).unwrap_err().to_string();
        assert!(
            refused.contains("none of its recordings can be read"),
            "{refused}"
        );
    }
}
