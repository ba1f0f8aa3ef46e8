//! Recordings that a table names, and addresses in a program without object stores.

use super::common::Lab;

/// A table is as good as the recordings that it names; one of them that is missing costs itself alone.
#[test]
fn a_table_names_recordings() {
    let lab = Lab::trained();
    lab.write(
        "lists/low.csv",
        "site,path\na,../tones/low/1.wav\nb,../tones/low/0.wav\na,../tones/low/1.wav\n",
    );
    lab.write("all.csv", "file\ntones/low/1.wav\ntones/low/0.wav\n");
    let by_name = lab
        .earmark("tag tones/low/1.wav tones/low/0.wav --model runs/a --format csv")
        .done();
    let by_table = lab
        .earmark("tag --from all.csv --model runs/a --format csv")
        .done();
    assert_eq!(by_name.out, by_table.out);
    lab.earmark("tag --from lists/low.csv --model runs/a -o tags.json")
        .done();
    let tags = lab.read("tags.json");
    assert_eq!(tags.matches("tones/low/1.wav").count(), 1, "{tags}");
    for command in ["predict runs/a -o scores.csv", "embed runs/a -o rows.csv"] {
        lab.earmark(&format!("{command} --from all.csv")).done();
    }
    for out in ["scores.csv", "rows.csv"] {
        assert_eq!(lab.read(out).lines().count(), 3, "{out}");
    }
    lab.write("some.csv", "file\ntones/low/1.wav\ntones/none.wav\n");
    let some = lab
        .earmark("tag --from some.csv --model runs/a -o some.ndjson")
        .exit(2);
    assert!(some.err.contains("tones/none.wav"), "{some}");
    let both = lab
        .earmark("predict runs/a -o x.csv --from all.csv --data tones")
        .refused();
    assert_eq!(both, "--from: cannot be combined with --data; give one of them");
    lab.write("odd.csv", "a,b\n1,2\n");
    let odd = lab.earmark("tag --from odd.csv --model runs/a").refused();
    assert!(
        odd.starts_with("--from odd.csv: has no column of recordings; name one"),
        "{odd}"
    );
}

/// The refusal comes before any work, and says which programs have the stores.
#[cfg(not(feature = "stores"))]
#[test]
fn addresses_are_refused_without_object_stores() {
    let lab = Lab::trained();
    for command in [
        "tag s3://lab/in --model runs/a",
        "tag s3://lab/in/a.wav --model runs/a",
        "tag tones/low/0.wav --model runs/a -o s3://lab/tags.csv",
        "tag tones/low/0.wav --model runs/a --format csv --out-dir gs://lab/tags",
        "predict runs/a --files https://lab.example/a.wav -o x.csv",
        "predict runs/a --files tones/low/0.wav -o s3://lab/x.csv",
        "embed runs/a --files s3://lab/in -o x.npy",
        "embed runs/a --files tones/low/0.wav -o s3://lab/x.npy",
    ] {
        let refused = lab.earmark(command).refused();
        assert!(
            refused.contains("was built without object stores"),
            "{command}: {refused}"
        );
        assert!(!lab.path("x.csv").exists() && !lab.path("x.npy").exists());
    }
    let data = lab
        .earmark("predict runs/a --data s3://lab/set -o x.csv")
        .refused();
    assert!(data.contains("data folders are read from disks"), "{data}");
}
