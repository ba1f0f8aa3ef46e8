//! Exact splits of single recordings: a shuffle cut into pieces, and classes dealt out like cards.

use super::kept_together::Units;

/// Cuts a shuffle into consecutive pieces; sizes differ from their shares by less than one.
pub(super) fn shuffled(order: &[usize], shares: &[f64]) -> Vec<usize> {
    let mut dealer = Dealer::new(shares);
    let sizes = dealer.deal(order.len());
    let mut piece_of = vec![0; order.len()];
    let mut rest = order;
    for (piece, &size) in sizes.iter().enumerate() {
        let (here, after) = rest.split_at(size.min(rest.len()));
        here.iter().for_each(|&u| piece_of[u] = piece);
        rest = after;
    }
    piece_of
}

/// Deals out each class (recordings without a label count as one more class) in shuffled order. The
/// number of every class in every piece differs from its share by less than one, and with equal
/// shares the sizes of the pieces differ by at most one.
pub(super) fn by_label(units: &Units, order: &[usize], shares: &[f64]) -> Vec<usize> {
    let mut classes: Vec<Vec<usize>> = vec![Vec::new(); units.n_classes + 1];
    for &unit in order {
        let class = units.labels[unit]
            .first()
            .map_or(units.n_classes, |&(class, _)| class);
        classes[class].push(unit);
    }
    let mut dealer = Dealer::new(shares);
    let mut piece_of = vec![0; units.len()];
    for class in classes {
        let counts = dealer.deal(class.len());
        let pieces = counts
            .iter()
            .enumerate()
            .flat_map(|(piece, &n)| std::iter::repeat_n(piece, n));
        class
            .into_iter()
            .zip(pieces)
            .for_each(|(unit, piece)| piece_of[unit] = piece);
    }
    piece_of
}

/// Apportions numbers by share and remembers who got too little, so that the sums stay fair.
struct Dealer<'a> {
    shares: &'a [f64],
    /// What each piece should have had by now, less what it has.
    owed: Vec<f64>,
}

impl<'a> Dealer<'a> {
    fn new(shares: &'a [f64]) -> Self {
        Self {
            shares,
            owed: vec![0.0; shares.len()],
        }
    }

    /// Each piece gets its whole part of `n`; what is left over goes, one each, to those owed most.
    fn deal(&mut self, n: usize) -> Vec<usize> {
        // 1e-9: a share like 1/3 times 3 is to count as 1, not as 0.999...
        let exact = self.shares.iter().map(|s| s * n as f64);
        let mut counts: Vec<usize> = exact.clone().map(|x| (x + 1e-9).floor() as usize).collect();
        for (owed, x) in self.owed.iter_mut().zip(exact) {
            *owed += x;
        }
        for (owed, &count) in self.owed.iter_mut().zip(&counts) {
            *owed -= count as f64;
        }
        let left = n.saturating_sub(counts.iter().sum());
        let mut by_need: Vec<usize> = (0..counts.len()).collect();
        // Rounded, so that equal debts tie however they were summed up; the sort is stable.
        by_need.sort_by_key(|&p| std::cmp::Reverse((self.owed[p] * 1e6).round() as i64));
        for &piece in by_need.iter().take(left) {
            counts[piece] += 1;
            self.owed[piece] -= 1.0;
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_stay_fair() {
        let shares = [0.7, 0.3];
        let mut dealer = Dealer::new(&shares);
        let mut sums = [0, 0];
        for n in [1, 2, 3, 1, 1, 5, 7] {
            let counts = dealer.deal(n);
            assert_eq!(counts.iter().sum::<usize>(), n);
            for (piece, &count) in counts.iter().enumerate() {
                assert!((count as f64 - shares[piece] * n as f64).abs() < 1.0);
                sums[piece] += count;
            }
        }
        assert_eq!(sums, [14, 6]);
    }
}
