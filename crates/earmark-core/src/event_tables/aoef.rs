//! AOEF, the Acoustic Objects Exchange Format of the Python package soundevent: JSON with annotations or predictions.
//!
//! Recordings, clips, tags and sound events are lists of their own, which name each other by `uuid` (tags by `id`). A
//! sound event has a geometry in seconds and hertz. Clips say which spans of a recording were annotated; where there are
//! tasks, only those that are completed or verified.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

/// The events of an annotation or prediction set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AoefSet {
    /// Its recordings.
    pub recordings: Vec<AoefRecording>,
    /// Its events, in its order.
    pub events: Vec<AoefEvent>,
}

/// A recording of an AOEF file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AoefRecording {
    /// Its path, as the file has it.
    pub file: String,
    /// Its length in seconds of the file: with a time expansion, these are longer than those of the sound.
    pub seconds: f64,
    /// Spans that were annotated, in seconds of the file.
    pub annotated: Vec<[f64; 2]>,
}

/// A sound event with its tags.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AoefEvent {
    /// Number of its recording.
    pub recording: usize,
    /// Its place among annotations or predictions, from 1.
    pub number: usize,
    /// Start and end, in seconds of the file.
    pub seconds: [f64; 2],
    /// Lowest and highest frequency in hertz, of geometries that have any.
    pub band_hz: Option<[f64; 2]>,
    /// Key and value of its tags.
    pub tags: Vec<[String; 2]>,
    /// The score of a prediction.
    pub score: Option<f64>,
}

/// The key by which AOEF differs from other JSON, near the start of a file.
const MARK: &[u8] = b"\"collection_type\"";

/// A recording while its file is read, with its time expansion.
struct Known {
    number: usize,
    expansion: f64,
}

impl AoefSet {
    /// Whether these bytes begin as an AOEF file does.
    pub fn is_meant(bytes: &[u8]) -> bool {
        let head = &bytes[..bytes.len().min(1 << 16)];
        head.trim_ascii_start().starts_with(b"{") && head.windows(MARK.len()).any(|window| window == MARK)
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// What is wrong, with the place and a remedy: no JSON, no annotations, an object that is named and not there, a
    /// geometry without times.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let file: Value =
            serde_json::from_slice(bytes).map_err(|e| format!("is not JSON: {e}; export it again"))?;
        let data = &file["data"];
        let is_predicted = matches!(text(&data["collection_type"]), "prediction_set" | "model_run");
        let [clips, events] = match is_predicted {
            true => ["clip_predictions", "sound_event_predictions"],
            false => ["clip_annotations", "sound_event_annotations"],
        };
        if !data[clips].is_array() {
            return Err(
                "holds no annotations of clips; export an annotation set or project, or predictions".into(),
            );
        }
        let mut set = Self::default();
        let recordings = set.add_recordings(data)?;
        let by_uuid = |name: &str| -> HashMap<&str, &Value> {
            list(&data[name])
                .map(|object| (text(&object["uuid"]), object))
                .collect()
        };
        let (spans, sounds) = (by_uuid("clips"), by_uuid("sound_events"));
        let finished = finished_clips(data);
        for clip in list(&data[clips]) {
            let uuid = text(&clip["clip"]);
            let span = spans
                .get(uuid)
                .ok_or_else(|| format!("names a clip that is not there: {uuid}; export it again"))?;
            let known = recording_of(&recordings, span)?;
            if let [Some(start), Some(end)] = [&span["start_time"], &span["end_time"]].map(Value::as_f64)
                && finished.as_ref().is_none_or(|finished| finished.contains(uuid))
            {
                let span = [start, end].map(|seconds| seconds * known.expansion);
                set.recordings[known.number].annotated.push(span);
            }
        }
        let tags = tags_by_id(data);
        for (event, number) in list(&data[events]).zip(1..) {
            let uuid = text(&event["sound_event"]);
            let fault = |problem: &str| format!("annotation {number}: {problem}; export it again");
            let sound = sounds
                .get(uuid)
                .ok_or_else(|| fault("its sound event is not there"))?;
            let known = recording_of(&recordings, sound)?;
            let [times, band] = times_and_hz(&sound["geometry"]).map(|values| range(&values));
            let times = times.ok_or_else(|| fault("its geometry has no times"))?;
            set.events.push(AoefEvent {
                recording: known.number,
                number,
                seconds: times.map(|seconds| seconds * known.expansion),
                band_hz: band.map(|band| band.map(|hz| hz / known.expansion)),
                tags: list(&event["tags"])
                    .filter_map(|tag| tags.get(&id_of(tag)?).cloned())
                    .collect(),
                score: event["score"].as_f64(),
            });
        }
        Ok(set)
    }

    /// Adds the recordings; returns them by UUID.
    fn add_recordings<'a>(&mut self, data: &'a Value) -> Result<HashMap<&'a str, Known>, String> {
        let mut known = HashMap::new();
        for recording in list(&data["recordings"]) {
            let expansion = recording["time_expansion"].as_f64().filter(|times| *times > 0.0);
            let expansion = expansion.unwrap_or(1.0);
            let path = text(&recording["path"]);
            if path.is_empty() {
                return Err("has a recording without a path; export it again".into());
            }
            let number = self.recordings.len();
            known.insert(text(&recording["uuid"]), Known { number, expansion });
            self.recordings.push(AoefRecording {
                file: path.to_owned(),
                seconds: recording["duration"].as_f64().unwrap_or(0.0) * expansion,
                annotated: Vec::new(),
            });
        }
        Ok(known)
    }
}

/// The recording of a clip or a sound event.
fn recording_of<'a>(recordings: &'a HashMap<&str, Known>, object: &Value) -> Result<&'a Known, String> {
    let uuid = text(&object["recording"]);
    let missing = || format!("names a recording that is not there: {uuid}; export it again");
    recordings.get(uuid).ok_or_else(missing)
}

/// The clips whose tasks are done; `None` in a file without tasks.
fn finished_clips(data: &Value) -> Option<HashSet<&str>> {
    data["tasks"].as_array()?;
    let is_done = |task: &&Value| {
        let mut states = list(&task["status_badges"]).map(|badge| text(&badge["state"]));
        states.any(|state| matches!(state, "completed" | "verified"))
    };
    let done = list(&data["tasks"]).filter(is_done);
    Some(done.map(|task| text(&task["clip"])).collect())
}

fn tags_by_id(data: &Value) -> HashMap<u64, [String; 2]> {
    let tag = |tag: &Value| {
        let pair = [&tag["key"], &tag["value"]].map(|part| text(part).to_owned());
        Some((tag["id"].as_u64()?, pair))
    };
    list(&data["tags"]).filter_map(tag).collect()
}

/// The number of a tag that an annotation names, or a prediction together with a score.
fn id_of(tag: &Value) -> Option<u64> {
    tag.as_u64().or_else(|| tag[0].as_u64())
}

/// The times and the frequencies of a geometry.
fn times_and_hz(geometry: &Value) -> [Vec<f64>; 2] {
    let mut found = [Vec::new(), Vec::new()];
    let coordinates = &geometry["coordinates"];
    match text(&geometry["type"]) {
        "TimeStamp" => found[0].extend(coordinates.as_f64()),
        "TimeInterval" => found[0].extend(list(coordinates).filter_map(Value::as_f64)),
        _ => add_pairs(coordinates, &mut found),
    }
    found
}

/// Adds what is in lists, at any depth, in which a time and a frequency take turns.
fn add_pairs(coordinates: &Value, found: &mut [Vec<f64>; 2]) {
    for (place, value) in list(coordinates).enumerate() {
        match value.as_f64() {
            Some(number) => found[place % 2].push(number),
            None => add_pairs(value, found),
        }
    }
}

/// The lowest and the highest; `None` of none.
fn range(values: &[f64]) -> Option<[f64; 2]> {
    let pairs = values.iter().map(|value| [*value; 2]);
    pairs.reduce(|[low, high], [value, _]| [low.min(value), high.max(value)])
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
