//! As many pairs as possible: Hopcroft and Karp, "An n^5/2 algorithm for maximum matchings in bipartite graphs" (1973).
//!
//! There may be several largest sets of pairs, which leave different events without a partner, and substitutions are
//! counted among those. So the order of every step is that of sed_eval, which has it from mir_eval.

use std::collections::HashMap;

/// How a path reaches a left element.
#[derive(Clone, Copy, PartialEq)]
enum Reached {
    /// Not, or not any more.
    No,
    /// It has no partner: a path may begin here.
    Start,
    /// By its partner on the right.
    By(usize),
}

/// For each of `rights` elements the number of its partner on the left, if it has one; `lefts` lists the possible
/// partners of each.
pub(super) fn largest_matching(lefts: &[Vec<usize>], rights: usize) -> Vec<Option<usize>> {
    let mut partners: Vec<Option<usize>> = vec![None; rights];
    for (left, possible) in lefts.iter().enumerate() {
        if let Some(&free) = possible.iter().find(|&&right| partners[right].is_none()) {
            partners[free] = Some(left);
        }
    }
    loop {
        let mut layers = Layers::new(lefts, &partners);
        if layers.ends.is_empty() {
            return partners;
        }
        for end in std::mem::take(&mut layers.ends) {
            layers.turn_path(end, &mut partners);
        }
    }
}

/// Elements by their distance from left elements without a partner.
struct Layers {
    of_left: Vec<Reached>,
    /// Left elements in the layer before each right element.
    before: Vec<Option<Vec<usize>>>,
    /// Right elements without a partner in the last layer.
    ends: Vec<usize>,
}

impl Layers {
    fn new(lefts: &[Vec<usize>], partners: &[Option<usize>]) -> Self {
        let mut of_left = vec![Reached::Start; lefts.len()];
        for &left in partners.iter().flatten() {
            of_left[left] = Reached::No;
        }
        let mut layer: Vec<usize> = (0..lefts.len())
            .filter(|&left| of_left[left] == Reached::Start)
            .collect();
        let mut before: Vec<Option<Vec<usize>>> = vec![None; partners.len()];
        let mut ends = Vec::new();
        while !layer.is_empty() && ends.is_empty() {
            let mut order = Vec::new();
            let mut next: Vec<Vec<usize>> = Vec::new();
            let mut places = HashMap::new();
            for &left in &layer {
                for &right in lefts[left].iter().filter(|&&right| before[right].is_none()) {
                    let place = *places.entry(right).or_insert_with(|| {
                        order.push(right);
                        next.push(Vec::new());
                        order.len() - 1
                    });
                    next[place].push(left);
                }
            }
            layer.clear();
            for (right, from) in order.into_iter().zip(next) {
                before[right] = Some(from);
                match partners[right] {
                    Some(left) => {
                        layer.push(left);
                        of_left[left] = Reached::By(right);
                    }
                    None => ends.push(right),
                }
            }
        }
        Self {
            of_left,
            before,
            ends,
        }
    }

    /// Looks for a path from `end` back to a start, and pairs the elements along it; elements that were tried are not
    /// tried again.
    fn turn_path(&mut self, end: usize, partners: &mut [Option<usize>]) {
        // A right element, the left ones before it, and how many of them were tried.
        let mut path: Vec<(usize, Vec<usize>, usize)> = Vec::new();
        path.extend(self.before[end].take().map(|from| (end, from, 0)));
        while let Some((_, from, tried)) = path.last_mut() {
            let Some(&left) = from.get(*tried) else {
                path.pop();
                continue;
            };
            *tried += 1;
            match std::mem::replace(&mut self.of_left[left], Reached::No) {
                Reached::No => {}
                Reached::By(right) => path.extend(self.before[right].take().map(|from| (right, from, 0))),
                Reached::Start => {
                    for (right, from, tried) in path {
                        partners[right] = Some(from[tried - 1]);
                    }
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number of pairs by trying everything.
    fn most_pairs(lefts: &[Vec<usize>], taken: &mut Vec<bool>) -> usize {
        let Some((first, rest)) = lefts.split_first() else {
            return 0;
        };
        let mut most = most_pairs(rest, taken);
        for &right in first {
            if !taken[right] {
                taken[right] = true;
                most = most.max(1 + most_pairs(rest, taken));
                taken[right] = false;
            }
        }
        most
    }

    #[test]
    fn no_other_matching_is_larger() {
        let mut random = 1_u64;
        for _ in 0..500 {
            let lefts: Vec<Vec<usize>> = (0..6)
                .map(|_| {
                    random = random
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1_442_695_040_888_963_407);
                    let mask = random >> 56;
                    (0..6).filter(|right| (mask >> right) & 1 == 1).collect()
                })
                .collect();
            let partners = largest_matching(&lefts, 6);
            let pairs: Vec<(usize, usize)> = partners
                .iter()
                .enumerate()
                .filter_map(|(right, left)| Some(((*left)?, right)))
                .collect();
            assert!(pairs.iter().all(|(left, right)| lefts[*left].contains(right)));
            let mut of_lefts: Vec<usize> = pairs.iter().map(|(left, _)| *left).collect();
            of_lefts.sort_unstable();
            of_lefts.dedup();
            assert_eq!(of_lefts.len(), pairs.len());
            assert_eq!(pairs.len(), most_pairs(&lefts, &mut vec![false; 6]), "{lefts:?}");
        }
    }
}
