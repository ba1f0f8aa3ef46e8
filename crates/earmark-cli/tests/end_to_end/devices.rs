//! GPUs, in builds that include a kind of them, whatever this machine has: a GPU, software devices that compute right or
//! wrong or crash, or none. `docs/gpu.md` says how to have software devices.

use super::common::Lab;
use serde_json::Value;

/// What `doctor` finds ready scores as the CPU does, to rounding; all else is refused with a message, crashes included.
#[test]
fn a_device_is_used_if_and_only_if_doctor_finds_it_ready() {
    let lab = Lab::trained();
    let predict = |device: &str| {
        lab.earmark(&format!(
            "predict runs/a --data tones --raw --device {device} -o {}.csv",
            device.replace(':', "-")
        ))
    };
    predict("cpu").done();
    let found: Value = serde_json::from_str(&lab.earmark("doctor --json").done().out).expect("JSON");
    for found in found["devices"].as_array().expect("a list") {
        let (device, state) = (&found["device"], &found["state"]);
        let (Some(device), Some(state)) = (device.as_str(), state.as_str()) else {
            panic!("no name: {found}")
        };
        if state != "ready" {
            let message = predict(device).refused();
            assert!(message.starts_with(&format!("--device {device}: ")), "{message}");
            continue;
        }
        predict(device).done();
        let scores = |name: &str| {
            let table = lab.read(&format!("{}.csv", name.replace(':', "-")));
            let cells = table.split([',', '\n']);
            Vec::from_iter(cells.filter_map(|cell| cell.parse::<f64>().ok()))
        };
        let (ours, cpu) = (scores(device), scores("cpu"));
        assert_eq!(ours.len(), cpu.len());
        for (ours, cpu) in ours.iter().zip(&cpu) {
            assert!((ours - cpu).abs() < 0.01, "{device}: {ours}, {cpu}");
        }
    }
}
