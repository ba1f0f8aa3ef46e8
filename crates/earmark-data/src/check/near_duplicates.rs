//! Recordings that sound nearly the same: one is cut from the other, louder, resampled or compressed again.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::fingerprint::Fingerprint;

/// Frames that two recordings must share: a second.
const LEAST_FRAMES: usize = 43;

/// Share of the bits that may differ. On Kitchen20, copies differ in at most a quarter, and no other recordings in less than 0.44.
const MOST_DIFFERENT: f64 = 0.25;

/// Frames that more recordings than this have in common say nothing.
const COMMON: usize = 50;

/// Groups of recordings that sound nearly the same, each ascending and of two or more, in the order of their first members.
pub(super) fn near_duplicates(prints: &[&Fingerprint]) -> Vec<Vec<usize>> {
    let mut leader: Vec<usize> = (0..prints.len()).collect();
    for (a, b, offset) in alignments(prints) {
        let (first, second) = (leader_of(&leader, a), leader_of(&leader, b));
        if first != second && alike(prints[a], prints[b], offset) {
            leader[first.max(second)] = first.min(second);
        }
    }
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for at in 0..prints.len() {
        groups.entry(leader_of(&leader, at)).or_default().push(at);
    }
    groups.into_values().filter(|group| group.len() > 1).collect()
}

/// The first member of a recording's group.
fn leader_of(leader: &[usize], at: usize) -> usize {
    let mut at = at;
    while leader[at] != at {
        at = leader[at];
    }
    at
}

/// Pairs of recordings with a frame of the same bits, and how many frames later it is in the second.
fn alignments(prints: &[&Fingerprint]) -> HashSet<(usize, usize, isize)> {
    let mut places: HashMap<u32, Vec<(usize, usize)>> = HashMap::new();
    for (recording, print) in prints.iter().enumerate() {
        for (frame, bits) in print.iter().enumerate() {
            if let Some(bits) = bits {
                places.entry(*bits).or_default().push((recording, frame));
            }
        }
    }
    let mut found = HashSet::new();
    for places in places.into_values().filter(|places| places.len() <= COMMON) {
        for (i, &(a, frame)) in places.iter().enumerate() {
            let others = places[i + 1..].iter().filter(|(b, _)| *b != a);
            found.extend(others.map(|&(b, later)| (a, b, later.cast_signed() - frame.cast_signed())));
        }
    }
    found
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
        near_duplicates(&prints.iter().collect::<Vec<_>>())
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
}
