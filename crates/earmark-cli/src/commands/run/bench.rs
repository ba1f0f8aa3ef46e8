//! `earmark bench`

use crate::Status;
use crate::args::{Bench, BenchPart, Global};
use crate::console::{Console, out, out_json};
use earmark::Recipe;
use earmark::report::{Align, human_duration, human_rate, text_table};
use earmark::train::benchmark::{Part, Speed, Speeds, bench};

/// Measures a recipe on this machine.
pub fn run(args: Bench, global: &Global, console: &Console) -> anyhow::Result<Status> {
    let job = earmark::train::benchmark::Bench {
        recipe: Recipe::load(&args.recipe, &args.overrides.set)?,
        batch: args.batch,
        classes: args.classes,
        repeat: args.repeat,
        device: global.device.clone(),
        parts: if args.only.is_empty() {
            Part::ALL.to_vec()
        } else {
            args.only.into_iter().map(part).collect()
        },
    };
    let stop = console.stop_flag()?;
    let told = |what: &str| console.note(format!("measuring: {what}"));
    let Some(speeds) = bench(&job, &told, &stop)? else {
        return Ok(Status::Interrupted);
    };
    if args.json {
        out_json(&speeds)?
    } else {
        out(text(&speeds))?
    }
    Ok(Status::Done)
}

fn text(speeds: &Speeds) -> String {
    let threads = if speeds.threads == 1 {
        "1 thread".to_owned()
    } else {
        format!("{} threads", speeds.threads)
    };
    let row = |what: &str, s: &Speed| {
        let memory = s.peak_mib.map_or("–".to_owned(), |m| format!("{m:.0} MiB"));
        let rate = human_rate(s.items_per_second, "examples");
        vec![
            what.to_owned(),
            s.batch.to_string(),
            human_duration(s.seconds),
            rate,
            memory,
        ]
    };
    let rows: Vec<_> = [
        ("training step", &speeds.train_step),
        ("inference", &speeds.inference),
        ("inference, one", &speeds.inference_one),
    ]
    .into_iter()
    .filter_map(|(what, speed)| Some(row(what, speed.as_ref()?)))
    .collect();
    let steps = text_table(
        &["step", "batch", "time", "speed", "peak memory"],
        &rows,
        &[
            Align::Left,
            Align::Right,
            Align::Right,
            Align::Right,
            Align::Right,
        ],
    );
    let front_end = speeds.front_end.as_ref().map(|f| {
        let row = |what: String, v: f64| vec![what, format!("{v:.0} x")];
        let rows = [
            row(format!("WAV to features, {threads}"), f.x_real_time),
            row("WAV to features, one core".to_owned(), f.x_real_time_one_core),
            row(
                format!("samples to features, {threads}"),
                f.x_real_time_without_decoding,
            ),
            row(
                "samples to features, one core".to_owned(),
                f.x_real_time_without_decoding_one_core,
            ),
        ];
        text_table(&["front end", "real time"], &rows, &[Align::Left, Align::Right])
    });
    let simd = speeds.simd.map_or(String::new(), |name| format!(" ({name})"));
    let mut text = format!("{} on {}{simd}, {threads}\n", speeds.recipe, speeds.device);
    let steps = (!rows.is_empty()).then_some(steps);
    for table in [front_end, steps].into_iter().flatten() {
        text.push('\n');
        text.push_str(&table);
    }
    text.trim_end().to_owned()
}

fn part(part: BenchPart) -> Part {
    match part {
        BenchPart::FrontEnd => Part::FrontEnd,
        BenchPart::TrainStep => Part::TrainStep,
        BenchPart::Inference => Part::Inference,
        BenchPart::InferenceOne => Part::InferenceOne,
    }
}
