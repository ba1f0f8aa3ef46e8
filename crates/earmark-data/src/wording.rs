//! Parts of messages.

use earmark_core::text::suggest;

/// "; did you mean X?" where one of the candidates is close enough to be meant, otherwise nothing.
pub(crate) fn hint<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    let meant = suggest(name, candidates).map(|meant| format!("; did you mean {meant:?}?"));
    meant.unwrap_or_default()
}

/// The names in quotes, with `separator` between them.
pub(crate) fn quoted(names: &[impl AsRef<str>], separator: &str) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("{:?}", name.as_ref())).collect();
    quoted.join(separator)
}

/// A tally in words, such as "44100 Hz (7), 8000 Hz (1)".
pub(crate) fn tally_text<K: Copy>(counts: &[(K, usize)], name: impl Fn(K) -> String) -> String {
    let entry = |&(value, n): &(K, usize)| format!("{} ({n})", name(value));
    counts.iter().map(entry).collect::<Vec<_>>().join(", ")
}
