//! Which spans of a recording were annotated.

use std::ops::Range;

/// The spans, joined where they overlap or follow each other, in microseconds.
pub(super) struct Annotated(Vec<Range<u64>>);

impl Annotated {
    pub fn new(mut spans: Vec<Range<u64>>) -> Self {
        spans.sort_by_key(|span| span.start);
        let mut joined: Vec<Range<u64>> = Vec::new();
        for span in spans {
            match joined.last_mut() {
                Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
                _ => joined.push(span),
            }
        }
        Self(joined)
    }

    /// Whether all of a window was.
    pub fn covers(&self, window: &Range<u64>) -> bool {
        let behind = self.0.partition_point(|span| span.start <= window.start);
        behind > 0 && window.end <= self.0[behind - 1].end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_that_follow_each_other_are_one() {
        let annotated = Annotated::new(vec![50..60, 0..10, 10..20, 15..18]);
        for window in [0..20, 5..15, 50..60] {
            assert!(annotated.covers(&window), "{window:?}");
        }
        for window in [15..25, 40..55, 60..61, 20..50] {
            assert!(!annotated.covers(&window), "{window:?}");
        }
        assert!(!Annotated::new(Vec::new()).covers(&(0..1)));
    }
}
