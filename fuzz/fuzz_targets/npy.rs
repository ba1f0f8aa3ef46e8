//! See `arrays::npy` in `readers`.
#![no_main]

use earmark_fuzz_readers::arrays;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| arrays::npy(data));
