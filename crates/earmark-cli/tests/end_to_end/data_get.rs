//! Published data sets, without the network.

use super::common::Lab;

/// A zip archive of stored files.
fn zip(files: &[(&str, &str)]) -> Vec<u8> {
    let (mut out, mut directory): (Vec<u8>, Vec<u8>) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let at = (out.len() as u32).to_le_bytes();
        let size = (content.len() as u32).to_le_bytes();
        let crc = crc32(content.as_bytes()).to_le_bytes();
        let name_size = (name.len() as u16).to_le_bytes();
        // From the method to the lengths, the same in front of the file and in the directory.
        let fields = [&[0_u8; 6][..], &crc, &size, &size, &name_size].concat();
        let name = name.as_bytes();
        out.extend([b"PK\x03\x04\x14\0\0\0".as_slice(), &fields, &[0; 2], name].concat());
        out.extend(content.as_bytes());
        directory.extend(
            [
                b"PK\x01\x02\x14\0\x14\0\0\0".as_slice(),
                &fields,
                &[0; 12],
                &at,
                name,
            ]
            .concat(),
        );
    }
    let (count, at) = (
        (files.len() as u16).to_le_bytes(),
        (out.len() as u32).to_le_bytes(),
    );
    let size = (directory.len() as u32).to_le_bytes();
    let end = [
        b"PK\x05\x06\0\0\0\0".as_slice(),
        &count,
        &count,
        &size,
        &at,
        &[0; 2],
    ]
    .concat();
    [out, directory, end].concat()
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

fn esc50(lab: &Lab, name: &str) {
    let table = "filename,fold,target,category\n1-1-A-0.wav,1,0,dog\n2-2-A-1.wav,2,1,cat\n";
    lab.write(
        name,
        zip(&[
            ("ESC-50-master/meta/esc50.csv", table),
            ("ESC-50-master/audio/1-1-A-0.wav", "not really sound"),
            ("ESC-50-master/audio/2-2-A-1.wav", "nor this"),
            ("ESC-50-master/LICENSE", "CC BY-NC"),
        ]),
    );
}

#[test]
fn archives_fetched_by_hand_become_a_data_folder() {
    let lab = Lab::new();
    esc50(&lab, "by-hand/ESC-50-master.zip");
    let got = lab.earmark("data get ESC50 --from by-hand -o esc").done();
    let licence = got.err.lines().next().unwrap();
    assert!(licence.contains("CC BY-NC"), "{got}");
    assert!(
        got.err.contains("esc50, meta/esc50.csv") && got.err.contains("2 classes"),
        "{got}"
    );
    assert!(
        got.out.starts_with("esc: 4 files, ") && got.out.contains("next: earmark data check esc"),
        "{got}"
    );
    let again = lab.earmark("data get esc50 -o esc --json").done();
    let origin: serde_json::Value = serde_json::from_str(&again.out).unwrap();
    assert_eq!(
        (&origin["name"], &origin["complete"]),
        (&"esc50".into(), &true.into())
    );
    assert_eq!(origin["archives"]["ESC-50-master"]["files"], 4);
    let refused = lab
        .earmark("data get fsdkaggle2018 --from by-hand -o esc")
        .refused();
    assert!(
        refused.contains("esc: is neither empty nor holds this data set"),
        "{refused}"
    );
}

#[test]
fn without_a_network_it_says_what_to_fetch() {
    let lab = Lab::new();
    let message = lab
        .earmark("data get fsdkaggle2019 -o data --url http://127.0.0.1:9/record")
        .refused();
    for says in [
        "check the network",
        "download with a browser from https://zenodo.org/records/3612637",
        "FSDKaggle2019.audio_train_noisy.zip\n",
        "earmark data get fsdkaggle2019 --from FOLDER -o data",
    ] {
        assert!(message.contains(says), "{message}");
    }
    let unknown = lab.earmark("data get esc51 -o data").refused();
    assert_eq!(
        unknown,
        "esc51: no such published data set; there are esc50, fsdkaggle2018, fsdkaggle2019"
    );
    lab.write("empty/note.txt", "");
    let missing = lab.earmark("data get esc50 --from empty -o new").refused();
    assert!(missing.starts_with("empty: lacks ESC-50-master.zip"), "{missing}");
}
