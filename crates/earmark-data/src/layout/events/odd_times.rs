//! Times of events that are wrong, or odd, by the length of their recording.

use std::collections::HashMap;
use std::path::Path;

use earmark_core::human::human_amount;

use super::event_table::EventTable;
use super::labelled_event::LabelledEvent;
use crate::dataset::description::below;
use crate::dataset::error::DataError;
use crate::dataset::item::Item;

/// An event may end this much after its recording: times are rounded.
pub(super) const ROUNDING_US: u64 = 50_000;

/// What is odd about the times of a set: how many events, and where the first of them is.
#[derive(Default)]
pub(super) struct OddTimes {
    points: Odd,
    beyond: Odd,
    overlapping: Odd,
}

#[derive(Default)]
struct Odd {
    count: usize,
    first: String,
}

impl Odd {
    fn add(&mut self, place: impl FnOnce() -> String) {
        if self.count == 0 {
            self.first = place();
        }
        self.count += 1;
    }
}

impl OddTimes {
    /// Looks at the events of a recording.
    ///
    /// # Errors
    /// An event that begins where the recording has ended: the table is of another one, or wrong.
    pub fn look_at(
        &mut self,
        root: &Path,
        table: &EventTable,
        item: &Item,
        length_us: u64,
    ) -> Result<(), DataError> {
        let mut in_order: Vec<&LabelledEvent> = table.events.iter().collect();
        in_order.sort_by_key(|event| event.start_us);
        let mut ends: HashMap<&str, u64> = HashMap::new();
        for event in in_order {
            if event.start_us >= length_us {
                let (start, length) = (event.start_us as f64 / 1e6, length_us as f64 / 1e6);
                let problem = format!(
                    "begins at {start} s, and {} ends at {length} s; correct the time, or the name of the recording",
                    item.file
                );
                return Err(DataError::row(&table.path, event.line, problem));
            }
            let place = || format!("{}:{}", below(root, &table.path), event.line);
            if event.start_us == event.end_us {
                self.points.add(place);
            }
            if event.end_us > length_us.saturating_add(ROUNDING_US) {
                self.beyond.add(place);
            }
            let ends_of = event.labels.iter().map(|label| ends.insert(label, event.end_us));
            if ends_of.flatten().fold(0, u64::max) > event.start_us {
                self.overlapping.add(place);
            }
        }
        Ok(())
    }

    /// What there is to know, a line each.
    pub fn notes(self) -> impl Iterator<Item = String> {
        let all = [
            (self.points, "without length, taken as a point in time"),
            (
                self.beyond,
                "reaching beyond the end of the recording, used up to there",
            ),
            (self.overlapping, "overlapping another one of the same label"),
        ];
        let odd = all.into_iter().filter(|(odd, _)| odd.count > 0);
        odd.map(|(Odd { count, first }, what)| {
            format!("{} {what}, first {first}", human_amount(count, "event", "events"))
        })
    }
}
