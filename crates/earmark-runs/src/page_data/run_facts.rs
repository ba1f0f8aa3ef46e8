//! The summary of a run: data, sizes, network, device.

use crate::experiment_log::RunStatus;
use crate::run_dir::RunDir;
use earmark_core::human::human_count;
use earmark_engine::ModelMeta;
use earmark_features::Extractor;
use earmark_models::{Network, VarSpec};
use earmark_report::Fact;

/// What is known about the run, in the order of the page.
pub(super) fn facts(run: &RunDir, status: &RunStatus, best: Option<&ModelMeta>) -> Vec<Fact> {
    let (info, data) = (&run.info, &run.info.data);
    let fingerprint = data.fingerprint.get(..16).unwrap_or(&data.fingerprint);
    let mut facts = vec![
        Fact::new("recipe", &run.recipe.name),
        Fact::new("description", &run.recipe.description),
        Fact::new("data", format!("{} ({})", data.root.display(), data.layout)),
        Fact::new("data fingerprint", fingerprint),
        Fact::new("training clips", human_count(data.train as u64)),
        Fact::new("validation clips", human_count(data.validation as u64)),
    ];
    let tested = human_count(data.test as u64);
    facts.push(match data.fold {
        Some(fold) => Fact::new("test clips", format!("{tested} (fold {fold})")),
        None => Fact::new("test fold", "none"),
    });
    facts.push(Fact::new("classes", run.classes.len()));
    let total = status
        .total
        .map_or(String::new(), |t| format!(" of {}", human_count(t)));
    facts.push(Fact::new("steps", format!("{}{total}", human_count(status.step))));
    facts.extend(network(run).map(|network| Fact::new("network", network)));
    facts.push(Fact::new("device", &info.device));
    let from = info.init_from.as_ref();
    facts.extend(from.map(|from| Fact::new("initial weights", from)));
    facts.extend(info.teachers.as_ref().map(|teachers| {
        let models: Vec<&str> = teachers.models.iter().map(|(model, _)| model.as_str()).collect();
        Fact::new("teachers", models.join(", "))
    }));
    let best = best.map(|best| format!("step {}", human_count(best.step)));
    facts.extend(best.map(|step| Fact::new("best.safetensors", step)));
    facts.retain(|f| !f.value.is_empty());
    facts
}

/// The network in a line: its name, size and input.
fn network(run: &RunDir) -> Option<String> {
    let extractor = Extractor::new(&run.recipe.front_end).ok()?;
    let (c, b) = (extractor.channels(), extractor.bands());
    let f = extractor.segment_frames().unwrap_or(0);
    let (network, specs) = Network::build(&run.recipe.network, c, run.classes.len()).ok()?;
    let scalars: usize = specs.iter().map(VarSpec::len).sum();
    Some(format!(
        "{}, {} parameters, input {c} x {b} x {f}",
        network.layer_table(c, b, f).title,
        human_count(scalars as u64)
    ))
}
