//! Two tables, scores and truth, separated by a line `---`: each is refused or right, and so is the report of both.
#![no_main]

use earmark_fuzz::check_message;
use earmark_metrics::{Report, ReportOptions, ScoreTable, TruthTable, UnknownLabels};
use libfuzzer_sys::fuzz_target;

const BORDER: &[u8] = b"\n---\n";

fuzz_target!(|data: &[u8]| {
    let border = data.windows(BORDER.len()).position(|w| w == BORDER);
    let (first, second) = match border {
        Some(at) => (&data[..at], &data[at + BORDER.len()..]),
        None => (data, data),
    };
    let scores = ScoreTable::parse(first, "scores.csv");
    let truth = TruthTable::parse(second, "truth.csv");
    scores.as_ref().map_err(check_message).ok();
    truth.as_ref().map_err(check_message).ok();
    if let Ok(scores) = &scores {
        assert!(scores.values().iter().all(|x| x.is_finite()));
        assert_eq!(
            scores.values().len(),
            scores.files().len() * scores.classes().len()
        );
        let mut written = Vec::new();
        scores.write(&mut written).expect("writing to memory");
        assert_eq!(
            &ScoreTable::parse(&written[..], "again").expect("what was written"),
            scores
        );
    }
    let (Ok(scores), Ok(truth)) = (scores, truth) else {
        return;
    };
    for unknown_labels in [UnknownLabels::Refuse, UnknownLabels::Ignore] {
        let options = ReportOptions {
            unknown_labels,
            ..ReportOptions::default()
        };
        match Report::compute(&scores, &truth, &options) {
            Ok(report) => {
                let shares = [
                    report.lwlrap,
                    report.map,
                    report.mean_ap,
                    report.auc,
                    report.accuracy,
                    report.micro_ap,
                ];
                // The sum of many rounded quotients may be a little above one.
                assert!(
                    shares.iter().flatten().all(|x| (0.0..=1.0 + 1e-9).contains(x)),
                    "{shares:?}"
                );
                assert_eq!(report.clips, truth.files().len());
            }
            Err(error) => check_message(&error),
        }
    }
});
