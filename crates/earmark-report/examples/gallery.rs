//! Writes every page and chart with made-up numbers, to look at them in a browser:
//! `cargo run -p earmark-report --example gallery -- target/gallery`.

#[path = "../tests/sample/mod.rs"]
mod sample;

use earmark_report::{RunReport, data_charts, render_data_page, render_run_report, render_runs_page};
use std::{fs, io, path::PathBuf};

fn main() -> io::Result<()> {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "gallery".into()));
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("run.html"), render_run_report(&sample::run_report()))?;
    let cross_validation = RunReport {
        folds: Some(sample::folds()),
        ..sample::run_report()
    };
    fs::write(folder.join("folds.html"), render_run_report(&cross_validation))?;
    fs::write(folder.join("data.html"), render_data_page(&sample::data_page()))?;
    fs::write(folder.join("runs.html"), render_runs_page(&sample::runs_table()))?;
    for (name, chart) in data_charts(&sample::data_page()) {
        fs::write(folder.join(format!("{name}.svg")), chart.file())?;
    }
    Ok(())
}
