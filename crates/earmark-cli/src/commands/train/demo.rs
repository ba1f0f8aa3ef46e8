//! `earmark demo`: the whole workflow on a synthetic set, without any data.

use super::resume::given_command;
use crate::prelude::*;
use earmark::Recipe;
use earmark::data::synth::write_demo;
use earmark::inference;
use earmark::metrics::{Report, ReportOptions, ScoreTable, TruthTable, number};
use earmark::runs::{pages, run_dir::RunDir};
use earmark::train;
use earmark_core::random::{self, Purpose};
use earmark_core::text::quote;
use std::time::Instant;

/// Try everything without data: synthesize sounds, train, evaluate, predict, report
#[derive(Args)]
#[command(after_help = "Example: earmark demo --out my-demo")]
pub struct Demo {
    /// Folder for data, runs and results
    #[arg(long, default_value = "earmark-demo")]
    pub out: PathBuf,
    /// Random seed of the synthetic sounds and of training
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    #[command(flatten)]
    pub compute: Compute,
}

/// The file that marks a folder as a demo, which may be written again.
const MARK: &str = "demo.json";

/// What an interruption means.
const AGAIN: &str = "run the same command again to start over";

/// A demo and where it keeps things.
struct Workflow<'a> {
    args: &'a Demo,
    console: &'a Console,
    data: PathBuf,
    curated: PathBuf,
    submission: PathBuf,
}

/// Synthesizes, trains twice, evaluates, predicts, reports.
pub fn run(args: &Demo, console: &Console) -> anyhow::Result<Status> {
    let start = Instant::now();
    let demo = Workflow {
        args,
        console,
        data: args.out.join("data"),
        curated: args.out.join("runs/2-curated"),
        submission: args.out.join("submission.csv"),
    };
    prepare_folder(&args.out)?;
    demo.synthesize()?;
    console.note("2/5 training on the noisy subset (demo/1-noisy)");
    let noisy = args.out.join("runs/1-noisy");
    demo.train("demo/1-noisy", &noisy, None)?;
    console.note("3/5 training on the curated subset from those weights (demo/2-curated)");
    demo.train("demo/2-curated", &demo.curated, Some(&noisy))?;
    console.note("4/5 evaluating every fourth checkpoint and the last on the test subset");
    demo.evaluate()?;
    console.note("5/5 predicting the test subset");
    let prediction = demo.predict()?;
    let page = pages::write_run_report(&RunDir::open(&demo.curated)?, Some(&demo.data), None)?;
    demo.summarize(&prediction.scores, &page, start)?;
    Ok(Status::of_skips(prediction.skipped.len()))
}

/// Makes a new folder; an earlier demo there is replaced, anything else is left alone.
fn prepare_folder(root: &Path) -> anyhow::Result<()> {
    let mark = root.join(MARK);
    let unusable =
        |e: std::io::Error| anyhow::anyhow!("{}: {e}; choose another folder with --out", root.display());
    if mark.is_file() {
        for folder in ["data", "runs"].map(|name| root.join(name)) {
            match std::fs::remove_dir_all(&folder) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => bail!(
                    "{}: cannot be removed: {e}; choose another folder with --out",
                    folder.display()
                ),
                _ => {}
            }
        }
    } else if root.exists() && std::fs::read_dir(root).map_err(&unusable)?.next().is_some() {
        bail!(
            "{}: is not empty and not an earlier demo; choose another folder with --out",
            root.display()
        );
    }
    std::fs::create_dir_all(root).map_err(&unusable)?;
    output::write(&mark, |w| {
        w.write_all(b"{ \"what\": \"a folder of `earmark demo`, which may be written again\" }\n")
    })
}

impl Workflow<'_> {
    fn synthesize(&self) -> anyhow::Result<()> {
        let (data, console) = (&self.data, self.console);
        console.note(format!("1/5 synthesizing a labelled set in {}", data.display()));
        let progress = |done, total| console.features(done, total);
        let set = write_demo(data, self.args.seed, &progress)?;
        let (curated, noisy, wrong, test) = (set.curated, set.noisy, set.wrong_labels, set.test);
        let classes = set.classes.len();
        console.note(format!(
            "    {curated} curated clips, {noisy} noisy ones ({wrong} of their labels are wrong), {test} test clips, \
             {classes} classes"
        ));
        Ok(())
    }

    fn train(&self, recipe: &str, run: &Path, init_from: Option<&Path>) -> anyhow::Result<()> {
        let recipe = Recipe::load(recipe, &[format!("train.seed={}", self.args.seed)])?;
        let job = train::TrainJob {
            init_from: init_from.map(|path| path.to_string_lossy().into_owned()),
            device: self.args.compute.device.clone(),
            command: given_command(),
            ..train::TrainJob::new(recipe, &self.data, run)
        };
        self.console.run(AGAIN, |show, stop| {
            let trained = train::train(&job, show, stop)?;
            Ok((!trained.outcome.interrupted).then_some(()))
        })
    }

    fn evaluate(&self) -> anyhow::Result<()> {
        let job = train::EvaluateJob {
            run: self.curated.clone(),
            data: self.data.clone(),
            fold: None,
            fold_table: None,
            subset: None,
            read: earmark::data::ReadAs::default(),
            checkpoints: train::Checkpoints::Every(4),
            eval_dir: None,
            device: self.args.compute.device.clone(),
            precision: None,
        };
        self.console.run(AGAIN, |show, stop| {
            let evaluated = train::evaluate(&job, show, stop)?;
            Ok((!evaluated.interrupted).then_some(()))
        })
    }

    fn predict(&self) -> anyhow::Result<inference::Prediction> {
        let job = inference::PredictJob {
            models: vec![self.curated.to_string_lossy().into_owned()],
            data: Some(self.data.clone()),
            device: self.args.compute.device.clone(),
            ..inference::PredictJob::default()
        };
        let prediction = self
            .console
            .run(AGAIN, |show, stop| inference::predict(&job, show, stop))?;
        prediction.scores.save(&self.submission)?;
        Ok(prediction)
    }

    /// Prints how good the model is, where everything is, and what to try next.
    fn summarize(&self, scores: &ScoreTable, page: &Path, start: Instant) -> anyhow::Result<()> {
        let truth = TruthTable::read(self.data.join("test_post_competition.csv"))?;
        let report = Report::compute(scores, &truth, &ReportOptions::default())?;
        let mut rng = random::stream(self.args.seed, &[Purpose::Evaluate as u64]);
        let guesses = scores.values().iter();
        let guesses = guesses.map(|_| random::unit(&mut rng) as f32).collect();
        let guesses = ScoreTable::new(scores.files().to_vec(), scores.classes().to_vec(), guesses)?;
        let guessed = Report::compute(&guesses, &truth, &ReportOptions::default())?;
        print_lines(&format!(
            "\n{}\nlwlrap on the test subset: {} (random guessing: {})\ndone in {}\n",
            report.table(),
            number(report.lwlrap),
            number(guessed.lwlrap),
            human_duration(start.elapsed().as_secs_f64())
        ))?;
        for (what, path) in [
            ("data", self.data.as_path()),
            ("run", &self.curated),
            ("submission", &self.submission),
            ("report", page),
        ] {
            print(format!("{what:<11} {}", path.display()))?;
        }
        let [data, run] =
            [&self.data, &self.curated].map(|path| one_line(&quote(&path.to_string_lossy())).into_owned());
        print_lines(&format!(
            "\nnext: open the report in a browser, then try these on the demo's sounds, or with a folder of your own \
             in place of {data}:\n  earmark data check {data}\n  earmark init {data}\n  \
             earmark predict {run} --files {data} -o scores.csv"
        ))
    }
}
