//! What `earmark tag` says about its work: before it, and at the end.

use super::destination::Output;
use crate::prelude::*;
use earmark::inference::tag::{InputFiles, TagJob, TagSummary, Tagger};
use earmark::inference::time_and_place::TimesAndPlaces;
use earmark::inference::{ModelPrecision, grouped_notes};
use serde_json::Value;

/// Notes the model, its windows, and files that are ignored.
pub fn describe(tagger: &Tagger, inputs: &InputFiles, console: &Console) {
    let paths = tagger.ensemble().paths();
    let models: Vec<String> = paths.map(model_name).collect();
    let classes = human_amount(tagger.classes().len(), "class", "classes");
    let models = models.join(", ");
    let windows = tagger.window_rule().describe();
    let written = match (tagger.keeps_windows(), tagger.top()) {
        (false, _) => tagger.thresholds().describe(),
        (true, None) => "scores of every window".to_owned(),
        (true, Some(1)) => "the best score of every window".to_owned(),
        (true, Some(top)) => format!("the {top} best scores of every window"),
    };
    console.note(format!("{models}: {classes}, {windows}, {written}"));
    for note in ModelPrecision::notes(&tagger.ensemble().precisions()) {
        console.note(note);
    }
    for licence in tagger.ensemble().imported_licences() {
        console.note(format!("licence of the imported network: {}", one_line(licence)));
    }
    if let (n @ 1.., Some(first)) = &inputs.not_audio {
        let (files, first) = (human_amount(*n, "file", "files"), first.display());
        console.note(format!(
            "ignored {files} without an audio file name, such as {first}"
        ));
    }
    if let Some(note) = inputs.repeated.note() {
        console.note(note);
    }
}

/// Says of how many recordings time and place are known, and what contradicts itself or can't be, even when quiet.
pub fn describe_time_and_place(known: &TimesAndPlaces, inputs: &InputFiles, console: &Console) {
    let [timed, without_offset, placed] = known.counts();
    let all = inputs.files.len();
    let offsets = match without_offset {
        0 => String::new(),
        n => format!(" ({n} without an offset from UTC; --time-zone gives one)"),
    };
    console.note(format!(
        "time of {timed} of {} known{offsets}, place of {placed}",
        human_amount(all, "recording", "recordings")
    ));
    for line in grouped_notes(&known.remarks) {
        console.warning(format!("time and place: {line}"));
    }
}

/// Names what was skipped and sums up the rest: in words, or for programs.
pub fn summarize(
    result: &TagSummary,
    inputs: &InputFiles,
    job: &TagJob,
    output: &Output,
    console: &Console,
) -> anyhow::Result<Status> {
    for (file, reason) in &result.skipped {
        console.skipped(file, reason);
    }
    remarks::say(&result.damaged, &result.notes, console);
    let recordings = |count| human_amount(count, "recording", "recordings");
    if !result.complete {
        let kept = output
            .path()
            .map_or("", |_| "; run the same command again to resume");
        let (done, all) = (result.tagged, inputs.files.len());
        bail!(Stopped(format!(
            "interrupted: {done} of {all} recordings processed{kept}"
        )));
    }
    if let Some(path) = output.path() {
        print_as(
            output.json,
            || {
                let mut facts = facts(result, inputs, job, path);
                if let Some(shard) = output.shard {
                    facts["shard"] = json!([shard.number(), shard.of()]);
                }
                facts
            },
            || {
                let written = match (job.tagger.keeps_windows(), result.events) {
                    (true, _) => "scores of their windows".to_owned(),
                    (false, 1) => "1 event".to_owned(),
                    (false, n) => format!("{} events", human_count(n as u64)),
                };
                let (tagged, time) = (recordings(result.tagged), human_duration(result.seconds));
                let part = output.shard.map(|shard| format!("shard {shard} of "));
                let part = part.unwrap_or_default();
                format!("{tagged} processed ({time}), {written}: {part}{}", shown(path))
            },
        )?;
    }
    if !result.skipped.is_empty() {
        let skipped = recordings(result.skipped.len());
        console.note(format!("{skipped} skipped, for the reasons above"));
    }
    if !result.damaged.is_empty() {
        let damaged = recordings(result.damaged.len());
        console.note(format!("{damaged} used in part: what is missing is named above"));
    }
    Ok(Status::of_skips(result.skipped.len() + result.damaged.len()))
}

/// The summary for programs.
fn facts(result: &TagSummary, inputs: &InputFiles, job: &TagJob, out: &Path) -> Value {
    let tagger = job.tagger;
    let models = tagger.ensemble().paths();
    let mut facts = json!({
        "models": models.map(|path| path.to_string_lossy()).collect::<Vec<_>>(),
        "classes": tagger.classes(),
        "windows": tagger.window_rule(),
        "inputs": inputs.files.len() + inputs.left_out.len(),
        "ignored": inputs.not_audio.0,
        "repeated": inputs.repeated.count,
        "tagged": result.tagged,
        "resumed": result.resumed,
        "seconds": result.seconds,
        "skipped": result.skipped,
        "damaged": result.damaged,
        "notes": result.notes,
        "precision": tagger.ensemble().precisions(),
        "out": out.to_string_lossy(),
    });
    // Scores of windows depend on no threshold, and no event is among them.
    facts["writes"] = match tagger.keeps_windows() {
        true => json!("windows"),
        false => json!("events"),
    };
    if !tagger.keeps_windows() {
        facts["thresholds"] = json!(tagger.thresholds());
        facts["thresholds_from"] = json!(tagger.thresholds().source());
        facts["events"] = json!(result.events);
    }
    let licences = tagger.ensemble().imported_licences();
    if !licences.is_empty() {
        facts["imported_licences"] = json!(licences);
    }
    if let Some(known) = job.times_and_places {
        let [timed, without_offset, placed] = known.counts();
        facts["time_and_place"] = json!({
            "time_known": timed,
            "without_offset": without_offset,
            "place_known": placed,
            "remarks": known.remarks,
        });
    }
    facts
}
