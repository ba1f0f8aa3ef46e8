//! See `audio::resample` in `readers`.
#![no_main]

use earmark_fuzz_readers::audio;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| audio::resample(data));
