//! A small SVG pen: shapes go in as numbers, every text is escaped on the way.

use super::chart::Chart;
use crate::escape::escape;
use earmark_core::human::trimmed;
use unicode_width::UnicodeWidthStr;

/// Which point of a text its coordinates are, as a CSS class.
#[derive(Clone, Copy)]
pub(crate) struct Anchor(&'static str);

impl Anchor {
    pub const START: Self = Self("s");
    pub const MIDDLE: Self = Self("m");
    pub const END: Self = Self("e");
}

/// The pen. Coordinates are view-box units, x to the right and y downwards.
#[derive(Debug, Default)]
pub(crate) struct Svg {
    body: String,
}

impl Svg {
    pub fn line(&mut self, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        let ends = [("x1", x1), ("y1", y1), ("x2", x2), ("y2", y2)];
        self.shape("line", class, &ends, "");
    }

    /// A rectangle from its upper left corner; a non-empty `tip` appears when the pointer rests on it.
    pub fn rect(&mut self, class: &str, (x, y): (f64, f64), (width, height): (f64, f64), tip: &str) {
        let (width, height) = (width.max(0.0), height.max(0.0));
        let sides = [("x", x), ("y", y), ("width", width), ("height", height)];
        self.shape("rect", class, &sides, &title(tip));
    }

    /// A square of a certain opacity (0 to 1).
    pub fn shaded_square(&mut self, class: &str, corner: (f64, f64), side: f64, opacity: f64, tip: &str) {
        self.shaded_rect(class, corner, (side, side), opacity, tip);
    }

    /// A rectangle of a certain opacity (0 to 1), from its upper left corner.
    pub fn shaded_rect(
        &mut self,
        class: &str,
        (x, y): (f64, f64),
        (width, height): (f64, f64),
        opacity: f64,
        tip: &str,
    ) {
        let corner = [("x", x), ("y", y)];
        let look = [("width", width), ("height", height), ("fill-opacity", opacity)];
        self.shape("rect", class, &[&corner[..], &look].concat(), &title(tip));
    }

    pub fn circle(&mut self, class: &str, (x, y): (f64, f64), radius: f64, tip: &str) {
        let disc = [("cx", x), ("cy", y), ("r", radius)];
        self.shape("circle", class, &disc, &title(tip));
    }

    /// Open lines, one for each run of points between gaps (`None`); a lone point becomes a dot.
    pub fn path(&mut self, class: &str, points: &[Option<(f64, f64)>]) {
        let mut d = String::new();
        for run in points.split(Option::is_none) {
            for (i, (x, y)) in run.iter().flatten().enumerate() {
                let pen = if i == 0 { 'M' } else { 'L' };
                d += &format!("{pen}{} {}", number(*x), number(*y));
            }
            if run.len() == 1 {
                d += "h0"; // with round caps a line of no length is a dot
            }
        }
        if !d.is_empty() {
            self.element("path", class, &format!(" d=\"{d}\""), "");
        }
    }

    /// A filled area around the points.
    pub fn area(&mut self, class: &str, outline: &[(f64, f64)]) {
        if outline.len() > 2 {
            let point = |(x, y): &(f64, f64)| format!("{},{}", number(*x), number(*y));
            let points = outline.iter().map(point).collect::<Vec<_>>().join(" ");
            self.element("polygon", class, &format!(" points=\"{points}\""), "");
        }
    }

    pub fn text(&mut self, class: &str, (x, y): (f64, f64), anchor: Anchor, text: &str) {
        let class = format!("{class} {}", anchor.0);
        self.shape("text", &class, &[("x", x), ("y", y)], &escape(text));
    }

    /// A text that rises to the right from its start (labels above narrow columns).
    pub fn rising_text(&mut self, class: &str, (x, y): (f64, f64), text: &str) {
        let place = format!("translate({} {}) rotate(-60)", number(x), number(y));
        let transform = format!(" transform=\"{place}\"");
        self.element("text", &format!("{class} s"), &transform, &escape(text));
    }

    pub fn finish(self, class: &'static str, (width, height): (f64, f64), title: &str) -> Chart {
        Chart {
            width: number(width),
            height: number(height),
            title: title.to_owned(),
            class,
            body: self.body,
        }
    }

    /// An element whose attributes are numbers.
    fn shape(&mut self, tag: &str, class: &str, attributes: &[(&str, f64)], content: &str) {
        let attribute = |(name, value): &(&str, f64)| format!(" {name}=\"{}\"", number(*value));
        let attributes: String = attributes.iter().map(attribute).collect();
        self.element(tag, class, &attributes, content);
    }

    /// An element; its attributes and its content are markup already.
    fn element(&mut self, tag: &str, class: &str, attributes: &str, content: &str) {
        self.body += &format!("\n<{tag} class=\"{class}\"{attributes}");
        self.body += &match content {
            "" => "/>".to_owned(),
            content => format!(">{content}</{tag}>"),
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
fn number(value: f64) -> String {
    let decimals = if value.abs() < 1.0 { 2 } else { 1 };
    match trimmed(&format!("{value:.decimals$}")) {
        "-0" => "0".into(),
        text => text.into(),
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
