//! The page; everything is in the binary.

use crate::page::{SCRIPT, SOUND_POLICY, served};
use axum::response::IntoResponse;

/// `GET /search`
pub async fn page() -> impl IntoResponse {
    served(
        SOUND_POLICY,
        "text/html; charset=utf-8",
        include_str!("../page/search.html"),
    )
}

/// `GET /search.js`
pub async fn script() -> impl IntoResponse {
    served(SOUND_POLICY, SCRIPT, include_str!("../page/search.js"))
}
