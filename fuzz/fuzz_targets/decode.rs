//! Any bytes become a complete clip or an error: no panic, no hang, no more memory than the input justifies.
#![no_main]

use earmark_audio::decode_bytes_native;
use earmark_fuzz::{check_message, keep_caught_panics};
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: keep_caught_panics(), |data: &[u8]| {
    match decode_bytes_native(data.to_vec()) {
        Ok(decoded) => {
            let (clip, source) = (&decoded.clip, &decoded.source);
            assert_eq!(clip.sample_rate_hz, source.sample_rate_hz);
            assert!(clip.samples.iter().all(|x| x.is_finite()));
            if let Some(frames) = source.frames {
                assert_eq!(clip.samples.len() as u64, frames, "{source:?}");
            }
        }
        Err(error) => check_message(&error),
    }
});
