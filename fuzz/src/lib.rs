//! What the fuzz targets share. Their bodies are in `readers`.

/// Lets the code under test catch a panic inside a decoder, as it does outside fuzzing: libFuzzer's own hook would end the
/// process at once. A panic that nobody catches still ends it.
pub fn keep_caught_panics() {
    std::panic::set_hook(Box::new(|panic| {
        if std::env::var_os("FUZZ_SHOW_PANICS").is_some() {
            eprintln!("{panic}");
        }
    }));
}
