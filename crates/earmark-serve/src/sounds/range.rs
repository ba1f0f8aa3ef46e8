//! Parts of an answer, as a player asks for them to seek (RFC 9110, section 14).

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use std::ops::Range;

/// What a header `Range` asks for.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    All,
    Part(Range<usize>),
    /// Nothing of that is there.
    Beyond,
}

/// The part that is asked for; several parts, and what is not understood, mean all.
fn wanted(range: Option<&str>, length: usize) -> Wanted {
    let asked = range
        .and_then(|range| range.trim().strip_prefix("bytes="))
        .and_then(|range| range.split_once('-'));
    let Some((first, last)) = asked else {
        return Wanted::All;
    };
    let part = match (first.trim().parse::<usize>(), last.trim().parse::<usize>()) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(length),
        (Ok(first), Err(_)) if last.trim().is_empty() => first..length,
        (Err(_), Ok(count)) if first.trim().is_empty() => length - count.min(length)..length,
        _ => return Wanted::All,
    };
    match part.is_empty() {
        true => Wanted::Beyond,
        false => Wanted::Part(part),
    }
}

/// The bytes, or the part of them that is asked for.
pub(super) fn answer(headers: &HeaderMap, media_type: &'static str, bytes: &Bytes) -> Response {
    let range = headers.get(header::RANGE).and_then(|range| range.to_str().ok());
    let plain = [
        (header::CONTENT_TYPE, media_type),
        (header::ACCEPT_RANGES, "bytes"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    let length = bytes.len();
    let said = |text: String| [(header::CONTENT_RANGE, text)];
    match wanted(range, length) {
        Wanted::All => (plain, bytes.clone()).into_response(),
        Wanted::Part(part) => {
            let text = format!("bytes {}-{}/{length}", part.start, part.end - 1);
            (StatusCode::PARTIAL_CONTENT, plain, said(text), bytes.slice(part)).into_response()
        }
        Wanted::Beyond => {
            let text = format!("bytes */{length}");
            (StatusCode::RANGE_NOT_SATISFIABLE, said(text)).into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_parts_of_what_is_there() {
        for (range, part) in [
            ("bytes=0-0", 0..1),
            ("bytes=2-4", 2..5),
            ("bytes=8-99", 8..10),
            ("bytes=3-", 3..10),
            ("bytes=-4", 6..10),
            ("bytes=-99", 0..10),
        ] {
            assert_eq!(wanted(Some(range), 10), Wanted::Part(part), "{range}");
        }
        for all in [
            "bytes=4-2",
            "bytes=a-b",
            "lines=1-2",
            "bytes=0-1,3-4",
            "bytes",
            "bytes=-",
        ] {
            assert_eq!(wanted(Some(all), 10), Wanted::All, "{all}");
        }
        assert_eq!(wanted(None, 10), Wanted::All);
        for beyond in ["bytes=10-", "bytes=10-12", "bytes=-0"] {
            assert_eq!(wanted(Some(beyond), 10), Wanted::Beyond, "{beyond}");
        }
        assert_eq!(wanted(Some("bytes=0-"), 0), Wanted::Beyond);
        assert_eq!(
            wanted(Some("bytes=0-18446744073709551615"), 10),
            Wanted::Part(0..10)
        );
    }
}
