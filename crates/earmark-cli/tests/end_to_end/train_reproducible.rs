//! What must not change a result: loader threads, computing threads, a cache that is there or not.

use super::common::{Lab, tensors};

/// The recipe inside a model file names the workers, so that bytes may differ; weights and logs may not.
#[test]
fn workers_and_threads_change_no_weight() {
    let lab = Lab::new();
    let train = "train tiny.toml --data tones --fold 1";
    let variants = [
        "--threads 1 --set cache.workers=1",
        "--threads 2 --set cache.workers=1",
        "--threads 2 --set cache.workers=4",
        "--threads 1 --set cache.workers=4 --set batches.prefetch=1",
        "--threads 2 --set cache.disk=\"off\" --set cache.memory-mib=0",
    ];
    for (k, variant) in variants.iter().enumerate() {
        lab.earmark(&format!("{train} --run run-{k} {variant}")).done();
        for file in [
            "best.safetensors",
            "checkpoints/step-00000030.safetensors",
            "checkpoints/state.safetensors",
        ] {
            let (first, this) = (
                tensors(&lab.path("run-0").join(file)),
                tensors(&lab.path(&format!("run-{k}")).join(file)),
            );
            assert!(first == this, "{file} differs with {variant}");
        }
        for file in ["metrics.jsonl", "events.out.tfevents.0000000001.earmark"] {
            let (first, this) = (
                lab.bytes(&format!("run-0/{file}")),
                lab.bytes(&format!("run-{k}/{file}")),
            );
            assert!(first == this, "{file} differs with {variant}");
        }
    }
    // A run may be resumed with another number of workers.
    lab.earmark(&format!("{train} --run run-0 --set cache.workers=3 --resume"))
        .done();
}

/// Another seed is another training: the equalities above are not those of something that never moves.
#[test]
fn another_seed_gives_other_weights() {
    let lab = Lab::trained();
    lab.earmark("train tiny.toml --data tones --fold 1 --run b --set train.seed=8")
        .done();
    assert!(tensors(&lab.path("runs/a/best.safetensors")) != tensors(&lab.path("b/best.safetensors")));
}
