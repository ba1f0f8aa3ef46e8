//! Which format an answer has: by `format=`, else by the header `Accept`.

use crate::failure::{JSON, RequestFailure};
use crate::query::Query;
use axum::http::{HeaderMap, StatusCode, header};
use earmark_inference::tag::Format;

/// A format by the name that `format=` gives it, with its media type.
pub(crate) type Named = (&'static str, Format, &'static str);

const NDJSON_TYPE: &str = "application/x-ndjson";
const CSV_TYPE: &str = "text/csv; charset=utf-8";
const TEXT_TYPE: &str = "text/plain; charset=utf-8";

/// Formats of tags; the first is the one that nobody asked for another instead of.
pub(crate) const TAG_FORMATS: [Named; 6] = [
    ("json", Format::Json, JSON),
    ("ndjson", Format::Ndjson, NDJSON_TYPE),
    ("csv", Format::Csv, CSV_TYPE),
    ("birdnet", Format::Birdnet, CSV_TYPE),
    ("audacity", Format::Audacity, TEXT_TYPE),
    ("raven", Format::Raven, TEXT_TYPE),
];

/// Formats of scores.
pub(crate) const SCORE_FORMATS: [Named; 3] = [TAG_FORMATS[0], TAG_FORMATS[1], TAG_FORMATS[2]];

/// Formats of embeddings.
pub(crate) const EMBEDDING_FORMATS: [Named; 2] = [TAG_FORMATS[0], TAG_FORMATS[1]];

/// The format of an answer, and its media type.
pub(crate) fn chosen(
    query: &Query,
    headers: &HeaderMap,
    offered: &[Named],
) -> Result<(Format, &'static str), RequestFailure> {
    let words: Vec<(&str, Named)> = offered.iter().map(|named| (named.0, *named)).collect();
    if let Some((_, format, media_type)) = query.choice("format", &words)? {
        return Ok((format, media_type));
    }
    let Some(accepted) = headers.get(header::ACCEPT) else {
        return Ok((offered[0].1, offered[0].2));
    };
    let accepted = accepted.to_str().unwrap_or_default();
    let ranges = accepted.split(',').map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default();
        // Preferences are in the order in which they are named; only what is refused by its weight is left out.
        let is_refused = parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"));
        (kind, is_refused)
    });
    let mut wanted = ranges.filter(|(_, is_refused)| !is_refused);
    let found = wanted.find_map(|(kind, _)| offered.iter().find(|named| is_of(named.2, kind)));
    found.map(|named| (named.1, named.2)).ok_or_else(|| {
        let names: Vec<&str> = offered.iter().map(|named| named.0).collect();
        RequestFailure::new(
            StatusCode::NOT_ACCEPTABLE,
            format!(
                "Accept: there is no such format; leave it out, or choose format={}",
                names.join(", ")
            ),
        )
    })
}

/// Whether a media type is in a range such as `text/*`.
fn is_of(media_type: &str, range: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default();
    match range.strip_suffix("/*") {
        Some("*") => true,
        Some(kind) => essence
            .split('/')
            .next()
            .is_some_and(|of| of.eq_ignore_ascii_case(kind)),
        None => essence.eq_ignore_ascii_case(range),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_chosen_by_the_query_then_by_accept() {
        let of = |query: &str, accept: Option<&'static str>, offered: &[Named]| {
            let query = Query::parse(Some(query), &["format"]).unwrap();
            let mut headers = HeaderMap::new();
            if let Some(accept) = accept {
                headers.insert(header::ACCEPT, accept.parse().unwrap());
            }
            chosen(&query, &headers, offered)
                .map(|(format, _)| format)
                .map_err(|failure| failure.status.as_u16())
        };
        let tag = |query, accept| of(query, accept, &TAG_FORMATS);
        assert_eq!(tag("", None), Ok(Format::Json));
        assert_eq!(tag("", Some("*/*")), Ok(Format::Json));
        assert_eq!(tag("", Some("text/csv")), Ok(Format::Csv));
        assert_eq!(tag("", Some("image/png, TEXT/*;q=0.5")), Ok(Format::Csv));
        assert_eq!(
            tag("", Some("application/json;q=0, application/x-ndjson")),
            Ok(Format::Ndjson)
        );
        assert_eq!(tag("format=raven", Some("application/json")), Ok(Format::Raven));
        assert_eq!(tag("format=parquet", None), Err(400));
        assert_eq!(tag("", Some("image/png")), Err(406));
        assert_eq!(of("format=csv", None, &EMBEDDING_FORMATS), Err(400));
        assert_eq!(of("", Some("text/csv"), &EMBEDDING_FORMATS), Err(406));
    }
}
