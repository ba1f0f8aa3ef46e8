//! Charts as SVG: a small pen, the chart that it draws, and the escaping of texts.

mod chart;
pub(crate) mod escape;
mod pen;

pub(crate) use chart::CHART_CSS;
pub use chart::Chart;
pub(crate) use pen::{Anchor, Svg, colour, text_width};
