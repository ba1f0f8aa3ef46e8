//! Exact search and the choice of windows, against their definitions.

use super::*;
use crate::nearest_neighbours::cosine;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// All rows by their similarity in double precision, the best first and equal ones in order.
fn oracle(
    index: &ArchiveIndex,
    query: &[f32],
    count: usize,
    wanted: impl Fn(usize) -> bool,
) -> Vec<(f32, usize)> {
    let mut all = Vec::new();
    for row in (0..index.rows()).filter(|&row| index.is_valid(row) && wanted(row)) {
        all.push((cosine(&index.vectors(&[row]).unwrap(), query), row));
    }
    all.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    all.truncate(count);
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Bytes and float32 numbers, files and memory: all give what comparing everything gives, to the last bit.
    #[test]
    fn searches_are_exact(
        width in 1_usize..70,
        counts in proptest::collection::vec(1_usize..30, 1..7),
        rows_per_shard in 1_usize..60,
        count in 0_usize..40,
        size in -20_i32..20,
        seed in any::<u32>(),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("x");
        let mut adding = writer(&folder, width, rows_per_shard);
        for (k, windows) in counts.iter().enumerate() {
            let mut vectors = numbers(windows * width, seed ^ k as u32);
            vectors.iter_mut().for_each(|v| *v *= 2.0_f32.powi(size));
            // Equal rows, a row that differs by the last bit, and one of zeros.
            let first = vectors[..width].to_vec();
            for (at, row) in vectors.chunks_exact_mut(width).enumerate().skip(1) {
                match at % 5 {
                    1 => row.copy_from_slice(&first),
                    2 => {
                        row.copy_from_slice(&first);
                        row[0] = row[0].next_up();
                    }
                    3 if at % 2 == 1 => row.fill(0.0),
                    _ => {}
                }
            }
            adding.add(recording(&format!("{k}.wav"), *windows, "first"), vectors).unwrap();
        }
        // One of them is replaced.
        adding.add(recording("0.wav", 2, "second"), numbers(2 * width, seed ^ 99)).unwrap();
        adding.finish().unwrap();
        let index = ArchiveIndex::open(&folder).unwrap();
        let mut query = numbers(width, seed ^ 77);
        query[0] += 1.0;
        let near = index.vectors(&[index.rows() - 1]).unwrap();
        let queries = [query, near];
        for query in queries.iter().filter(|query| query.iter().any(|v| *v != 0.0)) {
            let wanted = |row: usize| row % 7 != 3;
            let exact = oracle(&index, query, count, wanted);
            for by in [SearchBy::Int8, SearchBy::Float32] {
                let held = index.load(by).unwrap();
                for (found, counts) in [
                    index.nearest(query, count, by, wanted).unwrap(),
                    index.nearest_in(&held, query, count, wanted).unwrap(),
                ] {
                    let found: Vec<(f32, usize)> = found.iter().map(|hit| (hit.similarity, hit.row)).collect();
                    prop_assert_eq!(&found, &exact, "{:?}", by);
                    prop_assert!(counts.candidates >= found.len() && counts.scanned == index.rows());
                }
            }
        }
    }
}

/// Of many rows, few are candidates.
#[test]
fn bytes_exclude_most_rows() {
    let dir = tempfile::tempdir().unwrap();
    let (width, rows) = (128, 4000);
    let mut adding = writer(dir.path(), width, 1500);
    for k in 0..4 {
        let vectors = numbers(rows / 4 * width, k);
        adding
            .add(recording(&format!("{k}.wav"), rows / 4, "first"), vectors)
            .unwrap();
    }
    adding.finish().unwrap();
    let index = ArchiveIndex::open(dir.path()).unwrap();
    assert_eq!((index.rows(), index.manifest().shards.len()), (rows, 2));
    let (hits, counts) = index
        .nearest(&numbers(width, 50), 10, SearchBy::Int8, |_| true)
        .unwrap();
    assert_eq!(hits.len(), 10);
    assert!(counts.candidates < 100, "{counts:?}");
    assert!(hits.is_sorted_by(|a, b| a.similarity >= b.similarity));
}

#[test]
fn queries_that_can_not_be_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut adding = writer(dir.path(), WIDTH, 10);
    add_all(&mut adding, WIDTH, &[3]);
    adding.finish().unwrap();
    let index = ArchiveIndex::open(dir.path()).unwrap();
    let refused = |query: &[f32]| {
        let refused = index.nearest(query, 1, SearchBy::Int8, |_| true).unwrap_err();
        refused.to_string()
    };
    assert!(refused(&[1.0; 6]).contains("vectors of 7 numbers, and the query has 6"));
    assert!(refused(&[0.0; 7]).contains("a vector of zeros"));
    assert!(refused(&[f32::NAN; 7]).contains("the number NaN"));
}

/// Windows by their definition: sorted by margin; of a pool, one after the other the least similar.
#[test]
fn windows_are_chosen_by_the_definition() {
    let dir = tempfile::tempdir().unwrap();
    let mut adding = writer(dir.path(), WIDTH, 16);
    // One window each, so that none overlap.
    add_all(&mut adding, WIDTH, &[1; 60]);
    adding.finish().unwrap();
    let index = ArchiveIndex::open(dir.path()).unwrap();
    let logits: Vec<Vec<f32>> = (0..3).map(|k| numbers(60, 500 + k)).collect();
    let labelled = BTreeSet::from([0, 5, 17]);
    let choose = |how, exclusive| select_windows(&index, how, 4, (&logits, exclusive), &labelled).unwrap();
    for exclusive in [false, true] {
        let margin = |row: usize| {
            let mut of: Vec<f32> = logits.iter().map(|class| class[row]).collect();
            of.sort_by(|a, b| b.total_cmp(a));
            match exclusive {
                true => of[0] - of[1],
                false => of.iter().map(|z| z.abs()).fold(f32::INFINITY, f32::min),
            }
        };
        let mut rows: Vec<usize> = (0..60).filter(|row| !labelled.contains(row)).collect();
        rows.sort_by(|&a, &b| margin(a).total_cmp(&margin(b)).then(a.cmp(&b)));
        assert_eq!(choose(WindowSelection::Margin, exclusive), rows[..4]);
        let vector = |row: usize| index.vectors(&[row]).unwrap();
        let mut known: Vec<usize> = labelled.iter().copied().collect();
        let mut wanted = Vec::new();
        for _ in 0..4 {
            let nearest = |row: usize| {
                let all = known.iter().map(|&other| cosine(&vector(row), &vector(other)));
                all.fold(f32::NEG_INFINITY, f32::max)
            };
            let pool = rows[..40].iter().filter(|row| !known.contains(row));
            let best = *pool.min_by(|&&a, &&b| nearest(a).total_cmp(&nearest(b))).unwrap();
            known.push(best);
            wanted.push(best);
        }
        assert_eq!(choose(WindowSelection::Diverse, exclusive), wanted);
    }
    let drawn = |seed| choose(WindowSelection::Random { seed }, false);
    assert_eq!(drawn(1), drawn(1));
    assert_ne!(drawn(1), drawn(2));
    let drawn: BTreeSet<usize> = drawn(3).into_iter().collect();
    assert!(drawn.len() == 4 && drawn.is_disjoint(&labelled));
}

#[test]
fn windows_that_are_proposed_do_not_overlap() {
    let dir = tempfile::tempdir().unwrap();
    let mut adding = writer(dir.path(), WIDTH, 100);
    add_all(&mut adding, WIDTH, &[9, 9]);
    adding.finish().unwrap();
    let index = ArchiveIndex::open(dir.path()).unwrap();
    let logits = [vec![0.0; 18]];
    for how in [
        WindowSelection::Margin,
        WindowSelection::Diverse,
        WindowSelection::Random { seed: 4 },
    ] {
        let rows = select_windows(&index, how, 18, (&logits, false), &BTreeSet::new()).unwrap();
        assert!(rows.len() >= 6, "{rows:?}");
        for (k, a) in rows.iter().enumerate() {
            let is_near = |b: &usize| a / 9 == b / 9 && a.abs_diff(*b) < 2;
            assert!(!rows[k + 1..].iter().any(is_near), "{rows:?}");
        }
    }
}
