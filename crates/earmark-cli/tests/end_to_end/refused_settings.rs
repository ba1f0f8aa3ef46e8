//! Recipes and command lines that can't work are refused before any audio is read, with place, value and remedy.

use super::common::{Ended, Lab, RECIPE};

const TRAIN: &str = "train tiny.toml --data tones --run run";

#[track_caller]
fn refused(lab: &Lab, arguments: &str, wanted: &str) {
    assert_eq!(lab.earmark(arguments).refused(), wanted);
    assert!(!lab.path("run").exists(), "a refusal leaves no run behind");
}

#[test]
fn recipes() {
    let lab = Lab::new();
    let cases = [
        (
            "learning-rate",
            "learnin-rate",
            "tiny.toml:25: train.learnin-rate: unknown key; did you mean `learning-rate`? keys here: seed, epochs, steps, \
             min-steps, learning-rate, loss, noisy-subsets, optimizer, schedule, gradient-clip, gradient-accumulation, precision, average-decay, batch-norm-warm-up, \
             freeze, layer-rates, start, distil, phases",
        ),
        (
            "patience = 0",
            "patienc = 0",
            "tiny.toml:27: train.schedule.patienc: unknown key; did you mean `patience`? keys here: factor, patience, min-delta, \
             min-rate",
        ),
        (
            "[front-end.mel]",
            "[front-end.stft]\nhop-seconds = -0.01\n[front-end.mel]",
            "tiny.toml:14: front-end.stft.hop-seconds = -0.01: makes -80 samples; give seconds that make 1 to 16777216 samples, for \
             example 0.01",
        ),
        (
            "bands = 32",
            "bands = -32",
            "tiny.toml:14: front-end.mel.bands: invalid value: integer `-32`, expected a whole number, 1 or more",
        ),
        (
            "size = 4",
            "size = 0",
            "tiny.toml:31: batches.size = 0: must be 1 or more",
        ),
        (
            "epochs = 6",
            "epochs = 6\nsteps = 3",
            "tiny.toml:24: train.epochs = 6: steps is set as well; keep one of the two",
        ),
        (
            "fraction = 0.2",
            "fraction = 1.5",
            "tiny.toml:39: validation.split.fraction = 1.5: choose a share between 0 and 1, such as 0.1",
        ),
        (
            "extends = \"dcase2019-baseline/1-noisy\"",
            "extends = \"dcase2019-baseline/1-nosy\"",
            "dcase2019-baseline/1-nosy: no such recipe file, and no recipe of that name is built in (did you mean \
             `dcase2019-baseline/1-noisy`?); `earmark recipes list` shows the built-in ones",
        ),
        (
            "extends = \"dcase2019-baseline/1-noisy\"",
            "extends = \"tiny.toml\"",
            "tiny.toml: `extends` leads in a circle or more than 16 files deep",
        ),
    ];
    for (from, to, wanted) in cases {
        let slip = RECIPE.replacen(from, to, 1);
        assert_ne!(slip, RECIPE, "{from} is not in the recipe");
        lab.write("tiny.toml", slip);
        refused(&lab, TRAIN, wanted);
    }
    lab.write("tiny.toml", "x = = 2\n");
    let message = lab.earmark(TRAIN).refused();
    assert!(
        message.starts_with("tiny.toml: is not valid TOML: TOML parse error at line 1, column 5"),
        "{message}"
    );
    lab.write("tiny.toml", "format = 2\n".to_owned() + RECIPE);
    refused(
        &lab,
        TRAIN,
        "tiny.toml:1: format = 2: this program knows formats up to 1; update earmark",
    );
}

#[test]
fn overrides() {
    let lab = Lab::new();
    let cases = [
        (
            "train.epochs",
            "--set train.epochs: expected KEY=VALUE, such as --set train.learning-rate=0.001",
        ),
        (
            "train.epoch=3",
            "--set train.epoch=3: train.epoch: unknown key; did you mean `epochs`? keys here: seed, epochs, steps, min-steps, \
             learning-rate, loss, noisy-subsets, optimizer, schedule, gradient-clip, gradient-accumulation, precision, average-decay, batch-norm-warm-up, freeze, \
             layer-rates, start, distil, phases",
        ),
        (
            "front-end.stft.hop-seconds=-0.01",
            "--set front-end.stft.hop-seconds=-0.01: front-end.stft.hop-seconds = -0.01: makes -80 samples; give seconds that make 1 to \
             16777216 samples, for example 0.01",
        ),
        (
            "network.width=0",
            "--set network.width=0: network.width = 0: choose a factor above 0, at most 16; 1 is the published network",
        ),
        (
            "train.precision=int8",
            "--set train.precision=int8: train.precision: weights can't be trained as bytes; choose f32 or bf16",
        ),
        (
            "train.precision=fp16",
            "--set train.precision=fp16: train.precision: unknown variant `fp16`, expected `f32` or `bf16`",
        ),
    ];
    for (set, wanted) in cases {
        refused(&lab, &format!("{TRAIN} --set {set}"), wanted);
    }
}

/// Entries of a list, by number as `--set` and as errors name them.
#[test]
fn overrides_of_list_entries() {
    let lab = Lab::new();
    let show = |set: &str| lab.earmark(&format!("recipes show fine-tune/folder --set {set}"));
    let one = show("train.phases.0.epochs=23").done().out;
    assert!(one.contains("epochs = 23.0"), "{one}");
    assert_eq!(show("train.phases[0].epochs=23").done().out, one);
    assert_eq!(one.matches("[[train.phases]]").count(), 2, "{one}");
    let cases = [
        (
            "train.phases.2.epochs=20",
            "--set train.phases.2.epochs=20: train.phases.2: there is no such entry; train.phases has 2 entries, numbered 0 to 1",
        ),
        (
            "train.phases.epochs=20",
            "--set train.phases.epochs=20: train.phases.epochs: an entry of a list is named by its number; train.phases has 2 entries, \
             numbered 0 to 1",
        ),
        (
            "train.phases.1.epochs=-1",
            "--set train.phases.1.epochs=-1: train.phases[1].epochs = -1: choose a number above 0, at most 1000000",
        ),
        (
            "train.phases.0.epoch=9",
            "--set train.phases.0.epoch=9: train.phases[0].epoch: unknown key; did you mean `epochs`? keys here: epochs, steps, min-steps, \
             learning-rate, schedule, optimizer, freeze, layer-rates, mixing, begin, early-stop-patience",
        ),
    ];
    for (set, wanted) in cases {
        assert_eq!(show(set).refused(), wanted);
    }
    // Where there is no list yet.
    refused(
        &lab,
        &format!("{TRAIN} --set train.phases.0.epochs=20"),
        "tiny.toml: train.phases: must be a list, and there is none yet whose entries could be changed by number; set all of it",
    );
    // Which phase of a file is meant, by its line.
    lab.write(
        "phases.toml",
        "extends = \"tiny.toml\"\n[[train.phases]]\nsteps = 3\n[[train.phases]]\nsteps = 0\n",
    );
    assert_eq!(
        lab.earmark("train phases.toml --data tones --run run").refused(),
        "phases.toml:5: train.phases[1].steps = 0: choose 1 or more"
    );
}

/// An earlier name of a key still sets it, and a note names the one to use.
#[test]
fn renamed_keys() {
    let lab = Lab::new();
    let note = "note: `data.part-column` is now called `data.subset-column`";
    let notes = |ended: &Ended| ended.err.lines().filter(|line| *line == note).count();
    let show = "recipes show tiny.toml --set data.part-column=";
    let ended = lab.earmark(&format!("{show}a --set data.part-column=b")).done();
    assert_eq!(notes(&ended), 1, "{ended}");
    assert!(ended.out.contains("subset-column = \"b\"\n"), "{ended}");
    let output = lab
        .command("recipes show tiny.toml")
        .env("EARMARK_SET", "data.part-column=c")
        .output();
    let ended = Ended::of("recipes show", output.expect("the command to start"));
    assert_eq!(notes(&ended), 1, "{ended}");
    // The commands about data take keys of [data] alone, with or without its name.
    for key in ["part-column", "data.part-column"] {
        let ended = lab.earmark(&format!("data classes tones --set {key}=x"));
        assert_eq!(notes(&ended), 1, "{ended}");
    }
    let ended = lab
        .earmark("recipes show tiny.toml --set data.subset-column=a")
        .done();
    assert_eq!(ended.err, "", "{ended}");
}

#[test]
fn names_and_devices() {
    let lab = Lab::new();
    refused(
        &lab,
        "train dcase2019-baseline/1-nosy --data tones --run run",
        "dcase2019-baseline/1-nosy: no such recipe file, and no recipe of that name is built in (did you mean \
         `dcase2019-baseline/1-noisy`?); `earmark recipes list` shows the built-in ones",
    );
    let cases = [
        (
            "gpu",
            "--device gpu: unknown device; choose cpu, cpu-plain (vulkan, webgpu, metal and cuda are cargo features)",
        ),
        (
            "metal",
            "--device metal: this build does not include it; build with `cargo build --release --features metal`",
        ),
    ];
    for (device, wanted) in cases {
        let output = lab
            .command(TRAIN)
            .env("EARMARK_DEVICE", device)
            .output()
            .expect("the command to start");
        let message = Ended::of("train with EARMARK_DEVICE", output).refused();
        // A build with a GPU names it.
        if cfg!(not(any(
            feature = "vulkan",
            feature = "webgpu",
            feature = "metal"
        ))) {
            assert_eq!(message, wanted);
        }
        // A flag wins over the environment.
        let output = lab
            .command(&format!("{TRAIN}-{device} --device cpu"))
            .env("EARMARK_DEVICE", device)
            .output();
        Ended::of(
            "train with EARMARK_DEVICE and --device cpu",
            output.expect("the command to start"),
        )
        .done();
    }
}

/// A command that this build leaves out is named as such, with the way to it; help and completions don't offer it.
#[cfg(not(feature = "serve"))]
#[test]
fn commands_of_a_feature() {
    let lab = Lab::new();
    for (arguments, command) in [
        ("serve --model runs/a", "serve"),
        ("serve --help", "serve"),
        (
            "review serve runs/cv --learn-with mn04.safetensors",
            "review serve",
        ),
    ] {
        assert_eq!(
            lab.earmark(arguments).refused(),
            format!(
                "{command}: this build does not include it; build with `cargo build --release --features serve`"
            )
        );
    }
    for arguments in ["--help", "review --help", "completions bash"] {
        let shown = lab.earmark(arguments).done().out;
        assert!(!shown.contains("serve"), "{arguments}");
    }
}

/// An unknown instruction set is refused before anything is read; the portable one trains.
#[test]
fn instruction_sets() {
    let lab = Lab::new();
    let run = |name: &str| {
        let output = lab.command(TRAIN).env("EARMARK_SIMD", name).output();
        Ended::of("train with EARMARK_SIMD", output.expect("the command to start"))
    };
    let message = run("sse9").refused();
    assert!(
        message.starts_with(
            "EARMARK_SIMD=sse9: unknown instruction set; choose one that this machine supports: portable"
        ),
        "{message}"
    );
    run("portable").done();
}

#[test]
fn switches_in_the_environment() {
    let lab = Lab::new();
    for (value, silent) in [("1", true), ("true", true), ("0", false), ("false", false)] {
        // There are no runs in it, which is worth a note.
        let output = lab
            .command("runs tones")
            .env("EARMARK_QUIET", value)
            .output()
            .expect("the command to start");
        assert_eq!(
            Ended::of("runs", output).done().err.is_empty(),
            silent,
            "EARMARK_QUIET={value}"
        );
    }
}

#[test]
fn a_run_is_resumed_only_with_its_own_settings() {
    let lab = Lab::trained();
    let resume = "train tiny.toml --data tones --run runs/a --resume";
    assert_eq!(
        lab.earmark(&format!("{resume} --fold 1 --set train.epochs=5"))
            .refused(),
        "runs/a: cannot resume: the recipe has changed since the run started (then `epochs = 6.0`, now `epochs = 5.0`); start a new run in \
         another folder"
    );
    assert_eq!(
        lab.earmark(resume).refused(),
        "runs/a: cannot resume: its test fold is 1, not none (--fold); start a new run in another folder"
    );
    assert_eq!(
        lab.earmark("train tiny.toml --data tones --run runs/a --fold 1")
            .refused(),
        "runs/a: is not empty; resume its run with --resume, or choose another folder with --run"
    );
    let message = lab.earmark("train tiny.toml --data tones --resume").refused();
    assert!(message.contains("--run <RUN>"), "{message}");
    lab.tone("tones/high/9.wav", 2000.0);
    assert_eq!(
        lab.earmark(&format!("{resume} --fold 1")).refused(),
        "runs/a: cannot resume: the data has changed since the run started; start a new run in another folder"
    );
}

#[test]
fn folders_that_are_in_use_stay_as_they_are() {
    let lab = Lab::new();
    for run in ["tones", "tiny.toml"] {
        assert_eq!(
            lab.earmark(&format!("train tiny.toml --data tones --run {run}"))
                .refused(),
            format!("{run}: is not empty; resume its run with --resume, or choose another folder with --run")
        );
    }
    assert!(!lab.path("tones/.lock").exists());
}

#[test]
fn what_is_written_where_nothing_can_be() {
    let lab = Lab::trained();
    let predict = "predict runs/a --files tones/high/0.wav -o";
    assert_eq!(
        lab.earmark(&format!("{predict} no/such.csv")).refused(),
        "no/such.csv: cannot write the file: No such file or directory (os error 2); create its folder first, or correct the path"
    );
    #[cfg(target_os = "linux")]
    for format in ["csv", "json"] {
        assert_eq!(
            lab.earmark(&format!("{predict} /dev/full --format {format}"))
                .refused(),
            "/dev/full: cannot write the file: No space left on device (os error 28); free some space or choose a folder on another disk"
        );
        let kind = std::fs::metadata("/dev/full").expect("/dev/full").file_type();
        assert!(!kind.is_file(), "a device was replaced by a file");
    }
    // A pipe is a place to write to.
    #[cfg(unix)]
    {
        let ended = lab.earmark(&format!("{predict} /dev/stdout")).done();
        assert!(
            ended.out.starts_with("fname,high,low,mid\ntones/high/0.wav,"),
            "{ended}"
        );
    }
}

/// `EARMARK_DATA` says where data usually is; files that are asked for say more. Two flags contradict each other.
#[test]
fn files_to_predict_win_over_the_data_of_the_environment() {
    let lab = Lab::trained();
    let predict = "predict runs/a --files tones/high/0.wav -o";
    let output = lab
        .command(&format!("{predict} one.csv"))
        .env("EARMARK_DATA", "tones")
        .output()
        .expect("the command to start");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(
        lab.read("one.csv").lines().count(),
        2,
        "a header and the file's row"
    );
    let both = lab.earmark(&format!("{predict} two.csv --data tones")).refused();
    assert_eq!(both, "--files: cannot be combined with --data; give one of them");
}

/// A new amplitude scale replaces the inherited one, and `false` takes a table away.
#[test]
fn inherited_tables_can_be_replaced_and_taken_away() {
    let lab = Lab::new();
    let shown = lab
        .earmark("recipes show tiny.toml --set front-end.amplitude={pcen={}} --set augment.time-mask=false")
        .done()
        .out;
    assert!(
        shown.contains("pcen") && !shown.contains("[front-end.amplitude.log]"),
        "{shown}"
    );
    assert!(
        !shown.contains("time-mask") && shown.contains("time-shift"),
        "{shown}"
    );
}
