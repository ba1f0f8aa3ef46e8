//! See `audio::opus` in `readers`.
#![no_main]

use earmark_fuzz_readers::audio;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: earmark_fuzz::keep_caught_panics(), |data: &[u8]| audio::opus(data));
