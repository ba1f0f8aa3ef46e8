//! Compares every operation and every network on a device with the CPU, without tuning, as software devices need it:
//!
//! ```text
//! cargo run --release -p earmark-inference --features webgpu --example compare_device -- --device webgpu
//! ```
//!
//! Prints a JSON line per comparison; fails where one differs by more than rounding explains. `earmark doctor --compare`
//! is the same with tuning.

#![allow(clippy::print_stdout, reason = "an example prints what it finds")]

use earmark_inference::device::{compare_with_cpu, self_test};
use std::error::Error;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [flag, device] = arguments.as_slice() else {
        return Err("usage: compare_device --device NAME".into());
    };
    if flag != "--device" {
        return Err(format!("{flag}: unknown; usage: compare_device --device NAME").into());
    }
    let begun = Instant::now();
    println!("{}", serde_json::to_string(&self_test(device)?)?);
    let (mut failed, mut count) = (0, 0);
    let mut lines = Vec::new();
    compare_with_cpu(device, &mut |done| {
        count += 1;
        failed += usize::from(!done.passed);
        lines.push(serde_json::to_string(done));
        if let Some(Ok(line)) = lines.last() {
            println!("{line}");
        }
    })?;
    lines.into_iter().collect::<Result<Vec<_>, _>>()?;
    let seconds = begun.elapsed().as_secs();
    if failed > 0 {
        return Err(
            format!("{device}: {failed} of {count} results differ from the CPU's ({seconds} s)").into(),
        );
    }
    println!("{{\"device\":{device:?},\"agree\":{count},\"seconds\":{seconds}}}");
    Ok(())
}
