//! The page of a run: every section, and a small page as a whole.

use super::{parse, sample, visible};
use earmark_core::human::human_count;
use earmark_report::*;

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

/// The header is about the checkpoint that the page is about, not about the best ones on the test clips.
#[test]
fn the_header_has_the_scores_of_the_reported_step() {
    let metric = |name: &str, points: &[(f64, f64)]| MetricCurve {
        name: name.into(),
        better: Better::Higher,
        points: points.to_vec(),
    };
    let reported = ReportedStep {
        step: 51,
        chosen: "the best by validation lwlrap".into(),
        is_used: true,
    };
    let words = "step 51, which `predict` and `tag` use: the best by validation lwlrap";
    assert_eq!(reported.describe(), words);
    let page = render_run_report(&RunReport {
        metrics: vec![
            metric("lwlrap", &[(51.0, 0.8125), (66.0, 0.875)]),
            metric("mAP", &[(66.0, 0.75)]),
        ],
        reported: Some(reported),
        ..RunReport::default()
    });
    let text = visible(&parse(&page));
    assert!(text.contains("0.8125step 51"), "{text}");
    assert!(
        text.contains("0.7500best, step 66"),
        "no value at step 51: {text}"
    );
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
            threshold: Some(0.31),
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
    assert_eq!(
        texts("th"),
        ["class", "clips", "precision", "recall", "F1", "AP", "threshold"]
    );
    assert_eq!(
        texts("td"),
        ["Bark", "8", "0.750", "0.375", "0.500", "0.625", "0.310"]
    );
    assert!(page.contains("The class with the highest score counts."));
}

/// What a fit compared, and what it left out with the reason.
#[test]
fn ways_have_a_table() {
    let way = |name: &str, clips, accuracy, outcome: &str| ComparedWay {
        name: name.into(),
        description: "a classifier".into(),
        clips,
        accuracy,
        outcome: outcome.into(),
        ..ComparedWay::default()
    };
    let page = render_run_report(&RunReport {
        ways: vec![
            way("probe", 75, Some(0.88), "chosen"),
            way("fine-tune", 0, None, "left out: it takes about 2 h <more>"),
        ],
        ..RunReport::default()
    });
    let tree = parse(&page);
    assert!(page.contains("earmark fit report"), "{page}");
    let section = tree.descendants().find(|n| n.attribute("id") == Some("ways"));
    let text = visible_below(section.expect("a section"));
    for wanted in [
        "probe",
        "75",
        "0.880",
        "chosen",
        "left out: it takes about 2 h <more>",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    assert!(!render_run_report(&RunReport::default()).contains("Ways to a model"));
}

fn visible_below(node: roxmltree::Node<'_, '_>) -> String {
    let texts = node.descendants().filter(|n| n.is_text());
    texts.filter_map(|n| n.text()).collect::<Vec<_>>().join("")
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
