//! The names of devices, and why one can't be used.

use earmark_models::IsaError;

/// Why a device can't be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum DeviceError {
    /// No device of that name.
    #[error("--device {0}: unknown device; choose cpu, cpu-plain{more}", more = built_in())]
    Unknown(String),
    /// Not in this build.
    #[error(
        "--device {0}: this build does not include it; build with `cargo build --release --features {0}`"
    )]
    NotBuilt(String),
    /// The instruction set that the environment asks for is not available.
    #[error(transparent)]
    InstructionSet(#[from] IsaError),
    /// This machine has fewer devices of the kind.
    #[cfg(any(feature = "gpu", test))]
    #[error("--device {name}: there are {found} of that kind, counted from 0; `earmark doctor` lists them")]
    NotFound {
        /// As it was named.
        name: String,
        /// How many there are.
        found: usize,
    },
    /// It failed its test.
    #[cfg(any(feature = "gpu", test))]
    #[error(
        "--device {name}: refused, as {why}; install another driver, choose another device (`earmark doctor` tests \
         them all) or compute with --device cpu"
    )]
    Refused {
        /// As it was named.
        name: String,
        /// What it did wrong.
        why: String,
    },
}

fn built_in() -> String {
    let found = GPU_KINDS.map(|kind| match is_built(kind) {
        true => format!(", {kind}"),
        false => String::new(),
    });
    match found.concat() {
        none if none.is_empty() => " (vulkan, webgpu, metal and cuda are cargo features)".into(),
        some => some,
    }
}

/// `cpu` without earmark's own kernels: Burn's operations one by one, to compare with.
pub(crate) const PLAIN: &str = "cpu-plain";

/// The kinds of GPUs by name; each is a cargo feature. Their devices are `KIND` (the default one), `KIND:0`, `KIND:1`
/// and so on.
pub const GPU_KINDS: [&str; 4] = ["vulkan", "webgpu", "metal", "cuda"];

/// Whether this build includes a kind of GPU.
///
/// Next to `vulkan` there is no `webgpu`: both reach the same devices, and Burn then compiles for Vulkan's language.
pub fn is_built(kind: &str) -> bool {
    match kind {
        "vulkan" => cfg!(feature = "vulkan"),
        "webgpu" => cfg!(all(feature = "webgpu", not(feature = "vulkan"))),
        "metal" => cfg!(feature = "metal"),
        "cuda" => cfg!(feature = "cuda"),
        _ => false,
    }
}

/// The kind of a GPU's name, and its number if it has one: `cuda:1` is (`cuda`, 1). `None` for all other names.
pub fn gpu_kind_and_index(name: &str) -> Option<(&'static str, Option<usize>)> {
    let (kind, index) = match name.split_once(':') {
        Some((kind, index)) => (kind, Some(index.parse().ok()?)),
        None => (name, None),
    };
    let kind = GPU_KINDS.into_iter().find(|known| *known == kind)?;
    Some((kind, index))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gpus_have_a_kind_and_a_number() {
        assert_eq!(gpu_kind_and_index("vulkan"), Some(("vulkan", None)));
        assert_eq!(gpu_kind_and_index("cuda:12"), Some(("cuda", Some(12))));
        for name in ["cpu", "cuda:-1", "cuda:1:2", "CUDA", ":1"] {
            assert_eq!(gpu_kind_and_index(name), None, "{name}");
        }
    }
}
