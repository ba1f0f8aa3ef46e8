//! What `--help` says: looked at as a whole, so that no change goes unseen, with an example for every verb.

use super::common::Lab;

const COMMANDS: [&str; 37] = [
    "",
    "demo",
    "data",
    "data stats",
    "data check",
    "data classes",
    "data folds",
    "data augment-preview",
    "features",
    "train",
    "eval",
    "predict",
    "export",
    "listen",
    "bundle",
    "blend",
    "calibrate",
    "embed",
    "neighbours",
    "probe",
    "score",
    "tag",
    "recipes",
    "recipes list",
    "recipes show",
    "review",
    "review best",
    "review worst",
    "init",
    "runs",
    "report",
    "stack",
    "tune",
    "models",
    "models info",
    "models average",
    "bench",
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
        if !command.is_empty() {
            // An example is of this command and parses: what is missing in this folder is another matter than what is unknown.
            let examples: Vec<&str> = ended
                .out
                .lines()
                .filter_map(|l| l.trim().trim_start_matches("Example: ").strip_prefix("earmark "))
                .collect();
            assert!(!examples.is_empty(), "no example: {ended}");
            for example in examples {
                assert!(
                    example.starts_with(command),
                    "an example of another command: {example}"
                );
                let help = lab.earmark(&format!("{example} --help"));
                assert_eq!(help.code, Some(0), "{help}");
            }
        }
    }
}

/// No verb is missing above.
#[test]
fn every_verb_is_looked_at() {
    let help = Lab::new().earmark("--help").done().out;
    let verbs = help
        .lines()
        .skip_while(|l| *l != "Commands:")
        .skip(1)
        .take_while(|l| !l.is_empty());
    for verb in verbs.filter_map(|l| {
        l.strip_prefix("  ")?
            .split_whitespace()
            .next()
            .filter(|_| !l.starts_with("   "))
    }) {
        assert!(
            verb == "help" || COMMANDS.contains(&verb),
            "{verb} is not among the commands whose help is looked at"
        );
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
        lab.earmark("runs --threads many")
            .refused()
            .starts_with("invalid value 'many' for '--threads <THREADS>'")
    );
    let bare = lab.earmark("").exit(1);
    assert!(bare.err.contains("Usage: earmark"), "{bare}");
    let version = lab.earmark("--version").done();
    assert_eq!(version.out, format!("earmark {}\n", env!("CARGO_PKG_VERSION")));
}
