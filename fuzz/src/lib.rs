//! Helpers that the fuzz targets share.

use std::fmt::Display;

/// Lets the code under test catch a panic inside a decoder, as it does outside fuzzing: libFuzzer's own hook would end the
/// process at once. A panic that nobody catches still ends it.
pub fn keep_caught_panics() {
    std::panic::set_hook(Box::new(|panic| {
        if std::env::var_os("FUZZ_SHOW_PANICS").is_some() {
            eprintln!("{panic}");
        }
    }));
}

/// A number that depends on the whole input: it chooses the options of a run, so any file is a complete input and real files
/// can be seeds. FNV-1a, 64 bits.
pub fn digest(data: &[u8]) -> u64 {
    data.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// Asserts that an error has a message.
pub fn check_message(error: &impl Display) {
    assert!(error.to_string().len() > 10, "an error without a message");
}
