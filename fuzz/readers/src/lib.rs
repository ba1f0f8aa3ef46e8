//! What must hold for everything in earmark that reads files, whatever the bytes: the bodies of the fuzz targets.
//!
//! Each takes any bytes and panics where a reader breaks its promise. `fuzz_targets/` gives them to libFuzzer;
//! `tests/replay.rs` gives them the seeds and some thousand mutations of these, the same ones in every run of
//! `cargo test`.
//!
//! Options that a reader needs in addition to the file (a rate, a layout) come from a digest of the input, so that
//! every real file is an input as it is.

pub mod arrays;
pub mod audio;
pub mod mutate;
#[cfg(feature = "networks")]
pub mod networks;
pub mod tables;
pub mod targets;
pub mod torch;

use std::fmt::Display;

/// The body of the fuzz target of this name; `None` for one that there is not, or not without the feature `networks`.
pub fn check_of(name: &str) -> Option<fn(&[u8])> {
    let check: fn(&[u8]) = match name {
        "decode" => audio::decode,
        "stream" => audio::stream,
        "opus" => audio::opus,
        "resample" => audio::resample,
        "class_map" => tables::class_map,
        "fold_table" => tables::fold_table,
        "layouts" => tables::layouts,
        "events" => tables::events,
        "scores" => tables::scores,
        "npy" => arrays::npy,
        "embeddings" => arrays::embeddings,
        "torch" => torch::checkpoint,
        "pickle" => torch::pickle,
        #[cfg(feature = "networks")]
        "recipe" => networks::recipe,
        #[cfg(feature = "networks")]
        "model_file" => networks::model_file,
        #[cfg(feature = "networks")]
        "resume_log" => networks::resume_log,
        #[cfg(feature = "networks")]
        "run_files" => networks::run_files,
        #[cfg(feature = "networks")]
        "thresholds" => networks::thresholds,
        #[cfg(feature = "networks")]
        "label_table" => networks::label_table,
        #[cfg(feature = "networks")]
        "archive" => networks::archive,
        #[cfg(feature = "networks")]
        "detections" => networks::detections,
        #[cfg(feature = "networks")]
        "decisions" => networks::decisions,
        _ => return None,
    };
    Some(check)
}

/// A number that depends on the whole input: it chooses the options of a run, so that any file is a complete input and
/// real files can be seeds. FNV-1a, 64 bits.
pub fn digest(data: &[u8]) -> u64 {
    data.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// Asserts that an error has a message.
fn check_message(error: &impl Display) {
    assert!(error.to_string().len() > 10, "an error without a message");
}

/// What is before and behind the first line `---`, without the line breaks around it; `None` without such a line.
fn two_parts(data: &[u8]) -> Option<(&[u8], &[u8])> {
    const BORDER: &[u8] = b"\n---\n";
    let at = data.windows(BORDER.len()).position(|w| w == BORDER)?;
    Some((&data[..at], &data[at + BORDER.len()..]))
}
