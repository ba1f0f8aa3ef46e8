//! The page about when and where sounds were detected.

use super::frame::{Page, grid};
use super::notes::{PageNote, notes};
use super::table::{TableCell, tall_table};
use crate::{Chart, DayHourMap};
use earmark_core::human::human_count;

/// Everything that is shown about detections.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ActivityPage {
    /// What was counted, such as the table's name.
    pub name: String,
    /// Number of detections.
    pub detections: u64,
    /// Maps of days and hours, that of all classes first.
    pub maps: Vec<DayHourMap>,
    /// Counts by hour, class and site.
    pub tables: Vec<ActivityPageTable>,
    /// What a reader must know.
    pub notes: Vec<PageNote>,
}

/// Detections counted by one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivityPageTable {
    /// Such as `hour`: the name of its first column, and its address on the page.
    pub id: &'static str,
    /// Its heading.
    pub title: &'static str,
    /// The rows.
    pub rows: Vec<ActivityPageRow>,
}

/// A row of counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ActivityPageRow {
    /// Hour, class or site.
    pub name: String,
    /// Detections.
    pub detections: u64,
    /// Recordings with a detection.
    pub recordings: u64,
}

/// One HTML page about detections.
#[must_use]
pub fn render_activity_page(activity: &ActivityPage) -> String {
    let mut page = Page::new("earmark activity", &activity.name);
    page.number("detections", &human_count(activity.detections), "");
    for table in &activity.tables {
        let used = table.rows.iter().filter(|row| row.detections > 0).count();
        page.number(table.title, &human_count(used as u64), "with a detection");
    }
    page.section("notes", "Notes", notes(&activity.notes));
    let maps: Vec<Chart> = activity.maps.iter().map(DayHourMap::draw).collect();
    page.section("maps", "Days and hours", grid(&maps));
    for table in &activity.tables {
        let row = |row: &ActivityPageRow| {
            vec![
                TableCell::text(&row.name),
                TableCell::count(row.detections),
                TableCell::count(row.recordings),
            ]
        };
        let rows: Vec<_> = table.rows.iter().map(row).collect();
        let headers = [table.id, "detections", "recordings"];
        page.section(table.id, table.title, tall_table(&headers, &rows));
    }
    page.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NoteLevel;

    #[test]
    fn a_page_with_maps_and_tables_is_well_formed() {
        let row = ActivityPageRow {
            name: "Owl & <Frog>".into(),
            detections: 1_234,
            recordings: 2,
        };
        let page = render_activity_page(&ActivityPage {
            name: "tags.csv".into(),
            detections: 1_234,
            maps: vec![DayHourMap {
                title: "Owl & <Frog>".into(),
                columns: vec![("2024-05-17".into(), [7; 24])],
            }],
            tables: vec![ActivityPageTable {
                id: "class",
                title: "Classes",
                rows: vec![row],
            }],
            notes: vec![PageNote::new(NoteLevel::Info, "A note.")],
        });
        let body = page.strip_prefix("<!DOCTYPE html>\n").expect("a page");
        let document = roxmltree::Document::parse(body).expect("well-formed");
        let sections = document.descendants().filter(|node| node.has_tag_name("section"));
        assert_eq!(sections.count(), 3);
        assert!(
            page.contains("1,234") && page.contains("2024-05-17, 04:00 to 05:00: 7"),
            "{page}"
        );
    }
}
