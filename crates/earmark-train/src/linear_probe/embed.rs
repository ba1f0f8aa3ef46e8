//! Features of clips and of background, by the frozen network.

use super::backbone::{Backbone, ProbeSource};
use super::background::spread;
use super::copies::CopyMaker;
use super::example_sound::ExampleSource;
use super::examples::Examples;
use crate::training::{damaged_in, prepare_clips};
use crate::{Observer, PipelineError, Skips};
use earmark_data::feature_store::CachedForm;
use earmark_data::{FeatureStore, Item, Prepared};
use earmark_engine::Scorer;
use earmark_features::{Extractor, SegmentPad, SegmentPlacement, Segments};
use earmark_inference::{SegmentRowsJob, segment_rows};
use earmark_recipe::Recipe;
use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;

/// The shortest windows that a recording is cut into, in seconds: shorter ones are filled with silence when they are
/// scored.
const SHORTEST_SECONDS: f64 = 2.0;
/// The longest for a network that was itself trained on whole clips.
const LONGEST_SECONDS: f64 = 10.0;

/// What is embedded.
pub(super) struct ProbeClips<'a> {
    /// Clips with labels.
    pub items: &'a [Item],
    /// Clips of the data folder without any of the classes, with folds as its other clips.
    pub background: &'a [Item],
    /// Files of nothing but background, without folds.
    pub files: &'a [Item],
}

/// Embeds clips one by one.
pub(super) struct Embedder<'a> {
    pub backbone: &'a Backbone,
    pub source: &'a ProbeSource,
    /// Copies of each clip: cropped or shifted where classes exclude each other, else mixed with background.
    pub copies: usize,
    pub observer: Observer<'a>,
    pub stop: &'a AtomicBool,
}

impl Embedder<'_> {
    /// Adds the features of all readable clips to `examples`, background in pieces as long as the windows that
    /// recordings are cut into; then those of copies: of both where there is background and classes are independent, of
    /// clips where classes exclude each other.
    /// Returns the segments that these windows are, for a network that takes clips whole. `None` when stopped. Clips
    /// that are used though a part of them is missing are added to `damaged`.
    pub fn add(
        &self,
        clips: &ProbeClips,
        examples: &mut Examples,
        skipped: &mut Skips,
        damaged: &mut Skips,
    ) -> Result<Option<Option<Segments>>, PipelineError> {
        let recipe = &self.source.recipe;
        let store = FeatureStore::new(Extractor::new(&recipe.front_end)?, &recipe.cache)?;
        let all: Vec<Item> = [clips.items, clips.background, clips.files].concat();
        let prepared = prepare_clips(CachedForm::Features, &store, &all, self.observer, self.stop)?;
        let lengths = frames(&prepared);
        let (clip_lengths, background_lengths) = lengths.split_at(clips.items.len());
        let windows = windows(recipe, clip_lengths)?;
        let mut sources: Vec<ExampleSource> = Vec::new();
        let complete = self.rows(
            &store,
            self.backbone.scorer(),
            clips.items,
            skipped,
            |i, segments| {
                let rows: Vec<&[f32]> = segments.iter().map(|(_, row)| *row).collect();
                examples.push(clips.items[i].clone(), &rows);
                sources.push(ExampleSource {
                    recording: i,
                    start: None,
                });
            },
        )?;
        if !complete {
            return Ok(None);
        }
        let cutting = windows.as_ref().map(|windows| self.backbone.cutting(windows));
        let cutting = cutting.transpose()?;
        let scorer = cutting.as_ref().unwrap_or(self.backbone.scorer());
        let background = &all[clips.items.len()..];
        let first = examples.len();
        let complete = self.rows(&store, scorer, background, skipped, |i, segments| {
            for (start, row) in pieces(segments, scorer, background_lengths[i]) {
                examples.push(piece(&background[i], **start, scorer), &[*row]);
                sources.push(ExampleSource {
                    recording: clips.items.len() + i,
                    start: Some(**start),
                });
            }
        })?;
        let of_pieces = sources[first..].iter();
        let files: Vec<usize> = of_pieces
            .map(|piece| piece.recording - clips.items.len())
            .collect();
        give_folds(examples, first, &files, clips.background.len());
        damaged.extend(damaged_in(&store));
        if !complete {
            return Ok(None);
        }
        let copies = CopyMaker {
            per_clip: self.copies,
            crops: examples.single_label,
            store: &store,
            scorers: [self.backbone.scorer(), scorer],
            output: self.backbone.output(),
            recordings: &all,
            frames: &lengths,
            sources: &sources,
            observer: self.observer,
            stop: self.stop,
        };
        let complete = !self.makes_copies(examples) || copies.add(examples, skipped)?;
        Ok(complete.then_some(windows))
    }

    /// Whether clips are copied: where there is background to mix them with, or where they are cropped and shifted.
    /// What handcrafted features would be of a copy is not known at the network's own rate.
    fn makes_copies(&self, examples: &Examples) -> bool {
        let can = examples.single_label || examples.background() > 0;
        can && self.copies > 0 && self.source.recipe.front_end.clip_features.is_none()
    }

    /// The features of each segment of clips: `done` gets the index of a clip and, for each segment, its first frame
    /// and its row.
    fn rows(
        &self,
        store: &FeatureStore,
        scorer: &Scorer,
        items: &[Item],
        skipped: &mut Skips,
        mut done: impl FnMut(usize, &[(&i64, &[f32])]),
    ) -> Result<bool, PipelineError> {
        let job = SegmentRowsJob {
            scorer,
            output: self.backbone.output(),
            items,
            store,
            observer: self.observer,
            stop: self.stop,
            own_passes: false,
        };
        segment_rows(&job, skipped, |i, segments| {
            let each: Vec<(&i64, &[f32])> = segments.starts.iter().zip(segments.rows()).collect();
            done(i, &each);
        })
    }
}

/// Frames of the clips; 0 for what can't be read.
fn frames(prepared: &Prepared) -> Vec<usize> {
    let clips = prepared.clips.iter();
    clips.map(|clip| clip.as_ref().map_or(0, |c| c.frames)).collect()
}

/// The segments that recordings are cut into, for a network that takes clips of any length whole: as long as half of
/// the training clips are, no longer than those that the network itself was trained on. `None` for a network with
/// segments of its own.
fn windows(recipe: &Recipe, frames: &[usize]) -> Result<Option<Segments>, PipelineError> {
    let front_end = &recipe.front_end;
    if !recipe.predict.any_length() || recipe.predict.segments.is_some() || front_end.handcrafted {
        return Ok(None);
    }
    let mut lengths: Vec<usize> = frames.iter().copied().filter(|&n| n > 0).collect();
    lengths.sort_unstable();
    let Some(&median) = lengths.get(lengths.len() / 2) else {
        return Ok(None);
    };
    let extractor = Extractor::new(front_end)?;
    let of_seconds = |seconds: f64| ((seconds * extractor.frames_per_second()) as usize).max(1);
    let longest = extractor
        .segment_frames()
        .unwrap_or_else(|| of_seconds(LONGEST_SECONDS));
    let length = median.clamp(of_seconds(SHORTEST_SECONDS).min(longest), longest);
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    let pad = front_end.segments.as_ref().map_or(SegmentPad::Minimum, |s| s.pad);
    Ok(Some(Segments::in_frames(
        length,
        length,
        pad,
        SegmentPlacement::Start,
    )))
}

/// The segments of background that are no splinters: less than half of the last one may be padding.
fn pieces<'s>(
    segments: &'s [(&'s i64, &'s [f32])],
    scorer: &Scorer,
    frames: usize,
) -> impl Iterator<Item = &'s (&'s i64, &'s [f32])> {
    let half = scorer.extractor.segment_frames().map_or(0, |length| length / 2);
    let signed = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let last = signed(frames).saturating_sub(signed(half));
    let whole = move |(k, (start, _)): &(usize, &'s (&'s i64, &'s [f32]))| *k == 0 || **start <= last;
    segments.iter().enumerate().filter(whole).map(|(_, piece)| piece)
}

/// A piece of background as an item of its own. What was cut from one file stays together.
fn piece(item: &Item, start: i64, scorer: &Scorer) -> Item {
    let seconds = start as f64 / scorer.extractor.frames_per_second();
    Item {
        file: format!("{} from {seconds:.2} s", item.file),
        group: item.group.clone().or_else(|| Some(item.file.clone())),
        ..item.clone()
    }
}

/// Folds for the background that has none: the examples from `first` on, of which `files` says which clip each is from;
/// clips from `own` on have no folds. A run of pieces that share a fold is a group.
fn give_folds(examples: &mut Examples, first: usize, files: &[usize], own: usize) {
    let known: BTreeSet<u32> = examples.items[..first].iter().filter_map(|i| i.fold).collect();
    let known: Vec<u32> = known.into_iter().collect();
    let at = files.partition_point(|&file| file < own);
    if known.is_empty() || at == files.len() {
        return;
    }
    let numbered: Vec<usize> = files[at..].iter().map(|file| file - own).collect();
    let folds = spread(&numbered, &known);
    for (item, fold) in examples.items[first + at..].iter_mut().zip(folds) {
        item.fold = Some(fold);
        item.group = item.group.as_ref().map(|group| format!("{group}, fold {fold}"));
    }
}

#[cfg(test)]
mod tests {
    use super::super::examples::tests::clips;
    use super::*;

    fn windows_of(recipe: &str, frames: &[usize]) -> Option<Segments> {
        windows(&Recipe::load(recipe, &[]).unwrap(), frames).unwrap()
    }

    #[test]
    fn recordings_are_cut_into_windows_of_the_clips_length() {
        // A hundred frames per second; trained on ten seconds, filled with ln 1e-5.
        let frames_of = |frames: &[usize]| {
            let windows = windows_of("efficientat/mn04", frames).unwrap();
            assert_eq!(windows.pad, SegmentPad::Value(-11.512925));
            (windows.length_frames, windows.hop_frames)
        };
        assert_eq!(frames_of(&[500, 500, 80, 500, 900]), (Some(500), Some(500)));
        assert_eq!(
            frames_of(&[30, 40, 50]),
            (Some(200), Some(200)),
            "at least two seconds"
        );
        assert_eq!(
            frames_of(&[6000, 0, 7000]),
            (Some(1000), Some(1000)),
            "at most ten"
        );
        assert_eq!(windows_of("efficientat/mn04", &[0]), None, "nothing was read");
        let own = windows_of("dcase2019-baseline/1-noisy", &[500]);
        assert_eq!(own, None, "a network with segments of its own");
    }

    /// Background of the data keeps its fold; that of other files is spread over the folds, and neighbours are not
    /// apart.
    #[test]
    fn background_gets_folds() {
        let mut examples = clips(18, false);
        let files = [0, 0, 3, 3, 4, 4, 5, 5];
        for (k, file) in files.iter().enumerate() {
            let item = Item {
                file: format!("{file} from {k}"),
                fold: (*file == 0).then_some(2),
                group: Some(file.to_string()),
                ..Item::default()
            };
            examples.push(item, &[&[0.0; 5]]);
        }
        // The data has three clips of background, of which the first is in two pieces and the others can't be read.
        give_folds(&mut examples, 18, &files, 3);
        let folds: Vec<Option<u32>> = examples.items[18..].iter().map(|item| item.fold).collect();
        let [one, two, three] = [1_u32, 2, 3].map(Some);
        assert_eq!(folds, [two, two, one, one, two, two, three, three]);
        assert_eq!(examples.items[18].group.as_deref(), Some("0"));
        assert_eq!(examples.items[21].group.as_deref(), Some("3, fold 1"));
    }
}
