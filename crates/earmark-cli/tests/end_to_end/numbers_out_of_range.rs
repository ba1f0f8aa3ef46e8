//! Numbers on command lines that can't be meant: refused before any work, with what can.

use super::common::Lab;

#[test]
fn numbers_out_of_range_are_refused() {
    let lab = Lab::new();
    lab.write("scores.csv", "fname,a,b\nx.wav,0.2,0.8\ny.wav,0.7,0.1\n");
    lab.write("truth.csv", "fname,label\nx.wav,b\ny.wav,a\n");
    lab.write("true-events.csv", "file,onset,offset,event_label\nx.wav,0,1,a\n");
    let score = "score --scores scores.csv --truth truth.csv";
    let events = "score --events true-events.csv --truth true-events.csv";
    lab.earmark(score).done();
    let finite = "expected a number, such as 0.5";
    for (command, wanted) in [
        (format!("{score} --threshold nan"), finite),
        (format!("{score} --threshold 1e300"), finite),
        (
            format!("{score} --bootstrap 99999999999"),
            "resamples = 99999999999: must be 1 to 1000000",
        ),
        (
            format!("{events} --segment 0"),
            "segment = 0: must be at least 0.001 s",
        ),
        // Without what it is about, a flag would change nothing.
        (format!("{events} --max-efpr nan"), "--psds <TABLE>"),
        (format!("{score} --collar 1"), "cannot be used with"),
        (format!("{score} --dtc 0.3"), "cannot be used with"),
        (
            "models info runs/a --class-count 3".to_owned(),
            "not provided:\n  --recipe",
        ),
        ("review worst --scores scores.csv --below nan".to_owned(), finite),
        ("review best --scores scores.csv --above=-inf".to_owned(), finite),
        (
            "tune tiny.toml --data tones --run t --random 99999999999".to_owned(),
            "from 1 to 10000",
        ),
        (
            "data augment-preview --recipe tiny.toml tones/low/0.wav -o x.png --count 999999999".to_owned(),
            "from 1 to 1000",
        ),
    ] {
        let refused = lab.earmark(&command).exit(1);
        assert!(refused.err.contains(wanted), "{command}: {refused}");
        assert!(!refused.err.contains("panicked"), "{refused}");
    }
}

#[test]
fn seconds_that_no_recording_has_are_refused() {
    let lab = Lab::trained();
    for (arguments, wanted) in [
        ("--merge 1e300", "at most a day (86400)"),
        (
            "--min-duration=-1",
            "--min-duration -1: give a number of seconds, 0 or more",
        ),
        ("--window 0.0001", "--window 0.0001: give seconds, from 0.0"),
        ("--window nan", "--window NaN: give seconds, from 0.0"),
        ("--hop 0.0001", "--hop 0.0001: give seconds, from 0.01 to 86400"),
        ("--overlap inf", "--overlap inf: give a number of seconds"),
    ] {
        let refused = lab
            .earmark(&format!("tag tones --model runs/a -o t.csv {arguments}"))
            .refused();
        assert!(refused.contains(wanted), "{arguments}: {refused}");
    }
    assert!(!lab.path("t.csv").exists());
}
