//! What holds for every page, and the pages of data and of several runs.

use super::{parse, sample, visible};
use earmark_report::*;

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
