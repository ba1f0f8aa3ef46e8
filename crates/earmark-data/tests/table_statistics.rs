//! Statistics against a slow oracle, and on ESC-10.

mod table_support;

use std::f64::consts::TAU;

use earmark_core::random;
use earmark_data::statistics::{DataStatistics, StatisticsOptions, statistics};
use earmark_data::{DataOptions, load};
use table_support::{Tree, shared, tone, write_wav};

fn noise(seed: u64, samples: usize) -> Vec<i16> {
    let mut rng = random::stream(seed, &[77]);
    (0..samples)
        .map(|_| (random::uniform(&mut rng, -12_000.0, 12_000.0)) as i16)
        .collect()
}

/// Mean and standard deviation over frames of ln(1 + |X|), by the definition of the DFT.
fn oracle(samples: &[i16], window: usize, hop: usize, fft: usize) -> Vec<(f64, f64)> {
    let frames: Vec<&[i16]> = samples.windows(window).step_by(hop).collect();
    let level = |frame: &[i16], bin: usize| {
        let (mut re, mut im) = (0.0, 0.0);
        for (n, &s) in frame.iter().enumerate() {
            let hann = 0.5 - 0.5 * (TAU * n as f64 / window as f64).cos();
            let angle = -TAU * (bin * n % fft) as f64 / fft as f64;
            re += f64::from(s) / 32_768.0 * hann * angle.cos();
            im += f64::from(s) / 32_768.0 * hann * angle.sin();
        }
        re.hypot(im).ln_1p()
    };
    let of_bin = |bin| {
        let levels: Vec<f64> = frames.iter().map(|f| level(f, bin)).collect();
        let mean = levels.iter().sum::<f64>() / levels.len() as f64;
        let variance = levels.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / levels.len() as f64;
        (mean, variance.sqrt())
    };
    (0..=fft / 2).map(of_bin).collect()
}

fn small_options(window: u32, hop: u32) -> StatisticsOptions {
    StatisticsOptions {
        sample_rate_hz: 8000,
        window_samples: window,
        hop_samples: hop,
        histogram_bars: 4,
        ..StatisticsOptions::default()
    }
}

#[test]
fn spectra_lengths_and_counts() {
    let tree = Tree::new(&[(
        "t.csv",
        "file,labels,split\na.wav,\"x,y\",train\nb.wav,x,train\nc.wav,,test\nd.wav,,test\ne.wav,y,train\n",
    )]);
    let (a, b) = (noise(1, 1000), tone(11, 2000));
    write_wav(&tree.path("a.wav"), 8000, 1, &a);
    write_wav(&tree.path("b.wav"), 8000, 1, &b);
    write_wav(&tree.path("c.wav"), 8000, 1, &tone(2, 4000));
    write_wav(&tree.path("d.wav"), 8000, 1, &[]);
    tree.add("e.wav", "not audio");
    let set = tree.load().unwrap();
    let result = statistics(&set, &small_options(50, 20), &|_, _| ()).unwrap();
    let [test, train] = &result.subsets[..] else {
        panic!("two subsets: {:?}", result.subsets)
    };

    assert_eq!(
        (train.clips, &train.seconds[..], train.empty),
        (2, &[0.125, 0.25][..], 0)
    );
    assert_eq!(
        train.shortest.as_ref().map(|s| (s.file.as_str(), s.seconds)),
        Some(("a.wav", 0.125))
    );
    assert_eq!((test.clips, test.empty), (2, 1));
    assert_eq!(
        test.shortest.as_ref().map(|s| (s.file.as_str(), s.seconds)),
        Some(("d.wav", 0.0))
    );
    assert_eq!(train.lengths.edges, [0.0, 0.125, 0.25, 0.375, 0.5]);
    assert_eq!(
        (&train.lengths.counts[..], &test.lengths.counts[..]),
        (&[0, 1, 1, 0][..], &[1, 0, 0, 1][..])
    );
    assert!((result.hours - 0.875 / 3600.0).abs() < 1e-12);
    assert_eq!(result.labels_per_clip, Some(4.0 / 3.0));
    assert_eq!(
        result
            .unreadable
            .iter()
            .map(|u| u.file.as_str())
            .collect::<Vec<_>>(),
        ["e.wav"]
    );
    let counts: Vec<_> = result
        .classes
        .iter()
        .map(|c| (c.name.as_str(), c.clips.clone()))
        .collect();
    assert_eq!(counts, [("x", vec![0, 2]), ("y", vec![0, 2])]);

    let spectrum = train.spectrum.as_ref().unwrap();
    assert_eq!(
        (spectrum.clips, spectrum.hz.len(), spectrum.hz[1], spectrum.hz[32]),
        (2, 33, 125.0, 4000.0)
    );
    let (of_a, of_b) = (oracle(&a, 50, 20, 64), oracle(&b, 50, 20, 64));
    for (bin, (x, y)) in of_a.iter().zip(&of_b).enumerate() {
        let (mean, std) = ((x.0 + y.0) / 2.0, (x.1 + y.1) / 2.0);
        // float32 transforms of values up to 12: rounding stays below 1e-5.
        assert!(
            (spectrum.mean[bin] - mean).abs() < 1e-5,
            "bin {bin}: {} {mean}",
            spectrum.mean[bin]
        );
        assert!(
            (spectrum.std[bin] - std).abs() < 1e-5,
            "bin {bin}: {} {std}",
            spectrum.std[bin]
        );
    }
    // The empty clip has no frame and does not count.
    assert_eq!(test.spectrum.as_ref().unwrap().clips, 1);
}

/// A clip that is processed in several pieces gives the same frames; a hop may exceed the window.
#[test]
fn pieces_change_nothing() {
    let tree = Tree::new(&[("t.csv", "file,label\na.wav,x\n")]);
    let samples = noise(2, 150_001);
    write_wav(&tree.path("a.wav"), 8000, 1, &samples);
    let set = tree.load().unwrap();
    for (window, hop) in [(30, 7), (16, 50)] {
        let result = statistics(&set, &small_options(window, hop), &|_, _| ()).unwrap();
        let spectrum = result.subsets[0].spectrum.as_ref().unwrap();
        let expected = oracle(
            &samples,
            window as usize,
            hop as usize,
            (window as usize).next_power_of_two(),
        );
        for (bin, (mean, std)) in expected.iter().enumerate() {
            assert!(
                (spectrum.mean[bin] - mean).abs() < 1e-5 && (spectrum.std[bin] - std).abs() < 1e-5,
                "bin {bin}"
            );
        }
    }
}

#[test]
fn pictures_show_the_beginning() {
    let tree = Tree::new(&[("dog/2.wav", ""), ("cat/short.wav", "")]);
    write_wav(&tree.path("dog/1.wav"), 44_100, 1, &noise(3, 50_000));
    write_wav(&tree.path("cat/long.wav"), 44_100, 1, &noise(4, 50_000));
    let options = StatisticsOptions {
        pictures_per_class: 1,
        picture_seconds: 0.5,
        spectra: false,
        ..StatisticsOptions::default()
    };
    let result = statistics(&tree.load().unwrap(), &options, &|_, _| ()).unwrap();
    let shapes: Vec<_> = result
        .classes
        .iter()
        .flat_map(|c| {
            c.spectrograms
                .iter()
                .map(|p| (p.file.as_str(), p.channels, p.bands, p.frames, p.data.len()))
        })
        .collect();
    // 22,050 samples: 1 + (22,050 - 1,102) / 441 frames.
    assert_eq!(
        shapes,
        [
            ("cat/long.wav", 1, 96, 48, 96 * 48),
            ("dog/1.wav", 1, 96, 48, 96 * 48)
        ]
    );
    assert!(result.subsets[0].spectrum.is_none());
    let bad = StatisticsOptions {
        window_samples: 0,
        ..StatisticsOptions::default()
    };
    assert!(statistics(&tree.load().unwrap(), &bad, &|_, _| ()).is_err());
}

#[test]
fn text_for_a_terminal() {
    let tree = Tree::new(&[]);
    for (name, samples) in [
        ("dog/1.wav", 8000),
        ("dog/2.wav", 16_000),
        ("a_cat/1.wav", 12_000),
    ] {
        tree.add(name, "");
        write_wav(&tree.path(name), 8000, 1, &tone(1, samples));
    }
    let options = StatisticsOptions {
        histogram_bars: 2,
        spectra: false,
        ..StatisticsOptions::default()
    };
    let result = statistics(&tree.load().unwrap(), &options, &|_, _| ()).unwrap();
    let forty = "#".repeat(40);
    let twenty = "#".repeat(20);
    assert_eq!(
        result.to_text(),
        format!(
            "folders: 3 clips, 0.00 hours, 2 classes, 1.00 labels per clip\n\
             \ntrain: 3 clips, 0.00 hours\n  lengths 1.00 to 2.00 s (shortest: dog/1.wav)\n  \
             sample rates 8000 Hz (3); channels 1 (3)\n\
             \x20    0.00 -    1.00 s      0 \n     1.00 -    2.00 s      3 {forty}\n\
             \nclass    train\na_cat        1 {twenty}\ndog          2 {forty}\n"
        )
    );
}

#[test]
fn esc10_in_numbers() {
    let Some(root) = shared("data/esc10") else { return };
    let set = load(&root, &DataOptions::default()).unwrap();
    // A tenth of the set is enough here; the check decodes all of it.
    let set = set.with_items(set.items.iter().step_by(10).cloned().collect());
    let run = |threads: usize| -> DataStatistics {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            statistics(
                &set,
                &StatisticsOptions {
                    pictures_per_class: 1,
                    ..StatisticsOptions::default()
                },
                &|_, _| (),
            )
            .unwrap()
        })
    };
    let result = run(2);
    assert_eq!(result, run(1), "the number of threads must not matter");
    let subset = &result.subsets[0];
    assert_eq!(
        (
            subset.clips,
            subset.lengths.counts[19],
            subset.lengths.counts[..19].iter().sum::<usize>()
        ),
        (40, 40, 0)
    );
    // Lengths as libsndfile (xtask/golden/data_lengths.py) counts them: 8,821,376 samples, at least 218,816.
    let samples = subset.seconds.iter().map(|s| s * 44_100.0);
    assert!((samples.sum::<f64>() - 8_821_376.0).abs() < 1e-3);
    let shortest = subset.shortest.as_ref().unwrap();
    assert_eq!(shortest.file, "3-104632-A-9.ogg");
    assert!((shortest.seconds * 44_100.0 - 218_816.0).abs() < 1e-3);
    let spectrum = subset.spectrum.as_ref().unwrap();
    assert_eq!((spectrum.hz.len(), spectrum.clips), (513, 40));
    // "little high frequency in the amplitude", as the starter kernel remarks.
    let mean =
        |bins: std::ops::Range<usize>| spectrum.mean[bins.clone()].iter().sum::<f64>() / bins.len() as f64;
    assert!(
        mean(1..100) > 3.0 * mean(400..500),
        "{} {}",
        mean(1..100),
        mean(400..500)
    );
}

/// Names come from strangers: none breaks its line or reaches a terminal as an escape sequence. Entries that can't be
/// read are named.
#[cfg(unix)]
#[test]
fn names_stay_on_their_line() {
    let tree = Tree::new(&[
        ("Dog\nnot readable: 9\u{1b}[2J/a\nerror: b.wav", ""),
        ("Dog\nnot readable: 9\u{1b}[2J/broken\n.wav", "not audio"),
        ("cat/c.wav", ""),
    ]);
    std::os::unix::fs::symlink("gone.wav", tree.path("cat/link.wav")).unwrap();
    let set = tree.load().unwrap();
    let text = statistics(&set, &small_options(64, 32), &|_, _| ())
        .unwrap()
        .to_text();
    assert!(!text.contains('\u{1b}'), "{text}");
    assert!(text.contains("\nDog\\nnot readable: 9\\u{1b}[2J"), "{text}");
    let unreadable = text.lines().filter(|line| line.starts_with("not readable: "));
    assert_eq!(unreadable.collect::<Vec<_>>(), ["not readable: 2"], "{text}");
    assert!(!text.lines().any(|line| line.starts_with("error: ")), "{text}");
    assert!(
        text.contains("\n  cat/link.wav: is a link that leads nowhere"),
        "{text}"
    );
    assert!(text.contains("broken\\n.wav: "), "{text}");
}
