//! Front ends as recipes spell them, and their fingerprints.

use crate::common::{argus, dcase, front_end, mobilenet, starter};
use earmark_core::Check;
use earmark_features::{AmplitudeScale, Extractor, FrontEnd};

#[test]
fn published_front_ends_round_trip_through_toml_and_json() {
    for config in [dcase(), argus(), mobilenet(), starter()] {
        config.check().unwrap();
        let text = toml::to_string(&config).unwrap();
        assert_eq!(toml::from_str::<FrontEnd>(&text).unwrap(), config, "{text}");
        let json = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<FrontEnd>(&json).unwrap(), config, "{json}");
    }
}

#[test]
fn shapes_of_published_front_ends() {
    let shape = |config: FrontEnd| {
        let extractor = Extractor::new(&config).unwrap();
        (
            extractor.channels(),
            extractor.bands(),
            extractor.frames(10 * 44_100),
            extractor.segment_frames(),
        )
    };
    assert_eq!(shape(dcase()), (1, 96, 998, Some(100)));
    assert_eq!(shape(argus()), (3, 128, 640, Some(256)));
    assert_eq!(shape(mobilenet()), (1, 64, 2005, None));
    assert_eq!(shape(starter()), (2, 257, 2754, None));
}

#[test]
fn negative_numbers_are_refused_in_plain_words() {
    let table = |text: &str| {
        toml::from_str::<toml::Table>(text)
            .unwrap()
            .try_into::<FrontEnd>()
            .unwrap_err()
            .to_string()
    };
    let recipe = "sample-rate-hz = 44100\namplitude = \"linear\"\nstft = { window-samples = 1102, hop-samples = HOP }\n";
    for (hop, expected) in [
        (
            "-5",
            "invalid value: integer `-5`, expected a whole number, 1 or more",
        ),
        (
            "0",
            "invalid value: integer `0`, expected a whole number, 1 or more",
        ),
        (
            "2.5",
            "invalid type: floating point `2.5`, expected a whole number, 1 or more",
        ),
        (
            "\"a\"",
            "invalid type: string \"a\", expected a whole number, 1 or more",
        ),
    ] {
        let text = recipe.replace("HOP", hop);
        let message = table(&text);
        assert!(
            message.contains(expected) && message.contains("stft.hop-samples"),
            "{message}"
        );
        let message = toml::from_str::<FrontEnd>(&text).unwrap_err().to_string();
        assert!(
            message.contains(expected) && message.contains("line 3"),
            "{message}"
        );
    }
}

#[test]
fn unknown_keys_are_refused() {
    let error = toml::from_str::<FrontEnd>(
        "sample-rate-hz = 44100\namplitude = \"linear\"\nstft = { window-sample = 1102, hop-samples = 441 }\n",
    );
    let message = error.unwrap_err().to_string();
    assert!(
        message.contains("unknown field `window-sample`") && message.contains("`window-samples`"),
        "{message}"
    );
    let error = toml::from_str::<FrontEnd>(
        "sample-rate-hz = 44100\namplitude.db = { topdb = 80 }\nstft = { window-samples = 1102, hop-samples = 441 }\n",
    );
    let message = error.unwrap_err().to_string();
    assert!(
        message.contains("topdb") && message.contains("top-db"),
        "{message}"
    );
}

#[test]
fn fingerprints_tell_log_mels_apart() {
    let print = |config: &FrontEnd| Extractor::new(config).unwrap().fingerprint().to_owned();
    let original = print(&dcase());
    assert_eq!(
        original,
        "base 1; 44100 Hz; Hann 1102, hop 441, fft 2048, centre None, Magnitude, phase false; \
         Some(Mel { bands: 96, min_hz: 20.0, max_hz: 20000.0, scale: Htk, triangles: Mel, norm: None }); \
         Log { offset: 0.001 }"
    );
    // Later stages, and another spelling of the same lengths, keep it.
    let mut same = FrontEnd {
        segments: None,
        postprocess: argus().postprocess,
        ..dcase()
    };
    (same.stft.window_seconds, same.stft.window_samples) = (None, Some(1102));
    same.stft.fft_samples = Some(2048);
    assert_eq!(print(&same), original);
    let mut others = vec![
        argus(),
        mobilenet(),
        starter(),
        FrontEnd {
            amplitude: AmplitudeScale::Linear,
            ..dcase()
        },
    ];
    for change in [
        |f: &mut FrontEnd| f.sample_rate_hz = 48_000,
        |f: &mut FrontEnd| f.mel.as_mut().unwrap().bands = 95,
        |f: &mut FrontEnd| f.mel.as_mut().unwrap().min_hz = 20.5,
        |f: &mut FrontEnd| f.stft.fft_samples = Some(2050),
        |f: &mut FrontEnd| f.stft.hop_seconds = Some(0.02),
    ] {
        let mut other = dcase();
        change(&mut other);
        others.push(other);
    }
    let mut prints: Vec<String> = others.iter().map(print).chain([original]).collect();
    prints.sort();
    prints.dedup();
    assert_eq!(prints.len(), others.len() + 1);
}

#[test]
fn a_recipe_may_leave_out_what_it_does_not_use() {
    let config = front_end(
        "sample-rate-hz = 16000\namplitude = \"linear\"\nstft = { window-samples = 400, hop-samples = 160 }\n",
    );
    let extractor = Extractor::new(&config).unwrap();
    let features = extractor
        .log_mel(&[0.0; 1_000], &mut extractor.scratch())
        .unwrap();
    assert_eq!((features.channels, features.bands, features.frames), (1, 257, 4));
    assert_eq!(extractor.segment(&features, 0).unwrap(), features);
    assert_eq!(extractor.postprocess(&features).unwrap(), features);
    assert!(extractor.segment(&features, 1).is_err());
}
