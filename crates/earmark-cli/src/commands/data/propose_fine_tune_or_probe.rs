//! An installed network that training can start from.

use earmark::Recipe;
use earmark::hub::{installed_model, published_models};

/// The recipe that starts from a network, for any folder.
const FINE_TUNE: &str = "fine-tune/folder";

/// The next command for a folder, with what it does: fine-tuning where its network is installed, a probe where another
/// one is, else how to get one. `data` is the folder and how it is read, as words of a command.
pub fn proposal(data: &str, fold: u32, run: &str, multi_label: bool) -> anyhow::Result<String> {
    let start = Recipe::load(FINE_TUNE, &[])?.train.start;
    let start = start.map(|start| start.from).unwrap_or_default();
    let other = published_models().iter().find(|model| model.is_installed());
    Ok(match other {
        _ if installed_model(&start).is_some() => {
            let loss = match multi_label {
                true => " --set train.loss.kind=sigmoid-cross-entropy",
                false => "",
            };
            format!(
                "earmark train {FINE_TUNE} --data {data} --fold {fold} --run {run}-tuned{loss}\n      \
                 starts from {start}, which is installed: ten recordings per class are enough to begin with"
            )
        }
        Some(other) => {
            let name = &other.name;
            format!(
                "earmark probe {name} --data {data} -o tagger.safetensors\n      \
                 trains a last layer for {name}, which is installed: ten recordings per class are enough to begin with"
            )
        }
        None => format!(
            "earmark models get {start}\n      \
             fetches a network to start from where recordings are few; then `earmark train {FINE_TUNE} --data {data}`"
        ),
    })
}
