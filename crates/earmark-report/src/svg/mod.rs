//! Charts as SVG: a small pen, and the chart that it draws.

mod chart;
mod pen;

pub(crate) use chart::CHART_CSS;
pub use chart::Chart;
pub(crate) use pen::{Anchor, Svg, colour, text_width};
