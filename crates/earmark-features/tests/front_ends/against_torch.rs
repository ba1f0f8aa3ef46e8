//! EfficientAT's front end against PyTorch in double precision (xtask/golden/efficientat.py).

use crate::common::{front_end, golden, log_mel, signal};
use earmark_core::Check;
use earmark_features::{Extractor, FrontEnd};

pub fn efficientat() -> FrontEnd {
    front_end(
        r#"
        sample-rate-hz = 32000
        pre-emphasis = 0.97
        stft = { window-samples = 800, hop-samples = 320, fft-samples = 1024, window = "symmetric-hann", centre = "reflect", value = "power" }
        mel = { bands = 128, min-hz = 0, max-hz = 15000 }
        amplitude.log = { offset = 1e-5 }
        postprocess.scale = { subtract = -4.5, divide = 5 }
        "#,
    )
}

#[test]
fn efficientat_log_mel() {
    let extractor = Extractor::new(&efficientat()).unwrap();
    let got = extractor
        .postprocess(&log_mel(&efficientat(), &signal(32_000, 31_680)))
        .unwrap();
    let want = golden("efficientat.npy");
    // A sample fewer than the clip has: 99 frames and not 100.
    assert_eq!((got.bands, got.frames), (128, 99));
    assert_eq!((got.bands, got.frames), (want.bands, want.frames));
    // Near the floor, ln 1e-5 (-1.40 here), the rounding of loud bins shows in quiet ones.
    let mut worst = [0.0f32; 2];
    for (got, want) in got.data.iter().zip(&want.data) {
        let k = usize::from(*want < -1.0);
        worst[k] = worst[k].max((got - want).abs());
    }
    println!("largest differences above -1 and below: {worst:?}");
    assert!(worst[0] < 2e-4 && worst[1] < 2e-3, "{worst:?}");
}

#[test]
fn pre_emphasis_takes_a_sample() {
    let mut config = efficientat();
    let extractor = Extractor::new(&config).unwrap();
    assert_eq!(
        [0, 1, 2, 320, 321, 322].map(|n| extractor.frames(n)),
        [0, 0, 1, 1, 2, 2].map(|n| n)
    );
    assert!(
        extractor.fingerprint().ends_with("; pre-emphasis 0.97"),
        "{}",
        extractor.fingerprint()
    );
    config.pre_emphasis = None;
    assert!(
        !Extractor::new(&config)
            .unwrap()
            .fingerprint()
            .contains("emphasis")
    );
    // By definition: the same as a clip that was filtered before.
    let samples = signal(32_000, 3_200);
    let filtered: Vec<f32> = samples.windows(2).map(|w| w[1] - 0.97 * w[0]).collect();
    assert_eq!(log_mel(&config, &filtered), log_mel(&efficientat(), &samples));
    for bad in [0.0, 1.0, -0.5, f64::NAN] {
        config.pre_emphasis = Some(bad);
        let message = config.check().unwrap_err().to_string();
        assert!(message.starts_with("pre-emphasis = "), "{message}");
    }
}
