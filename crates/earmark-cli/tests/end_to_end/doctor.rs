//! `earmark doctor`, of the build that everybody makes: without GPUs.

use super::common::{Ended, Lab};
use serde_json::Value;

/// On any machine the same: the instruction set is chosen.
fn doctor(lab: &Lab, arguments: &str) -> Ended {
    let what = format!("doctor {arguments}");
    let output = lab.command(&what).env("EARMARK_SIMD", "portable").output();
    Ended::of(&what, output.expect("the command to start"))
}

#[test]
fn devices_are_listed_with_what_they_lack() {
    let lab = Lab::new();
    let text = doctor(&lab, "").done();
    let lacks = |kind: &str| {
        format!(
            "{kind:<6}  not built  this build does not include it; build with `cargo build --release --features {kind}`\n"
        )
    };
    let wanted = format!(
        "device  state      details\n{}  {}  {}\ncpu     ready      instruction set portable\n{}",
        "─".repeat(6),
        "─".repeat(9),
        "─".repeat(84),
        ["vulkan", "webgpu", "metal", "cuda"].map(lacks).concat()
    );
    assert_eq!(text.out, wanted);
}

#[test]
fn devices_as_json() {
    let lab = Lab::new();
    let found: Value = serde_json::from_str(&doctor(&lab, "--json").done().out).expect("JSON");
    assert_eq!(found["version"], env!("CARGO_PKG_VERSION"));
    let devices = found["devices"].as_array().expect("a list");
    let states = devices
        .iter()
        .map(|device| format!("{} {}", device["device"], device["state"]));
    let states: Vec<String> = states.map(|text| text.replace('"', "")).collect();
    assert_eq!(
        states,
        [
            "cpu ready",
            "vulkan not-built",
            "webgpu not-built",
            "metal not-built",
            "cuda not-built"
        ]
    );
    assert_eq!(devices[0]["details"], "instruction set portable");
    assert_eq!(devices[0]["remedy"], Value::Null);
    assert_eq!(
        devices[4]["remedy"],
        "build with `cargo build --release --features cuda`"
    );
}

/// What hinders the CPU is reported as for any other device.
#[test]
fn an_instruction_set_that_is_not_there_is_a_finding() {
    let lab = Lab::new();
    let output = lab.command("doctor").env("EARMARK_SIMD", "mmx").output();
    let ended = Ended::of("doctor", output.expect("the command to start")).done();
    let wanted = "cpu     refused    EARMARK_SIMD=mmx: unknown instruction set; choose one";
    assert!(ended.out.contains(wanted), "{ended}");
}
