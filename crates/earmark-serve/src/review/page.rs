//! The page; everything is in the binary.

use crate::page::served;
use axum::response::IntoResponse;

/// As that of the live page; sound comes from the server, or from what a script has fetched with the token.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// `GET /`
pub async fn page() -> impl IntoResponse {
    served(
        POLICY,
        "text/html; charset=utf-8",
        include_str!("../page/review.html"),
    )
}

/// `GET /review.css`
pub async fn style() -> impl IntoResponse {
    served(
        POLICY,
        "text/css; charset=utf-8",
        include_str!("../page/review.css"),
    )
}

/// `GET /review.js`
pub async fn script() -> impl IntoResponse {
    served(POLICY, SCRIPT, include_str!("../page/review.js"))
}

/// `GET /review-sound.js`
pub async fn sound_script() -> impl IntoResponse {
    served(POLICY, SCRIPT, include_str!("../page/review-sound.js"))
}
