//! A small SVG pen: shapes go in as numbers, every text is escaped on the way.

use crate::escape;
use earmark_core::human::trimmed;
use std::fmt::Write;
use unicode_width::UnicodeWidthStr;

/// Style shared by all charts; pages carry it once, files each.
pub(crate) const CHART_CSS: &str = include_str!("assets/chart.css");

/// A finished chart, to be put into a page or written to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chart {
    width: String,
    height: String,
    title: String,
    class: &'static str,
    body: String,
}

impl Chart {
    /// What the chart shows, in words.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// An `<svg>` element for a page of this crate, which brings the style.
    #[must_use]
    pub fn inline(&self) -> String {
        let Self {
            width,
            height,
            class,
            body,
            ..
        } = self;
        // A matrix keeps its size and scrolls; all other charts are as wide as their place.
        let size = if class.contains("matrix") {
            format!(" width=\"{width}\"")
        } else {
            String::new()
        };
        format!(
            "<svg class=\"{class}\" viewBox=\"0 0 {width} {height}\"{size} role=\"img\" aria-label=\"{}\">{body}</svg>",
            escape(&self.title)
        )
    }

    /// A complete SVG file: its own size, title and style, light or dark as the reader's system is.
    #[must_use]
    pub fn file(&self) -> String {
        let Self {
            width,
            height,
            class,
            body,
            ..
        } = self;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"{class} file\" viewBox=\"0 0 {width} {height}\" \
             width=\"{width}\" height=\"{height}\" role=\"img\">\n<title>{}</title>\n<style>{CHART_CSS}</style>\n\
             <rect class=\"paper\" width=\"100%\" height=\"100%\"/>{body}</svg>\n",
            escape(&self.title)
        )
    }
}

/// Where a text is anchored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

impl Anchor {
    fn class(self) -> &'static str {
        match self {
            Self::Start => "s",
            Self::Middle => "m",
            Self::End => "e",
        }
    }
}

/// The pen. Coordinates are view-box units, x to the right and y downwards.
#[derive(Debug, Default)]
pub(crate) struct Svg {
    body: String,
}

impl Svg {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn line(&mut self, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        self.write(format_args!(
            "<line class=\"{class}\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/>",
            n(x1),
            n(y1),
            n(x2),
            n(y2)
        ));
    }

    /// A rectangle; a non-empty `tip` appears when the pointer rests on it.
    pub fn rect(&mut self, class: &str, (x, y): (f64, f64), (width, height): (f64, f64), tip: &str) {
        let shape = format!(
            "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"",
            n(x),
            n(y),
            n(width.max(0.0)),
            n(height.max(0.0))
        );
        self.close(&shape, "rect", tip);
    }

    /// A rectangle of a certain opacity (0 to 1).
    pub fn shade(&mut self, class: &str, (x, y): (f64, f64), (w, h): (f64, f64), opacity: f64, tip: &str) {
        let shape = format!(
            "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill-opacity=\"{}\"",
            n(x),
            n(y),
            n(w),
            n(h),
            n(opacity)
        );
        self.close(&shape, "rect", tip);
    }

    pub fn circle(&mut self, class: &str, (x, y): (f64, f64), radius: f64, tip: &str) {
        let shape = format!(
            "<circle class=\"{class}\" cx=\"{}\" cy=\"{}\" r=\"{}\"",
            n(x),
            n(y),
            n(radius)
        );
        self.close(&shape, "circle", tip);
    }

    /// Open lines, one for each run of points between gaps (`None`); a lone point becomes a dot.
    pub fn path(&mut self, class: &str, points: &[Option<(f64, f64)>]) {
        let mut d = String::new();
        for run in points.split(Option::is_none) {
            for (i, (x, y)) in run.iter().flatten().enumerate() {
                let pen = if i == 0 { 'M' } else { 'L' };
                let _ = write!(d, "{pen}{} {}", n(*x), n(*y));
            }
            if run.len() == 1 {
                d.push_str("h0"); // with round caps a line of no length is a dot
            }
        }
        if !d.is_empty() {
            self.write(format_args!("<path class=\"{class}\" d=\"{d}\"/>"));
        }
    }

    /// A filled area around the points.
    pub fn area(&mut self, class: &str, outline: &[(f64, f64)]) {
        if outline.len() > 2 {
            let points: Vec<String> = outline
                .iter()
                .map(|(x, y)| format!("{},{}", n(*x), n(*y)))
                .collect();
            self.write(format_args!(
                "<polygon class=\"{class}\" points=\"{}\"/>",
                points.join(" ")
            ));
        }
    }

    pub fn text(&mut self, class: &str, (x, y): (f64, f64), anchor: Anchor, text: &str) {
        let (anchor, text) = (anchor.class(), escape(text));
        self.write(format_args!(
            "<text class=\"{class} {anchor}\" x=\"{}\" y=\"{}\">{text}</text>",
            n(x),
            n(y)
        ));
    }

    /// A text that rises to the right from its start (labels above narrow columns).
    pub fn rising_text(&mut self, class: &str, (x, y): (f64, f64), text: &str) {
        let (x, y, text) = (n(x), n(y), escape(text));
        self.write(format_args!(
            "<text class=\"{class} s\" transform=\"translate({x} {y}) rotate(-60)\">{text}</text>"
        ));
    }

    pub fn finish(self, class: &'static str, (width, height): (f64, f64), title: &str) -> Chart {
        Chart {
            width: n(width),
            height: n(height),
            title: title.to_owned(),
            class,
            body: self.body,
        }
    }

    fn close(&mut self, shape: &str, element: &str, tip: &str) {
        if tip.is_empty() {
            self.write(format_args!("{shape}/>"));
        } else {
            self.write(format_args!("{shape}><title>{}</title></{element}>", escape(tip)));
        }
    }

    fn write(&mut self, markup: std::fmt::Arguments<'_>) {
        self.body.push('\n');
        let _ = self.body.write_fmt(markup); // writing to a String cannot fail
    }
}

/// A coordinate with a tenth of a unit (a fraction of a pixel), hundredths below 1.
fn n(value: f64) -> String {
    let text = if value.abs() < 1.0 {
        format!("{value:.2}")
    } else {
        format!("{value:.1}")
    };
    match trimmed(&text) {
        "-0" => "0".into(),
        text => text.into(),
    }
}

/// About how wide a text is at the font size that telephones get, the largest one that charts use.
pub(crate) fn text_width(text: &str) -> f64 {
    text.width() as f64 * 8.8
}

/// The colour class of the i-th series.
pub(crate) fn colour(i: usize) -> String {
    format!("c{}", i % 8)
}
