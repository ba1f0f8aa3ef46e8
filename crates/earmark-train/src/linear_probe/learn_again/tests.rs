//! What a review gains, on made features.

use super::super::backbone::tests::source;
use super::super::examples::tests::clips;
use super::*;
use earmark_inference::Model;

const CLIPS: usize = 36;

/// Clips of three classes, of which every fourth one has the label of the next class; no model is behind them.
fn review() -> EmbeddedReview {
    let mut examples = clips(CLIPS, true);
    for (number, item) in examples.items.iter_mut().enumerate() {
        if number % 4 == 0 {
            item.labels = vec![(number + 1) % 3];
        }
    }
    EmbeddedReview {
        clips: ReviewedClips {
            model: "none".into(),
            device: "cpu".into(),
            classes: ["a", "b", "c"].map(str::to_owned).to_vec(),
            items: examples.items.clone(),
        },
        numbers: (0..CLIPS).collect(),
        examples,
        windows: None,
        skipped: Skips::new(),
    }
}

fn right(number: usize) -> Vec<String> {
    vec![["a", "b", "c"][number % 3].to_owned()]
}

/// Every fourth clip, with its right label.
fn corrected() -> ReviewedLabels {
    let decided: BTreeMap<usize, Vec<String>> = (0..CLIPS).step_by(4).map(|k| (k, right(k))).collect();
    ReviewedLabels {
        seen: decided.keys().copied().collect(),
        decided,
        names: BTreeMap::new(),
    }
}

fn learn(review: &EmbeddedReview, labels: &ReviewedLabels) -> LearnedAgain {
    let compared = review.compare(labels, &|_| (), &AtomicBool::new(false));
    compared.unwrap().unwrap().learned
}

#[test]
fn corrections_gain_on_clips_that_nobody_has_seen() {
    let learned = learn(&review(), &corrected());
    assert_eq!(
        (learned.metric, learned.untouched, learned.clips),
        ("accuracy", 27, 36)
    );
    assert_eq!((learned.changed, learned.left_out), (9, 0));
    let (before, after) = (learned.before.unwrap(), learned.after.unwrap());
    assert!(after > 0.95 && after >= before, "{before} to {after}");
    let (gain, interval) = (learned.gain.unwrap(), learned.interval.unwrap());
    assert!((gain - (after - before)).abs() < 1e-12);
    assert!(
        interval.low <= gain && gain <= interval.high,
        "{gain}: {interval:?}"
    );
    assert_eq!(learned.scores.len(), CLIPS);
    for (number, row) in &learned.scores {
        let best = (0..3).max_by(|&a: &usize, &b: &usize| row[a].total_cmp(&row[b]));
        assert_eq!((row.len(), best), (3, Some(number % 3)), "clip {number}");
    }
}

#[test]
fn clips_are_left_out_and_classes_get_new_names_and_company() {
    let mut labels = corrected();
    labels.decided.insert(0, Vec::new());
    labels.decided.insert(4, vec!["new".into()]);
    labels.names.insert("a".into(), "A".into());
    let learned = learn(&review(), &labels);
    assert_eq!((learned.changed, learned.left_out, learned.clips), (8, 1, 35));
    assert_eq!(learned.classes, ["A", "b", "c", "new"]);
    assert!(!learned.scores.contains_key(&0), "it has no label any more");
    assert_eq!(learned.scores[&3].len(), 3, "in the classes of the review");
    // Two classes of one name are one.
    labels.names.insert("b".into(), "A".into());
    assert_eq!(learn(&review(), &labels).classes, ["A", "c", "new"]);
}

#[test]
fn a_second_label_makes_classes_independent() {
    let mut labels = corrected();
    labels.decided.insert(1, vec!["a".into(), "b".into()]);
    labels.seen.insert(1);
    let learned = learn(&review(), &labels);
    assert_eq!((learned.metric, learned.untouched), ("lwlrap", 26));
}

#[test]
fn where_everything_was_seen_nothing_is_compared() {
    let mut labels = corrected();
    labels.seen = (0..CLIPS).collect();
    let learned = learn(&review(), &labels);
    assert_eq!(
        (learned.untouched, learned.gain, learned.interval),
        (0, None, None)
    );
}

#[test]
fn too_little_is_refused_and_a_stop_gives_nothing() {
    let refused = |labels: &ReviewedLabels| {
        let compared = review().compare(labels, &|_| (), &AtomicBool::new(false));
        compared.err().unwrap().to_string()
    };
    assert!(refused(&ReviewedLabels::default()).starts_with("nothing is decided yet"));
    let mut none = corrected();
    none.decided = (0..CLIPS).map(|k| (k, Vec::new())).collect();
    assert!(refused(&none).starts_with("fewer than two clips"));
    none.decided = (0..CLIPS).map(|k| (k, vec!["a".to_owned()])).collect();
    assert!(refused(&none).starts_with("all clips are of one class"));
    let stopped = review().compare(&corrected(), &|_| (), &AtomicBool::new(true));
    assert!(stopped.unwrap().is_none());
}

#[test]
fn folds_are_drawn_where_clips_have_none() {
    let mut items = review().examples.items;
    give_folds(&mut items).unwrap();
    assert_eq!(items, review().examples.items, "they have some");
    items.iter_mut().for_each(|item| item.fold = None);
    give_folds(&mut items).unwrap();
    let folds: BTreeSet<u32> = items.iter().filter_map(|item| item.fold).collect();
    assert_eq!(folds, BTreeSet::from([1, 2, 3, 4, 5]));
    items.iter_mut().for_each(|item| {
        item.fold = None;
        item.group = Some("one".into());
    });
    assert!(give_folds(&mut items).is_err());
}

/// From recordings to a model file.
#[test]
fn the_written_model_has_the_classes_of_the_review() {
    let dir = tempfile::tempdir().unwrap();
    let mut source = source();
    source.recipe.cache.disk = earmark_data::feature_store::DiskCache::Off;
    source.file.meta.recipe = source.recipe.to_toml();
    let model = dir.path().join("backbone.safetensors");
    source.file.save(&model).unwrap();
    let item = |k: usize| Item {
        labels: vec![usize::from(k % 2 == 1)],
        ..super::super::tests::tone(
            dir.path(),
            &format!("{k}.wav"),
            300.0 + 500.0 * (k % 2) as f32 + 20.0 * k as f32,
            4,
        )
    };
    let mut items: Vec<Item> = (0..10).map(item).collect();
    items[3].path = dir.path().join("missing.wav");
    let clips = ReviewedClips {
        model: model.to_string_lossy().into_owned(),
        device: "cpu".into(),
        classes: ["low", "high"].map(str::to_owned).to_vec(),
        items,
    };
    let stop = AtomicBool::new(false);
    let review = EmbeddedReview::embed(clips, &|_| (), &stop).unwrap().unwrap();
    assert_eq!(review.numbers, [0, 1, 2, 4, 5, 6, 7, 8, 9]);
    let labels = ReviewedLabels {
        decided: BTreeMap::from([(0, vec!["low".to_owned()])]),
        seen: BTreeSet::from([0]),
        names: BTreeMap::from([("high".to_owned(), "shrill".to_owned())]),
    };
    let out = dir.path().join("learned.safetensors");
    let learned = review.learn(&labels, &out, &|_| (), &stop).unwrap().unwrap();
    assert_eq!(
        (learned.clips, learned.untouched, learned.skipped.is_empty()),
        (9, 8, false)
    );
    let model = Model::open_file(&out, &earmark_inference::Device::cpu().unwrap()).unwrap();
    assert_eq!(model.classes(), ["low", "shrill"]);
    let unwritten = dir.path().join("stopped.safetensors");
    let stopped = review.learn(&labels, &unwritten, &|_| (), &AtomicBool::new(true));
    assert!(stopped.unwrap().is_none() && !unwritten.exists());
}
