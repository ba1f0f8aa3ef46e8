//! `earmark completions` and the manual pages.

use super::common::Lab;

#[test]
fn every_shell_gets_a_script() {
    let lab = Lab::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = lab.earmark(&format!("completions {shell}")).done().out;
        for word in ["earmark", "augment-preview", "top-k"] {
            assert!(script.contains(word), "no {word} for {shell}: {script}");
        }
    }
    assert!(
        lab.earmark("completions tcsh")
            .refused()
            .contains("[possible values: bash")
    );
}

#[test]
fn every_command_gets_a_manual_page() {
    let lab = Lab::new();
    lab.earmark("man pages").done();
    for page in [
        "earmark",
        "earmark-train",
        "earmark-data-check",
        "earmark-models-get",
    ] {
        let text = lab.read(&format!("pages/{page}.1"));
        assert!(text.contains(".SH SYNOPSIS"), "{page}: {text}");
        assert!(
            text.contains(&format!("\n.TH {page} 1  \"earmark ")),
            "{page}: {text}"
        );
        assert!(!text.contains(".SH EXTRA"), "{page}: {text}");
    }
    // Lines to be copied are not wrapped, and flags are not hyphenated.
    let train = lab.read("pages/earmark-train.1");
    assert!(
        train.contains("\n.nh\n") && train.contains("\n.SH EXAMPLES\n.nf\n  earmark train "),
        "{train}"
    );
    assert!(!lab.path("pages/earmark-man.1").exists());
}
