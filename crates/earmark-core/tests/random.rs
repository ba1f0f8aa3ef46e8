//! The random streams against ChaCha8 by definition, and the draws against their distributions.

use earmark_core::random::{self, Purpose};
use rand::Rng;

/// One block of ChaCha with 8 rounds, written from the definition (Bernstein 2008): 64-bit counter, zero nonce.
fn chacha8_block(key: &[u8; 32], counter: u64) -> Vec<u32> {
    fn quarter(s: &mut [u32], a: usize, b: usize, c: usize, d: usize) {
        for (turn_d, turn_b) in [(16, 12), (8, 7)] {
            s[a] = s[a].wrapping_add(s[b]);
            s[d] = (s[d] ^ s[a]).rotate_left(turn_d);
            s[c] = s[c].wrapping_add(s[d]);
            s[b] = (s[b] ^ s[c]).rotate_left(turn_b);
        }
    }
    let mut start: Vec<u32> = vec![0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574];
    start.extend(
        key.chunks(4)
            .map(|word| u32::from_le_bytes(word.try_into().unwrap())),
    );
    start.extend([counter as u32, (counter >> 32) as u32, 0, 0]);
    let mut state = start.clone();
    for _ in 0..4 {
        for (a, b, c, d) in [(0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15)] {
            quarter(&mut state, a, b, c, d);
        }
        for (a, b, c, d) in [(0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)] {
            quarter(&mut state, a, b, c, d);
        }
    }
    state
        .iter()
        .zip(&start)
        .map(|(word, first)| word.wrapping_add(*first))
        .collect()
}

#[test]
fn a_stream_is_chacha8_keyed_by_the_hash_of_seed_and_path() {
    let mut message = b"earmark random stream 1".to_vec();
    for number in [17u64, 3, Purpose::Augment as u64, 5, u64::MAX] {
        message.extend(number.to_le_bytes());
    }
    let key = *blake3::hash(&message).as_bytes();
    let mut stream = random::stream(17, &[Purpose::Augment as u64, 5, u64::MAX]);
    for counter in 0..6 {
        for word in chacha8_block(&key, counter) {
            assert_eq!(stream.next_u32(), word);
        }
    }
}

#[test]
fn the_numbers_of_a_seed_never_change() {
    // Recorded once: a change would make every seed of every recipe mean something else.
    let mut stream = random::stream(17, &[Purpose::Shuffle as u64, 0]);
    assert_eq!(random::permutation(&mut stream, 12), PERMUTATION);
    let normals: Vec<f32> = (0..3).map(|_| random::normal(&mut stream)).collect();
    assert_eq!(normals, NORMALS);
    assert_eq!(random::beta(&mut stream, 0.5), BETA);
}

const PERMUTATION: [usize; 12] = [10, 4, 0, 7, 11, 9, 2, 1, 5, 3, 8, 6];
const NORMALS: [f32; 3] = [0.101437114, 1.6914192, -0.39887607];
const BETA: f64 = 0.01250471323198103;

#[test]
fn different_paths_are_different_streams() {
    let paths: [&[u64]; 6] = [&[], &[0], &[0, 0], &[1], &[1, 0], &[0, 1]];
    let mut firsts: Vec<u64> = paths
        .iter()
        .map(|path| random::stream(1, path).next_u64())
        .collect();
    firsts.push(random::stream(2, &[]).next_u64());
    let distinct: std::collections::HashSet<_> = firsts.iter().collect();
    assert_eq!(distinct.len(), firsts.len());
}

/// The statistic of Pearson's test that all counts have the same expectation.
fn chi_square(counts: &[u32]) -> f64 {
    let expected = f64::from(counts.iter().sum::<u32>()) / counts.len() as f64;
    counts
        .iter()
        .map(|&count| (f64::from(count) - expected).powi(2) / expected)
        .sum()
}

#[test]
fn whole_numbers_are_equally_likely() {
    let mut stream = random::stream(1, &[]);
    let mut counts = [0; 10];
    (0..100_000).for_each(|_| counts[random::below(&mut stream, 10)] += 1);
    // 9 degrees of freedom: above 27.9 once in a thousand seeds.
    assert!(chi_square(&counts) < 27.9, "{counts:?}");
    assert_eq!(
        (random::below(&mut stream, 0), random::below(&mut stream, 1)),
        (0, 0)
    );
}

#[test]
fn all_orders_are_equally_likely() {
    let mut stream = random::stream(2, &[]);
    let mut counts = std::collections::HashMap::new();
    (0..48_000).for_each(|_| *counts.entry(random::permutation(&mut stream, 4)).or_insert(0) += 1);
    let counts: Vec<u32> = counts.into_values().collect();
    assert_eq!(counts.len(), 24);
    // 23 degrees of freedom: above 49.7 once in a thousand seeds.
    assert!(chi_square(&counts) < 49.7, "{counts:?}");
}

#[test]
fn normals_have_the_right_moments_and_tails() {
    let mut stream = random::stream(3, &[]);
    const N: usize = 200_000;
    let draws: Vec<f64> = (0..N).map(|_| f64::from(random::normal(&mut stream))).collect();
    let moment = |power| draws.iter().map(|draw| draw.powi(power)).sum::<f64>() / N as f64;
    let beyond_two = draws.iter().filter(|draw| draw.abs() > 2.0).count() as f64 / N as f64;
    // Each within four standard errors: sqrt(1, 2, 15, 96 / N), sqrt(p (1 - p) / N).
    assert!(moment(1).abs() < 0.009, "mean {}", moment(1));
    assert!((moment(2) - 1.0).abs() < 0.013, "variance {}", moment(2));
    assert!(moment(3).abs() < 0.035, "third moment {}", moment(3));
    assert!((moment(4) - 3.0).abs() < 0.088, "fourth moment {}", moment(4));
    assert!(
        (beyond_two - 0.0455).abs() < 0.0019,
        "share beyond 2: {beyond_two}"
    );
}

#[test]
fn betas_have_the_right_mean_spread_and_quarter() {
    const N: usize = 100_000;
    for (alpha, below_quarter) in [(0.5, 1.0 / 3.0), (1.0, 0.25), (2.0, 0.15625)] {
        let mut stream = random::stream(4, &[(alpha * 10.0) as u64]);
        let draws: Vec<f64> = (0..N).map(|_| random::beta(&mut stream, alpha)).collect();
        let mean = draws.iter().sum::<f64>() / N as f64;
        let variance = draws.iter().map(|draw| (draw - mean).powi(2)).sum::<f64>() / N as f64;
        let share = draws.iter().filter(|&&draw| draw < 0.25).count() as f64 / N as f64;
        assert!((mean - 0.5).abs() < 0.005, "alpha {alpha}: mean {mean}");
        assert!(
            (variance - 0.25 / (2.0 * alpha + 1.0)).abs() < 0.002,
            "alpha {alpha}: variance {variance}"
        );
        // P(X < 1/4): 2/pi asin(1/2) for the arcsine law, 1/4 for the uniform one, 3/16 - 2/64 for 6 x (1 - x).
        assert!(
            (share - below_quarter).abs() < 0.006,
            "alpha {alpha}: below a quarter {share}"
        );
    }
    let mut stream = random::stream(5, &[]);
    assert!((0..1000).all(|_| (0.0..=1.0).contains(&random::beta(&mut stream, 0.001))));
}
