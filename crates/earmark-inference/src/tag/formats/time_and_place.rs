//! When and where, as columns and keys behind those that a format has anyway.

use crate::time_and_place::TimeAndPlace;
pub(super) use earmark_core::event_tables::TIME_AND_PLACE_COLUMNS as COLUMNS;
use serde::Serialize;

/// The moment and the site of what begins at `seconds` of a recording; empty for what is not known.
pub(super) fn texts(known: &TimeAndPlace, seconds: f64) -> [String; 2] {
    let at = known.at(seconds).map(|at| at.to_string());
    [at.unwrap_or_default(), known.site.clone().unwrap_or_default()]
}

/// Latitude and longitude.
pub(super) fn degrees(known: &TimeAndPlace) -> [Option<f64>; 2] {
    known.position.map_or([None; 2], |position| position.map(Some))
}

/// The cells of what begins at `seconds` of a recording; empty for what is not known.
pub(super) fn cells(known: &TimeAndPlace, seconds: f64) -> [String; 4] {
    let [at, site] = texts(known, seconds);
    let [latitude, longitude] =
        degrees(known).map(|degrees| degrees.map_or(String::new(), |degrees| degrees.to_string()));
    [at, site, latitude, longitude]
}

/// The keys of what begins at some time of a recording; null for what is not known.
#[derive(Serialize)]
pub(super) struct TimeAndPlaceKeys<'a> {
    recorded_at: Option<String>,
    site: Option<&'a str>,
    latitude: Option<f64>,
    longitude: Option<f64>,
}

impl<'a> TimeAndPlaceKeys<'a> {
    pub fn new(known: &'a TimeAndPlace, seconds: f64) -> Self {
        let [latitude, longitude] = degrees(known);
        Self {
            recorded_at: known.at(seconds).map(|at| at.to_string()),
            site: known.site.as_deref(),
            latitude,
            longitude,
        }
    }
}

/// For people: `recorded 2024-05-17T04:30:00.000+02:00, Forest (52.5, 13.4)`; `None` where nothing is known.
pub(super) fn words(known: &TimeAndPlace) -> Option<String> {
    let at = known.started_at.map(|start| format!("recorded {start}"));
    let place = match (&known.site, known.position) {
        (Some(site), Some([latitude, longitude])) => Some(format!("{site} ({latitude}, {longitude})")),
        (Some(site), None) => Some(site.clone()),
        (None, Some([latitude, longitude])) => Some(format!("at {latitude}, {longitude}")),
        (None, None) => None,
    };
    let parts: Vec<String> = at.into_iter().chain(place).collect();
    Some(parts.join(", ")).filter(|words| !words.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time_and_place::Timestamp;

    #[test]
    fn what_is_not_known_is_empty() {
        let whole = TimeAndPlace {
            started_at: Timestamp::parse("2024-05-17T04:30:00Z").ok(),
            site: Some("Forest".into()),
            position: Some([52.5, -13.0]),
        };
        assert_eq!(
            cells(&whole, 0.25),
            ["2024-05-17T04:30:00.250+00:00", "Forest", "52.5", "-13"]
        );
        assert_eq!(
            words(&whole).as_deref(),
            Some("recorded 2024-05-17T04:30:00.000+00:00, Forest (52.5, -13)")
        );
        let nothing = TimeAndPlace::default();
        assert_eq!(cells(&nothing, 0.25), ["", "", "", ""]);
        assert_eq!(words(&nothing), None);
        let keys = serde_json::to_string(&TimeAndPlaceKeys::new(&nothing, 0.0)).unwrap();
        assert_eq!(
            keys,
            r#"{"recorded_at":null,"site":null,"latitude":null,"longitude":null}"#
        );
    }
}
