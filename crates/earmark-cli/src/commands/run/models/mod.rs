//! `earmark models`

mod average;
mod get;
mod import;

use crate::Status;
use crate::args::{Global, Models};
use crate::console::{Console, out, out_json};
use anyhow::bail;
use earmark::Recipe;
use earmark::engine::{ModelFile, ModelMeta};
use earmark::features::Extractor;
use earmark::models::{LayerRow, LayerTable, Network, VarSpec, count_parameters, short_count};
use earmark::report::{Align, human_bytes, text_table};
use earmark::runs::run_dir::find_model;
use std::path::PathBuf;

/// Describes models, or makes one of several.
pub fn run(what: Models, _: &Global, console: &Console) -> anyhow::Result<Status> {
    let (model, recipe, classes, json) = match what {
        Models::Info {
            model,
            recipe,
            classes,
            json,
        } => (model, recipe, classes, json),
        Models::Import(args) => return import::run(args, console),
        Models::Average(args) => return average::run(args, console),
        Models::Get(args) => return get::get(&args, console),
        Models::List { json } => return get::list(json),
    };
    let info = if recipe {
        Info::of_recipe(Recipe::load(&model, &[])?, classes)?
    } else {
        Info::of_file(&model)?
    };
    if json {
        out_json(&info.json())?
    } else {
        out(info.text())?
    }
    Ok(Status::Done)
}

/// The layers of a network as text, in the columns of the DCASE 2019 baseline's own table, with a line of totals.
pub fn network_table(summary: &LayerTable) -> String {
    let shape = |row: &LayerRow| match row.activation[..] {
        [n] => format!("({n},)"),
        _ => format!(
            "({})",
            row.activation
                .iter()
                .map(usize::to_string)
                .collect::<Vec<_>>()
                .join(", ")
        ),
    };
    let mut rows: Vec<Vec<String>> = Vec::with_capacity(summary.rows.len() + 1);
    for (i, row) in summary.rows.iter().enumerate() {
        // The input is no layer.
        let number = |n| if i == 0 { "-".to_owned() } else { short_count(n) };
        rows.push(vec![
            row.name.clone(),
            shape(row),
            number(row.weights),
            number(row.multiplies),
        ]);
    }
    rows.push(vec![
        "Total".into(),
        String::new(),
        short_count(summary.weights()),
        short_count(summary.multiplies()),
    ]);
    let headers = ["Layer", "Activation shape", "# Weights", "# Multiplies"];
    let table = text_table(
        &headers,
        &rows,
        &[Align::Left, Align::Left, Align::Right, Align::Right],
    );
    format!("{}\n\n{}", summary.title, table.trim_end())
}

struct Info {
    /// The file and what it says about itself; a recipe has neither.
    file: Option<(PathBuf, ModelMeta)>,
    recipe: Recipe,
    classes: usize,
    summary: LayerTable,
    trainable: usize,
    scalars: usize,
    input: [usize; 3],
}

impl Info {
    fn of_file(name: &str) -> anyhow::Result<Self> {
        let path = match find_model(name) {
            Ok(path) => path,
            Err(e) if Recipe::load(name, &[]).is_ok() => bail!("{e}; {name} is a recipe: add --recipe"),
            Err(e) => return Err(e.into()),
        };
        let ModelFile { meta, tensors } = ModelFile::read(&path)?;
        let recipe = Recipe::parse(&meta.recipe, &path)?;
        let classes = meta.classes.len();
        // A body without classes lacks what the network has around it.
        let there = |spec: &VarSpec| tensors.contains_key(&spec.name);
        Ok(Self {
            file: Some((path, meta)),
            classes,
            ..Self::of(recipe, classes.max(1), there)?
        })
    }

    fn of_recipe(recipe: Recipe, classes: usize) -> anyhow::Result<Self> {
        if classes == 0 {
            bail!("--classes 0: a network needs at least one class");
        }
        Self::of(recipe, classes, |_| true)
    }

    /// A network, of whose variables those count that are `there`.
    fn of(recipe: Recipe, classes: usize, there: impl Fn(&VarSpec) -> bool) -> anyhow::Result<Self> {
        let e = Extractor::new(&recipe.front_end)?;
        let input = [e.channels(), e.bands(), e.segment_frames().unwrap_or(0)];
        let (network, mut specs) = Network::build(&recipe.network, input[0], classes)?;
        specs.retain(there);
        let (trainable, scalars) = (count_parameters(&specs, true), count_parameters(&specs, false));
        Ok(Self {
            file: None,
            summary: network.layer_table(input[0], input[1], input[2]),
            recipe,
            classes,
            trainable,
            scalars,
            input,
        })
    }

    fn text(&self) -> String {
        let [c, b, f] = self.input;
        let mut facts: Vec<(&str, String)> = Vec::new();
        if let Some((path, meta)) = &self.file {
            let bytes =
                std::fs::metadata(path).map_or(String::new(), |m| format!(", {}", human_bytes(m.len())));
            facts.push(("file", format!("{}{bytes}", path.display())));
            facts.push((
                "written by",
                format!("earmark {}, format {}", meta.version, meta.format),
            ));
            facts.push(("step", meta.step.to_string()));
            facts.push((
                "licence",
                meta.licence.clone().unwrap_or_else(|| "not stated".into()),
            ));
            facts.extend(meta.source.clone().map(|source| ("source", source)));
            if let Some(calibration) = &meta.calibration {
                let clips = earmark::report::human_amount(calibration.clips, "clip", "clips");
                facts.push((
                    "calibrated",
                    format!("by {clips}, with thresholds of its own for each class"),
                ));
            }
        }
        facts.push((
            "recipe",
            format!("{} ({})", self.recipe.name, self.recipe.description),
        ));
        facts.push(("audio", format!("{} Hz", self.recipe.front_end.sample_rate_hz)));
        facts.push(("example", format!("{c} x {b} bands x {f} frames")));
        let names = self.file.as_ref().map_or(String::new(), |(_, meta)| {
            format!(": {}", meta.classes.join(", "))
        });
        facts.push(match self.classes {
            0 => (
                "classes",
                "none: a body, to start trainings from (train.start)".into(),
            ),
            n => ("classes", format!("{n}{names}")),
        });
        let exact = |n: usize| earmark::report::human_count(n as u64);
        let weights = format!(
            "{} trainable, {} in all (BatchNorm and biases included)",
            exact(self.trainable),
            exact(self.scalars)
        );
        facts.push(("parameters", weights));
        let facts: String = facts
            .into_iter()
            .map(|(name, value)| format!("{name:<11} {value}\n"))
            .collect();
        format!("{facts}\n{}", network_table(&self.summary))
    }

    fn json(&self) -> serde_json::Value {
        let mut value = serde_json::json!({
            "recipe": self.recipe.name,
            "description": self.recipe.description,
            "sample_rate_hz": self.recipe.front_end.sample_rate_hz,
            "input": self.input,
            "classes": self.classes,
            "trainable": self.trainable,
            "parameters": self.scalars,
            "weights": self.summary.weights(),
            "multiplies": self.summary.multiplies(),
            "network": self.summary,
        });
        if let Some((path, meta)) = &self.file {
            value["file"] = path.to_string_lossy().into();
            value["format"] = meta.format.into();
            value["version"] = meta.version.as_str().into();
            value["step"] = meta.step.into();
            value["licence"] = meta.licence.clone().into();
            value["source"] = meta.source.clone().into();
            if let Some(calibration) = &meta.calibration {
                value["calibration"] = serde_json::json!(calibration);
            }
            value["class_names"] = meta.classes.clone().into();
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table in the baseline's own documentation (80 classes, examples of 100 frames).
    #[test]
    fn the_table_is_the_published_one() {
        let recipe = Recipe::load("dcase2019-baseline/1-noisy", &[]).unwrap();
        let table = network_table(&Info::of_recipe(recipe, 80).unwrap().summary);
        let row = |i: usize| {
            table
                .lines()
                .nth(i)
                .unwrap()
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(row(4), "Input (100, 96, 1) - -");
        assert_eq!(row(5), "C(3x3, 16, 1) (100, 96, 16) 144 1.4M");
        assert_eq!(row(6), "SC(3x3, 64, 1) (100, 96, 64) 1.2K 11.2M");
        assert_eq!(row(17), "SC(3x3, 1024, 2) (7, 6, 1024) 528.9K 22.2M");
        assert_eq!(
            table
                .lines()
                .last()
                .unwrap()
                .split_whitespace()
                .collect::<Vec<_>>(),
            ["Total", "3.3M", "432.4M"]
        );
    }
}
