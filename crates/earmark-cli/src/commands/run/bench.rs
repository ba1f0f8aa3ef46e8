//! `earmark bench`

use crate::args::Bench;
use crate::console::Console;
use crate::output::{number_table, print, print_json};
use crate::status::{Interrupted, Status};
use earmark::Recipe;
use earmark::train::benchmark::{self, Part, Speed, Speeds, bench};
use earmark_core::human::{human_amount, human_duration, human_rate};

/// Measures a recipe on this machine.
pub fn run(args: Bench, console: &Console) -> anyhow::Result<Status> {
    let job = benchmark::Bench {
        recipe: Recipe::load(&args.recipe, &args.overrides.set)?,
        batch: args.batch,
        classes: args.class_count,
        repeat: args.repeat,
        device: args.compute.device,
        parts: match args.only.is_empty() {
            true => Part::ALL.to_vec(),
            false => args.only,
        },
    };
    let stop = console.stop_flag()?;
    let note = |what: &str| console.note(format!("measuring: {what}"));
    let Some(speeds) = bench(&job, &note, &stop)? else {
        return Err(Interrupted.into());
    };
    match args.json {
        true => print_json(&speeds)?,
        false => print(text(&speeds))?,
    }
    Ok(Status::Done)
}

fn text(speeds: &Speeds) -> String {
    let threads = human_amount(speeds.threads, "thread", "threads");
    let simd = speeds.simd.map_or(String::new(), |name| format!(" ({name})"));
    let mut text = format!("{} on {}{simd}, {threads}\n", speeds.recipe, speeds.device);
    if let Some(f) = &speeds.front_end {
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
        text += &format!("\n{}", number_table(&["front end", "real time"], &rows));
    }
    let row = |what: &str, speed: &Speed| {
        let memory = speed.peak_mib.map_or("–".to_owned(), |m| format!("{m:.0} MiB"));
        vec![
            what.to_owned(),
            speed.batch.to_string(),
            human_duration(speed.seconds),
            human_rate(speed.items_per_second, "segments"),
            memory,
        ]
    };
    let steps = [
        ("training step", &speeds.train_step),
        ("inference", &speeds.inference),
        ("inference, one", &speeds.inference_one),
    ];
    let rows: Vec<_> = steps
        .into_iter()
        .filter_map(|(what, speed)| Some(row(what, speed.as_ref()?)))
        .collect();
    if !rows.is_empty() {
        let headers = ["step", "batch", "time", "speed", "peak memory"];
        text += &format!("\n{}", number_table(&headers, &rows));
    }
    text.trim_end().to_owned()
}
