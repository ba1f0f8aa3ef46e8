//! Model files, the states of trainings, and tensors of other programs: all of them safetensors files.

use std::fs;
use std::path::Path;

use earmark_engine::checkpoint::{ResumeState, TrainingProgress, folder, state_path};
use earmark_engine::{ModelFile, Tensors, read_foreign_tensors, read_tensors};
use earmark_inference::{Device, Model};

use crate::check_message;

/// A file is refused as each of these, or its tensors match their shapes and are in proportion to the file. A model is refused, or its
/// network is built; what it says of itself is the same with and without its weights.
pub fn model_file(data: &[u8]) {
    let run = tempfile::tempdir().expect("a temporary folder");
    let path = run.path().join("model.safetensors");
    fs::write(&path, data).expect("a written file");
    for tensors in [
        read_foreign_tensors(&path),
        read_tensors(&path).map(|(_, tensors)| tensors),
        ModelFile::read(&path).map(|file| file.tensors),
    ] {
        match tensors {
            Ok(tensors) => check_tensors(&tensors, data.len()),
            Err(error) => check_message(&error),
        }
    }
    check_state(run.path(), data);
    let device = Device::cpu().expect("the processor");
    match Model::open_file(&path, &device) {
        Ok(model) => {
            let alone = ModelFile::read_metadata(&path).expect("what a model says of itself");
            assert_eq!(model.meta(), &alone);
        }
        Err(error) => check_message(&error),
    }
}

fn check_tensors(tensors: &Tensors, bytes: usize) {
    let mut numbers = 0;
    for (name, tensor) in tensors {
        assert_eq!(
            tensor.values.len(),
            tensor.shape.iter().product::<usize>(),
            "{name}"
        );
        numbers += tensor.values.len();
    }
    assert!(4 * numbers <= bytes, "{numbers} numbers from {bytes} bytes");
}

/// The same bytes as the state of a training.
fn check_state(run: &Path, data: &[u8]) {
    fs::create_dir_all(folder(run)).expect("a folder");
    fs::write(state_path(run), data).expect("a written file");
    match ResumeState::read(run) {
        Ok(state) => {
            let alone = TrainingProgress::read(run).expect("how far a training is");
            assert_eq!(alone, state.progress);
        }
        Err(error) => check_message(&error),
    }
}
