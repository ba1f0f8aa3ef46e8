//! Contact sheets of augmentation.

use super::common::Lab;

#[test]
fn a_sheet_in_three_forms() {
    let lab = Lab::new();
    lab.write(
        "mixing.toml",
        "extends = \"tiny.toml\"\nname = \"mixing\"\n[augment.between-class]\n[[augment.waveform]]\nkind = \"gain\"\nprob = 1.0\n",
    );
    let sheet = |arguments: &str| lab.earmark(&format!("data augment-preview tones/low/1.wav {arguments}"));
    let ended =
        sheet("--recipe mixing.toml --with tones/mid/1.wav tones/high/1.wav --count 5 -o a.png").done();
    assert_eq!(ended.out, "a.png: 6 spectrograms\n");
    assert!(lab.bytes("a.png").starts_with(b"\x89PNG"));
    sheet("--recipe mixing.toml --with tones/mid/1.wav --count 5 -o a.svg").done();
    let svg = lab.read("a.svg");
    assert_eq!(svg.matches("<image").count(), 6);
    assert!(
        svg.contains("original") && svg.contains("% its own") && svg.contains(" dB"),
        "{svg}"
    );
    assert!(svg.contains("mixing: 5 versions of 1 s (100 frames, 32 bands, low ones at the bottom), seed 7"));
    sheet("--recipe mixing.toml --count 2 -o a.html --seed 3").done();
    assert_eq!(lab.read("a.html").matches("<figure>").count(), 3);
    // The same seed draws the same, another one something else.
    let with_seed = |seed: u64, name: &str| {
        sheet(&format!(
            "--recipe tiny.toml --with tones/mid/1.wav --count 3 -o {name} --seed {seed}"
        ))
        .done();
        lab.bytes(name)
    };
    assert_eq!(with_seed(1, "b.svg"), with_seed(1, "c.svg"));
    assert_ne!(with_seed(1, "b.svg"), with_seed(2, "c.svg"));
}

#[test]
fn what_cannot_be_drawn() {
    let lab = Lab::new();
    let refused = |arguments: &str| {
        lab.earmark(&format!("data augment-preview {arguments}"))
            .refused()
    };
    let message = refused("tones/low/1.wav --recipe tiny.toml -o a.jpg");
    assert!(
        message.ends_with("end the name in .png, .svg or .html"),
        "{message}"
    );
    let message = refused("tones/low/1.wav --recipe tiny.toml -o a.png --channel 1");
    assert_eq!(message, "--channel 1: tiny has 1 channel, counted from 0");
    let message = refused(
        "tones/low/1.wav --recipe tiny.toml --set batches.mixup=false --with tones/low/2.wav -o a.png",
    );
    assert!(
        message.starts_with("--with: tiny does not mix clips"),
        "{message}"
    );
    let message = refused("none.wav --recipe tiny.toml -o a.png");
    assert!(message.contains("none.wav"), "{message}");
    // A hint is not a failure.
    let ended = lab
        .earmark("data augment-preview tones/low/1.wav --recipe tiny.toml -o a.png --count 1")
        .done();
    assert!(ended.err.contains("name some with --with FILE"), "{ended}");
}
