//! Checkpoints that PyTorch 2.15.0 wrote (xtask/golden/torch_files.py), intact and damaged.

use earmark_torch::{CheckpointFault, DType, StateDict, TorchTensor, parse};
use proptest::prelude::*;

const FILES: [&str; 4] = ["plain.pt", "nested.pt", "legacy.pt", "code.pt"];

fn file(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/golden/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// `(i - 3) / 2^k` at the indices of a view.
fn ramp(k: i32, indices: impl IntoIterator<Item = u16>) -> Option<Vec<f32>> {
    Some(
        indices
            .into_iter()
            .map(|i| (f32::from(i) - 3.0) / 2f32.powi(k))
            .collect(),
    )
}

fn wanted() -> StateDict {
    let tensor = |name: &str, dtype, shape: &[usize], values| {
        let shape = shape.to_vec();
        (name.to_owned(), TorchTensor { dtype, shape, values })
    };
    vec![
        tensor("single.weight", DType::F32, &[2, 3, 2], ramp(0, 0..12)),
        tensor("half", DType::F16, &[5], ramp(1, 0..5)),
        tensor("brain", DType::BF16, &[5], ramp(2, 0..5)),
        tensor("double", DType::F64, &[2, 2], ramp(3, 0..4)),
        tensor(
            "transposed",
            DType::F32,
            &[4, 3],
            ramp(4, [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]),
        ),
        tensor("part", DType::F32, &[2, 2], ramp(4, [5, 6, 9, 10])),
        tensor("scalar", DType::F32, &[], ramp(5, [0])),
        tensor("empty", DType::F32, &[0, 3], ramp(0, [])),
        tensor("bn.num_batches_tracked", DType::Int(8), &[], None),
    ]
}

#[test]
fn tensors_come_back_as_they_were() {
    assert_eq!(parse(&file("plain.pt")), Ok(wanted()));
    let mut nested = wanted();
    nested.push((
        "linear.weight".into(),
        TorchTensor {
            dtype: DType::F32,
            shape: vec![1, 2],
            values: ramp(6, 0..2),
        },
    ));
    assert_eq!(parse(&file("nested.pt")).as_ref(), Ok(&nested));
    assert_eq!(parse(&file("legacy.pt")).as_ref(), Ok(&nested));
}

#[test]
fn a_checkpoint_that_calls_code_is_refused_by_name() {
    let refused = parse(&file("code.pt")).unwrap_err();
    assert_eq!(
        refused,
        CheckpointFault::Global {
            name: "posix.getcwd".into()
        }
    );
    let message = refused.to_string();
    assert!(
        message.contains("not run") && message.contains("state_dict"),
        "{message}"
    );
}

#[test]
fn other_files_are_refused_with_a_reason() {
    for (bytes, says) in [
        (&b""[..], "not a PyTorch checkpoint"),
        (b"RIFF....WAVE", "not a PyTorch checkpoint"),
        (b"PK\x03\x04 and no more", "archive's end"),
        (b"\x80\x02}q\x00.", "not a PyTorch checkpoint"),
    ] {
        let message = parse(bytes).unwrap_err().to_string();
        assert!(message.contains(says), "{message}");
    }
    // Only a pickle, in an archive: a dictionary without tensors, a number, an instruction for persistent names.
    let refuse = |pickle: &[u8]| parse(&zip(&[("a/data.pkl", pickle)])).unwrap_err().to_string();
    assert!(refuse(b"\x80\x02}X\x03\x00\x00\x00keyK\x01s.").contains("its keys are key"));
    assert!(refuse(b"\x80\x02K\x01.").contains("not a dictionary"));
    assert!(refuse(b"\x80\x02Pname\n.").contains("instruction 0x50 at byte 2"));
    assert!(
        refuse(b"\x80\x02cos\nsystem\nX\x02\x00\x00\x00ls\x85R.").contains("os.system, which is not run")
    );
    // Nested so deeply that dropping it would overflow the stack.
    let deep = [&b"\x80\x02)"[..], &[0x85; 100_000], b"."].concat();
    assert!(refuse(&deep).contains("nested too deeply"));
}

/// As the library argus saves a model: its name, its settings, and the state dict next to them.
#[test]
fn a_state_dict_next_to_settings_is_found() {
    let text = |text: &str| [b"X".as_slice(), &[text.len() as u8, 0, 0, 0], text.as_bytes()].concat();
    let storage = [
        b"((".as_slice(),
        &text("storage"),
        b"ctorch\nHalfStorage\n",
        &text("0"),
        &text("cuda:0"),
        b"K\x01tQ",
    ]
    .concat();
    let tensor = [
        b"ctorch._utils\n_rebuild_tensor_v2\n".as_slice(),
        &storage,
        b"K\x00K\x01\x85K\x01\x85\x89NtR",
    ]
    .concat();
    let pickle = [
        b"\x80\x02}(".as_slice(),
        &text("model_name"),
        &text("FreesoundModel"),
        &text("params"),
        b"}",
        &text("lr"),
        b"G\x3f\x4d\x7d\xbf\x48\x7f\xcb\x92s",
        &text("nn_state_dict"),
        b"ccollections\nOrderedDict\n)R",
        &text("module.bias"),
        &tensor,
        b"su.",
    ]
    .concat();
    let read = parse(&zip(&[("a/data.pkl", &pickle), ("a/data/0", &[0x00, 0x3C])])).unwrap();
    let bias = TorchTensor {
        dtype: DType::F16,
        shape: vec![1],
        values: Some(vec![1.0]),
    };
    assert_eq!(read, [("module.bias".to_owned(), bias)]);
}

/// An archive of stored files.
fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    let word = |n: usize| u32::try_from(n).unwrap().to_le_bytes();
    for (name, content) in files {
        let sizes = [word(content.len()), word(content.len())].concat();
        let lengths = [&word(name.len())[..2], &[0, 0]].concat();
        let at = out.len();
        out.extend(
            [
                b"PK\x03\x04",
                &[0; 14][..],
                &sizes,
                &lengths,
                name.as_bytes(),
                content,
            ]
            .concat(),
        );
        directory.extend(
            [
                b"PK\x01\x02",
                &[0; 16][..],
                &sizes,
                &lengths,
                &[0; 10],
                &word(at),
                name.as_bytes(),
            ]
            .concat(),
        );
    }
    let count = &word(files.len())[..2];
    let (size, at) = (word(directory.len()), word(out.len()));
    out.extend(directory);
    out.extend([b"PK\x05\x06", &[0; 4][..], count, count, &size, &at, &[0, 0]].concat());
    out
}

/// Each single bit of what PyTorch wrote: refused, or the tensors are the same.
#[test]
fn every_flipped_bit_is_noticed_or_without_effect() {
    for name in ["plain.pt", "nested.pt"] {
        let whole = file(name);
        let wanted = parse(&whole).unwrap();
        let mut by_checksum = 0;
        for bit in 0..8 * whole.len() {
            let mut damaged = whole.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            match parse(&damaged) {
                Ok(read) => assert!(read == wanted, "bit {bit} of {name}"),
                Err(CheckpointFault::Checksum { .. }) => by_checksum += 1,
                Err(_) => {}
            }
        }
        assert!(by_checksum > whole.len(), "{by_checksum} of {name}");
    }
}

/// An archive that was written without checksums is read.
#[test]
fn a_checksum_of_zero_says_nothing() {
    let mut bytes = file("plain.pt");
    let entries: Vec<usize> = (0..bytes.len() - 4)
        .filter(|at| bytes[*at..].starts_with(b"PK\x01\x02"))
        .collect();
    assert!(entries.len() > 5);
    for at in &entries {
        bytes[at + 16..at + 20].fill(0);
    }
    assert_eq!(parse(&bytes), Ok(wanted()));
    bytes[entries[0] + 16] = 1;
    let refused = parse(&bytes).unwrap_err();
    assert!(matches!(refused, CheckpointFault::Checksum { .. }), "{refused}");
}

/// Refused with a message, or read with numbers in proportion to the file.
fn survives(bytes: &[u8]) {
    match parse(bytes) {
        Ok(state) => {
            let numbers: usize = state
                .iter()
                .filter_map(|(_, t)| t.values.as_ref())
                .map(Vec::len)
                .sum();
            assert!(
                numbers <= 2 * bytes.len(),
                "{numbers} numbers from {} bytes",
                bytes.len()
            );
        }
        Err(refused) => assert!(refused.to_string().len() > 20, "{refused}"),
    }
}

#[test]
fn every_truncation_and_every_other_byte_is_survived() {
    for name in FILES {
        let whole = file(name);
        // Near the end of the archive everything matters; a step that is prime to the fields' lengths visits the rest.
        for end in (0..whole.len()).step_by(7) {
            survives(&whole[..end]);
        }
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            for change in [0xFF, 0x01, 0x80] {
                damaged[at] = whole[at] ^ change;
                survives(&damaged);
            }
        }
    }
}

proptest! {
    /// Several changes at once: bytes replaced by instructions, runs removed, runs repeated.
    #[test]
    fn damaged_files_are_survived(
        which in 0..FILES.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0..4u8, any::<u8>(), 1..40usize), 1..8),
    ) {
        const CODES: &[u8] = b"(.)0RbtQu}]aesjhqrcKMJXN\x80\x85\x86\x87\x88\x89\x8a\x8c\x93\x94";
        let mut bytes = file(FILES[which]);
        for (index, kind, byte, length) in changes {
            let at = index.index(bytes.len());
            let end = (at + length).min(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes[at] = CODES[usize::from(byte) % CODES.len()],
                2 => drop(bytes.drain(at..end)),
                _ => {
                    let run = bytes[at..end].to_vec();
                    bytes.splice(at..at, run);
                }
            }
            if bytes.is_empty() {
                break;
            }
        }
        survives(&bytes);
    }
}
