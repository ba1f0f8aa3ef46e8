//! Pages are well-formed, escape everything, load nothing, and show what they were given.

mod sample;

use earmark_report::*;
use proptest::prelude::*;

/// The page as a tree; it is XML as well as HTML, apart from the document type.
fn parse(page: &str) -> roxmltree::Document<'_> {
    let body = page.strip_prefix("<!DOCTYPE html>\n").expect("document type");
    roxmltree::Document::parse(body).unwrap_or_else(|e| panic!("not well-formed: {e}"))
}

/// All text that a reader sees, without styles and scripts.
fn visible(tree: &roxmltree::Document<'_>) -> String {
    let hidden = |n: roxmltree::Node<'_, '_>| {
        n.ancestors()
            .any(|a| a.has_tag_name("style") || a.has_tag_name("script"))
    };
    let texts = tree
        .descendants()
        .filter(|n| n.is_text() && !hidden(*n))
        .filter_map(|n| n.text());
    texts.collect::<Vec<_>>().join("")
}

fn pages() -> Vec<String> {
    vec![
        render_run_report(&sample::run_report()),
        render_data_page(&sample::data_page()),
        render_runs_page(&sample::runs_table()),
        render_run_report(&RunReport {
            folds: Some(sample::folds()),
            ..sample::run_report()
        }),
    ]
}

#[test]
fn pages_are_well_formed_and_load_nothing() {
    for page in pages() {
        let tree = parse(&page);
        for node in tree.descendants() {
            for attribute in node.attributes() {
                let (name, value) = (attribute.name(), attribute.value());
                let outside = value.contains("http:") || value.contains("https:") || value.starts_with("//");
                assert!(!outside, "{name}={value}");
                match name {
                    "src" => assert!(
                        ["data:image/png;base64,", "data:audio/wav;base64,"]
                            .iter()
                            .any(|uri| value.starts_with(uri))
                    ),
                    "href" => {
                        let target = value.strip_prefix('#').expect("links stay on the page");
                        assert!(
                            tree.descendants().any(|n| n.attribute("id") == Some(target)),
                            "{value} leads nowhere"
                        );
                    }
                    _ => {}
                }
                assert!(!name.starts_with("on"), "inline handler {name}");
            }
        }
        let text = visible(&tree);
        assert!(
            !text.contains("NaN") && !text.contains("inf "),
            "a missing number is shown as a number"
        );
    }
}

#[test]
fn the_run_page_shows_what_it_was_given() {
    let report = sample::run_report();
    let page = render_run_report(&report);
    let tree = parse(&page);
    let text = visible(&tree);
    for part in [
        "0042 dcase2019-baseline, fold 1",
        "Optimistic: the test fold also chose the best checkpoint",
        "13 h 24 min",
        "Purr <loud> \"cat\"",
        "水の音",
        "no samples: the file ends after its header",
        "sample-rate-hz = 44100 # <as published>",
        "--fold 1 --set train.steps=100000",
    ] {
        assert!(text.contains(part), "{part} is missing");
    }
    let (step, best) = Better::Higher.best(&report.metrics[0].points).expect("points");
    assert!(text.contains(&format!("{best:.4}best, step {}", human_count(step as u64))));
    assert_eq!(
        tree.descendants().filter(|n| n.has_tag_name("img")).count(),
        report.worst_clips.len()
    );
    let players = report.worst_clips.iter().filter(|clip| clip.player.is_some());
    assert_eq!(
        tree.descendants().filter(|n| n.has_tag_name("audio")).count(),
        players.count()
    );
    // 100,000 loss values must not become 100,000 vertices: five a column for two lines, and the other charts.
    assert!(page.len() < 400_000, "{} bytes", page.len());
}

#[test]
fn a_class_without_positives_has_dashes_and_sorts_last() {
    let page = render_run_report(&sample::run_report());
    let tree = parse(&page);
    let row = tree.descendants().find(|n| {
        n.has_tag_name("tr")
            && n.first_element_child().is_some_and(|c| c.text() == Some("Gong"))
            && n.descendants().any(|c| c.text() == Some("–"))
    });
    let keys: Vec<_> = row
        .expect("a row for Gong")
        .children()
        .filter_map(|c| c.attribute("data-v"))
        .collect();
    assert_eq!(keys, ["0", "", "", "", "", "", ""]);
}

#[test]
fn a_class_has_precision_recall_and_f1() {
    let page = render_run_report(&RunReport {
        per_class: vec![ClassScoreRow {
            name: "Bark".into(),
            count: 8,
            precision: Some(0.75),
            recall: Some(0.375),
            f1: Some(0.5),
            ap: Some(0.625),
            ..ClassScoreRow::default()
        }],
        decision_rule: "The class with the highest score counts.".into(),
        ..RunReport::default()
    });
    let tree = parse(&page);
    let section = tree.descendants().find(|n| n.attribute("id") == Some("classes"));
    let section = section.expect("a section");
    let texts = |tag: &str| -> Vec<String> {
        let cells = section.descendants().filter(|n| n.has_tag_name(tag));
        let text = |n: roxmltree::Node<'_, '_>| n.descendants().find_map(|n| n.text()).map(str::to_owned);
        cells.filter_map(text).collect()
    };
    assert_eq!(texts("th"), ["class", "clips", "precision", "recall", "F1", "AP"]);
    assert_eq!(texts("td"), ["Bark", "8", "0.750", "0.375", "0.500", "0.625"]);
    assert!(page.contains("The class with the highest score counts."));
}

#[test]
fn folds_have_a_table_and_pooled_headlines() {
    let page = render_run_report(&RunReport {
        folds: Some(sample::folds()),
        ..RunReport::default()
    });
    assert!(page.contains("earmark cross-validation report"));
    let text = visible(&parse(&page));
    assert!(text.contains("accuracy0.6250mean 0.5000 ± 0.3536"), "{text}");
    assert!(text.contains("auc0.6875mean 0.7500"), "{text}");
    let (_, table) = page.split_once("<tbody>").expect("a table");
    let rows: Vec<&str> = table.split("<tr>").skip(1).collect();
    assert_eq!(rows.len(), 5, "two folds, mean, deviation, pooled");
    assert!(rows[1].contains("<td>2</td>") && rows[1].contains("0.2500") && rows[1].contains("–"));
    assert!(
        rows[4].contains("<td>pooled</td>") && rows[4].contains(">80<"),
        "{}",
        rows[4]
    );
}

#[test]
fn reliability_bins_have_counts() {
    let page = render_run_report(&RunReport {
        reliability: vec![ReliabilityCurve {
            name: "scores".into(),
            points: vec![(0.125, 0.25, 1234), (0.875, 0.75, 7)],
        }],
        ..RunReport::default()
    });
    let (_, table) = page.split_once("<tbody>").expect("a table");
    let cells = |row: &str| {
        let numbers = row.split("data-v=\"").skip(1);
        numbers
            .filter_map(|n| Some(n.split_once('"')?.0.to_owned()))
            .collect::<Vec<_>>()
    };
    let rows: Vec<Vec<String>> = table.split("<tr>").skip(1).map(cells).collect();
    assert_eq!(rows, [["1234", "0.125", "0.25"], ["7", "0.875", "0.75"]]);
}

#[test]
fn empty_pages_are_pages() {
    for page in [
        render_run_report(&RunReport::default()),
        render_data_page(&DataPage::default()),
        render_runs_page(&RunsTable::default()),
    ] {
        assert!(visible(&parse(&page)).contains("untitled"));
    }
}

#[test]
fn charts_are_files_of_their_own() {
    let charts = data_charts(&sample::data_page());
    let names: Vec<&str> = charts.iter().map(|c| c.0.as_str()).collect();
    assert_eq!(
        names,
        [
            "lengths-1-train-curated",
            "lengths-2-train-noisy",
            "lengths-3-test",
            "classes",
            "spectrum"
        ]
    );
    for (_, chart) in charts {
        let file = chart.file();
        let tree = roxmltree::Document::parse(&file).expect("well-formed");
        let root = tree.root_element();
        assert_eq!(root.tag_name().namespace(), Some("http://www.w3.org/2000/svg"));
        assert_eq!(
            root.first_element_child().and_then(|t| t.text()),
            Some(chart.title())
        );
    }
}

#[test]
fn a_missing_loss_is_a_gap_and_wrong_sizes_are_refused() {
    let page = render_run_report(&RunReport {
        curves: vec![TrainingCurve {
            name: "loss".into(),
            points: vec![(0.0, 1.0), (1.0, f64::NAN), (2.0, 0.25), (3.0, 0.5)],
            scale: AxisScale::Log,
        }],
        ..RunReport::default()
    });
    let (_, path) = page.split_once(" d=\"").expect("a line");
    let (path, _) = path.split_once('"').expect("an end");
    // A dot before the gap, and a line after it.
    assert_eq!(path.matches('M').count(), 2, "{path}");
    assert!(path.contains("h0M") && path.matches('L').count() == 1, "{path}");
    let error = SpectrogramImage::new("", vec![1.0], 2, 2)
        .expect_err("three values are missing")
        .to_string();
    assert!(
        error.contains("2 bands x 2 frames need 4 values, found 1"),
        "{error}"
    );
}

#[test]
fn runs_are_sorted_best_first() {
    let first_words = |page: &str| -> Vec<String> {
        let tree = parse(page);
        let names = tree.descendants().filter(|n| n.has_tag_name("b"));
        names
            .filter_map(|n| n.text())
            .filter_map(|t| t.split(' ').next().map(str::to_owned))
            .collect()
    };
    let mut table = sample::runs_table();
    let shown = first_words(&render_runs_page(&table));
    table.runs.sort_by(|a, b| {
        b.values[0]
            .unwrap_or(-1.0)
            .total_cmp(&a.values[0].unwrap_or(-1.0))
    });
    let wanted: Vec<&str> = table.runs.iter().map(|r| &r.name[..4]).collect();
    assert_eq!(shown, wanted);
    assert_eq!(wanted.last(), Some(&"0005"), "a run without a score comes last");
    // With a loss as metric, the smallest is the best.
    table.metrics[0].1 = Better::Lower;
    let lower = first_words(&render_runs_page(&table));
    assert_eq!(lower[0], wanted[5]);
}

#[test]
fn another_run_is_compared_by_class() {
    let page = render_run_report(&RunReport {
        compared: Some(sample::compared()),
        ..RunReport::default()
    });
    let (_, section) = page.split_once("Compared with another run").expect("a section");
    let row = |name: &str| {
        let (_, rest) = section.split_once(&format!("<td>{name}</td>")).expect(name);
        rest.split_once("</tr>").expect("an end").0.to_owned()
    };
    assert!(row("Accordion").contains("+0.250") && row("Accordion").contains("<td>better</td>"));
    assert!(
        row("Bark").contains("-0.250") && !row("Bark").contains("better"),
        "one clip proves nothing"
    );
    assert!(row("all").contains("+0.050 to +0.090"));
    assert!(!render_run_report(&RunReport::default()).contains("Compared with another run"));
}

#[test]
fn a_small_page_as_a_whole() {
    let report = RunReport {
        title: "tiny".into(),
        command: "earmark train tiny.toml".into(),
        version: "0.1.0".into(),
        seed: 1,
        metrics: vec![MetricCurve {
            name: "lwlrap".into(),
            better: Better::Higher,
            points: vec![(10.0, 0.25), (20.0, 0.5), (30.0, 0.375)],
        }],
        per_class: vec![ClassScoreRow {
            name: "a<b".into(),
            count: 2,
            lwlrap: Some(0.5),
            ..ClassScoreRow::default()
        }],
        ..RunReport::default()
    };
    // Style and script are files of their own; the snapshot is about the markup.
    let page = render_run_report(&report);
    let cut = |page: &str, open: &str, close: &str| {
        let (before, rest) = page.split_once(open).expect("opened");
        format!(
            "{before}{open}...{close}{}",
            rest.split_once(close).expect("closed").1
        )
    };
    insta::assert_snapshot!(cut(&cut(&page, "<style>", "</style>"), "<script>", "</script>"));
}

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
                curves: vec![TrainingCurve { name: text.into(), points: vec![(0.0, 1.0), (1.0, 2.0)], ..TrainingCurve::default() }],
                metrics: vec![MetricCurve { name: text.into(), better: Better::Lower, points: vec![(0.0, 1.0), (1.0, 2.0)] }],
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
                spectra: vec![SpectrumCurve { name: text.into(), hz: vec![10.0, 20.0], mean: vec![0.0, 1.0], std: vec![0.1, 0.1] }],
                spectrograms: vec![(text.into(), vec![sample::spectrogram(2, 20)])],
                findings: vec![PageNote { file: format!("f{text}"), text: text.into(), remedy: format!("r{text}"), ..PageNote::default() }],
            };
            (render_run_report(&report), render_data_page(&data))
        };
        // Names may break after an underscore; that mark is ours.
        let elements = |page: &str| {
            let tree = parse(page);
            tree.descendants().filter(|n| n.is_element() && !n.has_tag_name("wbr")).map(|n| n.tag_name().name().to_owned()).collect::<Vec<_>>()
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
        let line = LineChart { title: "t".into(), x_scale: scale, y_scale: scale, series: vec![series.clone(), series], ..LineChart::default() };
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
