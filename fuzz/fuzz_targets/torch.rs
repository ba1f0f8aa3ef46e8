//! A checkpoint is refused with a message, or its tensors match their shapes and are in proportion to the file.
#![no_main]

use earmark_fuzz::check_message;
use earmark_torch::parse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let state = match parse(data) {
        Ok(state) => state,
        Err(refused) => return check_message(&refused),
    };
    let mut numbers = 0;
    for (name, tensor) in &state {
        let count: usize = tensor.shape.iter().product();
        if let Some(values) = &tensor.values {
            assert_eq!(values.len(), count, "{name}");
            numbers += count;
        }
    }
    assert!(numbers <= 2 * data.len(), "{numbers} numbers from {} bytes", data.len());
});
