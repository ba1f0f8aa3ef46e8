//! Segments that BirdNET-Analyzer cut out of recordings, in a folder per species: `0.912_3_REC_12.0s_15.0s.wav`.

use std::path::Path;

use earmark_core::human::human_amount;

use super::interface::Rows;

/// Makes the segments of each recording a group, where at least half of the clips are named so.
pub(super) fn group_segments(rows: &mut Rows) {
    let recording = |file: &str| {
        let stem = Path::new(file).file_stem()?.to_str()?;
        recording_of(stem).map(str::to_owned)
    };
    let groups: Vec<Option<String>> = rows.rows.iter().map(|row| recording(&row.item.file)).collect();
    let segments = groups.iter().flatten().count();
    if segments == 0 || 2 * segments < groups.len() {
        return;
    }
    for (row, group) in rows.rows.iter_mut().zip(groups) {
        row.item.group = row.item.group.take().or(group);
    }
    let amount = human_amount(segments, "clip is a segment", "clips are segments");
    rows.notes.push(format!(
        "{amount} of BirdNET-Analyzer, by their names: those of one recording are a group"
    ));
}

/// The recording of a segment, by its name without the extension: behind the score and, in newer versions, which write
/// an `s` behind times, a number; before the start and the end.
fn recording_of(stem: &str) -> Option<&str> {
    let seconds = |text: &str| {
        let number = text.strip_suffix('s').unwrap_or(text);
        number.parse::<f64>().ok().filter(|_| number.contains('.'))
    };
    let (score, rest) = stem.split_once('_')?;
    let (rest, end) = rest.rsplit_once('_')?;
    let (rest, start) = rest.rsplit_once('_')?;
    let is_score = score.len() == 5
        && score
            .parse::<f64>()
            .is_ok_and(|score| (0.0..=1.0).contains(&score));
    let is_number = |text: &str| text.parse::<u32>().is_ok();
    let name = match rest.split_once('_') {
        Some((number, name)) if end.ends_with('s') && is_number(number) => name,
        _ => rest,
    };
    (is_score && seconds(start)? < seconds(end)? && !name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_segments() {
        for (stem, recording) in [
            ("0.912_3_REC_12.0s_15.0s", "REC"),
            ("1.000_12_SITE_20240517_043000_9.0s_12.0s", "SITE_20240517_043000"),
            ("0.912_20240517_043000_9.0_12.0", "20240517_043000"),
        ] {
            assert_eq!(recording_of(stem), Some(recording), "{stem}");
        }
        for other in [
            "REC_12.0s_15.0s",
            "0.912_20240517_043000",
            "0.912_3_REC_15.0s_12.0s",
            "0.91_3_REC_12.0s_15.0s",
            "1-100032-A-0",
            "2.500_3_REC_12.0s_15.0s",
            "",
        ] {
            assert_eq!(recording_of(other), None, "{other}");
        }
    }
}
