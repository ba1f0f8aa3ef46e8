//! Text of strangers stays text, and any numbers at all make a chart.

use super::{parse, sample, visible};
use earmark_report::*;
use proptest::prelude::*;

#[test]
fn scripts_and_quotes_stay_text() {
    let evil = "<script>alert('x')</script> \"quoted\" & 'single' onload=\"x\"";
    let mut report = sample::run_report();
    report.title = evil.into();
    report.notes[0].text = evil.into();
    report.metrics[0].name = evil.into();
    report.worst_clips[0].file = evil.into();
    report.per_class[0].name = evil.into();
    let mut data = sample::data_page();
    data.subsets[0].name = evil.into();
    data.findings[0].remedy = evil.into();
    data.spectrograms[0].0 = evil.into();
    let mut runs = sample::runs_table();
    runs.runs[0].name = evil.into();
    let pages = [
        render_run_report(&report),
        render_data_page(&data),
        render_runs_page(&runs),
    ];
    for (page, times) in pages.iter().zip([6, 4, 1]) {
        assert!(!page.contains("<script>alert"), "a name became a script");
        let tree = parse(page);
        assert_eq!(
            tree.descendants().filter(|n| n.has_tag_name("script")).count(),
            1,
            "its own script only"
        );
        assert!(tree.descendants().all(|n| n.attribute("onload").is_none()));
        assert!(
            visible(&tree).matches(evil).count() >= times,
            "the name is shown as it is"
        );
    }
    for (_, chart) in data_charts(&data) {
        let file = chart.file();
        let tree = roxmltree::Document::parse(&file).expect("well-formed");
        assert!(tree.descendants().all(|n| !n.has_tag_name("script")));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is in names, files and notes: the page parses, and has no element that the harmless page lacks.
    #[test]
    fn no_text_becomes_markup(evil in any::<String>(), tag in "<(script|img|/svg|/style|!--)[ -~]{0,12}>?") {
        let build = |text: &str| {
            let spectrogram = sample::spectrogram(1, 20);
            let report = RunReport {
                title: format!("t{text}"),
                recipe_toml: format!("r{text}"),
                command: format!("c{text}"),
                version: format!("v{text}"),
                started: format!("s{text}"),
                summary: vec![Fact::new(text, format!("v{text}"))],
                notes: vec![PageNote { text: text.into(), ..PageNote::default() }],
                curves: vec![TrainingCurve {
                    name: text.into(),
                    points: vec![(0.0, 1.0), (1.0, 2.0)],
                    ..TrainingCurve::default()
                }],
                metrics: vec![MetricCurve {
                    name: text.into(),
                    better: Better::Lower,
                    points: vec![(0.0, 1.0), (1.0, 2.0)],
                }],
                per_class: vec![ClassScoreRow { name: text.into(), ..ClassScoreRow::default() }],
                compared: Some(ComparedRun {
                    other: text.into(),
                    metric: text.into(),
                    confidence: 0.9,
                    overall: ComparedClass { name: text.into(), ..ComparedClass::default() },
                    classes: vec![ComparedClass { name: text.into(), ..ComparedClass::default() }],
                }),
                confusion: ConfusionChart::new(vec![text.into(), "b".into()], vec![vec![1, 2], vec![3, 4]]).ok(),
                worst_clips: vec![WorstClip {
                    file: text.into(),
                    truth: vec![text.into()],
                    predictions: vec![PredictedClass { class: text.into(), score: 0.5 }],
                    spectrogram: Some(spectrogram),
                    player: Some(ClipPlayer::new(text, &[0.5], 8000)),
                    note: format!("n{text}"),
                }],
                skipped: vec![SkippedFile { file: String::new(), reason: text.into() }],
                folds: Some(FoldScores {
                    metrics: vec![text.into()],
                    folds: vec![FoldScoreRow { fold: 1, clips: 2, step: 3, values: vec![None] }],
                    ..FoldScores::default()
                }),
                decision_rule: format!("p{text}"),
                ..RunReport::default()
            };
            let data = DataPage {
                name: format!("d{text}"),
                totals: vec![Fact::new(text, text)],
                subsets: vec![SubsetRow { name: text.into(), seconds: vec![1.0, 2.0], ..SubsetRow::default() }],
                classes: vec![ClassCounts { name: text.into(), clips: vec![3] }],
                spectra: vec![SpectrumCurve {
                    name: text.into(),
                    hz: vec![10.0, 20.0],
                    mean: vec![0.0, 1.0],
                    std: vec![0.1, 0.1],
                }],
                spectrograms: vec![(text.into(), vec![sample::spectrogram(2, 20)])],
                findings: vec![PageNote {
                    file: format!("f{text}"),
                    text: text.into(),
                    remedy: format!("r{text}"),
                    ..PageNote::default()
                }],
            };
            (render_run_report(&report), render_data_page(&data))
        };
        // Names may break after an underscore; that mark is ours.
        let elements = |page: &str| {
            let tree = parse(page);
            let shown = tree.descendants().filter(|n| n.is_element() && !n.has_tag_name("wbr"));
            shown.map(|n| n.tag_name().name().to_owned()).collect::<Vec<_>>()
        };
        let text = format!("{evil}{tag}");
        let (plain, hostile) = (build("plain"), build(&text));
        prop_assert_eq!(elements(&plain.0), elements(&hostile.0));
        prop_assert_eq!(elements(&plain.1), elements(&hostile.1));
    }

    /// Charts of any numbers at all, infinite and missing ones too, are drawn with finite coordinates.
    #[test]
    fn any_numbers_make_a_chart(
        points in prop::collection::vec((any::<f64>(), any::<f64>()), 0..300),
        spread in prop::collection::vec(any::<f64>(), 0..300),
        log in any::<bool>(),
        smooth_points in 0usize..50,
    ) {
        let scale = if log { AxisScale::Log } else { AxisScale::Linear };
        let values: Vec<f64> = points.iter().map(|p| p.1).collect();
        let series = Series { name: "s".into(), points, spread, best: Some(Better::Lower), smooth_points };
        let line = LineChart {
            title: "t".into(),
            x_scale: scale,
            y_scale: scale,
            series: vec![series.clone(), series],
            ..LineChart::default()
        };
        let bars = BarChart { rows: vec![BarRow { name: "n".into(), values: values.clone() }], ..BarChart::default() };
        let histogram = HistogramChart { values: values.clone(), bins: 20, ..HistogramChart::default() };
        for chart in [line.draw(), bars.draw(), histogram.draw(), sparkline(&values, "s")] {
            let file = chart.file();
            let tree = roxmltree::Document::parse(&file).map_err(|e| TestCaseError::fail(e.to_string()))?;
            for node in tree.descendants() {
                for name in ["x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "width", "height", "d", "points"] {
                    let value = node.attribute(name).unwrap_or("");
                    prop_assert!(!value.contains("NaN") && !value.contains("inf"), "{}={}", name, value);
                    if let Ok(number) = value.parse::<f64>() {
                        prop_assert!((-50.0..=2000.0).contains(&number), "{}={}", name, value);
                    }
                }
            }
        }
    }
}
