//! The clips that a model got most wrong.

use super::frame::{image, lead};
use super::run_types::WorstClip;
use crate::{ClipPlayer, SpectrogramImage};
use maud::{Markup, html};

pub(super) fn worst_clips(clips: &[WorstClip]) -> Markup {
    html! {
        @if !clips.is_empty() {
            (lead("Worst first. A prediction in green is one of the true classes."))
            div.clips { "\n" @for clip in clips { (card(clip)) "\n" } }
        }
    }
}

fn card(clip: &WorstClip) -> Markup {
    html! {
        article.card {
            h3 { (clip.file) }
            @if let Some(image) = &clip.spectrogram {
                (spectrogram(image, &clip.file)) span.caption { (image.caption()) }
            }
            @if let Some(player) = &clip.player { (audio(player, &clip.file)) }
            p.chips { span { "truth:" } @for class in &clip.truth { span.chip { (class) } } }
            @if !clip.predictions.is_empty() {
                ol.preds {
                    @for p in &clip.predictions {
                        @let hit = clip.truth.contains(&p.class).then_some("hit-class");
                        @let (percent, value) = score_bar(p.score);
                        li class=[hit] style={ "--v:" (percent) "%" } { span { (p.class) } span { (value) } }
                    }
                }
            }
            @if !clip.note.is_empty() { span.caption { (clip.note) } }
        }
    }
}

/// A player. Its attributes have values, so that the page is XML too.
fn audio(player: &ClipPlayer, file: &str) -> Markup {
    let name = format!("{file}, {}", player.caption());
    html! { audio controls="controls" preload="metadata" aria-label=(name) src=(player.to_data_uri()) {} }
}

/// Length of a score's bar in percent, and the score as text.
fn score_bar(score: f64) -> (f64, String) {
    match score.is_finite() {
        true => ((score.clamp(0.0, 1.0) * 100.0).round(), format!("{score:.3}")),
        false => (0.0, "–".into()),
    }
}

/// An image element; should the encoder fail, its message instead.
pub(super) fn spectrogram(shown: &SpectrogramImage, alt: &str) -> Markup {
    match shown.to_data_uri() {
        Ok(uri) => image(&format!("spectrogram of {alt}"), &uri, None),
        Err(error) => html! { p { (error) } },
    }
}
