//! Trainings whose length follows the data: a minimum of steps, checkpoints over the whole length, early stopping where
//! there are enough clips to hold out, and moving statistics that follow a short training.

use super::common::{LEARN_WELL, Lab, Table, tensors};
use super::train_killed::assert_same;

/// Six steps per epoch: 12 clips of two segments in batches of 4.
const TRAIN: &str = "train tiny.toml --data tones --fold 1 --set train.schedule={kind=\"constant\"}";

const ALL: &str = "--set validation.split={kind=\"none\"}";

/// The losses of its steps.
fn losses(lab: &Lab, run: &str) -> Vec<f64> {
    lab.logged(run)
        .iter()
        .filter_map(|l| l["loss"].as_f64())
        .collect()
}

/// The steps at which it was validated.
fn validated(lab: &Lab, run: &str) -> Vec<u64> {
    let lines = lab.logged(run);
    let validations = lines.iter().filter(|l| l["validation"].is_object());
    validations.filter_map(|l| l["step"].as_u64()).collect()
}

#[test]
fn a_minimum_of_steps_holds_for_few_clips_and_is_said_first() {
    let lab = Lab::new();
    let train = format!("{TRAIN} {ALL} --set train.min-steps=40");
    let said = "40 steps, the minimum (min-steps), as 3 epochs would be 18";
    let few = lab
        .earmark(&format!("{train} --run few --set train.epochs=3"))
        .done();
    assert!(
        few.err.contains(said) && few.err.contains("training: 40 steps"),
        "{few}"
    );
    let log = lab.read("few/log.txt");
    assert!(
        log.find(said) < log.find("step 10 ") && log.contains(said),
        "{log}"
    );
    assert_eq!(losses(&lab, "few").len(), 40);
    assert_eq!(lab.logged("few")[39]["step"], 40);
    let many = lab
        .earmark(&format!("{train} --run many --set train.epochs=8"))
        .done();
    assert_eq!(losses(&lab, "many").len(), 48);
    assert!(!many.err.contains("min-steps"), "{many}");
    let plan = lab
        .earmark(&format!("{train} --set train.epochs=3 --dry-run"))
        .done();
    assert!(
        plan.out.contains(&format!("length      {said}")) && plan.out.contains("about 40, "),
        "{plan}"
    );
    // A length in steps needs no minimum.
    lab.earmark(&format!("{train} --run exact --set train.steps=7"))
        .done();
    assert_eq!(losses(&lab, "exact").len(), 7);
    let both = lab
        .earmark(&format!(
            "{TRAIN} --run both --set train.steps=7 --set train.min-steps=9"
        ))
        .refused();
    assert_eq!(
        both,
        "--set train.min-steps=9: train.min-steps = 9: steps is set as well and is the whole length; keep one of the \
         two"
    );
}

/// A minimum belongs to the epochs that it was written next to: whoever gives others, in a recipe or on the command
/// line, gives a length.
#[test]
fn other_epochs_leave_an_inherited_minimum_behind() {
    let lab = Lab::new();
    lab.write(
        "least.toml",
        "extends = \"tiny.toml\"\n[train]\nepochs = 3\nmin-steps = 40\n",
    );
    lab.write("brief.toml", "extends = \"least.toml\"\n[train]\nepochs = 1\n");
    lab.write(
        "both.toml",
        "extends = \"least.toml\"\n[train]\nepochs = 1\nmin-steps = 20\n",
    );
    for (recipe, set, steps) in [
        ("least", "", 40),
        ("brief", "", 6),
        ("both", "", 20),
        ("least", "--set train.epochs=2", 12),
        ("least", "--set train.min-steps=15 --set train.epochs=2", 15),
    ] {
        let train = TRAIN.replace("tiny", recipe);
        let plan = lab.earmark(&format!("{train} {ALL} {set} --dry-run")).done();
        assert!(
            plan.out
                .contains(&format!("steps       about {steps}, about 6 per epoch")),
            "{recipe} {set}: {plan}"
        );
    }
    let folder = |set: &str| lab.earmark(&format!("recipes show folder {set}")).done().out;
    assert!(folder("").contains("min-steps = 600"));
    assert!(!folder("--set train.epochs=1").contains("min-steps"));
    // A run is resumed for longer with more epochs alone where these are more steps than its minimum was.
    let train = format!("{} {ALL} --run run", TRAIN.replace("tiny.toml", "least.toml"));
    lab.earmark(&train).done();
    let fewer = lab
        .earmark(&format!("{train} --set train.epochs=4 --resume"))
        .exit(1)
        .err;
    assert!(
        fewer.contains("it would have 24 steps, fewer than the 40 that are planned"),
        "{fewer}"
    );
    let more = lab
        .earmark(&format!("{train} --set train.epochs=7 --resume"))
        .done();
    assert!(
        more.err
            .contains("the training is now 42 steps long instead of 40"),
        "{more}"
    );
}

/// A network with the layers of the published one, trained on the tones for two steps.
const BASE: &str = "train efficientat/mn04 --data tones --run base --set network.width=0.1 --set train.steps=2 \
                    --set batches.size=4 --set front-end.segments.length-seconds=1 \
                    --set front-end.segments.hop-seconds=1";

/// Fine-tuning from it on five clips per class of other sounds, in phases of at least 5 and 8 steps.
const TUNE: &str = "train fine-tune/folder --data few --set train.start.from=base/best.safetensors \
                    --set network.width=0.1 --set front-end.segments.length-seconds=1 \
                    --set front-end.segments.hop-seconds=1 --set train.phases.0.min-steps=5 \
                    --set train.phases.1.min-steps=8";

fn fine_tuning() -> Lab {
    let lab = Lab::new();
    for (class, hz) in [("deep", 400.0), ("shrill", 1800.0)] {
        for k in 0..5 {
            lab.tone(&format!("few/{class}/{k}.wav"), hz * (1.0 + 0.03 * f64::from(k)));
        }
    }
    lab.earmark(BASE).done();
    lab
}

/// Steps of each phase.
fn phases(lab: &Lab, run: &str) -> [usize; 2] {
    let lines = lab.logged(run);
    [1, 2].map(|phase| {
        let of_phase = lines
            .iter()
            .filter(|l| l["loss"].is_number() && l["phase"] == phase);
        of_phase.count()
    })
}

#[test]
fn fine_tuning_follows_the_data() {
    let lab = fine_tuning();
    let tune = format!("{TUNE} --set train.phases.0.epochs=2");
    // Ten clips in a batch of 16: a step per epoch.
    let ended = lab
        .earmark(&format!("{tune} --run whole --set train.phases.1.epochs=3"))
        .done();
    assert_eq!(phases(&lab, "whole"), [5, 8]);
    for line in [
        "phase 1 of 2: 5 steps, the minimum (min-steps), as 2 epochs would be 2",
        "phase 2 of 2: 8 steps, the minimum (min-steps), as 3 epochs would be 3",
        "no clips are held out for validation: ",
    ] {
        assert!(ended.err.contains(line), "{line}: {ended}");
    }
    lab.earmark(&format!("{tune} --run longer --set train.phases[1].epochs=11"))
        .done();
    assert_eq!(phases(&lab, "longer"), [5, 11]);
    // Killed in either phase, it ends as one that was not: moving statistics count their steps from where they begin to
    // move.
    for point in ["step:3", "step:9"] {
        let run = point.replace(':', "-");
        let train = format!("{tune} --set train.phases.1.epochs=3 --run {run}");
        lab.crash(&train, point).killed();
        lab.earmark(&format!("{train} --resume")).done();
        assert_same(&lab, "whole", &run, point);
    }
    let folds = lab.earmark(&format!("{tune} --run cv --folds 1,2")).done();
    assert!(folds.out.contains("accuracy"), "{folds}");
    let again = lab
        .earmark(&format!("{tune} --run cv --folds 1,2 --resume"))
        .done();
    assert_eq!(again.err.matches("is trained already").count(), 2, "{again}");
}

/// Nothing moves, so that no validation is better than the first.
const STILL: &str =
    "--set train.freeze=[\"conv0\",\"dw\",\"pw\"] --set train.learning-rate=1e-30 --set train.epochs=8";

#[test]
fn checkpoints_and_early_stopping_follow_the_length() {
    let lab = Lab::new();
    // Ten clips are trained on: 40 steps.
    lab.earmark(&format!(
        "{TRAIN} --run whole --set train.epochs=8 --set checkpoints.times=8"
    ))
    .done();
    assert_eq!(validated(&lab, "whole"), [5, 10, 15, 20, 25, 30, 35, 40]);
    lab.earmark(&format!(
        "{TRAIN} --run short --set train.epochs=2 --set checkpoints.times=4"
    ))
    .done();
    assert_eq!(validated(&lab, "short"), [3, 6, 9, 10]);
    let early = format!("{TRAIN} {STILL} --set checkpoints.times=8 --set validation.early-stop-patience=2");
    let ended = lab.earmark(&format!("{early} --run early")).done();
    assert_eq!(validated(&lab, "early"), [5, 10, 15]);
    assert_eq!(losses(&lab, "early").len(), 15);
    assert!(
        ended
            .err
            .contains("stopped early: no better lwlrap in 2 validations"),
        "{ended}"
    );
    let refused = |more: &str| lab.earmark(&format!("{TRAIN} --run x {more}")).refused();
    assert_eq!(
        refused("--set checkpoints={every-steps=50,times=8}"),
        "--set checkpoints={every-steps=50,times=8}: checkpoints.times = 8: every-steps is set as well; keep one of \
         the two"
    );
}

/// Clips are held out only where there are enough of them to decide anything; else all are trained on, to the last
/// step.
#[test]
fn few_clips_are_not_held_out() {
    let lab = Lab::new();
    let train = format!("{TRAIN} {STILL} --set validation.early-stop-patience=1 --set checkpoints.times=8");
    let least = |n: u32| {
        format!("--set validation.split={{kind=\"hold-out\",fraction=0.2,min-clips={n}}} --run least-{n}")
    };
    lab.earmark(&format!("{train} {}", least(2))).done();
    assert_eq!(losses(&lab, "least-2").len(), 10, "two validations");
    let ended = lab.earmark(&format!("{train} {}", least(9))).done();
    assert_eq!(losses(&lab, "least-9").len(), 48);
    assert!(validated(&lab, "least-9").is_empty());
    assert!(lab.path("least-9/best.safetensors").is_file());
    let note = "no clips are held out for validation: 0.2 of them would be fewer than validation.split.min-clips = 9";
    assert!(ended.err.contains(note), "{ended}");
    let best = "--set train.phases=[{steps=3},{steps=3,begin=\"best\"}]";
    let message = lab.earmark(&format!("{TRAIN} {} {best}", least(3))).refused();
    assert!(
        message.contains("train.phases[1].begin = best: without validation clips, no weights are the best"),
        "{message}"
    );
}

/// `m = d m + (1 - d) batch` with d = min(decay, (1 + t) / (10 + t)) after t steps before, computed here from the
/// statistics of a run with the network's decay alone, whose weights are the same.
#[test]
fn moving_statistics_are_those_of_the_definition() {
    let lab = Lab::new();
    let train = format!(
        "{TRAIN} {ALL} --set train.steps=6 --set checkpoints.every-steps=1 --set train.average-decay=0"
    );
    lab.earmark(&format!("{train} --run plain")).done();
    lab.earmark(&format!(
        "{train} --run warmed-up --set train.batch-norm-warm-up=true"
    ))
    .done();
    assert_eq!(
        losses(&lab, "plain"),
        losses(&lab, "warmed-up"),
        "statistics drive nothing"
    );
    let of = |run: &str| {
        let path = |step: u64| lab.path(&format!("{run}/checkpoints/step-{step:08}.safetensors"));
        [1, 2, 3, 4, 5, 6].map(|step| tensors(&path(step)))
    };
    let (plain, warmed_up) = (of("plain"), of("warmed-up"));
    let mut statistics = 0;
    for (name, (shape, _)) in &plain[0] {
        let start = match name.rsplit('.').next() {
            Some("mean") => 0.0,
            Some("variance") => 1.0,
            _ => {
                assert_eq!(plain[5][name], warmed_up[5][name], "{name}");
                continue;
            }
        };
        let (mut before, mut wanted) = (vec![start; shape[0]], vec![start; shape[0]]);
        for (t, (plain, got)) in plain.iter().zip(&warmed_up).enumerate() {
            let d = 0.5_f64.min((1.0 + t as f64) / (10.0 + t as f64));
            for k in 0..shape[0] {
                let now = f64::from(plain[name].1[k]);
                let batch = (now - 0.5 * before[k]) / 0.5;
                (before[k], wanted[k]) = (now, d * wanted[k] + (1.0 - d) * batch);
                let off = (f64::from(got[name].1[k]) - wanted[k]).abs();
                assert!(
                    off < 1e-4 * (1.0 + wanted[k].abs()),
                    "{name}[{k}] after {t} steps"
                );
            }
        }
        statistics += 1;
    }
    assert_eq!(statistics, 54, "means and variances");
}

/// With a decay made for tens of thousands of steps, a training of 270 whose weights are right scores by guessing; with
/// the warm-up it does not.
#[test]
fn a_short_training_is_not_ruined_by_a_slow_decay() {
    let lab = Lab::new();
    let right = |run: &str, more: &str| {
        let train = LEARN_WELL.replace("runs/a", run);
        let short = "--set network.batch-norm-decay=0.9997 --set train.epochs=30";
        lab.earmark(&format!("{train} {short} {more}")).done();
        lab.earmark(&format!("predict {run} --data tones -o {run}.csv"))
            .done();
        let table = Table::parse(&lab.read(&format!("{run}.csv")));
        let is_right = |(file, scores): &&(String, Vec<f64>)| {
            let best = (0..3).max_by(|a, b| scores[*a].total_cmp(&scores[*b]));
            best.is_some_and(|best| file.starts_with(&format!("{}/", table.classes[best])))
        };
        table.rows.iter().filter(is_right).count()
    };
    assert!(right("slow", "") <= 9, "of 18");
    assert!(
        right("followed", "--set train.batch-norm-warm-up=true") >= 16,
        "of 18"
    );
}
