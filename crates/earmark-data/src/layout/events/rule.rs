//! Which events count for a window.

use std::ops::Range;

use super::config::EventOverlap;

/// How much of an event is in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    /// Nothing.
    Absent,
    /// Too little to count.
    Touching,
    /// Enough for its labels to be those of the window.
    Counts,
}

/// How much of an event is in a window, all in microseconds. An event without length is a point.
pub(super) fn presence(rule: EventOverlap, event: &Range<u64>, window: &Range<u64>) -> Presence {
    let both = event
        .end
        .min(window.end)
        .saturating_sub(event.start.max(window.start));
    let is_point = event.start >= event.end;
    let is_in = |time: u64| window.contains(&time);
    if both == 0 && !(is_point && is_in(event.start)) {
        return Presence::Absent;
    }
    let share = |of: u64| if of == 0 { 1.0 } else { both as f64 / of as f64 };
    let length = window.end - window.start;
    let counts = match rule {
        EventOverlap::ShareOfEvent { at_least } => {
            share(event.end.saturating_sub(event.start).min(length)) >= at_least
        }
        EventOverlap::ShareOfWindow { at_least } => share(length) >= at_least,
        EventOverlap::Centre => is_in(event.start + event.end.saturating_sub(event.start) / 2),
    };
    if counts {
        Presence::Counts
    } else {
        Presence::Touching
    }
}

#[cfg(test)]
mod tests {
    use super::Presence::{Absent, Counts, Touching};
    use super::*;

    fn found(rule: EventOverlap, events: &[Range<u64>]) -> Vec<Presence> {
        let presence = |event| presence(rule, event, &(100..200));
        events.iter().map(presence).collect()
    }

    #[test]
    fn shares_and_centres() {
        // Half in; a little; none, though it touches the edge; longer than the window; a point; a point at the end.
        let events = [190..210, 199..220, 200..220, 0..1000, 150..150, 200..200];
        let half = EventOverlap::ShareOfEvent { at_least: 0.5 };
        assert_eq!(
            found(half, &events),
            [Counts, Touching, Absent, Counts, Counts, Absent]
        );
        let window = EventOverlap::ShareOfWindow { at_least: 0.1 };
        assert_eq!(
            found(window, &events),
            [Counts, Touching, Absent, Counts, Touching, Absent]
        );
        let centre = EventOverlap::Centre;
        assert_eq!(
            found(centre, &events),
            [Touching, Touching, Absent, Touching, Counts, Absent]
        );
        assert_eq!(found(centre, &[Range { start: 190, end: 209 }]), [Counts]);
    }
}
