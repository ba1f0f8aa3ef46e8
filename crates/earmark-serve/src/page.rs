//! The live page: a microphone of the browser, a waterfall, labels and latency. Everything is in the binary.

use axum::http::{HeaderName, header};
use axum::response::IntoResponse;

/// Nothing from elsewhere, and no script but the server's own: text of a model can't become code.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The same; sound comes from the server, or from what a script has fetched with the token.
pub(crate) const SOUND_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                                       media-src 'self' blob:; base-uri 'none'; form-action 'none'; \
                                       frame-ancestors 'none'";

/// Media type of a script.
pub(crate) const SCRIPT: &str = "text/javascript; charset=utf-8";

/// A part of a page, with its policy.
pub(crate) fn served(
    policy: &'static str,
    media_type: &'static str,
    text: &'static str,
) -> impl IntoResponse {
    let headers: [(HeaderName, &'static str); 5] = [
        (header::CONTENT_TYPE, media_type),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, text)
}

/// `GET /`
pub async fn page() -> impl IntoResponse {
    served(POLICY, "text/html; charset=utf-8", include_str!("page/live.html"))
}

/// `GET /live.css`
pub async fn style() -> impl IntoResponse {
    served(POLICY, "text/css; charset=utf-8", include_str!("page/live.css"))
}

/// `GET /live.js`
pub async fn script() -> impl IntoResponse {
    served(POLICY, SCRIPT, include_str!("page/live.js"))
}

/// `GET /live-worklet.js`
pub async fn worklet() -> impl IntoResponse {
    served(POLICY, SCRIPT, include_str!("page/live-worklet.js"))
}

/// `GET /review.css`: the style of the pages of a review and of an index.
pub async fn review_style() -> impl IntoResponse {
    served(
        SOUND_POLICY,
        "text/css; charset=utf-8",
        include_str!("page/review.css"),
    )
}

/// `GET /review-sound.js`: what both pages have.
pub async fn sound_script() -> impl IntoResponse {
    served(SOUND_POLICY, SCRIPT, include_str!("page/review-sound.js"))
}
