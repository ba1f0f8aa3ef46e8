//! `earmark models info`

use crate::commands::fold_and_layer_tables::network_table;
use crate::prelude::*;
use earmark::Recipe;
use earmark::engine::{ModelFile, ModelMeta};
use earmark::features::Extractor;
use earmark::inference::model::ModelSource;
use earmark::models::{LayerTable, Network, VarSpec, count_parameters};
use earmark::runs::run_dir::find_model;
use serde_json::Value;

/// Describe a model file, a run or a recipe: metadata, layers, parameters
#[derive(Args)]
#[command(after_help = "Examples:\n  earmark models info runs/a@500\n  \
    earmark models info efficientat-mn04-as --class-names\n  \
    earmark models info dcase2019-baseline/1-noisy --recipe --class-count 80")]
pub struct ModelInfo {
    /// MODEL.safetensors, RUN, RUN@STEP, name of an installed model, or a recipe with --recipe
    pub model: String,
    /// Describe a recipe
    #[arg(long)]
    pub recipe: bool,
    /// Number of classes, for a recipe
    #[arg(
        long,
        alias = "classes",
        value_name = "N",
        default_value_t = 80,
        requires = "recipe"
    )]
    pub class_count: usize,
    /// Print the names of all classes instead, one per line
    #[arg(long, conflicts_with_all = ["recipe", "json"])]
    pub class_names: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Classes of which all are named, and those that are named of more.
const ALL_NAMED: usize = 20;
const FIRST_NAMED: usize = 10;

/// Describes a model or a recipe.
pub fn run(args: &ModelInfo) -> anyhow::Result<Status> {
    let info = match args.recipe {
        true => Info::of_recipe(Recipe::load(&args.model, &[])?, args.class_count)?,
        false => Info::of_file(&args.model)?,
    };
    if args.class_names {
        print_lines(info.class_names()?.trim_end())?;
        return Ok(Status::Done);
    }
    print_as(args.json, || info.json(), || info.text())?;
    Ok(Status::Done)
}

struct Info {
    /// The file and its metadata; a recipe has neither.
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
        let ModelFile { meta, tensors, .. } = ModelSource::read(&path)?.file;
        let recipe = Recipe::parse(&meta.recipe, &path)?;
        let classes = meta.classes.len();
        // A backbone without classes lacks what the network has around it.
        let there = |spec: &VarSpec| tensors.contains_key(&spec.name);
        Ok(Self {
            file: Some((path, meta)),
            classes,
            ..Self::of(recipe, classes.max(1), there)?
        })
    }

    fn of_recipe(recipe: Recipe, classes: usize) -> anyhow::Result<Self> {
        if classes == 0 {
            bail!("--class-count 0: a network needs at least one class");
        }
        Self::of(recipe, classes, |_| true)
    }

    /// A network, of whose variables only those that are `there` count.
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
        let [channels, bands, frames] = self.input;
        let mut facts = self.file_facts();
        let recipe = &self.recipe;
        let mut add = |name, value| facts.push((name, value));
        add("recipe", format!("{} ({})", recipe.name, recipe.description));
        add("audio", format!("{} Hz", recipe.front_end.sample_rate_hz));
        let segment = match recipe.front_end.waveform {
            true => format!("{frames} samples"),
            false => format!("{channels} x {bands} bands x {frames} frames"),
        };
        add("segment", segment);
        add("classes", self.classes_in_words());
        let [trainable, all] = [self.trainable, self.scalars].map(|n| human_count(n as u64));
        let graph = match recipe.network.is_graph() {
            true => "; those of the imported graph are not counted",
            false => "",
        };
        let parameters =
            format!("{trainable} trainable, {all} in total (BatchNorm and biases included){graph}");
        add("parameters", parameters);
        let lines = facts.into_iter().map(|(name, value)| match name {
            // In one piece, to be copied.
            "file" | "source" => format!("{name:<11} {}\n", one_line(&value)),
            _ => fact(name, &one_line(&value)),
        });
        format!("{}\n{}", lines.collect::<String>(), network_table(&self.summary))
    }

    /// How many classes there are, with the names of a file's.
    fn classes_in_words(&self) -> String {
        let Some((_, meta)) = &self.file else {
            return self.classes.to_string();
        };
        let (count, names) = (self.classes, &meta.classes);
        match count {
            0 => "none: a backbone to start trainings from (train.start)".into(),
            1..=ALL_NAMED => format!("{count}: {}", listed(names)),
            _ => format!(
                "{count}: {} and {} more (--class-names lists all)",
                listed(&names[..FIRST_NAMED]),
                count - FIRST_NAMED
            ),
        }
    }

    /// A line for each class.
    fn class_names(&self) -> anyhow::Result<String> {
        let (path, meta) = self
            .file
            .as_ref()
            .context("--class-names: a recipe names no classes")?;
        if meta.classes.is_empty() {
            bail!(
                "--class-names: {} has no classes: it is a backbone to start trainings from (train.start)",
                path.display()
            );
        }
        let lines = meta.classes.iter().map(|name| format!("{}\n", one_line(name)));
        Ok(lines.collect())
    }

    /// What the file says about itself.
    fn file_facts(&self) -> Vec<(&'static str, String)> {
        let Some((path, meta)) = &self.file else {
            return Vec::new();
        };
        let bytes = std::fs::metadata(path).map_or(String::new(), |m| format!(", {}", human_bytes(m.len())));
        let licence = meta.licence.clone().unwrap_or_else(|| "not stated".into());
        let program = format!("earmark {}, format {}", meta.version, meta.format);
        let mut facts = vec![
            ("file", format!("{}{bytes}", path.display())),
            ("written by", program),
            ("step", meta.step.to_string()),
            ("licence", one_line(&licence).into_owned()),
        ];
        let source = meta.source.as_deref();
        facts.extend(source.map(|source| ("source", one_line(source).into_owned())));
        if let Some(calibration) = &meta.calibration {
            let clips = human_amount(calibration.clips, "clip", "clips");
            let what = match calibration.changes_scores() {
                true => "with a threshold for each class",
                false => "a threshold for each class alone; its scores are as they were",
            };
            let calibrated = format!("on {clips}, {what}");
            facts.push(("calibrated", calibrated));
        }
        facts
    }

    fn json(&self) -> Value {
        let mut value = json!({
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
                value["calibration"] = json!(calibration);
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
