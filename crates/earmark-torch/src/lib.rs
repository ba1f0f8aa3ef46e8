//! Reads the tensors of PyTorch checkpoints (`.pt`, `.pth`): state dicts as `torch.save` writes them, a zip archive
//! since version 1.6 and a sequence of pickles before.
//!
//! A pickle is a program. The machine here knows only the few instructions that build dictionaries, tuples, strings and
//! numbers, and the few names that a state dict calls; nothing is looked up or executed, and everything else a file
//! requests is refused by name. Time and memory are bounded by the file's length.
//!
//! ```no_run
//! let checkpoint = earmark_torch::read(std::path::Path::new("model.pt"))?;
//! for (name, tensor) in &checkpoint {
//!     println!("{name} {:?} {:?}", tensor.dtype, tensor.shape);
//! }
//! # Ok::<(), earmark_torch::TorchError>(())
//! ```

mod dtype;
mod error;
mod formats;
mod pickle;
mod state_dict;

pub use dtype::DType;
pub use error::{CheckpointFault, TorchError};
pub use state_dict::{StateDict, TorchTensor};

use std::path::Path;

/// Reads the state dict of a file: the outermost dictionary, or the one in it under the key `model`, `state_dict`,
/// `model_state_dict` or `nn_state_dict`.
///
/// # Errors
/// When the file can't be read, has neither of the two formats, or requests something that a state dict does not need.
pub fn read(path: &Path) -> Result<StateDict, TorchError> {
    let bytes = std::fs::read(path).map_err(|cause| TorchError::Read {
        path: path.into(),
        cause,
    })?;
    parse(&bytes).map_err(|reason| TorchError::Broken {
        path: path.into(),
        reason,
    })
}

/// An unsigned number of at most eight bytes, the lowest first.
fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |n, b| n << 8 | u64::from(*b))
}

/// Reads the state dict of a file's bytes, as [`read`] does.
///
/// # Errors
/// As [`read`].
pub fn parse(bytes: &[u8]) -> Result<StateDict, CheckpointFault> {
    if formats::is_zip(bytes) {
        let archive = formats::ZipArchive::open(bytes)?;
        let objects = pickle::run(archive.file("data.pkl")?, &mut 0)?;
        return state_dict::tensors(&objects, bytes.len(), |key| archive.storage(key));
    }
    let file = formats::LegacyFile::open(bytes)?;
    state_dict::tensors(&file.objects, bytes.len(), |key| file.storage(key))
}
