//! What the fuzz targets share.

use std::fmt::Display;

/// Lets a panic inside a decoder be caught by the code under test, as it is outside of fuzzing: libFuzzer's own hook
/// would end the process at once. A panic that nobody catches still ends it.
pub fn keep_caught_panics() {
    std::panic::set_hook(Box::new(|panic| {
        if std::env::var_os("FUZZ_SHOW_PANICS").is_some() {
            eprintln!("{panic}");
        }
    }));
}

/// A number that depends on all of the input: chooses the options of a run, so that any file is a whole input as it is
/// and samples of real files can be seeds. FNV-1a, 64 bits.
pub fn digest(data: &[u8]) -> u64 {
    data.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// A refusal must say something, and must be printable.
pub fn check_message(error: &impl Display) {
    assert!(error.to_string().len() > 10, "a refusal without words");
}
