//! What an exported file says about itself.

use super::{SCORES, WAVEFORM};
use earmark_engine::{ModelMeta, Scorer};
use earmark_onnx::WeightPrecision;
use earmark_recipe::Recipe;

/// A sentence for users: what it takes and gives.
pub(super) fn doc(recipe: &Recipe, meta: &ModelMeta) -> String {
    format!(
        "{}: {WAVEFORM} [batch, samples] at {} Hz (mono, -1 to 1) to {SCORES} [batch, {}]. Exported by earmark {}.",
        recipe.name,
        recipe.front_end.sample_rate_hz,
        meta.classes.len(),
        earmark_core::VERSION
    )
}

/// What scores are of: `softmax` or `sigmoid`.
pub(super) fn score_kind(scorer: &Scorer) -> &'static str {
    match scorer.loss.is_single_label() {
        true => "softmax",
        false => "sigmoid",
    }
}

/// For programs: everything needed to use the scores.
pub(super) fn metadata(
    recipe: &Recipe,
    meta: &ModelMeta,
    scorer: &Scorer,
    weights: WeightPrecision,
) -> Vec<(String, String)> {
    let weights = match weights {
        WeightPrecision::Float32 => "float32",
        WeightPrecision::Int8 => "int8",
    };
    let classes = serde_json::to_string(&meta.classes).expect("strings");
    let mut all = vec![
        ("classes", classes),
        ("sample_rate_hz", recipe.front_end.sample_rate_hz.to_string()),
        ("scores", score_kind(scorer).to_owned()),
        ("weights", weights.to_owned()),
        ("name", recipe.name.clone()),
        ("step", meta.step.to_string()),
        ("trained_by", format!("earmark {}", meta.version)),
    ];
    all.extend(meta.licence.clone().map(|licence| ("licence", licence)));
    if let Some(calibration) = &meta.calibration {
        let json = serde_json::to_string(calibration).expect("numbers, words and lists");
        all.push(("calibration", json));
    }
    all.push(("recipe", meta.recipe.clone()));
    let all = all.into_iter();
    all.map(|(key, value)| (key.to_owned(), value)).collect()
}
