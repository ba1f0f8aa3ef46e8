//! When no way after the first one is tried: nothing can be won by it, or too few clips could show it.

use super::choose::FitMetric;
use super::context::FitContext;
use super::job::WayLeftOut;
use super::ways::Way;
use crate::PipelineError;
use earmark_core::human::human_amount;
use earmark_metrics::Aligned;

/// Clips that ways are compared on at least: on fewer, a difference is one clip or two, and so luck.
const LEAST_CLIPS: usize = 20;

/// Why none of `others` is tried where the first way makes no error on clips that it was not trained on.
pub(super) fn nothing_to_win(
    metric: FitMetric,
    first: (&Way, &Aligned),
    others: &[&Way],
) -> Result<Option<String>, PipelineError> {
    let (way, clips) = first;
    let Some(names) = candidates(others) else {
        return Ok(None);
    };
    Ok(metric.is_perfect(clips)?.then(|| {
        format!(
            "the {} makes no error on {}: nothing to win by {names}",
            way.name,
            human_amount(clips.files().len(), "clip", "clips")
        )
    }))
}

/// The ways without those that so few clips can't compare; what has finished before stays.
pub(super) fn that_clips_can_show(
    context: &FitContext,
    ways: Vec<Way>,
    left_out: &mut Vec<WayLeftOut>,
) -> Result<Vec<Way>, PipelineError> {
    let mut others = Vec::new();
    for way in ways.iter().skip(1) {
        if way.finished(context.work)?.is_none() {
            others.push(way);
        }
    }
    let clips = context.data.train.items.len();
    let reason = ways.first().and_then(|first| too_few(clips, first, &others));
    let names: Vec<&'static str> = others.iter().map(|way| way.name).collect();
    let Some(reason) = reason else {
        return Ok(ways);
    };
    let mut kept = Vec::new();
    for way in ways {
        match names.contains(&way.name) {
            true => left_out.push(WayLeftOut {
                name: way.name.to_owned(),
                reason: reason.clone(),
            }),
            false => kept.push(way),
        }
    }
    Ok(kept)
}

/// Why none of `others` is tried on so few clips.
fn too_few(clips: usize, first: &Way, others: &[&Way]) -> Option<String> {
    let names = candidates(others).filter(|_| clips < LEAST_CLIPS)?;
    Some(format!(
        "{} can't show whether {names} does better than the {}: {LEAST_CLIPS} are the least; add recordings",
        human_amount(clips, "clip", "clips"),
        first.name
    ))
}

/// What the ways that may replace the first one do, in words; none where no way may.
fn candidates(others: &[&Way]) -> Option<String> {
    let others = others.iter().filter(|way| way.is_candidate);
    let names: Vec<&str> = others.map(|way| way.in_words()).collect();
    (!names.is_empty()).then(|| names.join(" or "))
}

#[cfg(test)]
mod tests {
    use super::super::cost::WayCost;
    use super::super::ways::WayKind;
    use super::*;
    use earmark_metrics::ScoreTable;

    fn way(name: &'static str, is_candidate: bool) -> Way {
        Way {
            name,
            description: String::new(),
            kind: WayKind::Probe(String::new()),
            is_candidate,
            cost: WayCost::Whole(1.0),
        }
    }

    /// Clips of the first of two classes, with these scores of it.
    fn clips(scores: &[f32]) -> Aligned {
        let files = (0..scores.len()).map(|k| format!("{k}.wav")).collect();
        let values = scores.iter().flat_map(|score| [*score, 1.0 - score]).collect();
        let table = ScoreTable::new(files, vec!["x".into(), "y".into()], values).unwrap();
        Aligned::from_rows(table, [true, false].repeat(scores.len())).unwrap()
    }

    #[test]
    fn a_first_way_without_an_error_can_not_be_replaced() {
        let (probe, tuned, baseline) = (
            way("probe", true),
            way("fine-tune", true),
            way("summary-baseline", false),
        );
        for metric in [FitMetric::Accuracy, FitMetric::Lwlrap] {
            let of = |scores: &[f32], others: &[&Way]| {
                nothing_to_win(metric, (&probe, &clips(scores)), others).unwrap()
            };
            assert_eq!(
                of(&[0.9, 0.6, 0.51], &[&tuned, &baseline]).unwrap(),
                "the probe makes no error on 3 clips: nothing to win by fine-tuning"
            );
            assert_eq!(of(&[0.9, 0.6, 0.49], &[&tuned]), None, "one error of three");
            assert_eq!(
                of(&[0.9, 0.6], &[&baseline]),
                None,
                "a way that is there to compare with"
            );
            assert_eq!(of(&[0.9, 0.6], &[]), None);
        }
        let unlabelled = ScoreTable::new(vec!["n".into()], vec!["x".into()], vec![0.1]).unwrap();
        let unlabelled = Aligned::from_rows(unlabelled, vec![false]).unwrap();
        let of_none = nothing_to_win(FitMetric::Accuracy, (&probe, &unlabelled), &[&tuned]);
        assert_eq!(of_none.unwrap(), None, "no clip shows anything");
    }

    #[test]
    fn few_clips_show_nothing() {
        let (baseline, scratch) = (way("summary-baseline", true), way("from-scratch", true));
        assert_eq!(
            too_few(19, &baseline, &[&scratch]).unwrap(),
            "19 clips can't show whether training from scratch does better than the summary-baseline: 20 are the \
             least; add recordings"
        );
        assert_eq!(too_few(20, &baseline, &[&scratch]), None);
        assert_eq!(too_few(19, &baseline, &[]), None);
    }
}
