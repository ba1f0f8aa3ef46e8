//! The comparison of a device with the CPU: every operation, every loss, every network.

use super::agreement::{Difference, largest};
use super::networks::{NetworkResults, networks};
use super::operations::{NamedResults, OPERATIONS, losses, results_of_loss};
use crate::error::PipelineError;
use crate::opened_device::Device;
use earmark_core::caught_panics::catch_panic;
use serde::Serialize;

/// What rounding explains in one operation. GPUs may multiply with 10 bits of mantissa where that is faster (TF32).
const OPERATION: f64 = 5e-3;
/// The same for the outputs of a network, where it adds up over the layers.
const OUTPUTS: f64 = 1e-2;
/// The same for outputs by products of bfloat16, which has 8 bits.
const BF16_OUTPUTS: f64 = 5e-2;
/// The same for gradients, moves of the weights, and losses: sums of many terms that cancel out in part.
const GRADIENTS: f64 = 3e-2;
/// Gradients below this share of the network's largest count as this large: what only rounding keeps from 0 has no size
/// of its own.
const SMALL_GRADIENT: f64 = 1e-3;

/// One thing that was compared with the CPU.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// What: `operation: matrix product`, `network: panns, gradients`.
    pub of: String,
    /// Its result that is furthest from the CPU's.
    pub worst: Difference,
    /// Whether rounding explains it.
    pub passed: bool,
}

impl Comparison {
    fn new(of: String, worst: Difference) -> Self {
        let passed = worst.is_rounding();
        Self { of, worst, passed }
    }
}

/// Compares a device with the CPU. It is not tested before, so that what is wrong with it can be seen; `on_done` gets
/// each comparison as soon as it is made, which shows how far a driver came that ends the process.
///
/// # Errors
///
/// For a name that this build doesn't include and a device that is not there.
pub fn compare_with_cpu(name: &str, on_done: &mut dyn FnMut(&Comparison)) -> Result<(), PipelineError> {
    let (device, cpu) = (Device::untested(name)?, Device::untested("cpu")?);
    for operation in OPERATIONS {
        let of = format!("operation: {}", operation.name);
        let results = |device: &Device| operation.results(device.burn());
        let got = catch_panic(|| results(&device));
        on_done(&compared(of, got, &results(&cpu), OPERATION));
    }
    for (name, loss) in losses() {
        let results = |device: &Device| results_of_loss(&loss, device.burn());
        let got = catch_panic(|| results(&device));
        on_done(&compared(format!("loss: {name}"), got, &results(&cpu), OPERATION));
    }
    for network in networks() {
        let cpu = network.results(&cpu)?;
        match catch_panic(|| network.results(&device)) {
            Ok(got) => compared_networks(network.name, got?, &cpu)
                .iter()
                .for_each(&mut *on_done),
            Err(panic) => on_done(&failed(format!("network: {}", network.name), panic)),
        }
    }
    Ok(())
}

/// All that a network computes, part by part.
fn compared_networks(name: &str, got: NetworkResults, cpu: &NetworkResults) -> Vec<Comparison> {
    let bf16 = got.bf16_outputs.zip(cpu.bf16_outputs.as_ref());
    let bf16 = bf16.map(|(got, cpu)| ("outputs in bf16", got, cpu, BF16_OUTPUTS));
    let parts = [
        ("outputs", got.outputs, &cpu.outputs, OUTPUTS),
        ("gradients", got.gradients, &cpu.gradients, GRADIENTS),
        ("first step", got.step, &cpu.step, GRADIENTS),
        ("losses", got.losses, &cpu.losses, GRADIENTS),
    ];
    let parts = parts.into_iter().chain(bf16);
    parts
        .map(|(part, got, cpu, allowed)| compared(format!("network: {name}, {part}"), Ok(got), cpu, allowed))
        .collect()
}

/// The worst of several results, or why they are missing.
fn compared(of: String, got: Result<NamedResults, String>, cpu: &NamedResults, allowed: f64) -> Comparison {
    let got = match got {
        Ok(got) => got,
        Err(panic) => return failed(of, panic),
    };
    let of_all = cpu.iter().map(|(_, values)| largest(values));
    let floor = SMALL_GRADIENT * of_all.fold(0.0, f64::max);
    let each = got
        .iter()
        .zip(cpu)
        .map(|((name, got), (_, cpu))| Difference::above(floor, name.clone(), got, cpu, allowed));
    let is_complete = got.len() == cpu.len();
    match Difference::worst(each).filter(|_| is_complete) {
        Some(worst) => Comparison::new(of, worst),
        None => failed(of, "results are missing".into()),
    }
}

fn failed(of: String, why: String) -> Comparison {
    let worst = Difference {
        of: why,
        share: None,
        allowed: 0.0,
    };
    Comparison::new(of, worst)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(name: &str) -> Vec<Comparison> {
        let mut all = Vec::new();
        compare_with_cpu(name, &mut |done| all.push(done.clone())).unwrap();
        all
    }

    /// Burn's own operations against earmark's kernels: as a GPU is compared, from end to end.
    #[test]
    fn the_plain_cpu_agrees_with_the_kernels() {
        let all = all("cpu-plain");
        assert_eq!(
            all.len(),
            OPERATIONS.len() + losses().len() + 5 * networks().len()
        );
        for done in &all {
            assert!(done.worst.share.is_some(), "{}: {}", done.of, done.worst);
            assert!(done.passed, "{}: {}", done.of, done.worst);
        }
        // Something was computed in two ways.
        assert!(all.iter().any(|done| done.worst.share != Some(0.0)));
    }

    /// An input that differs in its last bits gives the same results: where a device differs, the reason is the device,
    /// not a network that turns rounding into something else.
    #[test]
    fn networks_hardly_notice_rounding() {
        let cpu = Device::cpu().unwrap();
        for (network, same) in networks().into_iter().zip(networks()) {
            let name = network.name;
            let nudged = network.nudged(2.0_f32.powi(-22)).results(&cpu).unwrap();
            let all = compared_networks(name, nudged, &same.results(&cpu).unwrap());
            for done in &all {
                assert!(done.passed, "{}: {}", done.of, done.worst);
            }
            // The input did differ.
            assert!(all.iter().any(|done| done.worst.share != Some(0.0)), "{name}");
        }
    }

    #[test]
    fn a_device_agrees_with_itself_to_the_bit() {
        for done in all("cpu") {
            assert_eq!(done.worst.share, Some(0.0), "{}", done.of);
        }
    }

    #[test]
    fn one_wrong_result_of_many_is_found() {
        let cpu: NamedResults = vec![("a".into(), vec![1.0, 2.0]), ("b".into(), vec![0.5, -0.5])];
        let compared = |got: NamedResults| compared("x".into(), Ok(got), &cpu, 1e-2);
        assert!(compared(cpu.clone()).passed);
        let mut wrong = cpu.clone();
        wrong[1].1[1] = -0.4;
        let found = compared(wrong);
        assert!(!found.passed && found.worst.of == "b", "{found:?}");
        assert!(!compared(cpu[..1].to_vec()).passed);
        assert!(!compared(Vec::new()).passed);
        // Noise around 0 next to a large gradient is rounding; the same noise alone differs.
        let (noise, nothing) = (vec![("n".into(), vec![1e-5])], vec![("n".into(), vec![0.0])]);
        let large = ("large".to_owned(), vec![1.0]);
        let with = |small: &NamedResults| [small.clone(), vec![large.clone()]].concat();
        assert!(super::compared("x".into(), Ok(with(&noise)), &with(&nothing), 3e-2).passed);
        assert!(!super::compared("x".into(), Ok(noise), &nothing, 3e-2).passed);
    }

    #[test]
    fn a_panic_is_a_comparison_that_failed() {
        let failed = compared("x".into(), Err("no memory".into()), &vec![], 1e-2);
        assert!(!failed.passed);
        assert!(failed.worst.to_string().contains("no memory"), "{failed:?}");
    }
}
