//! See `networks::decisions` in `readers`.
#![no_main]

use earmark_fuzz_readers::networks;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| networks::decisions(data));
