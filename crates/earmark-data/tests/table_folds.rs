//! The promises of the splitters, on random sets.

mod table_support;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use earmark_core::random;
use earmark_data::split::FoldError;
use earmark_data::{FoldTable, Item, Splitter, Stratify};
use proptest::prelude::*;
use table_support::{Tree, item, shared};

fn k_fold(
    items: &[Item],
    folds: u32,
    stratify: Stratify,
    group: bool,
    seed: u64,
) -> Result<Vec<u32>, FoldError> {
    Splitter {
        stratify,
        group,
        seed,
    }
    .k_fold(items, folds)
}

fn hold_out(
    items: &[Item],
    fraction: f64,
    stratify: Stratify,
    group: bool,
    seed: u64,
) -> Result<(Vec<usize>, Vec<usize>), FoldError> {
    Splitter {
        stratify,
        group,
        seed,
    }
    .hold_out(items, fraction)
}

/// `n` items with one label each; the first half of the classes is twice as frequent as the rest.
fn single_label(seed: u64, n: usize, classes: usize) -> Vec<Item> {
    let mut rng = random::stream(seed, &[1]);
    (0..n)
        .map(|i| {
            let class = random::below(&mut rng, classes + classes / 2);
            item(&format!("{i}.wav"), &[class % classes], None)
        })
        .collect()
}

/// Items with one to three labels of Zipf-like frequency, as tags have.
fn multi_label(seed: u64, n: usize, classes: usize) -> Vec<Item> {
    let mut rng = random::stream(seed, &[2]);
    (0..n)
        .map(|i| {
            let mut labels = BTreeSet::new();
            for _ in 0..=random::below(&mut rng, 3) {
                let u = random::unit(&mut rng);
                labels.insert(((classes as f64).powf(u) - 1.0) as usize % classes);
            }
            item(&format!("{i}.wav"), &labels.into_iter().collect::<Vec<_>>(), None)
        })
        .collect()
}

/// `[classes][folds]` numbers of items, folds counted from 1.
fn class_by_fold(items: &[Item], folds: &[u32], k: u32) -> BTreeMap<usize, Vec<usize>> {
    let mut counts: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (item, &fold) in items.iter().zip(folds) {
        for &label in &item.labels {
            counts.entry(label).or_insert_with(|| vec![0; k as usize])[fold as usize - 1] += 1;
        }
    }
    counts
}

/// Mean over classes and folds of |count - wanted| / wanted: the "label distribution" measure of
/// Sechidis et al., relative.
fn deviation(items: &[Item], folds: &[u32], k: u32) -> f64 {
    let counts = class_by_fold(items, folds, k);
    let one = |c: &Vec<usize>| {
        let wanted = c.iter().sum::<usize>() as f64 / f64::from(k);
        c.iter().map(|&n| (n as f64 - wanted).abs() / wanted).sum::<f64>() / f64::from(k)
    };
    counts.values().map(one).sum::<f64>() / counts.len() as f64
}

fn sizes(folds: &[u32], k: u32) -> Vec<usize> {
    (1..=k)
        .map(|f| folds.iter().filter(|&&x| x == f).count())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn label_folds_are_exact_to_one(seed in 0u64..1000, n in 10usize..300, classes in 1usize..20, k in 2u32..10) {
        let items = single_label(seed, n, classes);
        let folds = k_fold(&items, k, Stratify::Label, true, seed).unwrap();
        for counts in class_by_fold(&items, &folds, k).values() {
            prop_assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1);
        }
        let sizes = sizes(&folds, k);
        prop_assert_eq!(sizes.iter().sum::<usize>(), n);
        prop_assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1, "{:?}", sizes);
        prop_assert_eq!(&folds, &k_fold(&items, k, Stratify::Label, true, seed).unwrap());
    }

    /// With one label each, the paper's rule deals every class out evenly as well.
    #[test]
    fn iterative_folds_of_single_labels_are_exact(seed in 0u64..1000, n in 10usize..200, classes in 1usize..12, k in 2u32..8) {
        let items = single_label(seed, n, classes);
        let folds = k_fold(&items, k, Stratify::Iterative, false, seed).unwrap();
        for counts in class_by_fold(&items, &folds, k).values() {
            prop_assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1);
        }
        let sizes = sizes(&folds, k);
        prop_assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1, "{:?}", sizes);
    }

    #[test]
    fn plain_folds_have_equal_sizes(seed in 0u64..1000, n in 10usize..300, k in 2u32..10) {
        let items = multi_label(seed, n, 8);
        let folds = k_fold(&items, k, Stratify::None, true, seed).unwrap();
        let sizes = sizes(&folds, k);
        prop_assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1, "{:?}", sizes);
    }

    #[test]
    fn iterative_folds_are_bounded(seed in 0u64..1000, n in 40usize..300, k in 2u32..8) {
        let items = multi_label(seed, n, 12);
        let folds = k_fold(&items, k, Stratify::Iterative, true, seed).unwrap();
        prop_assert!(folds.iter().all(|f| (1..=k).contains(f)));
        let sizes = sizes(&folds, k);
        prop_assert!(sizes.iter().all(|&s| s > 0), "{:?}", sizes);
        // The rarest label is dealt first and exactly; of the others no fold is without, if there are
        // three per fold or more.
        let counts = class_by_fold(&items, &folds, k);
        let rarest = counts.values().min_by_key(|c| c.iter().sum::<usize>()).unwrap();
        prop_assert!(rarest.iter().max().unwrap() - rarest.iter().min().unwrap() <= 1, "{:?}", rarest);
        for c in counts.values().filter(|c| c.iter().sum::<usize>() >= 3 * k as usize) {
            prop_assert!(c.iter().all(|&n| n > 0), "{:?}", c);
        }
    }

    #[test]
    fn groups_never_cross(seed in 0u64..1000, groups in 12usize..60, k in 2u32..6) {
        let mut items = Vec::new();
        let mut rng = random::stream(seed, &[3]);
        for g in 0..groups {
            let class = random::below(&mut rng, 4);
            for _ in 0..=random::below(&mut rng, 5) {
                items.push(item(&format!("{}.wav", items.len()), &[class], Some(&g.to_string())));
            }
        }
        for stratify in [Stratify::None, Stratify::Label, Stratify::Iterative] {
            let folds = k_fold(&items, k, stratify, true, seed).unwrap();
            let pairs: HashSet<(&Option<String>, u32)> = items.iter().map(|i| &i.group).zip(folds.iter().copied()).collect();
            prop_assert_eq!(pairs.len(), groups);
            let sizes = sizes(&folds, k);
            // No fold is further from its share than the largest group.
            let share = items.len() as f64 / f64::from(k);
            prop_assert!(sizes.iter().all(|&s| s > 0 && (s as f64 - share).abs() <= 6.0), "{:?} {:?}", stratify, sizes);
            let (train, held) = hold_out(&items, 0.3, stratify, true, seed).unwrap();
            let of = |indices: &[usize]| indices.iter().map(|&i| items[i].group.clone()).collect::<HashSet<_>>();
            prop_assert!(of(&train).is_disjoint(&of(&held)));
            prop_assert_eq!(train.len() + held.len(), items.len());
        }
    }

    #[test]
    fn hold_out_is_exact_to_one(seed in 0u64..1000, n in 10usize..300, classes in 1usize..12, percent in 5u32..60) {
        let items = single_label(seed, n, classes);
        let fraction = f64::from(percent) / 100.0;
        let Ok((train, held)) = hold_out(&items, fraction, Stratify::Label, false, seed) else {
            return Ok(()); // every class has one clip only
        };
        let all: BTreeSet<usize> = train.iter().chain(&held).copied().collect();
        prop_assert_eq!((all.len(), train.len() + held.len()), (n, n));
        for class in 0..classes {
            let count = |of: &[usize]| of.iter().filter(|&&i| items[i].labels == [class]).count();
            let (t, h) = (count(&train), count(&held));
            prop_assert!((h as f64 - fraction * (t + h) as f64).abs() <= 1.0, "class {}: {} of {}", class, h, t + h);
            prop_assert!(t > 0 || h == 0, "class {} is only held out", class);
        }
    }
}

#[test]
fn iterative_beats_a_shuffle() {
    let (mut iterative, mut shuffled) = (Vec::new(), Vec::new());
    for seed in 0..20 {
        let items = multi_label(seed, 1000, 40);
        let run = |stratify| deviation(&items, &k_fold(&items, 5, stratify, false, seed).unwrap(), 5);
        iterative.push(run(Stratify::Iterative));
        shuffled.push(run(Stratify::None));
    }
    assert!(
        iterative.iter().zip(&shuffled).all(|(i, s)| i < s),
        "{iterative:?} {shuffled:?}"
    );
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    // A shuffle of 1,000 clips misses by 30 % on average; iterative stratification by 6.5 %.
    assert!(
        mean(&iterative) < 0.35 * mean(&shuffled),
        "{} {}",
        mean(&iterative),
        mean(&shuffled)
    );
}

#[test]
fn seeds_and_known_answers() {
    let items = multi_label(9, 60, 6);
    let folds = |seed| k_fold(&items, 4, Stratify::Iterative, false, seed).unwrap();
    assert_eq!(folds(1), folds(1));
    assert_ne!(folds(1), folds(2));
    // A split is part of a published result: these numbers must not change between versions.
    let plain = k_fold(&items[..12], 3, Stratify::None, false, 42).unwrap();
    assert_eq!(plain, KNOWN_PLAIN);
    let iterative = k_fold(&items[..12], 3, Stratify::Iterative, false, 42).unwrap();
    assert_eq!(iterative, KNOWN_ITERATIVE);
}

const KNOWN_PLAIN: [u32; 12] = [2, 3, 3, 3, 1, 1, 2, 1, 3, 2, 1, 2];
const KNOWN_ITERATIVE: [u32; 12] = [2, 3, 1, 2, 1, 2, 2, 1, 3, 3, 1, 3];

#[test]
fn refusals() {
    let items = single_label(1, 10, 2);
    let error = |r: Result<Vec<u32>, FoldError>| r.unwrap_err().to_string();
    assert_eq!(
        error(k_fold(&items, 1, Stratify::None, false, 0)),
        "`folds` = 1; at least 2 folds are needed, one to evaluate on and one to train on"
    );
    assert_eq!(
        error(k_fold(&items, 11, Stratify::None, false, 0)),
        "cannot split 10 recordings into 11 pieces; use fewer folds or more recordings"
    );
    let grouped: Vec<Item> = (0..6)
        .map(|i| item(&i.to_string(), &[0], Some(["a", "b"][i % 2])))
        .collect();
    assert_eq!(
        error(k_fold(&grouped, 3, Stratify::None, true, 0)),
        "cannot split 2 groups into 3 pieces; use fewer folds or more recordings"
    );
    let many = [item("a.wav", &[0, 1], None), item("b.wav", &[0], None)];
    assert_eq!(
        error(k_fold(&many, 2, Stratify::Label, true, 0)),
        "\"a.wav\" has 2 labels, but `stratify` = \"label\" needs at most one per recording; use \"iterative\""
    );
    for fraction in [0.0, 1.0, f64::NAN, -0.5] {
        let error = hold_out(&items, fraction, Stratify::None, false, 0)
            .unwrap_err()
            .to_string();
        assert!(
            error.ends_with("choose a held-out share above 0 and below 1, for example 0.1"),
            "{error}"
        );
    }
    let lone: Vec<Item> = (0..5).map(|i| item(&i.to_string(), &[i], None)).collect();
    assert_eq!(
        hold_out(&lone, 0.4, Stratify::Label, false, 0)
            .unwrap_err()
            .to_string(),
        "nothing can be held out: each class has only one of the recordings; add recordings, or set `stratify` = \"none\""
    );
    assert_eq!(hold_out(&lone, 0.4, Stratify::None, false, 0).unwrap().1.len(), 2);
}

#[test]
fn the_settings_read_and_apply() {
    let splitter: Splitter = serde_json::from_str(r#"{"stratify": "label", "seed": 3}"#).unwrap();
    let items = single_label(4, 40, 3);
    let (train, held) = splitter.hold_out(&items, 0.25).unwrap();
    assert_eq!((train.len(), held.len()), (30, 10));
    assert_eq!(sizes(&splitter.k_fold(&items, 4).unwrap(), 4), [10; 4]);
    assert!(serde_json::from_str::<Splitter>(r#"{"sead": 3}"#).is_err());
}

#[test]
fn fold_tables() {
    let mut items = single_label(1, 5, 2);
    let table = FoldTable::new(&items[..4], &[1, 2, 1, 2]);
    let tree = Tree::new(&[]);
    let mut bytes = Vec::new();
    table.write(&mut bytes).unwrap();
    assert_eq!(bytes, b"file,fold\n0.wav,1\n1.wav,2\n2.wav,1\n3.wav,2\n");
    std::fs::write(tree.path("folds.csv"), &bytes).unwrap();
    let read = FoldTable::read(&tree.path("folds.csv")).unwrap();
    assert_eq!(read, table);
    assert_eq!(read.apply(&mut items).unwrap(), 1);
    assert_eq!(
        items.iter().map(|i| i.fold).collect::<Vec<_>>(),
        [Some(1), Some(2), Some(1), Some(2), None]
    );
    assert_eq!(FoldTable::of_items(&items), table);

    let mut other = [item("0.wave", &[0], None)];
    assert_eq!(
        read.apply(&mut other).unwrap_err().to_string(),
        "4 recordings of the fold table are not in the data set, first \"0.wav\"; did you mean \"0.wave\"?; make a \
         new table for this set"
    );
    let mut twice = vec![items[0].clone(), items[0].clone()];
    twice.extend(items[1..4].to_vec());
    assert_eq!(
        read.apply(&mut twice).unwrap_err().to_string(),
        "\"0.wav\" is in several subsets of the data set; choose one subset before assigning folds"
    );
    let error = |text: &str| {
        let path = tree.path("bad.csv");
        std::fs::write(&path, text).unwrap();
        FoldTable::read(&path)
            .unwrap_err()
            .to_string()
            .replace(&tree.root().display().to_string(), "DIR")
    };
    let form = "; a fold table has the header `file,fold` and one line per recording";
    assert_eq!(
        error("a,b\n"),
        format!("DIR/bad.csv:1: the header is \"a,b\"{form}")
    );
    assert_eq!(
        error("file,fold\nx.wav,one\n"),
        format!("DIR/bad.csv:2: the fold \"one\" is not a whole number{form}")
    );
    assert_eq!(
        error("file,fold\nx,1\nx,2\n"),
        format!("DIR/bad.csv:3: \"x\" is listed twice{form}")
    );
    assert_eq!(
        error("file,fold\n"),
        format!("DIR/bad.csv:1: there are no rows{form}")
    );
}

#[test]
fn esc10_in_own_folds() {
    let Some(root) = shared("data/esc10") else { return };
    let set = earmark_data::load(&root, &earmark_data::DataOptions::default()).unwrap();
    let folds = k_fold(&set.items, 5, Stratify::Label, true, 1).unwrap();
    let sizes = sizes(&folds, 5);
    assert!(sizes.iter().all(|s| (76..=84).contains(s)), "{sizes:?}");
    for counts in class_by_fold(&set.items, &folds, 5).values() {
        assert!(counts.iter().all(|c| (6..=10).contains(c)), "{counts:?}");
    }
    let mut fold_of: BTreeMap<&str, u32> = BTreeMap::new();
    for (item, &fold) in set.items.iter().zip(&folds) {
        assert_eq!(
            *fold_of.entry(item.group.as_deref().unwrap()).or_insert(fold),
            fold
        );
    }
}
