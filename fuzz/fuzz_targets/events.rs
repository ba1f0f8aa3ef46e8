//! See `tables::events` in `readers`.
#![no_main]

use earmark_fuzz_readers::tables;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| tables::events(data));
