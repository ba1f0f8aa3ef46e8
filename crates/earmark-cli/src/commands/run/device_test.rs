//! `earmark device-test`, which the program starts before it uses a GPU: a driver that crashes ends this process alone.

use crate::output::print_json_line;
use crate::prelude::*;
use earmark::inference::device::{count, self_test};

/// Test a device and print the result, as JSON
#[derive(Args)]
#[command(after_help = "Example: earmark device-test vulkan:0")]
pub struct DeviceTest {
    /// Device, or with --count a kind of devices
    pub device: String,
    /// Count the devices of a kind instead
    #[arg(long)]
    pub count: bool,
}

/// Tests or counts.
pub fn run(args: &DeviceTest) -> anyhow::Result<Status> {
    let device = &args.device;
    match args.count {
        true => print_json_line(&count(device).map_err(|e| e.to_string()))?,
        false => print_json_line(&self_test(device).map_err(|e| e.to_string()))?,
    }
    Ok(Status::Done)
}
