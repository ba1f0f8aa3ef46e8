//! A table of sites: which recordings were made where.

use crate::PipelineError;
use earmark_core::csv_table::{Record, read_records};
use std::path::Path;

/// A table that says of folders and beginnings of file names which site they are of, and where that is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SiteTable(Vec<SiteRow>);

/// A row: the recordings of a folder whose names have a prefix. One of both may be empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct SiteRow {
    folder: String,
    prefix: String,
    pub site: String,
    /// Latitude and longitude in degrees.
    pub position: Option<[f64; 2]>,
}

/// The columns by their usual names.
const FOLDER: [&str; 2] = ["folder", "directory"];
const PREFIX: [&str; 3] = ["prefix", "file", "recorder"];
const SITE: [&str; 3] = ["site", "location", "station"];
const LATITUDE: [&str; 2] = ["latitude", "lat"];
const LONGITUDE: [&str; 4] = ["longitude", "lon", "lng", "long"];

impl SiteTable {
    /// Reads a table (CSV) with the columns `folder` or `prefix`, and any of `site`, `latitude` and `longitude`.
    ///
    /// # Errors
    /// A file that can't be read, has no such columns, or positions that are not on Earth.
    pub fn read(path: &Path) -> Result<Self, PipelineError> {
        let place = path.display().to_string();
        let bytes = std::fs::read(path)
            .map_err(|e| fault(&place, &format!("cannot be read: {e}; check the path")))?;
        Self::parse(&bytes, &place)
    }

    fn parse(bytes: &[u8], place: &str) -> Result<Self, PipelineError> {
        let at = |line: usize| format!("{place}:{line}");
        let records = read_records(bytes, None).map_err(|e| fault(&at(e.line), &e.problem))?;
        let none = Record::default();
        let header = records.first().unwrap_or(&none);
        let column = |names: &[&str]| {
            let is_named = |cell: &str| names.iter().any(|name| cell.eq_ignore_ascii_case(name));
            header.iter().position(is_named)
        };
        let (folder, prefix, site) = (column(&FOLDER), column(&PREFIX), column(&SITE));
        let (latitude, longitude) = (column(&LATITUDE), column(&LONGITUDE));
        if folder.or(prefix).is_none()
            || site.or(latitude).is_none()
            || latitude.is_some() != longitude.is_some()
        {
            return Err(fault(
                place,
                "expected the columns `folder` or `prefix` (how file names begin), then `site`, `latitude` and \
                 `longitude`",
            ));
        }
        let mut rows = Vec::new();
        for record in records.iter().skip(1) {
            let cell = |column: Option<usize>| column.map_or("", |column| record.cell(column));
            let name = [cell(folder), cell(prefix)];
            if name == ["", ""] {
                return Err(fault(
                    &at(record.line),
                    "has no folder and no prefix; say which recordings it is about",
                ));
            }
            let position =
                position(cell(latitude), cell(longitude)).map_err(|e| fault(&at(record.line), &e))?;
            rows.push(SiteRow {
                folder: name[0].replace('\\', "/").trim_matches('/').to_owned(),
                prefix: name[1].to_owned(),
                site: [cell(site), name[0], name[1]]
                    .into_iter()
                    .find(|name| !name.is_empty())
                    .unwrap_or_default()
                    .to_owned(),
                position,
            });
        }
        Ok(Self(rows))
    }

    /// The row of a recording, by its name with folders; the most specific one of several. With its number.
    pub(super) fn row_of(&self, name: &str) -> Option<(usize, &SiteRow)> {
        let (folders, file) = name.rsplit_once('/').unwrap_or(("", name));
        let folders = format!("/{folders}/");
        let fits = |row: &SiteRow| {
            let is_in = row.folder.is_empty() || folders.contains(&format!("/{}/", row.folder));
            is_in && file.starts_with(&row.prefix)
        };
        let rows = self.0.iter().enumerate().filter(|(_, row)| fits(row));
        // The first of equals.
        rows.rev()
            .max_by_key(|(_, row)| row.folder.len() + row.prefix.len())
    }

    /// What the rows are about, in their order.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|row| match row.prefix.is_empty() {
            true => row.folder.as_str(),
            false => row.prefix.as_str(),
        })
    }
}

fn fault(place: &str, problem: &str) -> PipelineError {
    PipelineError::Request(format!("{place}: {problem}"))
}

/// Latitude and longitude in degrees; `None` where both are empty.
///
/// # Errors
/// What is not a place on Earth, with a remedy.
pub(super) fn position(latitude: &str, longitude: &str) -> Result<Option<[f64; 2]>, String> {
    if latitude.is_empty() && longitude.is_empty() {
        return Ok(None);
    }
    let degrees = |text: &str, name: &str, most: f64| {
        let number = text.parse::<f64>().ok().filter(|degrees| degrees.abs() <= most);
        number.ok_or_else(|| {
            format!(
                "{name} {text:?} is not a number from -{most} to {most}; give degrees with a decimal point"
            )
        })
    };
    let latitude = degrees(latitude, "latitude", 90.0)?;
    Ok(Some([latitude, degrees(longitude, "longitude", 180.0)?]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn table(text: &str) -> Result<SiteTable, String> {
        SiteTable::parse(text.as_bytes(), "sites.csv").map_err(|e| e.to_string())
    }

    #[test]
    fn the_most_specific_row_counts() {
        let sites = table(
            "folder,prefix,site,latitude,longitude\nnorth,,Forest,52.5,13.4\nnorth,SM2,Pond,,\n,SM2,Meadow,-1,2\n\
             a/b,,,,\n",
        )
        .unwrap();
        let site = |name: &str| {
            sites
                .row_of(name)
                .map(|(_, row)| (row.site.as_str(), row.position))
        };
        assert_eq!(site("in/north/x.wav"), Some(("Forest", Some([52.5, 13.4]))));
        assert_eq!(site("north/day/SM2_1.wav"), Some(("Pond", None)));
        assert_eq!(site("SM2_1.wav"), Some(("Meadow", Some([-1.0, 2.0]))));
        assert_eq!(site("a/b/c.wav"), Some(("a/b", None)));
        assert_eq!(site("northern/x.wav"), None);
        assert_eq!(sites.names().collect::<Vec<_>>(), ["north", "SM2", "SM2", "a/b"]);
        let semicolons = table("Prefix;Lat;Lon\nA;1.5;2\n").unwrap();
        let (_, row) = semicolons.row_of("A1.wav").unwrap();
        assert_eq!((row.site.as_str(), row.position), ("A", Some([1.5, 2.0])));
    }

    #[test]
    fn tables_that_say_nothing_or_nonsense_are_refused() {
        for (text, why) in [
            ("", "sites.csv: expected the columns `folder` or `prefix`"),
            ("site,latitude,longitude\n", "expected the columns"),
            ("folder,site,latitude\n", "expected the columns"),
            ("folder,site\n,A\n", "sites.csv:2: has no folder and no prefix"),
            (
                "folder,latitude,longitude\na,91,0\n",
                "sites.csv:2: latitude \"91\" is not a number from -90 to 90; give degrees with a decimal point",
            ),
            (
                "folder,latitude,longitude\na,1,\n",
                "longitude \"\" is not a number",
            ),
            ("folder,latitude,longitude\na,NaN,1\n", "latitude \"NaN\""),
        ] {
            let error = table(text).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_table_makes_it_panic(text in "(folder|prefix|site|lat|lon|[,;\"\n0-9.-]){0,60}", name in ".{0,20}") {
            if let Ok(sites) = table(&text) {
                let _ = sites.row_of(&name);
            }
        }
    }
}
