use super::*;

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn classes() -> Vec<String> {
    words(&["Dog", "Cat", "Waves, surf"])
}

/// The thresholds of all three classes, or the refusal.
fn resolved(given: &[&str], own: Option<&[f32]>) -> Result<Vec<f32>, String> {
    let config = ThresholdConfig::parse(&words(given)).map_err(|e| e.to_string())?;
    let found = config.resolve(&classes(), &[0, 1, 2], own);
    found
        .map(|found| found.values().to_vec())
        .map_err(|e| e.to_string())
}

const OWN: Option<&[f32]> = Some(&[0.1, 0.6, 0.7]);

#[test]
fn the_more_special_counts() {
    assert_eq!(resolved(&[], None), Ok(vec![0.3; 3]));
    assert_eq!(resolved(&[], OWN), Ok(vec![0.1, 0.6, 0.7]));
    assert_eq!(resolved(&["model"], OWN), Ok(vec![0.1, 0.6, 0.7]));
    assert_eq!(resolved(&["0.5"], OWN), Ok(vec![0.5; 3]));
    // In any order, letter case and with commas in names.
    for given in [["cat=0.2", "0.5"], ["0.5", "cat=0.2"]] {
        assert_eq!(resolved(&given, OWN), Ok(vec![0.5, 0.2, 0.5]));
    }
    assert_eq!(
        resolved(&["waves, surf=0", "Dog = 1"], OWN),
        Ok(vec![1.0, 0.6, 0.0])
    );
}

#[test]
fn files_are_read_in_both_forms() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_string_lossy().into_owned()
    };
    let of = |text: &str, more: &[&str]| {
        let path = write("t", text);
        resolved(&[&[path.as_str()][..], more].concat(), None)
    };
    let wanted = Ok(vec![0.25, 0.3, 0.5]);
    for text in [
        "class,threshold\nDog,0.25\n\"Waves, surf\",0.5\n",
        "\u{feff}Dog,0.25\r\n\"Waves, surf\",0.5",
        "clips, threshold ,CLASS\n7,0.25,Dog\n9,0.5,\"waves, surf\"\n",
        "{\"Dog\": 0.25, \"Waves, surf\": 0.5}",
        " {\"classes\": [\"Dog\", \"Waves, surf\"], \"thresholds\": [0.25, 0.5]}",
    ] {
        assert_eq!(of(text, &[]), wanted, "{text}");
    }
    assert_eq!(
        of("Dog,0.25\nCat,0.25\n", &["cat=0.9", "0.1"]),
        Ok(vec![0.25, 0.9, 0.1])
    );
    let refused = |text: &str| of(text, &[]).unwrap_err().replace(&write("t", text), "t");
    assert_eq!(
        refused("name,score\nDog,0.25\n"),
        "t:1: expected the columns `class` and `threshold`, or a line CLASS,NUMBER per class"
    );
    assert_eq!(
        refused("Dog,0.25\nCat,often\n"),
        "t:2: \"often\" is not a number; write CLASS,NUMBER, with the number from 0 to 1"
    );
    assert_eq!(refused("Dog,25\n"), "t:1: give a number from 0 to 1");
    assert_eq!(
        refused("Dog,0.1\nDgo,0.2\n"),
        "t:2: the model has no class of that name; did you mean Dog?"
    );
    assert_eq!(
        refused("Dog,0.1\ndog,0.2\n"),
        "t:2: the class Dog has a threshold already (t:1); keep one of the two"
    );
    assert_eq!(
        refused("{\"Dog\": null}"),
        "t, Dog: null is not a number; give one from 0 to 1"
    );
    assert!(refused("{\"Dog\": 0.1").starts_with("t: not JSON: EOF"));
    assert!(refused("{\"classes\": [\"Dog\"], \"thresholds\": null}").contains("no list `thresholds`"));
    for empty in ["", "{}", "class,threshold\n"] {
        assert!(refused(empty).starts_with("t: has no thresholds;"), "{empty}");
    }
}

#[test]
fn what_can_not_be_meant_is_refused() {
    let refused = |given: &[&str]| resolved(given, None).unwrap_err();
    assert_eq!(refused(&["1.5"]), "--threshold 1.5: give a number from 0 to 1");
    assert_eq!(
        refused(&["Dog=nan"]),
        "--threshold Dog=nan: give a number from 0 to 1"
    );
    assert_eq!(
        refused(&["Dgo=0.2"]),
        "--threshold Dgo=0.2: the model has no class of that name; did you mean Dog?"
    );
    assert_eq!(
        refused(&["Dog=0.2", "dog=0.3"]),
        "--threshold dog=0.3: the class Dog has a threshold already (--threshold Dog=0.2); keep one of the two"
    );
    assert!(
        refused(&["0.2", "model"])
            .starts_with("--threshold 0.2 and --threshold model: both are for all classes")
    );
    assert!(refused(&["model"]).starts_with("--threshold model: the model brings no thresholds"));
    assert_eq!(
        refused(&["Dog=often"]),
        "--threshold Dog=often: what follows `=` is not a number; give one from 0 to 1"
    );
    assert!(refused(&["no-such-file.csv"]).ends_with("(there is no such file)"));
    let folder = env!("CARGO_MANIFEST_DIR");
    assert_eq!(
        refused(&[folder]),
        format!("--threshold {folder}: is a folder; name a file in it")
    );
}

/// Of the classes that are not detected, a file may have thresholds, a command line must not.
#[test]
fn classes_that_are_not_detected() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.csv");
    std::fs::write(&path, "Dog,0.1\nCat,0.2\n").unwrap();
    let of = |word: &str| {
        let config = ThresholdConfig::parse(&words(&[word])).unwrap();
        config.resolve(&classes(), &[1], None)
    };
    assert_eq!(of(&path.to_string_lossy()).unwrap().values(), [0.2]);
    assert_eq!(
        of("Dog=0.2").unwrap_err().to_string(),
        "--threshold Dog=0.2: the class is not among those of --classes; add it there, or leave its threshold out"
    );
}

#[test]
fn words_and_json_say_what_counts() {
    let of = |given: &[&str], own| {
        let config = ThresholdConfig::parse(&words(given)).unwrap();
        config.resolve(&classes(), &[0, 1, 2], own).unwrap()
    };
    assert_eq!(of(&[], None).describe(), "threshold 0.3 (the default)");
    let config = ThresholdConfig::default();
    let of_index = config.resolve_without_own(&classes(), &[0, 1], 0.5).unwrap();
    assert_eq!(of_index.describe(), "threshold 0.5 (the default)");
    assert_eq!(of_index.source(), ThresholdSource::Default);
    let asked = ThresholdConfig::parse(&words(&["model"])).unwrap();
    let refused = asked.resolve_without_own(&classes(), &[0, 1], 0.5).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "--threshold model: the classifiers of an index bring no thresholds; give numbers, or leave it out for 0.5"
    );
    assert_eq!(of(&[], OWN).describe(), "thresholds 0.1 to 0.7 (the model's own)");
    assert_eq!(of(&["0.5"], OWN).describe(), "threshold 0.5 (as given)");
    let one = of(&["Dog=0.2"], None);
    assert_eq!(
        one.describe(),
        "thresholds 0.2 to 0.3 (the default; 1 of 3 classes given)"
    );
    assert_eq!(one.source(), ThresholdSource::Default);
    assert_eq!(one.reached(&[0.2, 0.29, 0.9]), [2, 0]);
    let all = of(&["Dog=0.2", "Cat=0.2", "Waves, surf=0.2"], None);
    assert_eq!(all.describe(), "threshold 0.2 (as given)");
    // As a command gives them, without the classes that it does not name.
    assert_eq!(one.in_words().as_deref(), Some("--threshold Dog=0.2"));
    let over_own = of(&["waves, surf=0.25"], OWN).in_words();
    assert_eq!(over_own.as_deref(), Some("--threshold 'Waves, surf'=0.25"));
    let over_one = of(&["cat=0.25", "0.5"], OWN).in_words();
    assert_eq!(over_one.as_deref(), Some("--threshold 0.5 --threshold Cat=0.25"));
    assert_eq!(of(&["0.5"], OWN).in_words(), None);
    assert_eq!(
        of(&[], OWN).in_words().as_deref(),
        Some("the model's own thresholds (no --threshold)")
    );
    assert_eq!(
        serde_json::to_value(&one).unwrap(),
        serde_json::json!({ "Dog": 0.2, "Cat": 0.3, "Waves, surf": 0.3 })
    );
}
