//! Reads the tensors of PyTorch checkpoints (`.pt`, `.pth`): state dicts as `torch.save` writes them, since version 1.6 a zip
//! archive and before that a row of pickles.
//!
//! A pickle is a program. The one that runs here knows the handful of instructions that build dictionaries, tuples, strings and
//! numbers, and the handful of names that a state dict calls; nothing is looked up or executed, and whatever else a file asks for
//! is refused by name. Time and memory are bounded by the file's length.
//!
//! ```no_run
//! let checkpoint = earmark_torch::read(std::path::Path::new("model.pt"))?;
//! for (name, tensor) in &checkpoint {
//!     println!("{name} {:?} {:?}", tensor.dtype, tensor.shape);
//! }
//! # Ok::<(), earmark_torch::TorchError>(())
//! ```

mod archive;
mod dtype;
mod error;
mod legacy;
mod pickle;
mod state;
mod value;

pub use dtype::DType;
pub use error::{Broken, TorchError};
pub use state::Tensor;

use std::path::Path;

/// Tensors in the order of the file.
pub type StateDict = Vec<(String, Tensor)>;

/// Reads the state dict of a file: the outermost dictionary, or the one under the key `model` or `state_dict` in it.
///
/// # Errors
/// When the file can't be read, is none of the two formats, or asks for what a state dict has no need of.
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

/// As [`read`], from bytes.
///
/// # Errors
/// As there.
pub fn parse(bytes: &[u8]) -> Result<StateDict, Broken> {
    if archive::is_zip(bytes) {
        let archive = archive::Archive::open(bytes)?;
        let program = pickle::run(archive.file("data.pkl")?, &mut 0)?;
        return state::tensors(&program, bytes.len(), |key| archive.file(&format!("data/{key}")));
    }
    let file = legacy::File::open(bytes)?;
    state::tensors(&file.program, bytes.len(), |key| file.storage(key))
}
