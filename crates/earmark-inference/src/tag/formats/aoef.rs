//! AOEF, the format of the Python package soundevent: a prediction set with a clip per recording, and an interval of
//! time per event.

use crate::tag::result::TagResult;
use crate::tag::scratch_file::ScratchFile;
use crate::tag::tables::Numbered;
use std::fmt::Arguments;
use std::io::{self, Write};
use std::path::Path;

/// The lists of a set that grow with the recordings.
const LISTS: [&str; 5] = [
    "recordings",
    "clips",
    "sound_events",
    "sound_event_predictions",
    "clip_predictions",
];

/// A set being written: its lists are scratch files, as they follow each other in the output.
pub(super) struct Aoef {
    lists: [(ScratchFile, bool); 5],
    classes: Numbered,
    uuid: String,
}

impl Aoef {
    pub fn begin(scratch: Option<&Path>) -> Self {
        let folder = scratch.unwrap_or(Path::new("."));
        Self {
            lists: LISTS.map(|_| (ScratchFile::new(folder), false)),
            classes: Numbered::default(),
            uuid: uuid("set", "", 0),
        }
    }

    pub fn add(&mut self, result: &TagResult) -> io::Result<()> {
        let TagResult {
            file,
            seconds,
            sample_rate_hz: rate_hz,
            ..
        } = result;
        self.uuid = uuid(&self.uuid, file, 0);
        let [recording, clip, prediction] =
            ["recording", "clip", "prediction"].map(|kind| uuid(kind, file, 0));
        // Samples are mixed to one channel.
        let format = format!(r#""duration":{seconds},"channels":1,"samplerate":{rate_hz}"#);
        let path = serde_json::to_string(file)?;
        self.push(
            0,
            format_args!(r#"{{"uuid":"{recording}","path":{path},{format}}}"#),
        )?;
        self.push(
            1,
            format_args!(
                r#"{{"uuid":"{clip}","recording":"{recording}","start_time":0,"end_time":{seconds}}}"#
            ),
        )?;
        let mut all = Vec::with_capacity(result.events.len());
        for (event, number) in result.events.iter().zip(1..) {
            let [sound, of_event] = ["sound", "event"].map(|kind| uuid(kind, file, number));
            let (start, end, score) = (event.onset, event.offset, event.score);
            let class = self.classes.number(&event.class);
            let geometry = format!(r#"{{"type":"TimeInterval","coordinates":[{start},{end}]}}"#);
            self.push(
                2,
                format_args!(r#"{{"uuid":"{sound}","recording":"{recording}","geometry":{geometry}}}"#),
            )?;
            let scored = format!(r#""score":{score},"tags":[[{class},{score}]]"#);
            self.push(
                3,
                format_args!(r#"{{"uuid":"{of_event}","sound_event":"{sound}",{scored}}}"#),
            )?;
            all.push(of_event);
        }
        let all = serde_json::to_string(&all)?;
        self.push(
            4,
            format_args!(r#"{{"uuid":"{prediction}","clip":"{clip}","sound_events":{all}}}"#),
        )
    }

    /// Adds an object to a list.
    fn push(&mut self, list: usize, object: Arguments) -> io::Result<()> {
        let (list, any) = &mut self.lists[list];
        list.write_all(if *any { b",\n" } else { b"\n" })?;
        *any = true;
        list.write_fmt(object)
    }

    pub fn finish(self, out: &mut dyn Write) -> io::Result<()> {
        write!(
            out,
            r#"{{"version":"1.1.0","data":{{"uuid":"{}","collection_type":"prediction_set","name":"earmark","tags":["#,
            self.uuid
        )?;
        for (number, class) in self.classes.names.iter().enumerate() {
            let comma = if number > 0 { "," } else { "" };
            let class = serde_json::to_string(class)?;
            write!(out, r#"{comma}{{"id":{number},"key":"event","value":{class}}}"#)?;
        }
        for ((mut list, _), name) in self.lists.into_iter().zip(LISTS) {
            write!(out, "],\n\"{name}\":[")?;
            io::copy(&mut list.reader()?, out)?;
        }
        out.write_all(b"]}}\n")
    }
}

/// A name that follows from what it is of, in the form of a UUID.
fn uuid(kind: &str, file: &str, number: usize) -> String {
    let hash = blake3::hash(format!("{kind}\n{file}\n{number}").as_bytes()).to_hex();
    let part = |from: usize, to: usize| &hash[from..to];
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}
