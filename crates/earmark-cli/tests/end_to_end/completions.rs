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
    }
    assert!(!lab.path("pages/earmark-man.1").exists());
}
