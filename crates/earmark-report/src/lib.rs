//! Numbers in, pages out: what a run or a data set looks like, without Burn and without audio.
//!
//! ```text
//! numbers -> charts (SVG) and spectrograms (PNG) -> pages (one self-contained HTML file)
//!         -> text tables, bars and spectrograms for the terminal
//! ```
//!
//! | you have | you call | you get |
//! |---|---|---|
//! | a finished run or cross-validation run | [`render_run_report`] | `report.html` |
//! | a labelled folder | [`render_data_page`], [`data_charts`] | `data.html` and named SVG files |
//! | several runs | [`render_runs_page`] | a comparison for the browser |
//! | detections by time | [`render_activity_page`], [`DayHourMap`] | maps of days and hours |
//! | a log-mel array | [`Heatmap`], [`SpectrogramImage`] | a PNG file, an image on a page |
//! | several log-mel arrays | [`ContactSheet`] | PNG, SVG or a page |
//! | a stream of them | [`Waterfall`] | a moving spectrogram in the terminal |
//! | rows of text | [`text_table`], [`bar`] | aligned, readable output |
//!
//! Pages are written with the templates of maud, which escape everything that they are given, so class names, file
//! names and notes may hold any character. Pages load nothing from elsewhere (their content security policy forbids
//! it), read well without JavaScript, on a phone and in the dark, and are well-formed XML as well as HTML, which the
//! tests make use of. A missing number (an average precision without positives, a loss that became NaN) is shown as a
//! gap or a dash and never as zero.

mod charts;
mod clip_player;
mod contact_sheet;
mod error;
mod escape;
mod pages;
mod png;
mod svg;
mod terminal;

pub use charts::bars::{BarChart, BarRow};
pub use charts::confusion::ConfusionChart;
pub use charts::day_hour_map::DayHourMap;
pub use charts::histogram::HistogramChart;
pub use charts::line::{AxisScale, LineChart};
pub use charts::reliability::{ReliabilityCurve, reliability_chart};
pub use charts::series::{Better, Series};
pub use charts::sparkline::sparkline;
pub use clip_player::ClipPlayer;
pub use contact_sheet::ContactSheet;
pub use error::ReportError;
pub use pages::activity_page::{ActivityPage, ActivityPageRow, ActivityPageTable, render_activity_page};
pub use pages::data_page::{data_charts, render_data_page};
pub use pages::data_types::{ClassCounts, DataPage, SpectrumCurve, SubsetRow};
pub use pages::notes::{NoteLevel, PageNote};
pub use pages::run_page::render_run_report;
pub use pages::run_types::{
    ClassScoreRow, ComparedClass, ComparedRun, ComparedWay, Fact, FoldScoreRow, FoldScores, MetricCurve,
    PredictedClass, ReportedStep, RunReport, SkippedFile, TrainingCurve, WorstClip,
};
pub use pages::runs_page::{RunRow, RunsTable, render_runs_page};
pub use png::colormap::Colormap;
pub use png::heatmap::Heatmap;
pub use png::spectrogram_image::SpectrogramImage;
pub use svg::Chart;
pub use terminal::half_blocks::ColourDepth;
pub use terminal::table::{Align, bar, text_table};
pub use terminal::waterfall::Waterfall;
