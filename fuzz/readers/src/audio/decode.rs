//! Whole files in memory, where damage is refused and where it is read over.

use earmark_audio::{ClipNote, Damaged, Decoded, ReadOptions, decode_bytes_with};

use super::ogg_pages::with_right_checksums;
use crate::{check_message, digest};

/// Any bytes become a complete clip or an error. What is read whole is read the same where damage may be read over, and what is read only
/// there is listed with what is missing.
pub fn decode(data: &[u8]) {
    // Every page of Ogg has a checksum: half of the files get past it.
    let bytes = match digest(data) % 2 {
        0 => data.to_vec(),
        _ => with_right_checksums(data),
    };
    check_both_ways(&bytes);
}

/// Refuses damage, and reads over it.
pub(super) fn check_both_ways(bytes: &[u8]) {
    let read = |damaged| {
        let options = ReadOptions {
            sample_rate_hz: None,
            damaged,
        };
        decode_bytes_with(bytes.to_vec(), &options)
    };
    match (read(Damaged::Refuse), read(Damaged::Salvage)) {
        (Ok(whole), Ok(salvaged)) => {
            check_clip(&whole);
            check_length(&whole);
            assert!(whole.losses.is_empty(), "{:?}", whole.losses);
            assert!(salvaged == whole, "what is whole is read in two ways");
        }
        (Ok(_), Err(error)) => panic!("read whole, and not where damage is read over: {error}"),
        (Err(refusal), Ok(salvaged)) => {
            check_message(&refusal);
            check_clip(&salvaged);
            // A checksum of the whole recording that differs is a note.
            let is_noted = salvaged.notes.iter().any(is_contradiction);
            assert!(
                !salvaged.losses.is_empty() || is_noted,
                "nothing is listed, but: {refusal}"
            );
            salvaged.losses.iter().for_each(check_message);
            let mut known = salvaged.losses.iter().filter_map(|loss| loss.seconds);
            assert!(known.all(|seconds| seconds.is_finite() && seconds >= 0.0));
        }
        (Err(refusal), Err(error)) => {
            check_message(&refusal);
            check_message(&error);
        }
    }
}

fn check_clip(decoded: &Decoded) {
    let (clip, source) = (&decoded.clip, &decoded.source);
    assert_eq!(clip.sample_rate_hz, source.sample_rate_hz);
    assert!(clip.samples.iter().all(|x| x.is_finite()));
}

fn is_contradiction(note: &ClipNote) -> bool {
    matches!(note, ClipNote::Contradiction(_))
}

/// As many samples as the file says, unless something in it is known to be wrong.
fn check_length(decoded: &Decoded) {
    if let Some(frames) = decoded.source.frames
        && !decoded.notes.iter().any(is_contradiction)
    {
        assert_eq!(decoded.clip.samples.len() as u64, frames, "{:?}", decoded.source);
    }
}
