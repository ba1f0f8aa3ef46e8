//! What the examples share: processor time, which counts on a busy machine too, and numbers to compute with.
#![allow(dead_code, reason = "each example uses a part")]

/// Seconds that all threads of this process have spent on a processor, where the system says so
/// (Linux): waiting for a busy machine does not count.
pub fn processor_seconds() -> Option<f64> {
    let mut total = 0.0;
    for task in std::fs::read_dir("/proc/self/task").ok()? {
        let text = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        total += text.split_whitespace().next()?.parse::<f64>().ok()? * 1e-9;
    }
    Some(total)
}

/// Stride and output channels of the depthwise-pointwise pairs of the DCASE 2019 baseline's MobileNetV1.
pub const PAIRS: [(usize, usize); 13] = [
    (1, 64),
    (2, 128),
    (1, 128),
    (2, 256),
    (1, 256),
    (2, 512),
    (1, 512),
    (1, 512),
    (1, 512),
    (1, 512),
    (1, 512),
    (2, 1024),
    (1, 1024),
];

/// Reproducible numbers in `-scale..scale`.
pub fn noise(n: usize, scale: f32) -> Vec<f32> {
    let mut state = 12345u32;
    (0..n)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((state >> 8) as f32 / 8_388_608.0 - 1.0) * scale
        })
        .collect()
}
