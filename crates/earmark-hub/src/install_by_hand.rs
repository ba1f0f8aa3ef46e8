//! The advice where a download fails: which file to fetch by hand, and the command that installs it.

use crate::catalogue::PublishedModel;
use earmark_core::text::quote;
use std::path::Path;

/// How to install a model without a network connection on this machine.
pub(crate) fn by_hand(model: &PublishedModel, path: &Path) -> String {
    let size = model.bytes.map_or(String::new(), |n| format!("\n  of {n} bytes"));
    let sum = model.sha256.as_deref().map(|sum| format!(", SHA-256 {sum}"));
    let sum = sum.unwrap_or_default();
    format!(
        "By hand: download\n  {}{size}{sum}\nwith a browser, then run\n  earmark models import {} --as {} -o {}",
        model.url,
        model.file_name(),
        model.architecture,
        quote(&path.to_string_lossy())
    )
}
