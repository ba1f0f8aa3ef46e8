//! The small recipe of each published system, on the demo's sounds and cut to a tenth of its steps: better than
//! guessing by a clear margin, with nothing else changed.

use earmark::Recipe;
use earmark::data::synth::write_demo;
use earmark::data::{DataOptions, ReadAs, load};
use earmark::metrics::Report;
use earmark::train::{Checkpoints, EvaluateJob, TrainJob, evaluate, train};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;

/// A tenth of the fewest steps that any of the four takes, and a hundredth of argus-2019's.
const STEPS: &str = "train.steps=60";

/// How far above guessing the lwlrap is at least.
const MARGIN: f64 = 0.1;

/// A folder with the demo set, `demo`, and its clips with one label in `folders/train/CLASS` and `folders/test/CLASS`;
/// made once.
fn sounds() -> &'static Path {
    static SOUNDS: OnceLock<PathBuf> = OnceLock::new();
    SOUNDS.get_or_init(|| {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("small-recipes");
        write_demo(&root.join("demo"), 1, &|_, _| {}).unwrap();
        sort_into_folders(&root);
        root
    })
}

fn sort_into_folders(root: &Path) {
    let set = load(&root.join("demo"), &DataOptions::default()).unwrap();
    for item in set.items.iter().filter(|item| item.labels.len() == 1) {
        let subset = match item.subset.as_str() {
            "curated" => "train",
            "test" => "test",
            _ => continue,
        };
        let class = set.classes.name(item.labels[0]).unwrap();
        let folder = root.join("folders").join(subset).join(class);
        fs::create_dir_all(&folder).unwrap();
        fs::copy(&item.path, folder.join(&item.file)).unwrap();
    }
}

/// Trains a recipe on the training clips of a folder; the results on those of its subset `test`.
fn trained(name: &str, data: &Path) -> Report {
    let overrides = [STEPS, "cache.disk-mib=0"].map(str::to_owned);
    let recipe = Recipe::load(name, &overrides).unwrap();
    let run = tempfile::tempdir().unwrap();
    let job = TrainJob::new(recipe, data, run.path().join("run"));
    let stop = AtomicBool::new(false);
    train(&job, &|_| {}, &stop).unwrap();
    let job = EvaluateJob {
        run: job.run,
        data: job.data,
        fold: None,
        fold_table: None,
        subset: Some("test".into()),
        read: ReadAs::default(),
        checkpoints: Checkpoints::Best,
        eval_dir: None,
        device: job.device,
        precision: None,
    };
    let mut done = evaluate(&job, &|_| {}, &stop).unwrap();
    done.evaluated.remove(0).1
}

fn is_better_than_guessing(name: &str, data: &str) {
    let report = trained(name, &sounds().join(data));
    let reached = report.lwlrap.unwrap();
    let guessed = report.guessing.unwrap().lwlrap.expected;
    assert!(
        reached > guessed + MARGIN,
        "{name}: lwlrap {reached:.3}, and guessing {guessed:.3}"
    );
}

#[test]
fn argus_2019_on_a_table_of_several_labels() {
    is_better_than_guessing("argus-2019/small", "demo");
}

#[test]
fn dcase2019_baseline_on_a_table_of_several_labels() {
    is_better_than_guessing("dcase2019-baseline/small", "demo");
}

#[test]
fn starter_2018_on_a_folder_per_class() {
    is_better_than_guessing("starter-2018/small", "folders");
}

#[test]
fn mobilenetv2_pca_2018_on_a_folder_per_class() {
    is_better_than_guessing("mobilenetv2-pca-2018/small", "folders");
}

/// What depends on the amount of data follows it in all four.
#[test]
fn lengths_follow_the_data() {
    for name in [
        "argus-2019/small",
        "dcase2019-baseline/small",
        "starter-2018/small",
        "mobilenetv2-pca-2018/small",
    ] {
        let recipe = Recipe::load(name, &[]).unwrap();
        // Windows for labels with times follow the segments; nothing else is set.
        let data = DataOptions {
            events: DataOptions::default().events,
            ..recipe.data.clone()
        };
        assert_eq!(data, DataOptions::default(), "{name}: any layout");
        assert!(recipe.train.min_steps.is_some_and(|steps| steps >= 600), "{name}");
        assert!(
            recipe.train.epochs.is_some() && recipe.train.batch_norm_warm_up,
            "{name}"
        );
        assert!(
            recipe.checkpoints.times.is_some() && recipe.folds.is_some(),
            "{name}"
        );
        assert!(
            recipe.batches.length.is_some_and(|length| length.quartiles),
            "{name}"
        );
    }
}
