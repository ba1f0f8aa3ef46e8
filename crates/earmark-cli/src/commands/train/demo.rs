//! `earmark demo`: the whole way on a synthetic set, without any data.

use crate::Status;
use crate::args::{Demo, Global};
use crate::console::{Console, out};
use anyhow::bail;
use earmark::data::synth::write_demo;
use earmark::engine::ParameterPrefixes;
use earmark::inference::Event;
use earmark::metrics::{BlendMean, Report, ReportOptions, ScoreTable, TruthTable, number};
use earmark::{Recipe, runs::pages};
use earmark_core::atomic;
use earmark_core::random::{self, Purpose};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

/// The file that says that a folder is a demo of ours and may be made anew.
const MARK: &str = "demo.json";

/// Synthesises, trains twice, judges, predicts, reports.
pub fn run(args: Demo, global: &Global, console: &Console) -> anyhow::Result<Status> {
    let start = Instant::now();
    let stop = console.stop_flag()?;
    let root = &args.out;
    prepare_folder(root)?;
    let data = root.join("data");
    console.note(format!("1/5 synthesising a labelled set in {}", data.display()));
    let set = write_demo(&data, args.seed, &|done, total| {
        console.show(Event::Features { done, total })
    })?;
    console.note(format!(
        "    {} curated clips, {} noisy ones ({} of their labels are wrong), {} test clips, {} classes",
        set.curated,
        set.noisy,
        set.wrong_labels,
        set.test,
        set.classes.len()
    ));

    console.note("2/5 training on the noisy part (demo/1-noisy)");
    let noisy = root.join("runs/1-noisy");
    let Some(()) = train("demo/1-noisy", &args, &data, &noisy, None, global, console, &stop)? else {
        return Ok(Status::Interrupted);
    };
    console.note("3/5 training on the curated part from those weights (demo/2-curated)");
    let curated = root.join("runs/2-curated");
    let from = noisy.to_string_lossy().into_owned();
    let Some(()) = train(
        "demo/2-curated",
        &args,
        &data,
        &curated,
        Some(from),
        global,
        console,
        &stop,
    )?
    else {
        return Ok(Status::Interrupted);
    };

    console.note("4/5 judging every fourth checkpoint and the last on the test part");
    let job = earmark::train::EvaluateJob {
        run: curated.clone(),
        data: data.clone(),
        fold: None,
        fold_table: None,
        part: None,
        checkpoints: earmark::train::Checkpoints::Every(4),
        eval_dir: None,
        device: global.device.clone(),
    };
    let judged = earmark::train::evaluate(&job, &|e| console.show(e), &stop)?;
    if judged.interrupted {
        return Ok(Status::Interrupted);
    }

    console.note("5/5 predicting the test part");
    let submission = root.join("submission.csv");
    let job = earmark::inference::Predict {
        models: vec![curated.to_string_lossy().into_owned()],
        data: Some(data.clone()),
        part: None,
        files: Vec::new(),
        layout: None,
        weights: None,
        mean: BlendMean::Geometric,
        raw: false,
        device: global.device.clone(),
    };
    let Some(prediction) = earmark::inference::predict(&job, &|e| console.show(e), &stop)? else {
        return Ok(Status::Interrupted);
    };
    prediction.scores.save(&submission)?;
    let page = pages::write_run_report(&earmark::runs::run_dir::RunDir::open(&curated)?, Some(&data))?;
    tell(
        root,
        &data,
        &curated,
        &submission,
        &page,
        &prediction.scores,
        args.seed,
        start,
    )?;
    Ok(Status::of_skips(prediction.skipped.len()))
}

/// Makes a fresh folder; an earlier demo there is replaced, anything else is left alone.
fn prepare_folder(root: &Path) -> anyhow::Result<()> {
    let mark = root.join(MARK);
    if mark.is_file() {
        for part in ["data", "runs"] {
            match std::fs::remove_dir_all(root.join(part)) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                    bail!("{}: {e}", root.join(part).display())
                }
                _ => {}
            }
        }
    } else if root.exists() && std::fs::read_dir(root)?.next().is_some() {
        bail!(
            "{}: is not empty and no earlier demo; choose another folder with --out",
            root.display()
        );
    }
    std::fs::create_dir_all(root)?;
    atomic::write(&mark, |w| {
        w.write_all(b"{ \"what\": \"a folder of `earmark demo`; it may be made anew\" }\n")
    })?;
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "one call for each of the two stages")]
fn train(
    recipe: &str,
    args: &Demo,
    data: &Path,
    run: &Path,
    init_from: Option<String>,
    global: &Global,
    console: &Console,
    stop: &AtomicBool,
) -> anyhow::Result<Option<()>> {
    let recipe = Recipe::load(recipe, &[format!("train.seed={}", args.seed)])?;
    let job = earmark::train::TrainJob {
        recipe,
        data: data.into(),
        run: run.into(),
        fold: None,
        fold_table: None,
        init_from,
        prefixes: ParameterPrefixes::default(),
        resume: false,
        device: global.device.clone(),
        command: crate::console::command_line(),
    };
    let trained = earmark::train::train(&job, &|e| console.show(e), stop)?;
    Ok((!trained.outcome.interrupted).then_some(()))
}

#[expect(clippy::too_many_arguments, reason = "everything that the last screen names")]
fn tell(
    root: &Path,
    data: &Path,
    run: &Path,
    submission: &Path,
    page: &Path,
    scores: &ScoreTable,
    seed: u64,
    start: Instant,
) -> anyhow::Result<()> {
    let truth = TruthTable::read(data.join("test_post_competition.csv"))?;
    let report = Report::compute(scores, &truth, &ReportOptions::default())?;
    let mut rng = random::stream(seed, &[Purpose::Evaluate as u64]);
    let guesses = scores
        .values()
        .iter()
        .map(|_| random::unit(&mut rng) as f32)
        .collect();
    let guesses = ScoreTable::new(scores.files().to_vec(), scores.classes().to_vec(), guesses)?;
    let guessed = Report::compute(&guesses, &truth, &ReportOptions::default())?;
    out("")?;
    out(report.table())?;
    out(format!(
        "lwlrap on the test part: {} (random guessing: {})",
        number(report.lwlrap),
        number(guessed.lwlrap)
    ))?;
    out(format!(
        "done in {}",
        earmark::report::human_duration(start.elapsed().as_secs_f64())
    ))?;
    out("")?;
    for (what, path) in [
        ("data", data),
        ("run", run),
        ("submission", submission),
        ("report", page),
    ] {
        out(format!("{what:<11} {}", path.display()))?;
    }
    out("")?;
    out("next: look at the report in a browser, then try your own sounds:")?;
    out("  earmark data check MY-SOUNDS")?;
    out("  earmark init MY-SOUNDS")?;
    out(format!(
        "  earmark predict {} --files SOME.wav -o scores.csv",
        run.display()
    ))?;
    let _ = root;
    Ok(())
}
