//! Published models: listed, fetched from a server, imported, used by name.

use crate::common::Lab;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};

/// The published checkpoint, in the folder next to the repository.
#[allow(clippy::print_stderr, reason = "a test that does not run says so")]
pub(super) fn checkpoint() -> Option<PathBuf> {
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
        "efficientat-mn04-as: this published model is not installed; download it first: \
         `earmark models get efficientat-mn04-as`"
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
fn an_installed_model_is_not_replaced_unasked() {
    let Some(checkpoint) = checkpoint() else { return };
    let lab = Lab::new();
    let run = |arguments: &str| {
        let mut command = lab.command(arguments);
        let output = command.env("EARMARK_MODELS", lab.path("models")).output();
        crate::common::Ended::of(arguments, output.expect("the command to start"))
    };
    let installed = "models/efficientat-mn04-as.safetensors";
    // The same again changes nothing; another model of that name stays unless it is asked for.
    let import = format!("models import {} --as efficientat-mn04", checkpoint.display());
    run(&import).done();
    let whole = lab.bytes(installed);
    let again = run(&import).done();
    assert!(
        again.err.contains("is there already, with the same content"),
        "{again}"
    );
    let other = format!("{import} --source elsewhere");
    let refused = run(&other).refused();
    assert!(
        refused
            .contains(".safetensors: is installed already, and is not what this import makes; add --replace"),
        "{refused}"
    );
    assert_eq!(lab.bytes(installed), whole);
    run(&format!("{other} --replace")).done();
    assert!(lab.bytes(installed) != whole);
    let left: Vec<String> = crate::common::files(&lab.path("models")).into_keys().collect();
    assert!(left.iter().all(|name| !name.contains(".import-")), "{left:?}");
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

/// Every published model says what its download is compared with, or why there is nothing yet.
#[test]
fn a_download_is_checked_or_the_list_says_why_not() {
    let lab = Lab::new();
    let run = |arguments: &str| {
        let mut command = lab.command(arguments);
        let output = command.env("EARMARK_MODELS", lab.path("models")).output();
        crate::common::Ended::of(arguments, output.expect("the command to start"))
    };
    let published = || -> Vec<serde_json::Value> {
        let list: serde_json::Value = serde_json::from_str(&run("models list --json").done().out).unwrap();
        list["published"].as_array().unwrap().clone()
    };
    for model in published() {
        let is_known = model["sha256"].is_string();
        assert_eq!(model["checked_by"].is_string(), is_known, "{model}");
        assert_eq!(model["checksum-unknown"].is_string(), !is_known, "{model}");
    }
    // A page in place of the file is neither installed nor recorded.
    let url = serve(b"<html>Moved</html>".to_vec(), 18);
    let message = run(&format!("models get panns-cnn10 --url {url}")).refused();
    assert!(message.contains("not a PyTorch checkpoint"), "{message}");
    assert_eq!(std::fs::read_dir(lab.path("models")).unwrap().count(), 0);
    // Another file than the first one that was installed is refused.
    let sum = "5".repeat(64);
    lab.write("models/panns-cnn10.sha256", format!("{sum}  Cnn10.pth\n"));
    let message = run(&format!("models get panns-cnn10 --url {url}")).refused();
    assert!(
        message.contains(&format!("the one that was installed before has SHA-256 {sum} (")),
        "{message}"
    );
    let cnn10 = published()
        .into_iter()
        .find(|model| model["name"] == "panns-cnn10");
    let cnn10 = cnn10.unwrap();
    assert_eq!(cnn10["checked_by"], "record");
    assert_eq!(cnn10["recorded_sha256"], sum.as_str());
}

/// The weights of argus-2019 are downloaded by hand; what was imported of them scores, blends and tags.
#[test]
fn weights_of_argus_2019_are_imported_and_used() {
    let lab = Lab::new();
    let message = lab.earmark("models get argus-2019").refused();
    assert!(
        message.contains("`earmark models import FILE --as argus-2019`; its authors offer ")
            && message.contains(" at https://drive.google.com/file/d/"),
        "{message}"
    );
    let list = lab.earmark("models list").done().out;
    assert!(list.contains("import with --as argus-2019: "), "{list}");
    let files = "--files tones/high/0.wav tones/low/1.wav";
    for kind in ["skip", "rnn"] {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../earmark-hub/tests/golden");
        let file = golden.join(format!("argus-2019-{kind}.pth"));
        let import = lab.earmark(&format!(
            "models import {} --as argus-2019 -o {kind}.safetensors",
            file.display()
        ));
        assert!(import.done().out.starts_with("80 classes"));
        lab.earmark(&format!("predict {kind}.safetensors {files} -o {kind}.csv"))
            .done();
    }
    lab.earmark("blend skip.csv rnn.csv -o blended.csv").done();
    lab.earmark(&format!(
        "predict skip.safetensors rnn.safetensors {files} -o together.csv"
    ))
    .done();
    let [blended, together] =
        ["blended.csv", "together.csv"].map(|t| crate::common::Table::parse(&lab.read(t)));
    assert_eq!(together.classes.len(), 80);
    for (file, row) in &together.rows {
        for (a, b) in row.iter().zip(blended.row(file)) {
            assert!((a - b).abs() < 1e-4, "{file}: {a} and {b}");
        }
    }
    lab.earmark("tag tones/high/0.wav --model rnn.safetensors --windows -o windows.ndjson")
        .done();
    assert!(lab.read("windows.ndjson").contains("0.wav"));
}
