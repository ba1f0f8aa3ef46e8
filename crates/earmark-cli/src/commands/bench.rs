//! `earmark bench`

use crate::Status;
use crate::args::{Bench, Global};
use crate::console::{Console, out, out_json};
use earmark::Recipe;
use earmark::bench::{Speed, Speeds, bench};
use earmark::report::{Align, human_duration, human_rate, text_table};

/// Measures a recipe on this machine.
pub fn run(args: Bench, global: &Global, console: &Console) -> anyhow::Result<Status> {
    let job = earmark::bench::Bench {
        recipe: Recipe::load(&args.recipe, &args.overrides.set)?,
        batch: args.batch,
        classes: args.classes,
        repeat: args.repeat,
        device: global.device.clone(),
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
    let rows = [
        row("training step", &speeds.train_step),
        row("inference", &speeds.inference),
        row("inference, one", &speeds.inference_one),
    ];
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
    let f = &speeds.front_end;
    let times = |v: f64| format!("{v:.0} x");
    let rows = [
        vec![format!("WAV to features, {threads}"), times(f.x_real_time)],
        vec![
            "WAV to features, one core".to_owned(),
            times(f.x_real_time_one_core),
        ],
        vec![
            format!("samples to features, {threads}"),
            times(f.x_real_time_without_decoding),
        ],
    ];
    let front_end = text_table(&["front end", "real time"], &rows, &[Align::Left, Align::Right]);
    format!(
        "{} on {}, {threads}\n\n{front_end}\n{}",
        speeds.recipe,
        speeds.device,
        steps.trim_end()
    )
}
