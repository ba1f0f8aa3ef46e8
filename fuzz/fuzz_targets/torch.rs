//! See `torch::checkpoint` in `readers`.
#![no_main]

use earmark_fuzz_readers::torch;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| torch::checkpoint(data));
