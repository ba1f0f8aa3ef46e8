//! Recordings that sound nearly the same: one is cut from the other, louder, resampled or compressed again.

use std::collections::{BTreeMap, HashSet};

use super::fingerprint::Fingerprint;

/// Frames that two recordings must share: a second.
const LEAST_FRAMES: usize = 43;

/// Share of the bits that may differ. On Kitchen20, copies differ in at most a quarter, and no other recordings in less than 0.44.
const MOST_DIFFERENT: f64 = 0.25;

/// Up to this many frames with the same bits are compared each with each, and beyond that each with the next: many copies of one recording
/// are found so, too.
const COMMON: usize = 50;

/// Of frames with the same bits, more than this many in a recording say nothing: it hums, and so may others.
const HUMMING: usize = 2;

/// Frames that are looked at, 12 bytes each. Of larger sets, a share is, chosen by their bits and so alike in all recordings.
const MOST_FRAMES: usize = 1 << 25;

/// Comparisons that are remembered, so that none is made twice in a row.
const REMEMBERED: usize = 1 << 21;

/// Recordings that sound nearly the same.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct NearDuplicates {
    /// Each ascending and of two or more, in the order of their first members.
    pub groups: Vec<Vec<usize>>,
    /// Whether the set was too large for all frames to be looked at, or all pairs to be compared, so that some may be missing.
    pub is_partial: bool,
}

/// How much is looked at.
#[derive(Clone, Copy)]
struct Limits {
    frames: usize,
    comparisons: usize,
}

/// Groups of recordings that sound nearly the same.
pub(super) fn near_duplicates(prints: &[&Fingerprint]) -> NearDuplicates {
    let limits = Limits {
        frames: MOST_FRAMES,
        // So that a check ends, whatever a set has in common.
        comparisons: 20_000_000,
    };
    near_duplicates_within(prints, limits)
}

fn near_duplicates_within(prints: &[&Fingerprint], limits: Limits) -> NearDuplicates {
    let (places, mut is_partial) = places(prints, limits.frames);
    let mut leader: Vec<usize> = (0..prints.len()).collect();
    let mut tried = HashSet::new();
    let mut left = limits.comparisons;
    let mut compare = |first: &Place, second: &Place| {
        let (a, b) = (first.recording as usize, second.recording as usize);
        let leaders = (leader_of(&leader, a), leader_of(&leader, b));
        let offset = (second.frame as usize).cast_signed() - (first.frame as usize).cast_signed();
        if leaders.0 == leaders.1 || !tried.insert((a, b, offset)) {
            return true;
        }
        if tried.len() > REMEMBERED {
            tried.clear();
        }
        if alike(prints[a], prints[b], offset) {
            leader[leaders.0.max(leaders.1)] = leaders.0.min(leaders.1);
        }
        left = left.saturating_sub(1);
        left > 0
    };
    let all = places
        .chunk_by(|a, b| a.bits == b.bits)
        .all(|same| pairs(same, &mut compare));
    is_partial |= !all;
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for at in 0..prints.len() {
        groups.entry(leader_of(&leader, at)).or_default().push(at);
    }
    NearDuplicates {
        groups: groups.into_values().filter(|group| group.len() > 1).collect(),
        is_partial,
    }
}

/// The first member of a recording's group.
fn leader_of(leader: &[usize], at: usize) -> usize {
    let mut at = at;
    while leader[at] != at {
        at = leader[at];
    }
    at
}

/// A frame of a recording.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    bits: u32,
    recording: u32,
    frame: u32,
}

/// The frames of all recordings by their bits; about `most` of them, and whether there are more.
fn places(prints: &[&Fingerprint], most: usize) -> (Vec<Place>, bool) {
    let total: usize = prints.iter().map(|print| print.iter().flatten().count()).sum();
    let share = u32::try_from(total.div_ceil(most.max(1)))
        .unwrap_or(u32::MAX)
        .max(1);
    // Multiplied by the golden ratio (Knuth), so that the choice does not follow single bands.
    let is_looked_at = |bits: u32| bits.wrapping_mul(0x9e37_79b9) <= u32::MAX / share;
    let mut places = Vec::with_capacity(total.min(most));
    for (recording, print) in (0_u32..).zip(prints) {
        let frames = (0_u32..).zip(print.iter());
        let frames = frames.filter_map(|(frame, bits)| Some((frame, (*bits)?)));
        places.extend(
            frames
                .filter(|(_, bits)| is_looked_at(*bits))
                .map(|(frame, bits)| Place {
                    bits,
                    recording,
                    frame,
                }),
        );
    }
    places.sort_unstable();
    (places, share > 1)
}

/// Compares the recordings that have frames with the same bits; false where `compare` wants no more.
fn pairs(places: &[Place], compare: &mut impl FnMut(&Place, &Place) -> bool) -> bool {
    if places.len() <= COMMON {
        return places.iter().enumerate().all(|(i, first)| {
            let mut others = places[i + 1..]
                .iter()
                .filter(|other| other.recording != first.recording);
            others.all(|second| compare(first, second))
        });
    }
    let firsts: Vec<&Place> = places
        .chunk_by(|a, b| a.recording == b.recording)
        .filter_map(<[Place]>::first)
        .collect();
    places.len() > HUMMING * firsts.len() || firsts.windows(2).all(|two| compare(two[0], two[1]))
}

/// Whether most bits agree where both recordings have sound, if `b` is this many frames behind `a`.
fn alike(a: &Fingerprint, b: &Fingerprint, offset: isize) -> bool {
    let skip = offset.unsigned_abs();
    let (a, b) = match offset < 0 {
        true => (a.get(skip..), Some(&b[..])),
        false => (Some(&a[..]), b.get(skip..)),
    };
    let pairs = a.unwrap_or_default().iter().zip(b.unwrap_or_default());
    let different = pairs.filter_map(|(a, b)| Some((a.as_ref()? ^ b.as_ref()?).count_ones()));
    let (frames, bits) = different.fold((0, 0), |(frames, bits), n| (frames + 1, bits + n));
    frames >= LEAST_FRAMES && f64::from(bits) <= MOST_DIFFERENT * 32.0 * frames as f64
}

#[cfg(test)]
mod tests {
    use super::super::fingerprint::Fingerprinter;
    use super::*;
    use earmark_core::random;

    const RATE: u32 = 8000;

    fn noise(seed: u64, samples: usize) -> Vec<f32> {
        let mut rng = random::stream(seed, &[9]);
        (0..samples)
            .map(|_| random::uniform(&mut rng, -0.5, 0.5) as f32)
            .collect()
    }

    fn print(samples: &[f32], rate: u32) -> Fingerprint {
        let mut printer = Fingerprinter::new(rate);
        samples.chunks(1000).for_each(|block| printer.push(block));
        printer.finish()
    }

    fn groups(prints: &[Fingerprint]) -> Vec<Vec<usize>> {
        let found = near_duplicates(&prints.iter().collect::<Vec<_>>());
        assert!(!found.is_partial);
        found.groups
    }

    #[test]
    fn copies_that_differ_in_level_start_noise_and_rate_are_found() {
        let sound = noise(1, 32_000);
        let with_noise: Vec<f32> = sound
            .iter()
            .zip(noise(2, 32_000))
            .map(|(x, n)| x + 0.1 * n)
            .collect();
        let twice: Vec<f32> = sound.iter().flat_map(|&x| [x, x]).collect();
        let prints = [
            print(&sound, RATE),
            print(&noise(3, 32_000), RATE),
            print(&sound.iter().map(|x| 0.2 * x).collect::<Vec<_>>(), RATE),
            print(&sound[4001..], RATE),
            print(&with_noise, RATE),
            print(&twice, 2 * RATE),
            print(&noise(4, 32_000), RATE),
        ];
        assert_eq!(groups(&prints), [[0, 2, 3, 4, 5]]);
    }

    #[test]
    fn silence_and_short_recordings_are_like_nothing() {
        let silent = vec![0.0; 32_000];
        // A second of sound each, another one, between silence.
        let rare = |seed| [vec![0.0; 12_000], noise(seed, 8000), vec![0.0; 12_000]].concat();
        let short = noise(7, 8000);
        let prints =
            [silent.clone(), silent, rare(5), rare(6), short.clone(), short].map(|s| print(&s, RATE));
        assert!(groups(&prints).is_empty(), "{:?}", groups(&prints));
        assert!(print(&noise(1, 32_000), 3000).is_empty(), "no band above 1500 Hz");
        assert!(print(&[], RATE).is_empty());
    }

    #[test]
    fn the_beginning_of_a_long_recording_counts() {
        let long = noise(8, 80 * RATE as usize);
        let frames = (60.0 - 0.3715) / 0.0232;
        let found = print(&long, RATE).len() as f64;
        assert!((found - frames).abs() < 8.0, "{found} {frames}");
        // Ten seconds of its middle.
        let cut = &long[20 * RATE as usize..30 * RATE as usize];
        assert_eq!(groups(&[print(&long, RATE), print(cut, RATE)]), [[0, 1]]);
    }

    /// More copies than are compared each with each are one group, and what hums like many others is in none.
    #[test]
    fn any_number_of_copies_is_found() {
        let sound = noise(11, 16_000);
        let copies = (0..COMMON + 10).map(|k| {
            let level = 1.0 - 0.01 * k as f32;
            print(&sound.iter().map(|x| level * x).collect::<Vec<_>>(), RATE)
        });
        let mut prints: Vec<Fingerprint> = copies.collect();
        prints.push(print(&noise(12, 16_000), RATE));
        let found = groups(&prints);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0], (0..COMMON + 10).collect::<Vec<_>>());
        // The same bits in all frames.
        let hum: Fingerprint = vec![Some(0x0f0f_0f0f); 200];
        let humming: [Fingerprint; 5] = std::array::from_fn(|_| hum.clone());
        assert!(groups(&humming).is_empty());
    }

    #[test]
    fn a_limit_is_said() {
        let sounds: Vec<Fingerprint> = (0..6).map(|k| print(&noise(20 + k / 2, 16_000), RATE)).collect();
        let sounds: Vec<&Fingerprint> = sounds.iter().collect();
        let within = |frames, comparisons| near_duplicates_within(&sounds, Limits { frames, comparisons });
        let all = within(1 << 20, 1 << 20);
        assert_eq!((all.groups.len(), all.is_partial), (3, false));
        // Copies to the bit are found by a quarter of their frames.
        let some = within(sounds.iter().map(|s| s.len()).sum::<usize>() / 4, 1 << 20);
        assert_eq!((some.groups, some.is_partial), (all.groups, true));
        assert!(within(1 << 20, 1).is_partial);
    }
}
