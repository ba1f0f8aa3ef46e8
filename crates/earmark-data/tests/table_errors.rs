//! Every refusal says where, what, and what to do: the exact words are part of the interface.

mod table_support;

use std::path::Path;

use earmark_data::{ClassMap, DataOptions, LayoutKind};
use table_support::{Tree, class_map};

fn csv(text: &str) -> Tree {
    Tree::new(&[("t.csv", text), ("a.wav", ""), ("b.wav", "")])
}

#[test]
fn folders_that_are_not_there_or_say_nothing() {
    let tree = Tree::new(&[]);
    let error = earmark_data::load(&tree.path("nowhere"), &DataOptions::default())
        .unwrap_err()
        .to_string();
    assert_eq!(
        error.replace(&tree.root().display().to_string(), "DIR"),
        "there is no data folder DIR/nowhere; check the path"
    );
    assert_eq!(
        tree.error(),
        "cannot tell the layout of DIR (it contains nothing); expected a folder of audio per class, a CSV table with a column of files \
         and one of labels, labels with times, or the files of fsdkaggle2018, fsdkaggle2019, esc50, urbansound8k or fsd50k; name it \
         with --layout, and the table with --table"
    );
    let tree = Tree::new(&[("a.csv", "x"), ("b.csv", "x")]);
    assert_eq!(
        tree.error(),
        "DIR contains several tables (a.csv, b.csv); choose one with --table, or `table` in [data]"
    );
    let tree = Tree::new(&[("dog/a.wav", ""), ("cat/.keep", "")]);
    assert_eq!(
        tree.error(),
        "DIR/cat has no audio files; put recordings there or remove the folder"
    );
    let options = DataOptions {
        layout: Some(LayoutKind::Esc50),
        ..DataOptions::default()
    };
    assert_eq!(
        tree.error_with(&options),
        "DIR has no table for the layout esc50; expected one of: meta/esc50.csv, meta/esc10.csv, meta.csv, esc50.csv"
    );
}

#[test]
fn tables_that_cannot_be_read() {
    assert_eq!(csv("").error(), "DIR/t.csv is empty; add one row per recording");
    assert_eq!(
        csv("file,label\n").error(),
        "DIR/t.csv has a header but no rows; add one row per recording"
    );
    assert_eq!(
        csv("file,label\na.wav,x,y\n").error(),
        "DIR/t.csv:2: found 3 fields where the header has 2; put quotes around fields that contain a comma"
    );
    let tree = csv("");
    std::fs::write(tree.path("t.csv"), b"file,label\na.wav,x\nb.wav,\xe9t\xe9\n").unwrap();
    assert_eq!(
        tree.error(),
        "DIR/t.csv:3: the text is not UTF-8; save the table as UTF-8 (in spreadsheets: \"CSV UTF-8\")"
    );
}

#[test]
fn columns() {
    assert_eq!(
        csv("flie,label\na.wav,x\n").error(),
        "DIR/t.csv: there is no column \"file\" or \"filename\" or \"fname\" or \"path\"; did you mean \
         \"flie\"?; the columns are \"flie\", \"label\"; name the right one with --file-column, or `file-column` in [data]"
    );
    let options = DataOptions {
        label_column: Some("Lable".into()),
        ..DataOptions::default()
    };
    assert_eq!(
        csv("file,Labels\na.wav,x\n").error_with(&options),
        "DIR/t.csv: there is no column \"Lable\"; did you mean \"Labels\"?; the columns are \"file\", \"Labels\"; name the right one with \
         --label-column, or `label-column` in [data]"
    );
    let options = DataOptions {
        label_column: Some("category_name".into()),
        ..DataOptions::default()
    };
    assert_eq!(
        csv("file,Category name\na.wav,x\n").error_with(&options),
        "DIR/t.csv: there is no column \"category_name\"; did you mean \"Category name\"?; the columns are \"file\", \
         \"Category name\"; name the right one with --label-column, or `label-column` in [data]"
    );
    let tree = Tree::new(&[
        ("train_curated.csv", "fname,label\na.wav,x\n"),
        ("train_curated/a.wav", ""),
    ]);
    assert_eq!(
        tree.error(),
        "DIR/train_curated.csv: there is no column \"labels\"; did you mean \"label\"?; the columns are \"fname\", \"label\""
    );
    // No column is the right one: the line above the rows is missing, or there is a column per class.
    assert_eq!(
        csv("a.wav,x\nb.wav,y\n").error(),
        "DIR/t.csv: the first line (\"a.wav\", \"x\") names the recording \"a.wav\" instead of columns; write a line \
         above it with the names of the columns, such as \"file\" and \"label\""
    );
    assert_eq!(
        csv("file,cat,dog,fold\na.wav,0,1,0\nb.wav,1,1,1\n").error(),
        "DIR/t.csv: has a column per class, with 0 or 1, such as \"cat\" and \"dog\"; write a column `labels` in their \
         place, with the names of the classes whose cell is 1, separated by commas"
    );
    assert!(
        csv("file,cat,dog,who\na.wav,1,,x\nb.wav,,1,\n")
            .error()
            .starts_with("DIR/t.csv: has a column per class, with 0 or 1, such as \"cat\" and \"dog\"; "),
        "blank cells are zeros"
    );
    assert!(
        csv("file,left,right\na.wav,,\nb.wav,,\n")
            .error()
            .contains("there is no column \"labels\""),
        "blank cells alone say nothing"
    );
    // A recording may be a column of a table that has a header.
    let options = DataOptions {
        label_column: Some("lable".into()),
        ..DataOptions::default()
    };
    assert!(
        csv("file,label,2020.wav\na.wav,x,1\n")
            .error_with(&options)
            .contains("there is no column \"lable\"; did you mean \"label\"?; "),
    );
    let options = DataOptions {
        subset_column: Some("x".into()),
        ..DataOptions::default()
    };
    assert_eq!(
        tree.error_with(&options),
        "`subset-column` cannot be used with the layout fsdkaggle2019, whose columns are fixed; remove it or use layout = \"csv\""
    );
}

#[test]
fn rows() {
    assert_eq!(
        csv("file,labels\na.wav,x\nb.wav,\"x,x\"\n").error(),
        "DIR/t.csv:3: label \"x\" appears twice in this row; keep one"
    );
    assert_eq!(
        csv("file,labels\na.wav,\"x,\"\n").error(),
        "DIR/t.csv:2: there is an empty label in \"x,\"; remove the extra separator"
    );
    assert_eq!(
        csv("file,label\na.wav,x\nb.wav,y\na.wav,x\n").error(),
        "DIR/t.csv:4: \"a.wav\" is already listed on line 2; keep one of the two rows"
    );
    assert_eq!(
        csv("file,label\n,x\n").error(),
        "DIR/t.csv:2: the file name is empty; fill it in or remove the row"
    );
    assert_eq!(
        csv("file,label,fold\na.wav,x,-1\n").error(),
        "DIR/t.csv:2: the fold is \"-1\"; write a whole number from 0"
    );
    assert_eq!(
        csv("file,label,split\na.wav,x,\n").error(),
        "DIR/t.csv:2: the subset is empty; write, for example, train or test"
    );
    let options = DataOptions {
        multi_label: Some(false),
        ..DataOptions::default()
    };
    assert_eq!(
        csv("file,labels\na.wav,\"x,y\"\n").error_with(&options),
        "DIR/t.csv:2: \"a.wav\" has 2 labels, but `multi-label` is false; keep one label or set it to true"
    );
    let tree = Tree::new(&[
        ("train.csv", "fname,label,manually_verified\na.wav,x,yes\n"),
        ("audio_train/a.wav", ""),
    ]);
    assert_eq!(
        tree.error(),
        "DIR/train.csv:2: manually_verified is \"yes\"; write 0 or 1"
    );
    tree.add("train.csv", "fname,label,manually_verified\na.wav,,1\n");
    assert_eq!(
        tree.error(),
        "DIR/train.csv:2: \"a.wav\" has no label; add one or remove the row"
    );
    let tree = Tree::new(&[
        (
            "meta.csv",
            "filename,fold,target,category\na.wav,1,0,dog\nb.wav,1,0,cat\n",
        ),
        ("audio/a.wav", ""),
    ]);
    assert_eq!(
        tree.error(),
        "DIR/meta.csv:3: target 0 is \"cat\" here but \"dog\" on line 2; correct one of the rows"
    );
}

#[test]
fn missing_audio() {
    let tree = csv("file,label\na.wav,x\n1.wav,x\n2.wav,x\nb.wav,x\n3.wav,x\n4.wav,x\n");
    assert_eq!(
        tree.error(),
        "DIR/t.csv: 4 of 6 listed audio files are missing, first \"1.wav\" (line 3), \"2.wav\" (line 4), \"3.wav\" (line 6); \
         looked for DIR/1.wav, but no file in the folder has this name; put them there, correct the table, or leave them out with \
         `missing-files = \"skip\"`"
    );
    let tree = Tree::new(&[("train_curated.csv", "fname,labels\na.wav,x\n")]);
    assert_eq!(
        tree.error(),
        "DIR/train_curated.csv lists the subset \"curated\", but DIR has none of its audio folders: train_curated/, \
         FSDKaggle2019.audio_train_curated/; unpack the audio there, or choose other subsets with `subsets`"
    );
    let options = DataOptions {
        subsets: Some(vec!["nosy".into()]),
        ..DataOptions::default()
    };
    assert_eq!(
        csv("file,label\na.wav,x\n").error_with(&options),
        "DIR has no subset \"nosy\"; its subsets are \"train\""
    );
}

#[test]
fn labels_outside_of_the_class_map() {
    let tree = csv("file,label\na.wav,Bark\nb.wav,Bass drum\n");
    tree.add("map.txt", "0,Bark\n1,Bass_drum\n");
    let options = DataOptions {
        class_map: Some("map.txt".into()),
        ..DataOptions::default()
    };
    assert_eq!(
        tree.error_with(&options),
        "DIR/t.csv:3: label \"Bass drum\" is not among the 2 classes of DIR/map.txt; did you mean \"Bass_drum\"?"
    );
    tree.add("t.csv", "file,label\na.wav,Bark\nb.wav,Zither\n");
    assert_eq!(
        tree.error_with(&options),
        "DIR/t.csv:3: label \"Zither\" is not among the 2 classes of DIR/map.txt; correct the label or add it to the class map"
    );
}

#[test]
fn class_map_lines() {
    let error = |text: &str| {
        ClassMap::parse(text.as_bytes(), Path::new("m.csv"))
            .unwrap_err()
            .to_string()
    };
    let form = "; a class map has one line `index,name` per class and no header, for example `0,Accordion`";
    assert_eq!(
        error(""),
        "m.csv: the class map is empty; write one line `index,name` per class"
    );
    assert_eq!(
        error("0,a\nx,b\n"),
        format!("m.csv:2: the index \"x\" is not a whole number from 0{form}")
    );
    assert_eq!(
        error("0,a\n\n1,a\n"),
        format!("m.csv:3: class \"a\" is already on line 1{form}")
    );
    assert_eq!(
        error("0,a\r\n0,b\r\n"),
        format!("m.csv:2: index 0 is already on line 1{form}")
    );
    assert_eq!(
        error("0,a,b\n"),
        format!("m.csv:1: expected 2 fields, found 3{form}")
    );
    assert_eq!(error("0,\n"), format!("m.csv:1: the class name is empty{form}"));
    assert_eq!(
        error("0,a\n2,b\n3,c\n"),
        "m.csv: index 1 is missing among 3 classes; number the classes 0 to 2 without gaps"
    );
    let bytes = ClassMap::parse(b"0,a\n1,\xff\n", Path::new("m.csv"))
        .unwrap_err()
        .to_string();
    let save = "save the table as UTF-8 (in spreadsheets: \"CSV UTF-8\")";
    assert_eq!(bytes, format!("m.csv:2: the text is not UTF-8; {save}{form}"));
    assert_eq!(
        class_map(&["Bass_drum", "Bark"])
            .require("bass drum")
            .unwrap_err()
            .to_string(),
        "unknown class \"bass drum\"; did you mean \"Bass_drum\"?"
    );
    assert_eq!(
        class_map(&["Bark"]).require("Zither").unwrap_err().to_string(),
        "unknown class \"Zither\""
    );
}
