//! Targets that are blended with scores, and what mixing makes of them.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use earmark_data::Item;
use earmark_data::augment::Augment;
use earmark_data::augment::mixing::{Mixup, Partner};
use earmark_data::augment::waveform::BetweenClass;
use earmark_data::batches::{Batch, BatchConfig, BatchError, SegmentOrder, SoftTargets, TrainingClips};
use earmark_data::feature_store::CachedForm;
use earmark_features::FrontEnd;

use crate::runtime_support::{item, write_wav};
use crate::stored::store_of;
use crate::{START, take};

const CLIPS: usize = 6;

/// Each clip has a class of its own, so that plain targets are the shares of the clips in a segment.
fn clips(folder: &std::path::Path) -> Vec<Item> {
    let clip = |index: usize| {
        let path = folder.join(format!("clip{index}.wav"));
        write_wav(&path, index as u64, 0.5 + 0.3 * (index % 3) as f64, 44_100);
        item(path, index + 2, &[index])
    };
    (0..CLIPS).map(clip).collect()
}

fn batches(
    items: &[Item],
    config: &BatchConfig,
    augment: &Augment,
    soft_targets: Option<SoftTargets>,
) -> Result<Vec<Batch>, BatchError> {
    let store = store_of(&FrontEnd::default(), 2);
    let form = match augment.needs_samples() {
        true => CachedForm::Samples,
        false => CachedForm::Features,
    };
    let prepared = store
        .prepare_as(form, items, &|_, _| {}, &AtomicBool::new(false))
        .unwrap();
    let clips = TrainingClips {
        store: Arc::clone(&store),
        items: items.into(),
        prepared: &prepared,
        classes: CLIPS,
        augment,
        soft_targets,
    };
    Ok(take(clips.batches(config, 5)?, START, 4))
}

/// Sound and labels of both clips are mixed with the same weights, so that a blended target is the same mixture of
/// blended targets.
#[test]
fn the_blended_target_is_what_is_mixed() {
    let folder = tempfile::tempdir().unwrap();
    let items = clips(folder.path());
    let share = 0.25;
    let scores: Vec<f32> = (0..CLIPS * CLIPS).map(|k| (k * 7 % 11) as f32 / 11.0).collect();
    let target = |clip: usize, class: usize| {
        let label = if clip == class { 1.0 - share } else { 0.0 };
        label + share * scores[clip * CLIPS + class]
    };
    let between = BetweenClass::default();
    let mixup = |partner| Mixup {
        partner,
        ..Mixup::default()
    };
    for (mixup, between_class) in [
        (None, None),
        (Some(mixup(Partner::Batch)), None),
        (Some(mixup(Partner::Epoch)), None),
        (None, Some(between.clone())),
        (Some(mixup(Partner::Batch)), Some(between)),
    ] {
        let is_mixed = mixup.is_some() || between_class.is_some();
        let config = BatchConfig {
            size: 3,
            order: SegmentOrder::Permutation,
            drop_last: false,
            mixup,
            ..BatchConfig::default()
        };
        let augment = Augment {
            between_class,
            ..Augment::default()
        };
        let soft = SoftTargets {
            scores: scores.as_slice().into(),
            share,
        };
        let plain = batches(&items, &config, &augment, None).unwrap();
        let blended = batches(&items, &config, &augment, Some(soft)).unwrap();
        let mut mixed = 0;
        for (plain, blended) in plain.iter().zip(&blended) {
            assert!(plain.x == blended.x, "the sound is the same");
            let rows = plain.y.chunks_exact(CLIPS).zip(blended.y.chunks_exact(CLIPS));
            for (shares, got) in rows {
                mixed += usize::from(shares.iter().filter(|share| **share > 0.01).count() > 1);
                for (class, got) in got.iter().enumerate() {
                    let terms = shares.iter().enumerate();
                    let want: f32 = terms.map(|(clip, weight)| weight * target(clip, class)).sum();
                    assert!((got - want).abs() < 1e-5, "{got} instead of {want}");
                }
            }
        }
        assert_eq!(mixed > 0, is_mixed, "{mixed}");
    }
}

#[test]
fn scores_of_other_clips_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let items = clips(folder.path());
    let soft = SoftTargets {
        scores: vec![0.0; CLIPS].into(),
        share: 0.5,
    };
    let config = BatchConfig {
        size: 2,
        ..BatchConfig::default()
    };
    let refused = batches(&items, &config, &Augment::default(), Some(soft));
    assert_eq!(
        refused.unwrap_err().to_string(),
        "train.distil = (scores): needs a row of 6 scores for each of 6 clips"
    );
}
