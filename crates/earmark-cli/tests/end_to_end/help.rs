//! What `--help` says: looked at as a whole, so that no change goes unseen, with an example for every command.

use super::common::Lab;

const COMMANDS: [&str; 60] = [
    "",
    "init",
    "data",
    "data stats",
    "data check",
    "data classes",
    "data folds",
    "data augment-preview",
    "data get",
    "data synth",
    "features",
    "review",
    "review apply",
    "review best",
    "review precision",
    "review worst",
    "demo",
    "recipes",
    "recipes list",
    "recipes show",
    "fit",
    "train",
    "tune",
    "stack",
    "probe",
    "eval",
    "score",
    "calibrate",
    "runs",
    "report",
    "predict",
    "tag",
    "events",
    "extract",
    "listen",
    "activity",
    "embed",
    "merge",
    "neighbours",
    "index",
    "index add",
    "index search",
    "index label",
    "index learn",
    "index detect",
    "index info",
    "index merge",
    "index remove",
    "blend",
    "models",
    "models list",
    "models get",
    "models info",
    "models import",
    "models average",
    "export",
    "bundle",
    "bench",
    "doctor",
    "completions",
];

#[test]
fn every_help() {
    let lab = Lab::new();
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for command in COMMANDS {
        let ended = lab.earmark(&format!("{command} --help")).done();
        let name = format!("earmark {command}").trim().replace(' ', "-");
        settings.bind(|| insta::assert_snapshot!(name, ended.out));
        assert!(
            ended.out.contains(&format!("Usage: earmark {command}")),
            "{ended}"
        );
        assert!(ended.out.lines().all(|l| l.chars().count() <= 100), "{ended}");
        if !command.is_empty() {
            // An example is of this command and parses: what is missing in this folder is another matter than what is
            // unknown.
            let lines = ended
                .out
                .lines()
                .map(|l| l.trim().trim_start_matches("Example: "));
            let examples: Vec<&str> = lines.filter_map(|l| l.strip_prefix("earmark ")).collect();
            assert!(!examples.is_empty(), "no example: {ended}");
            assert!(
                examples[0].starts_with(command),
                "an example of another command: {ended}"
            );
            for example in examples {
                let words = example.split('>').next().unwrap_or_default();
                let help = lab.earmark(&format!("{words} --help"));
                assert_eq!(help.code, Some(0), "{help}");
            }
        }
    }
}

/// The commands are in four groups, and none is missing above.
#[test]
fn every_command_is_in_a_group() {
    let help = Lab::new().earmark("--help").done().out;
    let mut commands = Vec::new();
    for group in ["Data:", "Train:", "Evaluate:", "Run:"] {
        let lines = help.lines().skip_while(|l| *l != group).skip(1);
        let names = lines
            .take_while(|l| !l.is_empty())
            .filter_map(|l| l.strip_prefix("  ")?.split_whitespace().next());
        let before = commands.len();
        // The command of a feature, in programs that have it.
        commands.extend(names.filter(|name| *name != "serve"));
        assert!(commands.len() > before, "{group} is empty: {help}");
    }
    let known = COMMANDS.iter().filter(|c| !c.is_empty() && !c.contains(' '));
    assert_eq!(commands, known.copied().collect::<Vec<_>>());
}

/// Earlier spellings are still understood.
#[test]
fn earlier_flags_are_understood() {
    let lab = Lab::new();
    for command in [
        "data check x --subset curated",
        "data folds x --folds 3",
        "features --handcrafted --data x --subset a -o x.csv",
        "review worst x --sort margin --top-k 3 --subset a",
        "review best x --sort margin --top-k 3 --subset a",
        "recipes show folder --raw",
        "stack x --random 3",
        "probe x --data y --parts a,b --folds all --scores z.csv",
        "eval x --data y --subset test",
        "runs --compare a b --by recall",
        "predict x --data y --subset test --segments -o z.csv",
        "listen --model x --top-k 3",
        "embed x --data y --subset test --segments -o z.npy",
        "neighbours x --in y.npy --top-k 3",
        "blend a.csv b.csv --select --by accuracy -o x.csv",
        "models info x --recipe --classes 3",
        "export x --onnx --precision int8 -o y.onnx",
        "bench --classes 3",
    ] {
        let help = lab.earmark(&format!("{command} --help"));
        assert_eq!(help.code, Some(0), "{help}");
    }
}

#[test]
fn refused_words() {
    let lab = Lab::new();
    assert!(
        lab.earmark("frobnicate")
            .refused()
            .starts_with("unrecognized subcommand 'frobnicate'")
    );
    assert!(
        lab.earmark("trian x")
            .refused()
            .contains("a similar subcommand exists: 'train'")
    );
    assert!(
        lab.earmark("train x --data y --epoch 3")
            .refused()
            .starts_with("unexpected argument '--epoch' found")
    );
    assert!(
        lab.earmark("bench --threads many")
            .refused()
            .starts_with("invalid value 'many' for '--threads <THREADS>'")
    );
    // Where nothing is computed, there are no threads to choose.
    assert!(
        lab.earmark("runs --threads 1")
            .refused()
            .starts_with("unexpected argument '--threads' found")
    );
    // A build without a command says so; one that has it knows better.
    let is_built = cfg!(feature = "serve");
    let message = lab.earmark("help serve typo").refused();
    assert_ne!(
        message.contains("this build does not include it"),
        is_built,
        "{message}"
    );
    let bare = lab.earmark("").exit(1);
    assert!(bare.err.contains("Usage: earmark"), "{bare}");
    let version = lab.earmark("--version").done();
    assert_eq!(version.out, format!("earmark {}\n", env!("CARGO_PKG_VERSION")));
}
