//! Settings in the query of a request, named as the flags of the commands.

use crate::failure::RequestFailure;
use earmark_core::text::suggest;
use earmark_inference::ThresholdConfig;
use earmark_inference::tag::{EventScore, TagConfig, WindowHop};
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// A shorter hop would cost more than the sound is worth, and so would a shorter window, whose half is a hop.
const SHORTEST_HOP_SECONDS: f64 = 0.1;
const LONGEST_WINDOW_SECONDS: f64 = 120.0;

/// Largest number of best classes: more than any model has.
pub(crate) const MOST_LABELS: usize = 1_000_000;

/// Keys of `/v1/tag` that are no settings of a tagger; `windows` is one where it is set.
const TAG_ANSWER_KEYS: [&str; 4] = ["model", "format", "name", "windows"];

/// Keys of `/v1/tag`.
pub(crate) const TAG_KEYS: [&str; 13] = [
    "model",
    "format",
    "name",
    "windows",
    "threshold",
    "class",
    "window",
    "hop",
    "release",
    "merge",
    "min_duration",
    "score",
    "top_k",
];

/// The value of a key that must be given.
pub(crate) fn required<T>(key: &str, value: Option<T>) -> Result<T, RequestFailure> {
    value.ok_or_else(|| RequestFailure::bad_request(format!("{key}: is missing; give it")))
}

/// The pairs of a query.
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Parses a query, of which only these keys are known.
    pub fn parse(query: Option<&str>, known: &[&str]) -> Result<Self, RequestFailure> {
        let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        let pairs: Vec<(String, String)> = pairs.into_owned().collect();
        match pairs.iter().find(|(key, _)| !known.contains(&key.as_str())) {
            None => Ok(Self(pairs)),
            Some((key, _)) => {
                let remedy = match suggest(key, known.iter().copied()) {
                    Some(near) => format!("did you mean {near}?"),
                    None => format!("choose from {}", known.join(", ")),
                };
                Err(RequestFailure::bad_request(format!(
                    "{key}: unknown setting; {remedy}"
                )))
            }
        }
    }

    /// All values of a key.
    pub fn all(&self, key: &str) -> Vec<String> {
        let of_key = self.0.iter().filter(|(other, _)| other == key);
        of_key.map(|(_, value)| value.clone()).collect()
    }

    /// The value of a key that is given once at most.
    pub fn one(&self, key: &str) -> Result<Option<&str>, RequestFailure> {
        let mut values = self.0.iter().filter(|(other, _)| other == key);
        let first = values.next().map(|(_, value)| value.as_str());
        match values.next() {
            None => Ok(first),
            Some(_) => Err(RequestFailure::bad_request(format!(
                "{key}: is given twice; keep one"
            ))),
        }
    }

    /// The same as a number.
    pub fn number<T: FromStr>(&self, key: &str) -> Result<Option<T>, RequestFailure> {
        let number = |text: &str| {
            let wrong = |_| RequestFailure::bad_request(format!("{key}={text}: is not a number; give one"));
            text.trim().parse::<T>().map_err(wrong)
        };
        self.one(key)?.map(number).transpose()
    }

    /// The same as a whole number of this range.
    pub fn whole<T: FromStr + PartialOrd + Display>(
        &self,
        key: &str,
        range: RangeInclusive<T>,
    ) -> Result<Option<T>, RequestFailure> {
        let whole = |text: &str| match text.trim().parse::<T>() {
            Ok(number) if range.contains(&number) => Ok(number),
            _ => Err(RequestFailure::bad_request(format!(
                "{key}={text}: choose a whole number from {} to {}",
                range.start(),
                range.end()
            ))),
        };
        self.one(key)?.map(whole).transpose()
    }

    /// The same as one of a few words.
    pub fn choice<T: Copy>(&self, key: &str, words: &[(&str, T)]) -> Result<Option<T>, RequestFailure> {
        let Some(given) = self.one(key)? else {
            return Ok(None);
        };
        match words.iter().find(|(word, _)| *word == given) {
            Some((_, value)) => Ok(Some(*value)),
            None => {
                let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
                Err(RequestFailure::bad_request(format!(
                    "{key}={given}: choose from {}",
                    words.join(", ")
                )))
            }
        }
    }

    /// The same as yes or no.
    pub fn is_set(&self, key: &str) -> Result<bool, RequestFailure> {
        let words = [("true", true), ("1", true), ("false", false), ("0", false)];
        Ok(self.choice(key, &words)?.unwrap_or(false))
    }

    /// Thresholds as `--threshold` takes them, without files: these would be the server's.
    pub fn thresholds(&self) -> Result<ThresholdConfig, RequestFailure> {
        let words = self.all("threshold");
        let is_number = |text: &str| text.trim().parse::<f32>().is_ok();
        let is_word = |word: &str| {
            let of_class = || word.rsplit_once('=').is_some_and(|(_, value)| is_number(value));
            word.trim() == "model" || is_number(word) || of_class()
        };
        if let Some(word) = words.iter().find(|word| !is_word(word)) {
            return Err(RequestFailure::bad_request(format!(
                "threshold={word}: give a number from 0 to 1, CLASS=NUMBER or model"
            )));
        }
        ThresholdConfig::parse(&words).map_err(|e| RequestFailure::bad_request(e.to_string()))
    }

    /// A length of windows and a distance between them that the server can bear.
    pub fn window_and_hop(&self) -> Result<(Option<f64>, Option<f64>), RequestFailure> {
        let (window, hop) = (self.number::<f64>("window")?, self.number::<f64>("hop")?);
        let bearable = SHORTEST_HOP_SECONDS..=LONGEST_WINDOW_SECONDS;
        if let Some(window) = window.filter(|window| !bearable.contains(window)) {
            return Err(RequestFailure::bad_request(format!(
                "window={window}: choose {SHORTEST_HOP_SECONDS} to {LONGEST_WINDOW_SECONDS} seconds"
            )));
        }
        if let Some(hop) = hop.filter(|hop| !bearable.contains(hop)) {
            return Err(RequestFailure::bad_request(format!(
                "hop={hop}: choose {SHORTEST_HOP_SECONDS} seconds or more, at most the length of a window"
            )));
        }
        Ok((window, hop))
    }

    /// Settings of tagging; `None` where all are the server's own.
    pub fn tag_settings(&self) -> Result<Option<TagConfig>, RequestFailure> {
        let windows = self.is_set("windows")?;
        let is_setting = |(key, _): &(String, String)| !TAG_ANSWER_KEYS.contains(&key.as_str());
        if !windows && !self.0.iter().any(is_setting) {
            return Ok(None);
        }
        let own = TagConfig::default();
        let (window_seconds, hop) = self.window_and_hop()?;
        let scores = [("max", EventScore::Max), ("mean", EventScore::Mean)];
        Ok(Some(TagConfig {
            window_seconds,
            hop: hop.map_or(WindowHop::Default, WindowHop::Hop),
            classes: self.all("class").iter().map(|name| quoted(name)).collect(),
            thresholds: self.thresholds()?,
            release: self.number("release")?.unwrap_or(own.release),
            merge_seconds: self.number("merge")?.unwrap_or(own.merge_seconds),
            min_seconds: self.number("min_duration")?.unwrap_or(own.min_seconds),
            event_score: self.choice("score", &scores)?.unwrap_or(own.event_score),
            top: self.whole("top_k", 1..=MOST_LABELS)?,
            windows,
            ..own
        }))
    }
}

/// A class's name as one name, whatever commas are in it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal<T>(result: Result<T, RequestFailure>) -> String {
        result.err().map(|failure| failure.message).unwrap_or_default()
    }

    fn query(text: &str) -> Query {
        Query::parse(Some(text), &TAG_KEYS).unwrap()
    }

    #[test]
    fn settings_are_read() {
        assert!(query("model=a&name=b.wav").tag_settings().unwrap().is_none());
        assert!(query("windows=false").tag_settings().unwrap().is_none());
        let text =
            "threshold=0.2&threshold=Dog%3D0.5&class=A%2C+b&hop=0.5&top_k=3&merge=2&score=mean&windows=1";
        let settings = query(text).tag_settings().unwrap().unwrap();
        assert_eq!(
            settings.thresholds,
            ThresholdConfig::parse(&["0.2".into(), "Dog=0.5".into()]).unwrap()
        );
        assert_eq!(settings.classes, ["\"A, b\""]);
        assert_eq!(settings.hop, WindowHop::Hop(0.5));
        assert_eq!(
            (settings.top, settings.merge_seconds, settings.windows),
            (Some(3), 2.0, true)
        );
        assert_eq!(settings.event_score, EventScore::Mean);
        assert_eq!(settings.release, TagConfig::default().release);
    }

    #[test]
    fn what_can_not_be_is_refused() {
        let tag = |text: &str| refusal(query(text).tag_settings());
        assert_eq!(
            refusal(Query::parse(Some("treshold=1"), &TAG_KEYS)),
            "treshold: unknown setting; did you mean threshold?"
        );
        assert_eq!(tag("hop=1&hop=2"), "hop: is given twice; keep one");
        assert_eq!(tag("hop=x"), "hop=x: is not a number; give one");
        assert_eq!(
            tag("hop=0.01"),
            "hop=0.01: choose 0.1 seconds or more, at most the length of a window"
        );
        assert_eq!(
            tag("hop=NaN"),
            "hop=NaN: choose 0.1 seconds or more, at most the length of a window"
        );
        assert_eq!(tag("window=1e9"), "window=1000000000: choose 0.1 to 120 seconds");
        // Its half, the distance to the next one, would be as short.
        assert_eq!(tag("window=0.0001"), "window=0.0001: choose 0.1 to 120 seconds");
        for number in ["0", "-1", "1.5", "many", "99999999999999999999"] {
            assert_eq!(
                tag(&format!("top_k={number}")),
                format!("top_k={number}: choose a whole number from 1 to 1000000")
            );
        }
        assert_eq!(tag("score=median"), "score=median: choose from max, mean");
        assert_eq!(tag("windows=yes"), "windows=yes: choose from true, 1, false, 0");
        // A file of the server is not read, whether it is there or not.
        for file in ["/etc/passwd", "Cargo.toml", "a=b"] {
            assert_eq!(
                tag(&format!("threshold={file}")),
                format!("threshold={file}: give a number from 0 to 1, CLASS=NUMBER or model")
            );
        }
        assert_eq!(tag("threshold=2"), "--threshold 2: give a number from 0 to 1");
    }
}
