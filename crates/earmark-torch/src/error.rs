//! Why a checkpoint can't be read.

use std::path::PathBuf;

/// Why a checkpoint can't be read.
#[derive(Debug, thiserror::Error)]
pub enum TorchError {
    /// The file can't be read.
    #[error("{path}: cannot be read: {cause}; check the path")]
    Read {
        /// Where.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// The bytes are no state dict.
    #[error("{path}: {reason}")]
    Broken {
        /// Where.
        path: PathBuf,
        /// What is wrong.
        reason: Broken,
    },
}

/// What is wrong with the bytes of a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// Neither format.
    #[error("is no PyTorch checkpoint; expected what `torch.save(model.state_dict(), ...)` writes")]
    Foreign,
    /// The bytes end early or point outside of the file.
    #[error(
        "{what} lies outside of the file, which is damaged or was not downloaded to its end; fetch it again"
    )]
    Truncated {
        /// What could not be read.
        what: String,
    },
    /// The archive holds what PyTorch does not write.
    #[error("its archive {problem}; save it anew with torch.save")]
    Archive {
        /// What.
        problem: String,
    },
    /// An instruction that no state dict needs.
    #[error(
        "its pickle has the instruction 0x{code:02x} at byte {at}, which no state dict needs; save model.state_dict() alone"
    )]
    Opcode {
        /// The instruction.
        code: u8,
        /// Where, in the pickle.
        at: usize,
    },
    /// A name that no state dict needs.
    #[error(
        "its pickle asks for {name}, which is not run: only tensors are read; in Python, load it and save model.state_dict() alone"
    )]
    Global {
        /// Module and name.
        name: String,
    },
    /// The pickle's stack or memo does not hold what an instruction takes.
    #[error("its pickle is damaged at byte {at}: {problem}; fetch the file again")]
    Pickle {
        /// Where, in the pickle.
        at: usize,
        /// What.
        problem: &'static str,
    },
    /// A tensor that does not fit its numbers.
    #[error("the tensor `{name}` {problem}; the file is damaged: fetch it again")]
    Tensor {
        /// Which.
        name: String,
        /// What is wrong.
        problem: String,
    },
    /// No dictionary of tensors.
    #[error("holds no state dict: {found}; in Python, load it and save model.state_dict() alone")]
    NoState {
        /// What it holds instead.
        found: String,
    },
}

impl Broken {
    pub(crate) fn truncated(what: impl Into<String>) -> Self {
        Self::Truncated { what: what.into() }
    }

    pub(crate) fn archive(problem: impl Into<String>) -> Self {
        Self::Archive {
            problem: problem.into(),
        }
    }
}
