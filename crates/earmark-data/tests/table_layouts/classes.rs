//! The classes of a data set: class maps, those of a model, and what the fingerprint sees.

use super::table_support::{Tree, class_map};
use earmark_data::{ClassMap, DataOptions};

#[test]
fn a_class_map_fixes_the_order() {
    let tree = Tree::new(&[
        ("t.csv", "file,label\na.wav,x\n"),
        ("a.wav", ""),
        ("classes/map.txt", "1,x\n0,z\n"),
    ]);
    let options = DataOptions {
        class_map: Some("classes/map.txt".into()),
        ..DataOptions::default()
    };
    let set = tree.load_with(&options).unwrap();
    assert_eq!(
        (set.classes.names(), &set.items[0].labels[..]),
        (&["z".to_owned(), "x".to_owned()][..], &[1][..])
    );
}

#[test]
fn class_maps_come_back_as_written() {
    let names = [
        "Accordion",
        "Bathtub_(filling_or_washing)",
        "with, comma",
        "with \"quote\"",
    ];
    let map = class_map(&names);
    let mut bytes = Vec::new();
    map.write(&mut bytes).unwrap();
    let text = String::from_utf8(bytes.clone()).unwrap();
    assert_eq!(
        text,
        "0,Accordion\n1,Bathtub_(filling_or_washing)\n2,\"with, comma\"\n3,\"with \"\"quote\"\"\"\n"
    );
    assert_eq!(ClassMap::parse(&bytes, "x".as_ref()).unwrap(), map);
    assert_eq!((map.index("Accordion"), map.index("accordion")), (Some(0), None));
    let json = serde_json::to_string(&map).unwrap();
    assert_eq!(serde_json::from_str::<ClassMap>(&json).unwrap(), map);
    assert!(serde_json::from_str::<ClassMap>(r#"["a", "a"]"#).is_err());
    assert_eq!(ClassMap::from_labels(["b", " a", "b", ""]).names(), ["a", "b"]);
}

#[test]
fn mapping_to_the_classes_of_a_model() {
    let tree = Tree::new(&[
        ("t.csv", "file,labels\na.wav,\"dog,cat\"\nb.wav,cat\n"),
        ("a.wav", ""),
        ("b.wav", ""),
    ]);
    let set = tree.load().unwrap();
    let mapped = set.clone().map_to(&class_map(&["dog", "emu", "cat"])).unwrap();
    assert_eq!(
        mapped.items.iter().map(|i| i.labels.clone()).collect::<Vec<_>>(),
        [vec![0, 2], vec![2]]
    );
    let message = set.map_to(&class_map(&["dog", "Cats"])).unwrap_err().to_string();
    assert_eq!(
        message,
        "class \"cat\" (2 recordings, such as \"a.wav\") is not among the 2 classes of the model; did you mean \
         \"Cats\"?; rename the label in the table, or train a model that has this class"
    );
}

#[test]
fn the_fingerprint_sees_rows_and_sizes() {
    let tree = Tree::new(&[
        ("t.csv", "file,label\na.wav,x\nb.wav,y\n"),
        ("a.wav", ""),
        ("b.wav", ""),
    ]);
    let set = tree.load().unwrap();
    let first = set.fingerprint().unwrap();
    assert_eq!(first.len(), 64);
    let copy = Tree::new(&[
        ("t.csv", "file,label\na.wav,x\nb.wav,y\n"),
        ("a.wav", ""),
        ("b.wav", ""),
    ]);
    assert_eq!(
        copy.load().unwrap().fingerprint().unwrap(),
        first,
        "the place must not matter"
    );
    let mut other = set.clone();
    other.items[0].fold = Some(0);
    assert_ne!(other.fingerprint().unwrap(), first);
    let mut other = set.clone();
    other.items[0].labels = vec![1];
    assert_ne!(other.fingerprint().unwrap(), first);
    tree.add("b.wav", "another size");
    assert_ne!(set.fingerprint().unwrap(), first);
}
