//! Labels of an index from tables of any separator, who gives them, and parts of an archive that are missing.

use super::common::{Ended, Lab};

const ADD: &str = "index add tones --model runs/a --threads 1 --to";

#[test]
fn tables_of_labels_are_read_as_all_tables_are() {
    let lab = Lab::trained();
    lab.earmark(&format!("{ADD} x")).done();
    lab.write(
        "labels.csv",
        "\u{feff}file;start_seconds;class;answer\r\ntones/low/0.wav;0;low;\r\n\"tones/mid/1.wav\";0;low;no\r\n",
    );
    lab.earmark("index label x --table labels.csv --who Ada").done();
    let labels = lab.read("x/labels.jsonl");
    assert!(
        labels.lines().count() == 2 && labels.contains("\"answer\":\"no\""),
        "{labels}"
    );
    for (table, wanted) in [
        (
            "file;class\na;b\n",
            "bad.csv: has no column `start_seconds`; give it the columns file, ",
        ),
        (
            "file\tstart_seconds\tclass\ntones/low/0.wav\tx\tlow\n",
            "bad.csv: line 2: `x` is not a number of seconds; write one such as 12.5",
        ),
        (
            "file,start_seconds,class\ntones/lwo/0.wav,0,low\n",
            "bad.csv: line 2: tones/lwo/0.wav: not a recording in x; did you mean tones/low/0.wav?",
        ),
        ("", "bad.csv: is empty; give it the columns "),
        (
            "file,start_seconds,class,answer\ntones/low/0.wav,0,low,no\n\ntones/low/1.wav,0,low\n",
            "bad.csv: line 4: has 3 cells where the header has 4; quote cells with a separator in them",
        ),
        (
            "file,start_seconds,class\ntones/low/0.wav,0,low,no\n",
            "bad.csv: line 2: has 4 cells where the header has 3; ",
        ),
    ] {
        lab.write("bad.csv", table);
        let refused = lab.earmark("index label x --table bad.csv --who Ada").refused();
        assert!(refused.starts_with(wanted), "{refused}");
    }
    assert_eq!(
        lab.read("x/labels.jsonl"),
        labels,
        "a refused table labels nothing"
    );
}

#[test]
fn who_labels_can_be_said_where_the_system_does_not() {
    let lab = Lab::trained();
    lab.earmark(&format!("{ADD} x")).done();
    let label = |more: &str| {
        let arguments = format!("index label x low tones/low/0.wav@0{more}");
        let mut command = lab.command(&arguments);
        for name in ["USER", "LOGNAME", "USERNAME"] {
            command.env_remove(name);
        }
        Ended::of(&arguments, command.output().expect("the command to start"))
    };
    assert_eq!(
        label("").refused(),
        "the system does not say who you are, and labels say who made them; give your name with --who NAME"
    );
    label(" --who Ada").done();
    assert!(lab.read("x/labels.jsonl").contains("\"who\":\"Ada\""));
}

#[test]
fn a_missing_part_is_named_with_the_command_that_makes_it() {
    let lab = Lab::trained();
    for shard in ["1/3", "3/3"] {
        lab.earmark(&format!("{ADD} x --shard {shard}")).done();
    }
    let merge = "index merge x.shard-1-of-3 x.shard-3-of-3 --to x";
    let refused = lab.earmark(merge).refused();
    let command = "earmark index add tones --model runs/a --threads 1 --to x --shard 2/3";
    assert_eq!(
        refused,
        format!("x.shard-2-of-3: is missing; complete with `{command}`")
    );
    assert!(!lab.path("x").exists());
    lab.earmark(command.strip_prefix("earmark ").expect("the program"))
        .done();
    let refused = lab.earmark(merge).refused();
    assert_eq!(
        refused,
        "x.shard-2-of-3: is not named; name all parts, such as x.shard-*-of-3"
    );
    lab.earmark("index merge x.shard-1-of-3 x.shard-2-of-3 x.shard-3-of-3 --to x")
        .done();
}

/// The same recording by several names is processed once, and the others are counted.
#[cfg(unix)]
#[test]
fn a_recording_that_is_named_again_is_said_to_be() {
    let lab = Lab::trained();
    std::os::unix::fs::symlink("0.wav", lab.path("tones/low/again.wav")).expect("a link");
    lab.write(
        "list.csv",
        "file\ntones/low/0.wav\ntones/low/1.wav\ntones/low/again.wav\ntones/low/0.wav\n",
    );
    let note = "2 names lead to recordings or folders that are there already, such as tones/low/again.wav; each \
                recording is processed once\n";
    for command in [
        "tag --from list.csv --model runs/a -o tags.csv",
        "predict runs/a --from list.csv -o scores.csv",
        "embed runs/a --from list.csv -o rows.npy",
        "features --handcrafted --from list.csv -o features.csv",
    ] {
        let ended = lab.earmark(command).done();
        assert!(ended.err.contains(note), "{ended}");
    }
    for table in ["scores.csv", "rows.npy.csv", "features.csv"] {
        assert_eq!(lab.read(table).lines().count(), 3, "{table}");
    }
    let added = lab.earmark(&format!("{ADD} x")).done();
    assert!(
        added.err.contains("tones/low/again.wav is there already, by "),
        "{added}"
    );
    lab.write("list.csv", "file\nftp://example.org/a.wav\n");
    let refused = lab
        .earmark("tag --from list.csv --model runs/a -o tags.csv")
        .refused();
    assert!(
        refused.starts_with(
            "--from list.csv: line 2: ftp://example.org/a.wav: addresses that begin with ftp:// "
        ),
        "{refused}"
    );
}
