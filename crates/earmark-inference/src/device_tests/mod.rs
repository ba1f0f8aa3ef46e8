//! Whether a device computes what the CPU computes: a test of less than a second before it is used, and a comparison of
//! every operation and every network.
//!
//! A driver may compute wrong without a word, and may end the process. So the test runs in a process of its own: the
//! program starts itself with a hidden command ([`test_in_program`]) and reads its answer ([`ask`]).

mod agreement;
#[cfg(feature = "gpu")]
mod before_first_use;
mod child_process;
mod comparison;
mod networks;
mod operations;
mod self_test;
mod shared_libraries;
mod small_network;

pub use agreement::Difference;
#[cfg(feature = "gpu")]
pub(crate) use before_first_use::admit;
#[cfg(feature = "gpu")]
pub use before_first_use::{count_in_program, test_in_program, test_with_program};
pub use child_process::ask;
pub use comparison::{Comparison, compare_with_cpu};
pub use self_test::{SelfTest, self_test};
pub use shared_libraries::{missing_libraries, vulkan_drivers};
