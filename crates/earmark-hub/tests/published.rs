//! Published checkpoints: imported, refused, and compared with PyTorch on ESC-10 (xtask/golden/efficientat.py).

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test prints what it measured, or that it did not run"
)]

use burn::tensor::{Tensor, TensorData};

use earmark_engine::ModelFile;
use earmark_features::{Extractor, Features};
use earmark_hub::{Import, import};
use earmark_inference::PredictJob;
use earmark_inference::{Device, Model};
use earmark_models::{Forward, to_host};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// The folder with the data that can't be part of the repository.
fn shared() -> Option<PathBuf> {
    let next_to_it = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let folder = std::env::var_os("EARMARK_SHARED").map_or_else(next_to_it, PathBuf::from);
    if folder.join("models/efficientat-mn04-as").is_dir() && folder.join("data/esc10/audio").is_dir() {
        return Some(folder);
    }
    assert!(
        std::env::var_os("EARMARK_REQUIRE_SHARED").is_none_or(|value| value != "1"),
        "EARMARK_REQUIRE_SHARED=1, but {} lacks models/efficientat-mn04-as or data/esc10",
        folder.display()
    );
    eprintln!(
        "skipped: no ESC-10 or EfficientAT next to the repository; set EARMARK_SHARED to the folder that holds them"
    );
    None
}

fn job(shared: &Path, architecture: &str, out: &Path) -> Import {
    Import {
        file: shared.join("models/efficientat-mn04-as/mn04_as_mAP_432.pt"),
        architecture: architecture.into(),
        labels: None,
        source: None,
        out: out.into(),
    }
}

/// The clips of the golden file: every twentieth.
fn clips(shared: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = std::fs::read_dir(shared.join("data/esc10/audio"))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    all.sort();
    all.into_iter().step_by(20).collect()
}

fn device() -> String {
    "cpu".into()
}

/// From the same 32 kHz samples, the logits are PyTorch's within 1e-3.
#[test]
fn logits_of_recordings_are_pytorchs() {
    let Some(shared) = shared() else { return };
    let dir = tempfile::tempdir().unwrap();
    let model = dir.path().join("mn04.safetensors");
    let done = import(&job(&shared, "efficientat-mn04", &model)).unwrap();
    assert_eq!((done.classes, done.parameters, done.ignored), (527, 983_599, 46));
    assert_eq!(done.tensors + done.ignored, 312);
    let model = Model::open_file(&model, &Device::cpu().unwrap()).unwrap();
    let (scorer, classes) = (model.scorer(), model.classes());
    assert_eq!((classes.len(), classes[74].as_str()), (527, "Dog"));
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/efficientat-esc10.npy");
    let golden = Features::read_npy(std::fs::File::open(golden).unwrap()).unwrap();
    let e: &Extractor = &scorer.extractor;
    let mut scratch = e.scratch();
    let mut worst = 0.0f32;
    let clips = clips(&shared);
    assert_eq!((golden.bands, golden.frames), (clips.len(), 527));
    for (path, want) in clips.iter().zip(golden.rows()) {
        let clip = earmark_audio::read(path, 32_000).unwrap().clip;
        let features = e
            .postprocess(&e.log_mel_of_clip(&clip, &mut scratch).unwrap())
            .unwrap();
        let shape = [1, 1, features.bands, features.frames];
        let x = Tensor::<4>::from_data(TensorData::new(features.data, shape), &scorer.device);
        let logits = to_host(scorer.network.forward(x, &mut Forward::eval(&scorer.vars)));
        for (got, want) in logits.iter().zip(want) {
            worst = worst.max((got - want).abs());
        }
    }
    println!("largest difference of a logit: {worst:.1e}");
    assert!(worst < 1e-3, "{worst}");
}

/// Wrong size, wrong labels, unknown names: refused with what to do, and nothing is written.
#[test]
fn what_does_not_fit_is_refused_and_writes_nothing() {
    let Some(shared) = shared() else { return };
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("x.safetensors");
    let refused = |job: Import| import(&job).unwrap_err().to_string();
    let message = refused(job(&shared, "mn10", &out));
    assert!(
        message.contains(
            "does not fit efficientat-mn10: `features.0.0.weight` is [8, 1, 3, 3] instead of [16, 1, 3, 3]"
        ),
        "{message}"
    );
    assert!(
        message.ends_with("; its sizes are those of --as efficientat-mn04"),
        "{message}"
    );
    let message = refused(job(&shared, "efficient-mn04", &out));
    assert!(
        message.starts_with("--as efficient-mn04: no such network, did you mean efficientat-mn04?"),
        "{message}"
    );
    let labels = dir.path().join("labels.csv");
    std::fs::write(&labels, "0,a\n1,b\n").unwrap();
    let message = refused(Import {
        labels: Some(labels.clone()),
        ..job(&shared, "mn04", &out)
    });
    assert!(
        message.ends_with("labels.csv: names 2 classes, and the network scores 527"),
        "{message}"
    );
    let message = refused(Import {
        file: labels,
        ..job(&shared, "mn04", &out)
    });
    assert!(message.contains("not a PyTorch checkpoint"), "{message}");
    assert!(!out.exists());
}

/// A model file tells where its weights come from, and the same checkpoint makes the same bytes.
#[test]
fn a_model_file_says_where_it_comes_from() {
    let Some(shared) = shared() else { return };
    let dir = tempfile::tempdir().unwrap();
    let [a, b] = ["a", "b"].map(|n| dir.path().join(n).with_extension("safetensors"));
    import(&job(&shared, "efficientat-mn04", &a)).unwrap();
    import(&Import {
        labels: Some(shared.join("models/efficientat-mn04-as/class_labels_indices.csv")),
        ..job(&shared, "mn04_as", &b)
    })
    .unwrap();
    assert!(std::fs::read(&a).unwrap() == std::fs::read(&b).unwrap());
    let meta = ModelFile::read(&a).unwrap().meta;
    assert_eq!(meta.licence.as_deref(), Some("MIT"));
    assert_eq!(
        meta.source.as_deref(),
        Some("https://github.com/fschmid56/EfficientAT (mn04_as_mAP_432.pt)")
    );
}

/// ESC-10's classes and the AudioSet names whose largest score is theirs.
const ZERO_SHOT: [(&str, &[&str]); 10] = [
    ("dog", &["Dog", "Bark"]),
    ("rain", &["Rain", "Raindrop", "Rain on surface"]),
    ("sea_waves", &["Waves, surf", "Ocean"]),
    ("crying_baby", &["Baby cry, infant cry", "Crying, sobbing"]),
    ("clock_tick", &["Tick-tock", "Tick", "Clock"]),
    ("sneezing", &["Sneeze"]),
    ("helicopter", &["Helicopter"]),
    ("chainsaw", &["Chainsaw"]),
    ("rooster", &["Crowing, cock-a-doodle-doo", "Chicken, rooster"]),
    ("crackling_fire", &["Crackle", "Fire"]),
];

/// Without any training, 96.0 % of ESC-10's 400 clips are classified correctly; through `predict`, as a user does it.
#[test]
fn esc_10_is_recognised_without_training() {
    let Some(shared) = shared() else { return };
    let dir = tempfile::tempdir().unwrap();
    let model = dir.path().join("mn04.safetensors");
    import(&job(&shared, "efficientat-mn04", &model)).unwrap();
    let audio = shared.join("data/esc10/audio");
    let mut truth = BTreeMap::new();
    let table = shared.join("data/esc10/meta.csv");
    for row in std::fs::read_to_string(table).unwrap().lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        truth.insert(cells[0].to_owned(), cells[3].to_owned());
    }
    let files: Vec<PathBuf> = truth.keys().map(|name| audio.join(name)).collect();
    let predict = PredictJob {
        models: vec![model.to_string_lossy().into_owned()],
        data: None,
        subset: None,
        files,
        shard: None,
        read: Default::default(),
        raw: false,
        weights: None,
        mean: "geometric".parse().unwrap(),
        device: device(),
        precision: None,
    };
    let result = earmark_inference::predict(&predict, &|_| {}, &AtomicBool::new(false))
        .unwrap()
        .unwrap();
    assert!(result.skipped.is_empty());
    let scores = result.scores;
    let place = |name: &str| scores.classes().iter().position(|c| c == name).expect(name);
    let mut right = 0;
    for (file, row) in scores.rows() {
        let score = |names: &[&str]| names.iter().map(|n| row[place(n)]).fold(f32::MIN, f32::max);
        let best = ZERO_SHOT
            .iter()
            .max_by(|a, b| score(a.1).total_cmp(&score(b.1)))
            .expect("ten");
        let name = Path::new(file).file_name().unwrap().to_string_lossy();
        right += usize::from(truth[&*name] == best.0);
    }
    println!("{right} of {} clips are right", truth.len());
    assert_eq!(truth.len(), 400);
    // 96.0 % in PyTorch; half a percent are two clips.
    assert!((382..=386).contains(&right), "{right} of 400");
}
