//! ONNX graphs of others as models, in a program with the feature `onnx-models`; and what one without it says.

use super::common::Lab;

#[test]
fn flags_of_graphs_are_refused_for_checkpoints() {
    let lab = Lab::new();
    lab.write("x.pt", "");
    let refused = lab
        .earmark("models import x.pt --as efficientat-mn04 --scores y -o x.safetensors")
        .refused();
    assert_eq!(
        refused,
        "--scores: belongs to an ONNX graph, and x.pt is not named as one; leave it out"
    );
}

#[cfg(not(feature = "onnx-models"))]
#[test]
fn a_program_without_the_feature_says_so() {
    let lab = Lab::new();
    lab.write("x.onnx", "");
    let refused = lab.earmark("models import x.onnx --as x").refused();
    assert!(
        refused.starts_with("x.onnx: this program was built without the feature `onnx-models`"),
        "{refused}"
    );
}

#[cfg(feature = "onnx-models")]
mod with_feature {
    use super::super::common::{LEARN_WELL, Lab};
    use serde_json::Value;

    const IMPORT: &str = "models import net.onnx --as net --labels labels.txt --sample-rate-hz 8000 \
                          --window-seconds 1 --embedding embedding -o net.safetensors";

    /// The numbers of a table, row by row.
    fn numbers(lab: &Lab, name: &str) -> Vec<f64> {
        let rows = lab.read(name);
        let cells = rows.lines().skip(1).flat_map(|row| row.split(',').skip(1));
        cells.map(|cell| cell.parse().expect("a number")).collect()
    }

    fn json(text: &str) -> Value {
        serde_json::from_str(text).expect("JSON")
    }

    /// Embeddings, probes and their scores, by the model itself and by its own export, on clips of one window.
    #[test]
    fn an_own_export_is_what_it_was_made_of() {
        let lab = Lab::new();
        lab.earmark(LEARN_WELL).done();
        lab.add_other();
        lab.earmark("export runs/a --onnx -o net.onnx").done();
        lab.write("labels.txt", "high\nlow\nmid\n");
        let ended = lab
            .earmark(&format!("{IMPORT} --scores scores --licence CC-BY-4.0"))
            .done();
        assert!(ended.err.contains("licence: CC-BY-4.0"), "{ended}");
        assert!(ended.out.starts_with("3 classes: net.safetensors"), "{ended}");
        let mut strengths = Vec::new();
        for (name, model) in [("own", "runs/a"), ("net", "net.safetensors")] {
            for command in [
                format!("embed {model} --data other -o {name}-embedded.csv"),
                format!("predict {model} --data tones -o {name}-scores.csv"),
            ] {
                lab.earmark(&command).done();
            }
            let probe = format!("probe {model} --data other -o {name}-probe.safetensors --folds all --json");
            strengths.push(json(&lab.earmark(&probe).done().out)["strength"].clone());
            lab.earmark(&format!(
                "predict {name}-probe.safetensors --data other -o {name}-probed.csv"
            ))
            .done();
        }
        assert_eq!(strengths[0], strengths[1]);
        for (what, tolerance) in [("embedded", 1e-4), ("scores", 1e-4), ("probed", 1e-3)] {
            let [own, net] = ["own", "net"].map(|name| numbers(&lab, &format!("{name}-{what}.csv")));
            assert!(own.len() > 10 && own.len() == net.len(), "{what}");
            for (own, net) in own.iter().zip(&net) {
                assert!(
                    (own - net).abs() < tolerance * own.abs().max(1.0),
                    "{what}: {own}, {net}"
                );
            }
        }
    }

    #[test]
    fn what_a_graph_needs_is_asked_for_and_shown() {
        let lab = Lab::trained();
        lab.earmark("export runs/a --onnx -o net.onnx").done();
        lab.write("labels.txt", "high\nlow\nmid\n");
        let refused = lab.earmark(&format!("{IMPORT} --scores scores")).refused();
        assert!(
            refused.starts_with("--licence: is required for an ONNX graph"),
            "{refused}"
        );
        let refused = lab
            .earmark(&format!("{IMPORT} --scores x --licence own"))
            .refused();
        assert!(
            refused.ends_with("its outputs are scores, logits, embedding"),
            "{refused}"
        );
        lab.earmark(&format!("{IMPORT} --scores logits --licence own"))
            .done();
        let info = lab.earmark("models info net.safetensors").done().out;
        assert!(info.contains("licence     own\n"), "{info}");
        assert!(info.contains("segment     8000 samples\n"), "{info}");
        let ended = lab
            .earmark("tag tones/high/0.wav --model net.safetensors -o events.csv --json")
            .done();
        assert!(
            ended.err.contains("licence of the imported network: own"),
            "{ended}"
        );
        assert_eq!(json(&ended.out)["imported_licences"][0], "own");
        // What is exported again, with a probe or without, is imported again.
        let ended = lab.earmark("export net.safetensors --onnx -o again.onnx").done();
        assert!(
            ended
                .out
                .contains("float32 weights, one window at a time; licence: own"),
            "{ended}"
        );
        let again = "models import again.onnx --as again --labels labels.txt --sample-rate-hz 8000 \
                     --window-seconds 1 --scores scores --embedding embedding --licence own -o again.safetensors";
        lab.earmark(again).done();
        for model in ["net", "again"] {
            lab.earmark(&format!(
                "predict {model}.safetensors --data tones -o {model}.csv"
            ))
            .done();
        }
        let [net, again] = ["net.csv", "again.csv"].map(|name| numbers(&lab, name));
        assert!(
            net.iter()
                .zip(&again)
                .all(|(net, again)| (net - again).abs() < 1e-4)
        );
    }
}
