//! Why a checkpoint can't be read.

use std::path::PathBuf;

/// Why a checkpoint can't be read.
#[derive(Debug, thiserror::Error)]
pub enum TorchError {
    /// The file can't be read.
    #[error("{path}: cannot be read: {cause}; check the path")]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        cause: std::io::Error,
    },
    /// The bytes are not a state dict.
    #[error("{path}: {reason}")]
    Broken {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: CheckpointFault,
    },
}

/// What is wrong with the bytes of a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointFault {
    /// Neither of the two formats.
    #[error("not a PyTorch checkpoint; expected a file written by `torch.save(model.state_dict(), ...)`")]
    Foreign,
    /// The bytes end early or point outside the file.
    #[error(
        "{what} is outside the file; the file is damaged or its download is incomplete: download it again"
    )]
    Truncated {
        /// What could not be read.
        what: String,
    },
    /// The file contains something that PyTorch does not write.
    #[error("the archive {problem}; save it again with torch.save")]
    Archive {
        /// What is wrong.
        problem: String,
    },
    /// A file in the archive is not what was written.
    #[error("its part `{name}` is damaged (the CRC-32 differs): download or copy the file again")]
    Checksum {
        /// Its name in the archive.
        name: String,
    },
    /// A pickle instruction that no state dict needs.
    #[error(
        "its pickle has the instruction 0x{code:02x} at byte {at}, which no state dict needs; save model.state_dict() alone"
    )]
    Opcode {
        /// The instruction.
        code: u8,
        /// Byte offset in the pickle.
        at: usize,
    },
    /// A name that no state dict needs.
    #[error(
        "its pickle calls {name}, which is not run: only tensors are read; in Python, load it and save model.state_dict() alone"
    )]
    Global {
        /// Module and name.
        name: String,
    },
    /// The pickle's stack or memo does not contain what an instruction takes.
    #[error("its pickle is damaged at byte {at}: {problem}; download the file again")]
    Pickle {
        /// Byte offset in the pickle.
        at: usize,
        /// What is wrong.
        problem: &'static str,
    },
    /// A tensor that does not fit its numbers.
    #[error("the tensor `{name}` {problem}; the file is damaged: download it again")]
    Tensor {
        /// Its name.
        name: String,
        /// What is wrong.
        problem: String,
    },
    /// Not a dictionary of tensors.
    #[error("has no state dict: {found}; in Python, load it and save model.state_dict() alone")]
    NoState {
        /// What the file contains instead.
        found: String,
    },
}

impl CheckpointFault {
    pub(crate) fn truncated(what: impl Into<String>) -> Self {
        Self::Truncated { what: what.into() }
    }

    pub(crate) fn big_endian() -> Self {
        Self::archive("was written on a big-endian machine, which is not supported")
    }

    pub(crate) fn archive(problem: impl Into<String>) -> Self {
        Self::Archive {
            problem: problem.into(),
        }
    }
}
