//! The examples run, on a model that was trained for two steps.

use earmark::doc_support::tiny_model_and_recording;

#[path = "../examples/tag_file.rs"]
#[expect(dead_code, reason = "the example's own main")]
mod tag_file;
#[path = "../examples/tag_stream.rs"]
#[expect(dead_code, reason = "the example's own main")]
mod tag_stream;
#[path = "../examples/train_folder.rs"]
#[expect(dead_code, reason = "the example's own main")]
mod train_folder;

#[test]
fn a_folder_is_trained_on_and_a_recording_tagged() {
    let dir = tempfile::tempdir().unwrap();
    let (model, recording) = tiny_model_and_recording(dir.path()).unwrap();
    tag_file::run(model.to_str().unwrap(), &recording).unwrap();
    assert!(tag_stream::run(model.to_str().unwrap(), &recording).unwrap() > 0);
    let run = dir.path().join("again");
    let set = ["train.steps=2", "network.width=0.05", "cache.disk-mib=0"].map(String::from);
    train_folder::run("demo/2-curated", &dir.path().join("data"), &run, &set).unwrap();
    assert!(run.join("run.json").is_file());
    tag_file::run(run.to_str().unwrap(), &recording).unwrap();
}
