//! A small SVG pen: shapes go in as numbers, every text is escaped on the way.

mod chart;
pub(crate) mod escape;

pub(crate) use chart::CHART_CSS;
pub use chart::Chart;

use earmark_core::human::trimmed;
use escape::escape;
use std::fmt::{self, Display, Write};
use unicode_width::UnicodeWidthStr;

/// Which point of a text its coordinates are: the CSS class says it.
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
    pub fn line(&mut self, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        let ends: [(_, &dyn Display); 4] = [("x1", &N(x1)), ("y1", &N(y1)), ("x2", &N(x2)), ("y2", &N(y2))];
        self.element("line", class, &ends, "");
    }

    /// A rectangle from its upper left corner; a non-empty `tip` appears when the pointer rests on it.
    pub fn rect(&mut self, class: &str, (x, y): (f64, f64), (width, height): (f64, f64), tip: &str) {
        let (width, height) = (N(width.max(0.0)), N(height.max(0.0)));
        let sides: [(_, &dyn Display); 4] =
            [("x", &N(x)), ("y", &N(y)), ("width", &width), ("height", &height)];
        self.element("rect", class, &sides, &title(tip));
    }

    /// A square of a certain opacity (0 to 1).
    pub fn shaded_square(&mut self, class: &str, (x, y): (f64, f64), side: f64, opacity: f64, tip: &str) {
        let (side, opacity) = (N(side), N(opacity));
        let place: [(_, &dyn Display); 2] = [("x", &N(x)), ("y", &N(y))];
        let size: [(_, &dyn Display); 3] = [("width", &side), ("height", &side), ("fill-opacity", &opacity)];
        self.element("rect", class, &[&place[..], &size].concat(), &title(tip));
    }

    pub fn circle(&mut self, class: &str, (x, y): (f64, f64), radius: f64, tip: &str) {
        let shape: [(_, &dyn Display); 3] = [("cx", &N(x)), ("cy", &N(y)), ("r", &N(radius))];
        self.element("circle", class, &shape, &title(tip));
    }

    /// Open lines, one for each run of points between gaps (`None`); a lone point becomes a dot.
    pub fn path(&mut self, class: &str, points: &[Option<(f64, f64)>]) {
        let mut d = String::new();
        for run in points.split(Option::is_none) {
            for (i, (x, y)) in run.iter().flatten().enumerate() {
                let pen = if i == 0 { 'M' } else { 'L' };
                let _ = write!(d, "{pen}{} {}", N(*x), N(*y));
            }
            if run.len() == 1 {
                d.push_str("h0"); // with round caps a line of no length is a dot
            }
        }
        if !d.is_empty() {
            self.element("path", class, &[("d", &d)], "");
        }
    }

    /// A filled area around the points.
    pub fn area(&mut self, class: &str, outline: &[(f64, f64)]) {
        if outline.len() > 2 {
            let point = |(x, y): &(f64, f64)| format!("{},{}", N(*x), N(*y));
            let points: Vec<String> = outline.iter().map(point).collect();
            self.element("polygon", class, &[("points", &points.join(" "))], "");
        }
    }

    pub fn text(&mut self, class: &str, (x, y): (f64, f64), anchor: Anchor, text: &str) {
        let class = format!("{class} {}", anchor.class());
        self.element("text", &class, &[("x", &N(x)), ("y", &N(y))], &escape(text));
    }

    /// A text that rises to the right from its start (labels above narrow columns).
    pub fn rising_text(&mut self, class: &str, (x, y): (f64, f64), text: &str) {
        let transform = format!("translate({} {}) rotate(-60)", N(x), N(y));
        let class = format!("{class} s");
        self.element("text", &class, &[("transform", &transform)], &escape(text));
    }

    pub fn finish(self, class: &'static str, (width, height): (f64, f64), title: &str) -> Chart {
        Chart {
            width: N(width).to_string(),
            height: N(height).to_string(),
            title: title.to_owned(),
            class,
            body: self.body,
        }
    }

    /// One element; its content is markup already.
    fn element(&mut self, tag: &str, class: &str, attributes: &[(&str, &dyn Display)], content: &str) {
        // Writing to a String cannot fail.
        let _ = write!(self.body, "\n<{tag} class=\"{class}\"");
        for (name, value) in attributes {
            let _ = write!(self.body, " {name}=\"{value}\"");
        }
        let _ = match content {
            "" => write!(self.body, "/>"),
            content => write!(self.body, ">{content}</{tag}>"),
        };
    }
}

/// What appears when the pointer rests on a shape.
fn title(tip: &str) -> String {
    match tip {
        "" => String::new(),
        tip => format!("<title>{}</title>", escape(tip)),
    }
}

/// A coordinate with a tenth of a unit (a fraction of a pixel), hundredths below 1.
struct N(f64);

impl Display for N {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = if self.0.abs() < 1.0 { 2 } else { 1 };
        match trimmed(&format!("{:.decimals$}", self.0)) {
            "-0" => f.write_str("0"),
            text => f.write_str(text),
        }
    }
}

/// About how wide a text is at the font size used on phones, the largest one in charts.
pub(crate) fn text_width(text: &str) -> f64 {
    text.width() as f64 * 8.8
}

/// The colour class of the i-th series.
pub(crate) fn colour(i: usize) -> String {
    format!("c{}", i % 8)
}
