//! The page; everything is in the binary.

use crate::page::{SCRIPT, SOUND_POLICY, served};
use axum::response::IntoResponse;

/// `GET /`
pub async fn page() -> impl IntoResponse {
    served(
        SOUND_POLICY,
        "text/html; charset=utf-8",
        include_str!("../page/review.html"),
    )
}

/// `GET /review.js`
pub async fn script() -> impl IntoResponse {
    served(SOUND_POLICY, SCRIPT, include_str!("../page/review.js"))
}

/// `GET /review-learn.js`
pub async fn learn_script() -> impl IntoResponse {
    served(SOUND_POLICY, SCRIPT, include_str!("../page/review-learn.js"))
}
