//! Numbers in, pages out: what a run or a data set looks like, without Burn and without audio.
//!
//! ```text
//! numbers -> charts (SVG) and pictures (PNG) -> pages (one self-contained HTML file)
//!         -> text tables, bars and half-block pictures for the terminal
//! ```
//!
//! | you have | you call | you get |
//! |---|---|---|
//! | a finished run | [`render_run_report`] | `report.html` |
//! | a labelled folder | [`render_data_page`], [`data_charts`] | `data.html` and named SVG files |
//! | several runs | [`render_runs_page`], [`runs_text`] | a comparison, for the browser or the terminal |
//! | a log-mel array | [`mel_png`], [`ansi_heat`] | a picture, for a file or the terminal |
//! | several log-mel arrays | [`Sheet`] | a contact sheet: PNG, SVG or a page |
//! | a stream of them | [`Scroll`] | a picture that moves |
//! | rows of text | [`text_table`], [`bar`], [`human_bytes`] and its siblings | aligned, readable output |
//!
//! Everything that reaches a page is escaped where it is written, so class names, file names and notes may hold any
//! character. Pages load nothing from elsewhere (their content security policy forbids it), read well without
//! JavaScript, on a telephone and in the dark, and are well-formed XML as well as HTML, which the tests make use of.
//! A number that does not exist (an average precision without positives, a loss that became NaN) is shown as a gap
//! or a dash and never as zero.

mod charts;
mod color;
mod downsample;
mod error;
mod escape;
mod font;
mod html;

mod nan;
mod pages;
mod picture;
mod scroll;
mod sheet;
mod svg;
mod table;
mod terminal;
mod ticks;

pub use charts::bars::{BarChart, BarRow};
pub use charts::confusion::{Confusion, confusion_chart};
pub use charts::histogram::Histogram;
pub use charts::line::{Better, LineChart, Scale, Series};
pub use charts::reliability::{Reliability, reliability_chart};
pub use charts::spark::sparkline;
pub use color::Colormap;
pub use downsample::downsample;
pub use earmark_core::human::{
    human_amount, human_bytes, human_count, human_duration, human_hz, human_rate, score,
};
pub use error::ReportError;
pub use escape::escape;
pub use pages::data::{data_charts, render_data_page};
pub use pages::data_types::{ClassCounts, DataPage, Finding, PartStats, Shortest, Spectrum, Tally};
pub use pages::run::render_run_report;
pub use pages::run_types::{
    ClassRow, Compared, ComparedClass, Curve, Fact, Level, Metric, Note, Prediction, RunReport, SkippedFile,
    WorstClip,
};
pub use pages::runs::{RunRow, RunsTable, render_runs_page, runs_text};
pub use picture::{Heat, Picture, data_uri, heat_png, mel_png};
pub use scroll::Scroll;
pub use sheet::{Cell, Sheet};
pub use svg::Chart;
pub use table::{Align, bar, text_table};
pub use terminal::{ColourDepth, ansi_heat};
pub use ticks::{log_ticks, ticks};
