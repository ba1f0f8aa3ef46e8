//! Which clips a set like a published one has, and what their tables say. Nothing is rendered here.

use std::collections::HashSet;

use earmark_core::random::{self, ChaCha8Rng, Purpose};

use super::demo_set::WRONG_LABEL_SHARE;
use super::published_shape::{SubsetShape, SynthLike};

/// Every class has at least this many labels in every subset with labels.
const LEAST_PER_CLASS: usize = 2;

/// One clip: its name, what is in it, and what its table says. Classes are numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SynthClip {
    /// The subset, in the order of [`SynthLike::subsets`].
    pub subset: usize,
    /// The name of its file, as a number that no other clip has.
    pub number: u32,
    pub samples: usize,
    pub truth: Vec<usize>,
    /// Empty where the table has none.
    pub labels: Vec<usize>,
    pub verified: bool,
}

impl SynthClip {
    /// The name in the table, which is that of its file.
    pub(super) fn file(&self) -> String {
        format!("{:08x}.wav", self.number)
    }

    fn has(&self, class: usize) -> bool {
        self.truth.contains(&class) || self.labels.contains(&class)
    }
}

/// The clips of all subsets, in the order of their tables.
pub(super) fn plan(like: SynthLike, scale: f64, seed: u64) -> Vec<SynthClip> {
    let mut rng = random::stream(seed, &[Purpose::Synth as u64, 3, like as u64]);
    let without_samples = like.subsets().iter().flat_map(|shape| shape.without_samples);
    let mut numbers: HashSet<u32> = without_samples.copied().collect();
    let mut clips = Vec::new();
    for (subset, shape) in like.subsets().iter().enumerate() {
        let mut of_subset = clips_of(subset, shape, like.classes().len(), scale, &mut rng);
        for clip in of_subset.iter_mut().filter(|clip| clip.samples > 0) {
            while !numbers.insert(clip.number) {
                clip.number = any_number(&mut rng);
            }
        }
        // As in the published tables, the names are sorted and say nothing about the class.
        of_subset.sort_by_key(|clip| clip.number);
        clips.append(&mut of_subset);
    }
    clips
}

fn any_number(rng: &mut ChaCha8Rng) -> u32 {
    (random::unit(rng) * 4_294_967_296.0) as u32
}

/// How many clips a subset has, and how many of them have labels.
fn counts(shape: &SubsetShape, classes: usize, scale: f64) -> (usize, usize) {
    let scaled = |count: usize| (count as f64 * scale).round() as usize;
    let labelled = scaled(shape.labelled).max(LEAST_PER_CLASS * classes);
    let clips = scaled(shape.clips).max(labelled + shape.without_samples.len());
    (clips, labelled)
}

fn clips_of(
    subset: usize,
    shape: &SubsetShape,
    classes: usize,
    scale: f64,
    rng: &mut ChaCha8Rng,
) -> Vec<SynthClip> {
    let (count, labelled) = counts(shape, classes, scale);
    let verified = labelled * shape.verified / shape.labelled;
    let main_classes = main_classes(labelled, classes, shape.uneven, rng);
    let mut clips: Vec<SynthClip> = (0..count)
        .map(|index| {
            let main = main_classes.get(index).copied();
            let mut truth = vec![main.unwrap_or_else(|| random::below(rng, classes))];
            if random::chance(rng, shape.second_label) {
                // Any but the first.
                let other = random::below(rng, classes - 1);
                truth.push(other + usize::from(other >= truth[0]));
            }
            truth.sort_unstable();
            SynthClip {
                subset,
                number: any_number(rng),
                samples: shape.lengths.draw(rng),
                labels: main.map_or(Vec::new(), |_| truth.clone()),
                truth,
                verified: index < verified,
            }
        })
        .collect();
    for (clip, number) in clips.iter_mut().rev().zip(shape.without_samples) {
        (clip.number, clip.samples, clip.truth) = (*number, 0, Vec::new());
    }
    spoil_labels(&mut clips[verified..labelled], rng);
    clips
}

/// The first label of each of `count` clips, in any order.
fn main_classes(count: usize, classes: usize, uneven: bool, rng: &mut ChaCha8Rng) -> Vec<usize> {
    // From 94 to 300 clips, which with 41 classes are 9,473: as FSDKaggle2018 has.
    let weight = |rank: usize| match uneven {
        true => 94.0 + 206.0 * libm::pow(rank as f64 / (classes - 1) as f64, 0.492),
        false => 1.0,
    };
    let sum: f64 = (0..classes).map(weight).sum();
    let share = |rank| (count as f64 * weight(rank) / sum).round() as usize;
    let mut counts: Vec<usize> = (0..classes)
        .map(|rank| share(rank).max(LEAST_PER_CLASS))
        .collect();
    let mut total: usize = counts.iter().sum();
    // Rounding, and the least number, may leave some too many or too few.
    for rank in (0..classes).cycle().skip(classes / 2) {
        if total > count && counts[rank] > LEAST_PER_CLASS {
            counts[rank] -= 1;
            total -= 1;
        } else if total < count {
            counts[rank] += 1;
            total += 1;
        } else if total == count {
            break;
        }
    }
    // Which class is large, and which clip has which class, is left to chance.
    random::shuffle(rng, &mut counts);
    let of_class = |(class, count): (usize, &usize)| std::iter::repeat_n(class, *count);
    let mut main_classes: Vec<usize> = counts.iter().enumerate().flat_map(of_class).collect();
    random::shuffle(rng, &mut main_classes);
    main_classes
}

/// Makes [`WRONG_LABEL_SHARE`] of the labels wrong: pairs of clips swap one, so that every class keeps its number of
/// labels.
fn spoil_labels(clips: &mut [SynthClip], rng: &mut ChaCha8Rng) {
    let mut slots: Vec<(usize, usize)> = Vec::new();
    for (clip, SynthClip { labels, .. }) in clips.iter().enumerate() {
        slots.extend((0..labels.len()).map(|slot| (clip, slot)));
    }
    let mut pairs_left = (slots.len() as f64 * WRONG_LABEL_SHARE / 2.0).round() as usize;
    random::shuffle(rng, &mut slots);
    for pair in slots.chunks_exact(2) {
        let ((a, slot_a), (b, slot_b)) = (pair[0], pair[1]);
        let (of_a, of_b) = (clips[a].labels[slot_a], clips[b].labels[slot_b]);
        if pairs_left == 0 {
            break;
        }
        if !clips[a].has(of_b) && !clips[b].has(of_a) {
            (clips[a].labels[slot_a], clips[b].labels[slot_b]) = (of_b, of_a);
            pairs_left -= 1;
        }
    }
    for clip in clips {
        clip.labels.sort_unstable();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIKE: [SynthLike; 2] = [SynthLike::Fsdkaggle2018, SynthLike::Fsdkaggle2019];

    /// Labels per class of a subset, and how many of them are wrong.
    fn labels(clips: &[SynthClip], subset: usize, classes: usize) -> (Vec<usize>, usize) {
        let mut counts = vec![0; classes];
        let mut wrong = 0;
        for clip in clips.iter().filter(|clip| clip.subset == subset) {
            for label in &clip.labels {
                counts[*label] += 1;
                wrong += usize::from(!clip.truth.contains(label));
            }
        }
        (counts, wrong)
    }

    #[test]
    fn at_full_scale_the_counts_are_the_published_ones() {
        for like in LIKE {
            let clips = plan(like, 1.0, 1);
            for (subset, shape) in like.subsets().iter().enumerate() {
                let of_subset: Vec<_> = clips.iter().filter(|clip| clip.subset == subset).collect();
                assert_eq!(of_subset.len(), shape.clips);
                let labelled: Vec<_> = of_subset.iter().filter(|clip| !clip.labels.is_empty()).collect();
                assert_eq!(labelled.len(), shape.labelled);
                assert_eq!(
                    of_subset.iter().filter(|clip| clip.verified).count(),
                    shape.verified
                );
                assert!(of_subset.windows(2).all(|pair| pair[0].number < pair[1].number));
                let (per_class, wrong) = labels(&clips, subset, like.classes().len());
                let total: usize = per_class.iter().sum();
                let mean = total as f64 / shape.labelled as f64;
                assert!((mean - 1.0 - shape.second_label).abs() < 0.02, "{mean}");
                let unverified = (shape.labelled - shape.verified) as f64 * mean;
                let share = wrong as f64 / unverified.max(1.0);
                let expected = if unverified > 0.0 { WRONG_LABEL_SHARE } else { 0.0 };
                assert!((share - expected).abs() < 0.01, "{share}");
            }
        }
        let clips = plan(SynthLike::Fsdkaggle2018, 1.0, 1);
        let (per_class, _) = labels(&clips, 0, 41);
        assert_eq!(
            (per_class.iter().min(), per_class.iter().max()),
            (Some(&94), Some(&300))
        );
        let empty: Vec<String> = clips
            .iter()
            .filter(|c| c.samples == 0)
            .map(SynthClip::file)
            .collect();
        assert_eq!(empty, ["0b0427e2.wav", "6ea0099f.wav", "b39975f5.wav"]);
    }

    #[test]
    fn however_small_every_class_is_there_twice() {
        for like in LIKE {
            for scale in [0.001, 0.01, 0.02] {
                let clips = plan(like, scale, 3);
                let classes = like.classes().len();
                for subset in 0..like.subsets().len() {
                    let (per_class, _) = labels(&clips, subset, classes);
                    assert!(
                        per_class.iter().all(|count| *count >= 2),
                        "{like:?} {scale} {per_class:?}"
                    );
                }
                assert!(clips.len() < 1_000);
            }
        }
    }

    #[test]
    fn labels_differ_within_a_clip_and_names_within_a_set() {
        for like in LIKE {
            let clips = plan(like, 0.2, 5);
            let names: HashSet<u32> = clips.iter().map(|clip| clip.number).collect();
            assert_eq!(names.len(), clips.len());
            for clip in &clips {
                assert!(clip.labels.windows(2).all(|pair| pair[0] < pair[1]), "{clip:?}");
                assert_eq!(clip.truth.is_empty(), clip.samples == 0);
            }
            assert_eq!(plan(like, 0.2, 5), clips);
            assert_ne!(plan(like, 0.2, 6), clips);
        }
    }
}
