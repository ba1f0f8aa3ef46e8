//! See `networks::model_file` in `readers`.
#![no_main]

use earmark_fuzz_readers::networks;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| networks::model_file(data));
