//! The key `events` of `[data]`: how labels with times become labels of windows.

use earmark_core::{Check, ConfigError, Within};
use serde::{Deserialize, Serialize};

use crate::settings::settings;

/// Length of a window where neither the options nor a recipe say it.
const WINDOW_SECONDS: f64 = 5.0;

/// Lengths that a window may have, in seconds: they are read whole.
const LENGTHS: std::ops::RangeInclusive<f64> = 0.05..=600.0;

/// When an event counts as a label of a window.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case",
    deny_unknown_fields
)]
pub enum EventOverlap {
    /// Where at least this share of the event is in the window; of an event that is longer than the window, this share
    /// of the window.
    ShareOfEvent {
        /// Share, 0 to 1.
        at_least: f64,
    },
    /// Where it fills at least this share of the window.
    ShareOfWindow {
        /// Share, 0 to 1.
        at_least: f64,
    },
    /// Where its centre is in the window.
    Centre,
}

/// What becomes of windows without any event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UnlabelledWindows {
    /// They are known to have none of the classes, and are trained on as such.
    #[default]
    Background,
    /// They are left out.
    Ignore,
}

settings! {
    /// How recordings are cut into windows, and which labels with a start and an end count for a window.
    pub struct EventOptions {
        /// Length of a window in seconds, 0.05 to 600. Default: the length of the recipe's segments; 5 without any.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub window_seconds: Option<f64> = None,
        /// Distance between the starts of windows in seconds. Default: the length of a window.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub hop_seconds: Option<f64> = None,
        /// When an event counts as a label of a window: `share-of-event`, `share-of-window` or `centre`. A window that
        /// an event only touches is left out. Default: `{ kind = "share-of-event", at-least = 0.5 }`.
        pub overlap: EventOverlap = EventOverlap::ShareOfEvent { at_least: 0.5 },
        /// What becomes of windows without any event: `background` (known to have none of the classes) or `ignore`
        /// (left out). Default: `background`.
        pub unlabelled: UnlabelledWindows = UnlabelledWindows::Background,
        /// The label of rows that say which spans of a recording were annotated; windows outside them are left out.
        /// Default: all of each recording was annotated.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub annotated_label: Option<String> = None,
        /// The column with the start in seconds. Default: `Begin Time (s)`, `start`, `onset` and the like.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub start_column: Option<String> = None,
        /// The column with the end in seconds. Default: `End Time (s)`, `end`, `offset` and the like.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub end_column: Option<String> = None,
        /// Length of the recipe's segments: known from the recipe, and not part of this section.
        #[serde(skip)]
        pub segment_seconds: Option<f64> = None,
    }
}

impl Check for EventOptions {
    fn check(&self) -> Result<(), ConfigError> {
        let remedy = "must be 0.05 to 600 seconds";
        for (key, seconds) in [
            ("window-seconds", self.window_seconds),
            ("hop-seconds", self.hop_seconds),
        ] {
            seconds.map_or(Ok(()), |seconds| {
                ConfigError::check_range(key, seconds, LENGTHS, remedy)
            })?;
        }
        match self.overlap {
            EventOverlap::ShareOfEvent { at_least } | EventOverlap::ShareOfWindow { at_least } => {
                ConfigError::check_share("at-least", at_least).map_err(|error| error.within("overlap"))
            }
            EventOverlap::Centre => Ok(()),
        }
    }
}

impl EventOptions {
    /// Whether all is as by default, which recipes leave out.
    pub(in super::super) fn is_default(&self) -> bool {
        let own = Self {
            segment_seconds: None,
            ..self.clone()
        };
        own == Self::default()
    }

    /// Length of a window in microseconds.
    pub(super) fn window_us(&self) -> u64 {
        let of_recipe = self.segment_seconds.filter(|seconds| LENGTHS.contains(seconds));
        microseconds(self.window_seconds.or(of_recipe).unwrap_or(WINDOW_SECONDS))
    }

    /// Microseconds from window to window.
    pub(super) fn hop_us(&self) -> u64 {
        self.hop_seconds.map_or(self.window_us(), microseconds)
    }
}

/// Seconds as microseconds, at least one.
fn microseconds(seconds: f64) -> u64 {
    ((seconds * 1e6).round() as u64).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_have_the_length_of_the_segments_unless_they_have_their_own() {
        let with = |window_seconds, hop_seconds, segment_seconds| EventOptions {
            window_seconds,
            hop_seconds,
            segment_seconds,
            ..EventOptions::default()
        };
        let lengths = |options: EventOptions| (options.window_us(), options.hop_us());
        assert_eq!(lengths(with(None, None, None)), (5_000_000, 5_000_000));
        assert_eq!(lengths(with(None, None, Some(1.01))), (1_010_000, 1_010_000));
        assert_eq!(
            lengths(with(Some(3.0), Some(1.5), Some(1.0))),
            (3_000_000, 1_500_000)
        );
        assert!(with(None, None, Some(1.0)).is_default() && !with(Some(1.0), None, None).is_default());
    }

    #[test]
    fn settings_that_cannot_work_are_refused() {
        let refused = |text: &str| {
            let options: EventOptions = toml::from_str(text).unwrap();
            options.check().unwrap_err().to_string()
        };
        assert_eq!(
            refused("window-seconds = 0"),
            "window-seconds = 0: must be 0.05 to 600 seconds"
        );
        assert!(refused("hop-seconds = nan").starts_with("hop-seconds = NaN"));
        assert!(
            refused("overlap = { kind = \"share-of-window\", at-least = 2.0 }")
                .starts_with("overlap.at-least = 2: ")
        );
        assert!(toml::from_str::<EventOptions>("overlap = { kind = \"half\" }").is_err());
    }
}
