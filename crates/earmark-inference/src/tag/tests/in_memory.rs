//! Results in memory are those of files, to the last bit.

use super::*;
use crate::tag::batches::BATCH;
use crate::tag::many_recordings::few_threads::LEFT;
use crate::tag::many_recordings::pool;
use crate::tag::resume_log::TagOutcome;
use crate::{Model, predict_with};
use earmark_audio::Clip;

/// A clip as it is read from a file of these samples.
fn clip(played: &[i16]) -> Clip {
    let samples = played.iter().map(|sample| f32::from(*sample) / 32_768.0);
    Clip::new(samples.collect(), RATE)
}

#[test]
fn a_clip_is_tagged_as_its_file_is() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("x.wav");
    let stop = AtomicBool::new(false);
    // At the rate of the files, and at another.
    for rate in ["8000", "16000"] {
        let set = format!("front-end.sample-rate-hz={rate}");
        let path = dir.path().join(format!("{rate}.safetensors"));
        let models = [model(&path, 1, &[&set])];
        for (seconds, keep) in [(0.3, true), (9.7, true), (21.0, false)] {
            let played = sound(seconds, 5);
            wav(&file, &played);
            let tag = TagConfig {
                windows: keep,
                thresholds: ThresholdConfig::all(0.2),
                ..request(&models)
            };
            let tagger = Tagger::new(&tag).unwrap();
            let inputs = inputs::find(std::slice::from_ref(&file)).unwrap();
            let read = to_memory(&job(&tagger, &quiet, &stop), &inputs).unwrap().unwrap();
            let held = tagger.tag_clip(&clip(&played), &inputs.files[0].name, &stop);
            assert_eq!(read, [held.unwrap().unwrap()], "{rate} Hz, {seconds} s");
            assert_eq!(read[0].windows.is_empty(), !keep);
            let TagOutcome::Tagged(result) = &read[0].outcome else {
                panic!("{:?}", read[0].outcome);
            };
            assert_eq!(*result, tagger.tag(&file).unwrap());
            let named = tagger.tag_named(&file, &inputs.files[0].name, &stop).unwrap();
            assert_eq!(named.as_slice(), &read[..]);
        }
    }
}

#[test]
fn recordings_keep_their_order_and_a_broken_one_has_its_reason() {
    let dir = tempfile::tempdir().unwrap();
    let models = [model(&dir.path().join("m.safetensors"), 1, &[])];
    let files = ["long", "broken", "short"].map(|name| dir.path().join(format!("{name}.wav")));
    wav(&files[0], &sound(12.0, 1));
    fs::write(&files[1], "no sound").unwrap();
    wav(&files[2], &sound(1.5, 2));
    let tagger = Tagger::new(&request(&models)).unwrap();
    let stop = AtomicBool::new(false);
    let parallel = TagJob {
        threads: 3,
        workers: 3,
        ..job(&tagger, &quiet, &stop)
    };
    let inputs = inputs::find(&files).unwrap();
    let found = to_memory(&parallel, &inputs).unwrap().unwrap();
    let names: Vec<&str> = found.iter().map(|one| one.outcome.file()).collect();
    let given: Vec<&str> = inputs.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, given);
    assert!(matches!(found[1].outcome, TagOutcome::Failed { .. }) && found[1].windows.is_empty());
    assert!(!found[0].windows.is_empty() && !found[2].windows.is_empty());
}

#[test]
fn bad_samples_are_refused_and_a_stop_ends_the_work() {
    let dir = tempfile::tempdir().unwrap();
    let models = [model(&dir.path().join("m.safetensors"), 1, &[])];
    let tagger = Tagger::new(&request(&models)).unwrap();
    let mut broken = clip(&sound(3.0, 1));
    broken.samples[17_000] = f32::NAN;
    let stop = AtomicBool::new(false);
    let message = tagger.tag_clip(&broken, "x", &stop).unwrap_err().to_string();
    assert!(
        message.starts_with("x: in the window at ") && message.contains(" is NaN, but samples are"),
        "{message}"
    );
    stop.store(true, Ordering::Relaxed);
    let stopped = tagger.tag_clip(&clip(&sound(3.0, 1)), "x", &stop).unwrap();
    assert_eq!(stopped, None);
    let file = dir.path().join("x.wav");
    wav(&file, &sound(3.0, 1));
    assert_eq!(tagger.tag_named(&file, "x", &stop).unwrap(), None);
    fs::write(&file, "no sound").unwrap();
    let failed = tagger
        .tag_named(&file, "x", &AtomicBool::new(false))
        .unwrap()
        .unwrap();
    assert!(
        matches!(&failed.outcome, TagOutcome::Failed { file, reason } if file == "x" && !reason.is_empty())
    );
}

#[test]
fn opened_models_predict_as_named_ones() {
    let dir = tempfile::tempdir().unwrap();
    let models = [1, 2].map(|seed| model(&dir.path().join(format!("{seed}.safetensors")), seed, &[]));
    let played = sound(3.3, 7);
    let file = dir.path().join("x.wav");
    wav(&file, &played);
    let stop = AtomicBool::new(false);
    let named = PredictJob {
        models: models.to_vec(),
        files: vec![file],
        device: "cpu".into(),
        ..PredictJob::default()
    };
    let opened = models.map(|name| Model::open_file(Path::new(&name), &Device::cpu().unwrap()).unwrap());
    let by_name = crate::predict(&named, &|_| (), &stop).unwrap().unwrap();
    let job = PredictJob {
        models: Vec::new(),
        ..named
    };
    let by_model = predict_with(&opened, &job, &|_| (), &stop).unwrap().unwrap();
    assert_eq!(by_name.scores, by_model.scores);
    let one = predict_with(&opened[..1], &job, &|_| (), &stop).unwrap().unwrap();
    assert_eq!(one.scores.values(), opened[0].score(&clip(&played)).unwrap());
}

/// Batches are scored on as many threads as the pool has, whether these can be started or not.
#[test]
fn a_recording_on_several_threads_is_to_the_last_bit_that_of_one() {
    let dir = tempfile::tempdir().unwrap();
    let models = [model(&dir.path().join("m.safetensors"), 1, &[])];
    let tag = TagConfig {
        thresholds: ThresholdConfig::all(0.2),
        ..request(&models)
    };
    let tagger = Tagger::new(&tag).unwrap();
    let file = dir.path().join("x.wav");
    let tagged = |threads: usize, left: usize, stop: bool| {
        pool(threads).unwrap().install(|| {
            LEFT.set(left);
            let stop = AtomicBool::new(stop);
            tagger.tag_named(&file, "x.wav", &stop).unwrap()
        })
    };
    // A part of a batch; a whole one and a part; five.
    for (seconds, batches) in [(2.2, 1), (6.1, 2), (20.3, 5)] {
        wav(&file, &sound(seconds, 7));
        let alone = tagged(1, usize::MAX, false).unwrap();
        assert_eq!(alone.windows.len().div_ceil(BATCH), batches, "{seconds} s");
        for threads in [2, 3, 8] {
            for left in [usize::MAX, 2, 1, 0] {
                let found = tagged(threads, left, false).unwrap();
                assert_eq!(found, alone, "{seconds} s, {threads} threads, {left} left");
            }
            assert_eq!(tagged(threads, usize::MAX, true), None);
        }
    }
}
