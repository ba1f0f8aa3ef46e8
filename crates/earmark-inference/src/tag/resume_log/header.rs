//! The first line of a resume log: the settings that results depend on.

use crate::error::shortened;
use crate::tag::TagError;
use earmark_core::checksum::{Seal, check_seal};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Version of the resume log's format: since 2, lines have checksums, and recordings that are begun are noted; since 3,
/// also how far those are that are tried alone, and which were given up.
pub(super) const FORMAT: u32 = 3;

/// A setting that logs have only where it is not the default.
pub(in crate::tag) const TIME_AND_PLACE: &str = "--time-and-place";

/// What the keys of settings in words begin with.
const WORDS_OF: &str = "words of ";

#[derive(Serialize, Deserialize)]
pub(super) struct LogHeader {
    #[serde(rename = "earmark-tag")]
    pub format: u32,
    pub settings: Vec<(String, String)>,
}

/// Whether these bytes are the start of a resume log's first line, possibly empty.
pub(super) fn starts_as_header(bytes: &[u8]) -> bool {
    const START: &[u8] = b"{\"earmark-tag\":";
    let n = bytes.len().min(START.len());
    bytes[..n] == START[..n]
}

impl LogHeader {
    /// Whether every line of the log has a checksum.
    pub fn is_sealed(&self) -> bool {
        self.format >= 2
    }
}

/// Whether this first line is that of a resume log and damaged.
pub(super) fn is_damaged(line: &[u8], header: Option<&LogHeader>) -> bool {
    if !line.ends_with(b"\n") || !starts_as_header(line) {
        return false;
    }
    match (check_seal(line), header) {
        (_, None) | (Seal::Broken, _) => true,
        // A later format may have other checksums.
        (Seal::Missing, Some(header)) => header.is_sealed() && header.format <= FORMAT,
        (Seal::Whole, Some(_)) => false,
    }
}

/// The key under which a log says a setting in words. It is not compared, and earlier logs don't have it.
pub(in crate::tag) fn key_of_words(key: &str) -> String {
    format!("{WORDS_OF}{key}")
}

/// Refuses a resume log of a later format or other settings.
pub(super) fn check_settings(
    path: &Path,
    header: &LogHeader,
    now: &[(String, String)],
) -> Result<(), TagError> {
    let other = |key: &str, (then, now): (String, String)| TagError::OtherSettings {
        path: path.to_path_buf(),
        key: key.to_owned(),
        then,
        now,
    };
    if header.format > FORMAT {
        let key = "log format";
        let both = (format!("with {key} {}", header.format), FORMAT.to_string());
        return Err(other(key, both));
    }
    let then = header.settings.as_slice();
    let compared = now.iter().filter(|(key, _)| !key.starts_with(WORDS_OF));
    for (key, value) in compared {
        if value_of(then, key) != Some(value.as_str()) {
            return Err(other(key, difference(key, then, now)));
        }
    }
    let is_left_out = value_of(then, TIME_AND_PLACE).is_some() && value_of(now, TIME_AND_PLACE).is_none();
    match is_left_out {
        true => Err(other(TIME_AND_PLACE, difference(TIME_AND_PLACE, then, now))),
        false => Ok(()),
    }
}

fn value_of<'a>(settings: &'a [(String, String)], key: &str) -> Option<&'a str> {
    let mut settings = settings.iter();
    settings
        .find(|(other, _)| other == key)
        .map(|(_, value)| value.as_str())
}

/// What a setting was and what it is, as a command gives it.
fn difference(key: &str, then: &[(String, String)], now: &[(String, String)]) -> (String, String) {
    match (said(key, then), said(key, now)) {
        // The file of a model has changed.
        (Some(then), Some(now)) if then == now && key == "--model" => {
            (format!("with {then} as it was then"), "as it is now".into())
        }
        // Long ones differ behind what is said of them.
        (Some(said_then), Some(said_now)) if said_then == said_now => {
            let between = if key == "--classes" { "," } else { " --threshold " };
            let [then, now] = rests([whole(key, then), whole(key, now)], between);
            (format!("with {key} {then}"), now)
        }
        (Some(then), Some(now)) => {
            // The name once is enough where one value follows it.
            let has_one = |text: &str| text.starts_with(key) && !text.contains(" --");
            let short = match has_one(&then) && has_one(&now) {
                true => now[key.len()..].trim().to_owned(),
                false => now,
            };
            (format!("with {then}"), short)
        }
        (None, Some(now)) => (format!("without {key}"), format!("with {now}")),
        (_, None) => (format!("with {key}"), "without it".into()),
    }
}

/// What two lists have from the entry on in which they differ; `between` is what their entries have between them.
fn rests(both: [&str; 2], between: &str) -> [String; 2] {
    let [then, now] = both;
    let pairs = then.chars().zip(now.chars());
    let same: usize = pairs.take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
    let from = then[..same].rfind(between).map_or(0, |at| at + between.len());
    both.map(|text| format!("...{}", shortened(&text[from..])))
}

/// A setting in words where there are any, and not shortened.
fn whole<'a>(key: &str, settings: &'a [(String, String)]) -> &'a str {
    let words = value_of(settings, &key_of_words(key));
    words.or_else(|| value_of(settings, key)).unwrap_or_default()
}

/// A setting as a command gives it; `None` where it doesn't.
fn said(key: &str, settings: &[(String, String)]) -> Option<String> {
    if let Some(words) = value_of(settings, &key_of_words(key)) {
        // A path is of no use without its end.
        return Some(match key {
            "--threshold" => shortened(words),
            _ => words.to_owned(),
        });
    }
    match (key, value_of(settings, key)?) {
        ("--windows", "false") | ("--top-k", "all") => None,
        ("--windows", _) => Some(key.to_owned()),
        // Logs of earlier versions have no words for these.
        ("--model", hash) => Some(format!("a model whose file has the checksum {}", shortened(hash))),
        ("--threshold", list) if list.starts_with('[') => Some(format!(
            "a threshold per class, {} (the model's own, unless --threshold was given)",
            shortened(list)
        )),
        (_, value) => Some(format!("{key} {}", shortened(value))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        pairs.iter().map(owned).collect()
    }

    /// Why a log that was started with `then` is refused by `now`.
    fn refusal(then: &[(&str, &str)], now: &[(&str, &str)]) -> String {
        let header = LogHeader {
            format: FORMAT,
            settings: settings(then),
        };
        let refused = check_settings(Path::new("t.log"), &header, &settings(now));
        refused.map_or_else(|error| error.to_string(), |()| String::new())
    }

    fn check(then: &[(&str, &str)], now: &[(&str, &str)], words: &str) {
        let text = refusal(then, now);
        let wanted = format!("t.log: was started {words}; give the same, ");
        assert!(text.starts_with(&wanted), "{text}");
    }

    #[test]
    fn a_difference_is_said_as_it_is_typed() {
        let one = |value| [("--threshold", value)];
        check(&one("0.3"), &one("0.5"), "with --threshold 0.3, not 0.5");
        let list = "[0.38397834, 0.3]";
        let own = "the model's own thresholds (no --threshold)";
        let of_model = [("--threshold", list), ("words of --threshold", own)];
        let words = format!("with {own}, not --threshold 0.2");
        check(&of_model, &one("0.2"), &words);
        let words = format!("with --threshold 0.2, not {own}");
        check(&one("0.2"), &of_model, &words);
        let old = "with a threshold per class, [0.38397834, 0.3] (the model's own, unless --threshold was given), \
                   not --threshold 0.2";
        check(&one(list), &one("0.2"), old);

        let a = [("--model", "f3"), ("words of --model", "--model a")];
        let b = [("--model", "63"), ("words of --model", "--model b")];
        let changed = [("--model", "63"), ("words of --model", "--model a")];
        check(&a, &b, "with --model a, not b");
        check(
            &a[..1],
            &b,
            "with a model whose file has the checksum f3, not --model b",
        );
        check(&a, &changed, "with --model a as it was then, not as it is now");

        let (yes, no) = ([("--windows", "true")], [("--windows", "false")]);
        check(&yes, &no, "with --windows, not without it");
        check(&no, &yes, "without --windows, not with --windows");
        let (all, three) = ([("--top-k", "all")], [("--top-k", "3")]);
        check(&all, &three, "without --top-k, not with --top-k 3");
        check(&three, &all, "with --top-k, not without it");
        check(
            &[],
            &[("--damaged", "refuse")],
            "without --damaged, not with --damaged refuse",
        );
        let (every, own) = (
            [
                ("--classes", "dog,owl"),
                ("words of --classes", "all classes (no --classes)"),
            ],
            [("--classes", "owl")],
        );
        check(&every, &own, "with all classes (no --classes), not --classes owl");
        check(&own, &every, "with --classes owl, not all classes (no --classes)");
        let placed = [("--time-and-place", "x")];
        check(&placed, &[], "with --time-and-place, not without it");
    }

    /// Of long settings, what follows from where they differ.
    #[test]
    fn long_settings_are_said_apart() {
        let classes: Vec<String> = (10..30).map(|k| format!("class {k}")).collect();
        let (then, now) = (classes.join(","), classes.join(",").replace("29", "30"));
        check(
            &[("--classes", then.as_str())],
            &[("--classes", now.as_str())],
            "with --classes ...class 29, not ...class 30",
        );
        let words = |value: &str| {
            let given = classes.iter().map(|class| format!("--threshold '{class}'=0.2"));
            format!("{} --threshold owl={value}", given.collect::<Vec<_>>().join(" "))
        };
        let (then, now) = (words("0.1"), words("0.9"));
        let then = [("--threshold", "[1]"), ("words of --threshold", then.as_str())];
        let now = [("--threshold", "[2]"), ("words of --threshold", now.as_str())];
        check(&then, &now, "with --threshold ...owl=0.1, not ...owl=0.9");
    }

    /// A model may have moved, and earlier logs say nothing in words.
    #[test]
    fn words_are_not_compared() {
        let now = [("--model", "f3"), ("words of --model", "--model b")];
        assert_eq!(
            refusal(&[("--model", "f3"), ("words of --model", "--model a")], &now),
            ""
        );
        assert_eq!(refusal(&now[..1], &now), "");
    }
}
