//! The summary of a run: data, sizes, network, device.

use crate::journal::Status;
use crate::run_dir::RunDir;
use earmark_engine::ModelMeta;
use earmark_features::Extractor;
use earmark_models::{Network, VarSpec};
use earmark_report::{Fact, human_count};

/// What is known about the run, in the order of the page.
pub(super) fn facts(run: &RunDir, status: &Status, best: Option<&ModelMeta>) -> Vec<Fact> {
    let (info, data) = (&run.info, &run.info.data);
    let mut facts = vec![
        Fact::new("recipe", &run.recipe.name),
        Fact::new("description", &run.recipe.description),
        Fact::new("data", format!("{} ({})", data.root.display(), data.layout)),
        Fact::new(
            "data fingerprint",
            data.fingerprint.get(..16).unwrap_or(&data.fingerprint),
        ),
        Fact::new("training clips", human_count(data.train as u64)),
        Fact::new("validation clips", human_count(data.validation as u64)),
    ];
    match data.fold {
        Some(fold) => facts.push(Fact::new(
            "test clips",
            format!("{} (fold {fold})", human_count(data.judged as u64)),
        )),
        None => facts.push(Fact::new("test fold", "none")),
    }
    facts.push(Fact::new("classes", run.classes.len()));
    let total = status
        .total
        .map_or(String::new(), |t| format!(" of {}", human_count(t)));
    facts.push(Fact::new("steps", format!("{}{total}", human_count(status.step))));
    if let Some(network) = network(run) {
        facts.push(Fact::new("network", network));
    }
    facts.push(Fact::new("device", &info.device));
    if let Some(from) = &info.init_from {
        facts.push(Fact::new("initial weights", from));
    }
    if let Some(best) = best {
        facts.push(Fact::new(
            "best.safetensors",
            format!("step {}", human_count(best.step)),
        ));
    }
    facts.retain(|f| !f.value.is_empty());
    facts
}

/// The network in a line: its name, size and input.
fn network(run: &RunDir) -> Option<String> {
    let extractor = Extractor::new(&run.recipe.front_end).ok()?;
    let (network, specs) =
        Network::build(&run.recipe.network, extractor.channels(), run.classes.len()).ok()?;
    let [c, b, f] = [
        extractor.channels(),
        extractor.bands(),
        extractor.segment_frames().unwrap_or(0),
    ];
    let scalars: usize = specs.iter().map(VarSpec::len).sum();
    Some(format!(
        "{}, {} parameters, input {c} x {b} x {f}",
        network.layer_table(c, b, f).title,
        human_count(scalars as u64)
    ))
}
