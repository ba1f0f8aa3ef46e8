//! Published models: listed, fetched from a server, imported, used by name.

use crate::common::Lab;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};

/// The published checkpoint, in the folder next to the repository.
#[allow(clippy::print_stderr, reason = "a test that does not run says so")]
fn checkpoint() -> Option<PathBuf> {
    let next_to_it = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let shared = std::env::var_os("EARMARK_SHARED").map_or_else(next_to_it, PathBuf::from);
    let path = shared.join("models/efficientat-mn04-as/mn04_as_mAP_432.pt");
    if path.is_file() {
        return Some(path);
    }
    assert!(
        std::env::var_os("EARMARK_REQUIRE_SHARED").is_none_or(|value| value != "1"),
        "EARMARK_REQUIRE_SHARED=1, but there is no {}",
        path.display()
    );
    eprintln!(
        "skipped: no EfficientAT next to the repository; set EARMARK_SHARED to the folder that holds models"
    );
    None
}

/// Serves `content` with ranges and drops the first connection after `first` bytes.
fn serve(content: Vec<u8>, first: usize) -> String {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/x.pt", server.local_addr().unwrap());
    std::thread::spawn(move || {
        for (k, stream) in server.incoming().enumerate() {
            let mut stream = stream.unwrap();
            let mut from = 0;
            for line in BufReader::new(stream.try_clone().unwrap()).lines() {
                let line = line.unwrap().to_lowercase();
                if line.is_empty() {
                    break;
                }
                if let Some(range) = line.strip_prefix("range: bytes=") {
                    from = range.trim_end_matches('-').parse().unwrap();
                }
            }
            let end = if k == 0 { first } else { content.len() };
            let head = format!(
                "HTTP/1.1 {}\r\nConnection: close\r\nContent-Length: {}\r\nContent-Range: bytes {from}-{}/{}\r\n\r\n",
                if from > 0 { "206 Partial Content" } else { "200 OK" },
                content.len() - from,
                content.len() - 1,
                content.len()
            );
            let _ = stream.write_all(head.as_bytes());
            let _ = stream.write_all(&content[from..end.max(from)]);
        }
    });
    url
}

#[test]
fn a_model_is_fetched_installed_and_used_by_its_name() {
    let Some(checkpoint) = checkpoint() else { return };
    let lab = Lab::new();
    let run = |arguments: &str| {
        let mut command = lab.command(arguments);
        let output = command.env("EARMARK_MODELS", lab.path("models")).output();
        crate::common::Ended::of(arguments, output.expect("the command to start"))
    };
    let refused = run("predict mn04_as --files tones/high/0.wav -o -").refused();
    assert_eq!(
        refused,
        "efficientat-mn04-as: this published model is not installed; download it first: `earmark models get efficientat-mn04-as`"
    );
    // Nobody answers there; then somebody sends other bytes.
    let by_hand = "earmark models import mn04_as_mAP_432.pt --as efficientat-mn04 -o ";
    let wrong = serve(vec![7; 4_066_513], 4_066_513);
    for (url, says) in [
        ("http://127.0.0.1:9/x.pt", "check the network"),
        (wrong.as_str(), "SHA-256"),
    ] {
        let message = run(&format!("models get mn04_as --url {url}")).refused();
        assert!(message.contains(says) && message.contains(by_hand), "{message}");
        assert!(message.contains(
            "https://github.com/fschmid56/EfficientAT/releases/download/v0.0.1/mn04_as_mAP_432.pt"
        ));
    }
    assert!(!lab.path("models/efficientat-mn04-as.safetensors").exists());
    // The connection breaks in the middle and is taken up.
    let url = serve(std::fs::read(&checkpoint).unwrap(), 1_000_000);
    let got = run(&format!("models get mn04_as --url {url}")).done();
    assert_eq!(
        Path::new(got.out.trim_end()),
        lab.path("models/efficientat-mn04-as.safetensors")
    );
    assert!(!lab.path("models/downloads").exists());
    let again = run("models get efficientat-mn04-as").done();
    assert!(again.err.contains("is already installed"), "{again}");
    let list = run("models list").done().out;
    let row = list
        .lines()
        .find(|l| l.starts_with("efficientat-mn04-as "))
        .unwrap();
    assert!(
        row.contains("983,599")
            && row.contains("MIT")
            && row.contains("0.432")
            && row.trim_end().ends_with("yes"),
        "{row}"
    );
    let info = run("models info mn04_as").done().out;
    assert!(
        info.contains("source      https://github.com/fschmid56/EfficientAT/releases"),
        "{info}"
    );
    // A clip of one second, of four, and one without a sample.
    lab.long_tone("long.wav", 440.0, 4);
    let scores = run("predict efficientat-mn04-as --files tones/high/0.wav long.wav -o -")
        .done()
        .out;
    let table = crate::common::Table::parse_csv(&scores);
    assert_eq!((table.classes.len(), table.rows.len()), (527, 2));
    let tone = table.classes.iter().position(|c| c == "Sine wave").unwrap();
    let of_long = &table.rows.iter().find(|(f, _)| f == "long.wav").unwrap().1;
    assert!(
        of_long[tone] > 0.02,
        "a tone scores {} as a sine wave",
        of_long[tone]
    );
    // The same by hand, into the models folder without -o.
    std::fs::remove_file(lab.path("models/efficientat-mn04-as.safetensors")).unwrap();
    let import = run(&format!(
        "models import {} --as efficientat-mn04",
        checkpoint.display()
    ))
    .done();
    assert!(
        import.out.contains("527 classes") && import.err.contains("983,599 parameters"),
        "{import}"
    );
    assert!(lab.path("models/efficientat-mn04-as.safetensors").is_file());
}

#[test]
fn slips_are_answered_with_the_nearest_name() {
    let lab = Lab::new();
    let message = lab.earmark("models get panns-cn14").refused();
    assert_eq!(
        message,
        "panns-cn14: no such published model, did you mean panns-cnn14?; `earmark models list` lists them"
    );
    let list = lab.earmark("models list --json").done().out;
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    let cnn14 = list["published"]
        .as_array()
        .unwrap()
        .iter()
        .find(|m| m["name"] == "panns-cnn14")
        .unwrap();
    assert_eq!(cnn14["parameters"], 80_753_615);
    assert_eq!(
        (&cnn14["licence"], &cnn14["installed"]),
        (&"CC-BY-4.0".into(), &false.into())
    );
}
