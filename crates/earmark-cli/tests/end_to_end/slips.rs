//! What a newcomer mistypes or leaves out is answered with what was meant, or with how to get it.

use super::common::{Ended, Lab, copy};

/// Runs the command with a models folder of its own.
fn run(lab: &Lab, arguments: &str) -> Ended {
    let mut command = lab.command(arguments);
    let output = command.env("EARMARK_MODELS", lab.path("models")).output();
    Ended::of(arguments, output.expect("the command to start"))
}

#[test]
fn mistyped_names_are_answered_with_the_nearest() {
    let lab = Lab::trained();
    copy(&lab.path("runs/a"), &lab.path("runs/first"));
    lab.write(
        "models/hedgehog.safetensors",
        lab.bytes("runs/a/best.safetensors"),
    );
    lab.write("scores.csv", "fname,a,b\nx.wav,0.9,0.1\n");
    lab.write("other.csv", "fname,a,b\nx.wav,0.8,0.2\n");
    let published = "efficientat-mn04-as (`earmark models get efficientat-mn04-as` installs it)";
    for (arguments, wanted) in [
        // Files and folders, at any depth.
        ("tag tnes --model runs/a", "tones"),
        (
            "predict runs/a -o x.csv --files tones/hihg/0.wav",
            "tones/high/0.wav",
        ),
        ("embed runs/a -o x.npy --data toness", "tones"),
        ("data check tnoes", "tones"),
        ("blend scors.csv other.csv -o x.csv", "scores.csv"),
        ("train tiny.tmol --data tones", "tiny.toml"),
        ("train tiny.toml --data=tonse", "tones"),
        // A file to write may have any name, but its folder is there.
        ("predict runs/a --data tones -o rusn/x.csv", "runs/x.csv"),
        // Runs, also without their folder, and steps of them.
        ("eval runs/frist --data tones", "runs/first"),
        ("eval first --data tones", "runs/first"),
        ("predict frist -o x.csv --files tones/low/0.wav", "runs/first"),
        (
            "predict runs/frist@5 -o x.csv --files tones/low/0.wav",
            "runs/first@5",
        ),
        // Models, installed and published.
        ("tag tones/low/0.wav --model hegdehog", "hedgehog"),
        ("tag tones/low/0.wav --model hedgehog.safetensors", "hedgehog"),
        ("models info efficientat-mn04-sa", published),
        ("tag tones/low/0.wav --model mn04-sa", published),
    ] {
        let message = run(&lab, arguments).refused();
        let wanted = format!("; did you mean {wanted}?");
        assert!(message.ends_with(&wanted), "earmark {arguments}: {message}");
    }
    // Another number is another clip, a name of one letter says nothing, and what is not near is not offered.
    for arguments in [
        "tag tones/low/7.wav --model runs/a",
        "eval runs/c --data tones",
        "tag nowhere --model runs/a",
        "data check tones/low/0.wave/there",
    ] {
        let message = run(&lab, arguments).refused();
        assert!(
            !message.contains("did you mean"),
            "earmark {arguments}: {message}"
        );
    }
}

#[test]
fn mistyped_commands_and_recipes_are_answered_with_the_nearest() {
    let lab = Lab::new();
    for (arguments, wanted) in [
        ("evla runs/a", "'eval'"),
        ("data chek tones", "'check'"),
        ("models lsit", "'list'"),
        ("recipes shwo folder", "'show'"),
    ] {
        let message = lab.earmark(arguments).refused();
        let wanted = format!("a similar subcommand exists: {wanted}");
        assert!(message.contains(&wanted), "earmark {arguments}: {message}");
    }
    let message = lab.earmark("recipes show foldre").refused();
    assert!(message.contains("(did you mean `folder`?)"), "{message}");
}

#[test]
fn a_missing_model_is_answered_with_how_to_get_one() {
    let lab = Lab::new();
    let ways = ["models list", "models get NAME", "fit DIR"].map(|way| format!("`earmark {way}`"));
    for arguments in [
        "tag tones",
        "predict --files tones/low/0.wav -o x.csv",
        "embed --files tones/low/0.wav -o x.npy",
        "listen --input tones/low/0.wav",
    ] {
        let message = run(&lab, arguments).refused();
        for way in &ways {
            assert!(message.contains(way), "earmark {arguments}: {message}");
        }
    }
    // What lacks something else says nothing of models.
    let message = lab.earmark("data check").refused();
    assert!(!message.contains("models get"), "{message}");
}

#[test]
fn a_blend_says_what_it_takes() {
    let lab = Lab::new();
    lab.write("scores.csv", "fname,a,b\nx.wav,0.9,0.1\n");
    lab.write("other.csv", "fname,a,b\ny.wav,0.8,0.2\n");
    let message = lab.earmark("blend scores.csv").refused();
    assert!(
        message.ends_with("\n  earmark blend scores.csv OTHER.csv -o blended.csv"),
        "{message}"
    );
    let message = lab.earmark("blend scores.csv other.csv").refused();
    assert!(
        message.ends_with("\n  earmark blend scores.csv other.csv -o blended.csv"),
        "{message}"
    );
    let one = lab.earmark("blend scores.csv -o x.csv").done();
    assert!(one.err.contains("scores.csv: is the only table"), "{one}");
    let message = lab.earmark("blend scores.csv other.csv -o x.csv").refused();
    assert!(
        message.ends_with("(table 1 is scores.csv, table 2 is other.csv)"),
        "{message}"
    );
}

/// A refusal names the file, what is wrong with it, and what to do.
#[test]
fn refusals_name_file_value_and_remedy() {
    let lab = Lab::new();
    for (arguments, wanted) in [
        (
            "features tones/low/0.wav tones/low/1.wav --recipe tiny.toml -o x.npy",
            "tones/low/1.wav: is a second file, and the features of one are written to a file; leave it out, or add \
             --handcrafted for a table of many",
        ),
        (
            "bench --recipe tiny.toml --compare gone.json",
            "--compare gone.json: cannot be read; check the path: ",
        ),
    ] {
        let message = lab.earmark(arguments).refused();
        assert!(message.starts_with(wanted), "earmark {arguments}: {message}");
    }
}
