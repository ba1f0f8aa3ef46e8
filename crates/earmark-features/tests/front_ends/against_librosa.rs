//! argus-2019, mobilenetv2-pca-2018, deltas and PCEN against librosa 0.11.0, and Kaldi's mel matrix.

use crate::common::{argus, front_end, golden, log_mel, mobilenet, signal, worst};
use earmark_audio::Clip;
use earmark_features::{Centre, Extractor, Features, FrontEnd, Mel, MelNorm, MelScale, Triangles, Trimming};

#[test]
fn argus_decibels_with_reflection() {
    let got = log_mel(&argus(), &signal(44_100, 44_100));
    let want = golden("argus-reflect.npy");
    assert_eq!((got.channels, got.bands, got.frames), (1, 128, 64));
    let difference = worst(&got.data, &want.data);
    println!("largest difference {difference:.1e} dB");
    assert!(difference < 5e-3, "{difference} dB");
}

#[test]
fn argus_decibels_with_zeros() {
    let mut config = argus();
    config.stft.centre = Centre::Zero;
    let got = log_mel(&config, &signal(44_100, 44_100));
    let ends: Vec<f32> = got
        .rows()
        .flat_map(|row| row[..4].iter().chain(&row[60..]).copied())
        .collect();
    let difference = worst(&ends, &golden("argus-zero.npy").data);
    assert!(difference < 5e-3, "{difference} dB");
}

#[test]
fn mobilenet_decibels() {
    let got = log_mel(&mobilenet(), &signal(22_050, 22_050));
    let want = golden("mobilenet.npy");
    assert_eq!((got.bands, got.frames), (want.bands, want.frames));
    let difference = worst(&got.data, &want.data);
    println!("largest difference {difference:.1e} dB");
    assert!(difference < 5e-3, "{difference} dB");
    let finished = Extractor::new(&mobilenet()).unwrap().postprocess(&got).unwrap();
    assert!((finished.data[0] - (got.data[0] + 90.5) / (39.21 + 90.5)).abs() < 1e-6);
}

#[test]
fn panns_decibels() {
    let config = front_end(
        r#"
        sample-rate-hz = 32000
        stft = { window-samples = 1024, hop-samples = 320, fft-samples = 1024, centre = "reflect", value = "power" }
        mel = { bands = 64, min-hz = 50, max-hz = 14000, scale = "slaney", triangles = "hz", norm = "slaney" }
        amplitude.db = { amin = 1e-10 }
        "#,
    );
    let got = log_mel(&config, &signal(32_000, 32_000));
    let want = golden("panns.npy");
    assert_eq!((got.bands, got.frames), (64, 101));
    // Without a floor below the loudest value, the rounding of loud bands shows in quiet ones.
    let mut worst = 0.0f32;
    for (got, want) in got.data.iter().zip(&want.data).filter(|(_, want)| **want > -60.0) {
        worst = worst.max((got - want).abs());
    }
    println!("largest difference {worst:.1e} dB");
    assert!(worst < 5e-3, "{worst} dB");
    let quiet = got
        .data
        .iter()
        .zip(&want.data)
        .filter(|(_, want)| **want <= -60.0);
    assert!(quiet.clone().count() > 100 && quiet.clone().all(|(got, _)| *got < -59.9));
}

#[test]
fn argus_deltas() {
    let golden_base = golden("argus-reflect.npy");
    let values: Vec<f32> = golden_base.rows().flat_map(|row| row[..32].to_vec()).collect();
    let extractor = Extractor::new(&argus()).unwrap();
    assert_eq!(extractor.channels(), 3);
    let got = extractor
        .postprocess(&Features::new(1, 128, 32, values.clone()).unwrap())
        .unwrap();
    let want: Vec<f32> = values
        .iter()
        .chain(&golden("argus-delta.npy").data)
        .map(|x| x / 100.0)
        .collect();
    assert_eq!((got.channels, got.bands, got.frames), (3, 128, 32));
    let difference = worst(&got.data, &want);
    println!("largest difference {difference:.1e}");
    assert!(difference < 2e-7, "{difference}");
}

#[test]
fn pcen_of_a_mel() {
    let config = front_end(
        r#"
        sample-rate-hz = 16000
        stft = { window-samples = 512, hop-samples = 128, centre = "zero" }
        mel = { bands = 40, min-hz = 50, max-hz = 7600, scale = "slaney", triangles = "hz", norm = "slaney" }
        amplitude.pcen = {}
        "#,
    );
    let got = log_mel(&config, &signal(16_000, 16_000));
    let want = golden("pcen.npy");
    assert_eq!((got.bands, got.frames), (want.bands, want.frames));
    // librosa averages in single precision, over energies of 1e9.
    let difference = worst(&got.data, &want.data);
    println!("largest difference {difference:.1e}");
    assert!(difference < 5e-4, "{difference}");
}

#[test]
fn htk_triangles_along_hertz() {
    let mel = Mel {
        bands: 40,
        min_hz: 50.0,
        max_hz: 7_600.0,
        scale: MelScale::Htk,
        triangles: Triangles::Hz,
        norm: MelNorm::Slaney,
    };
    let matrix = mel.matrix(16_000, 512).unwrap();
    let got: Vec<f32> = matrix
        .iter()
        .flat_map(|row| row[..72].iter().map(|w| *w as f32))
        .collect();
    let difference = worst(&got, &golden("htk-hz.npy").data);
    assert!(difference < 1e-8, "{difference}");
}

#[test]
fn kaldi_is_htk_along_mel() {
    let mel = Mel {
        bands: 23,
        min_hz: 20.0,
        max_hz: 7_800.0,
        ..Mel::default()
    };
    let matrix = mel.matrix(16_000, 512).unwrap();
    let got: Vec<f32> = matrix.iter().flatten().map(|w| *w as f32).collect();
    let difference = worst(&got, &golden("kaldi-mel.npy").data);
    assert!(difference < 1e-6, "{difference}");
}

/// argus-2019's front end with its trimming; the clips are those of `xtask/golden/features_trim.py`.
#[test]
fn argus_trims_and_lengthens_short_clips() {
    let config = FrontEnd {
        trim: Some(Trimming {
            min_seconds: Some(0.5),
            ..Trimming::default()
        }),
        ..argus()
    };
    let extractor = Extractor::new(&config).unwrap();
    let of_clip = |samples: &[&[f32]]| {
        let clip = Clip::new(samples.concat(), 44_100);
        extractor
            .log_mel_of_clip(&clip, &mut extractor.scratch())
            .unwrap()
    };
    let x = signal(44_100, 44_100);
    let part = |parts: std::ops::Range<usize>| &x[parts.start * 5_512..parts.end * 5_512];
    let (sound, quiet, silence) = (part(0..5), part(5..7), part(6..7));

    let got = of_clip(&[silence, sound, quiet]);
    let want = golden("argus-trim.npy");
    assert_eq!(got.frames, want.frames);
    let difference = worst(&got.data, &want.data);
    println!("trimmed: largest difference {difference:.1e} dB");
    assert!(difference < 5e-3, "{difference} dB");

    // The sound starts later than the rule for short clips expects: the published quirk loses most of it.
    let late = [&[silence; 3][..], &[part(0..1)], &[silence; 4]].concat();
    let got = extractor.postprocess(&of_clip(&late)).unwrap();
    let want = golden("argus-short.npy");
    assert_eq!((got.channels, got.frames), (3, 32));
    let difference = 100.0 * worst(&got.data, &want.data);
    println!("short: largest difference {difference:.1e} dB");
    assert!(difference < 5e-3, "{difference} dB");

    let got = of_clip(&[&x[..9_000]]);
    let difference = worst(&got.data, &golden("argus-tiny.npy").data);
    assert!(difference < 5e-3, "{difference} dB");

    // Trimmed clips have other fingerprints than whole clips, and than clips trimmed differently.
    let fingerprint = |trim| FrontEnd { trim, ..argus() }.fingerprint().unwrap();
    let plain = fingerprint(None);
    let cut = fingerprint(config.trim.clone());
    assert!(cut.starts_with(&plain) && cut != plain);
    assert_ne!(cut, fingerprint(Some(Trimming::default())));
    // Silence, and an empty clip.
    assert_eq!(of_clip(&[&[0.0; 100]]).frames, 32);
    assert_eq!(of_clip(&[]).frames, 32);
}
