//! The published data sets: FSDKaggle2018, FSDKaggle2019, ESC-50 and ESC-10.

use super::table_support::{Tree, shared};
use super::{row, summary};
use earmark_data::{DataOptions, LayoutKind, load};

const TRAIN_2018: &str = "fname,label,manually_verified\na.wav,Hi-hat,0\nb.wav,Saxophone,1\n";
const CURATED: &str = "fname,labels\na.wav,\"Bark,Raindrop\"\nb.wav,Meow\n";
const NOISY: &str = "fname,labels\nn.wav,Bark\n";

#[test]
fn fsdkaggle2018_as_on_kaggle() {
    let tree = Tree::new(&[
        ("train.csv", TRAIN_2018),
        ("audio_train/a.wav", ""),
        ("audio_train/b.wav", ""),
        ("audio_test/x.wav", ""),
        ("audio_test/y.wav", ""),
        (
            "sample_submission.csv",
            "fname,label\nx.wav,Laughter Hi-Hat Flute\ny.wav,Laughter Hi-Hat Flute\n",
        ),
    ]);
    let set = tree.load().unwrap();
    assert_eq!(set.layout, LayoutKind::Fsdkaggle2018);
    assert_eq!(set.classes.names(), ["Hi-hat", "Saxophone"]);
    assert!(!set.multi_label);
    let expected = [
        row("a.wav", &["Hi-hat"], "train"),
        row("b.wav", &["Saxophone"], "train"),
        row("x.wav", &[], "test"),
        row("y.wav", &[], "test"),
    ];
    assert_eq!(summary(&set), expected);
    assert_eq!(
        set.items.iter().map(|i| i.verified).collect::<Vec<_>>(),
        [Some(false), Some(true), None, None]
    );
    assert_eq!(
        set.items.iter().map(|i| i.line).collect::<Vec<_>>(),
        [Some(2), Some(3), Some(2), Some(3)]
    );
    assert_eq!(set.items[2].path, tree.path("audio_test/x.wav"));
}

#[test]
fn fsdkaggle2018_as_on_zenodo_with_unscored_clips() {
    let tree = Tree::new(&[
        (
            "FSDKaggle2018.meta/train_post_competition.csv",
            "fname,label,manually_verified,freesound_id,license\na.wav,Hi-hat,0,1,cc0\n",
        ),
        (
            "FSDKaggle2018.meta/test_post_competition.csv",
            "fname,label,usage,freesound_id,license\nx.wav,Hi-hat,Public,2,cc0\ny.wav,None,Ignored,3,cc0\n",
        ),
        ("FSDKaggle2018.audio_train/a.wav", ""),
        ("FSDKaggle2018.audio_test/x.wav", ""),
        ("FSDKaggle2018.audio_test/y.wav", ""),
    ]);
    let set = tree.load().unwrap();
    assert_eq!(set.layout, LayoutKind::Fsdkaggle2018);
    let expected = [
        row("a.wav", &["Hi-hat"], "train"),
        row("x.wav", &["Hi-hat"], "test"),
        row("y.wav", &[], "test"),
    ];
    assert_eq!(summary(&set), expected);
}

#[test]
fn fsdkaggle2019_as_on_kaggle() {
    let tree = Tree::new(&[
        ("train_curated.csv", CURATED),
        ("train_noisy.csv", NOISY),
        ("train_curated/a.wav", ""),
        ("train_curated/b.wav", ""),
        ("train_noisy/n.wav", ""),
        ("test/t.wav", ""),
    ]);
    let set = tree.load().unwrap();
    assert_eq!(set.layout, LayoutKind::Fsdkaggle2019);
    assert!(set.multi_label);
    let expected = [
        row("a.wav", &["Bark", "Raindrop"], "curated"),
        row("b.wav", &["Meow"], "curated"),
        row("n.wav", &["Bark"], "noisy"),
        row("t.wav", &[], "test"), // no table of the test clips at all: the folder names them
    ];
    assert_eq!(summary(&set), expected);
    assert_eq!(set.items[0].multi_hot(3), [1.0, 0.0, 1.0]);
    assert_eq!(set.subsets(), ["curated", "noisy", "test"]);
    let curated = DataOptions {
        subsets: Some(vec!["curated".into()]),
        ..DataOptions::default()
    };
    // The curated clips alone have the same classes here, so that both ways give the same set.
    assert_eq!(
        tree.load_with(&curated).unwrap(),
        set.select_subsets(&["curated"]).unwrap()
    );
    let message = set.select_subsets(&["nosy"]).unwrap_err().to_string();
    assert!(
        message.ends_with("has no subset \"nosy\"; its subsets are \"curated\", \"noisy\", \"test\""),
        "{message}"
    );
}

#[test]
fn fsdkaggle2019_as_on_zenodo() {
    let tree = Tree::new(&[
        (
            "FSDKaggle2019.meta/train_curated_post_competition.csv",
            "fname,labels,freesound_id,license\na.wav,Bark,1,x\n",
        ),
        (
            "FSDKaggle2019.meta/train_noisy_post_competition.csv",
            "fname,labels,flickr_video_URL,license\nn.wav,Bark,1,x\n",
        ),
        (
            "FSDKaggle2019.meta/test_post_competition.csv",
            "fname,labels,usage,license\nt.wav,\"Bark,Meow\",Public,x\n",
        ),
        ("FSDKaggle2019.audio_train_curated/a.wav", ""),
        ("FSDKaggle2019.audio_train_noisy/n.wav", ""),
        ("FSDKaggle2019.audio_test/t.wav", ""),
    ]);
    let set = tree.load().unwrap();
    assert_eq!(set.layout, LayoutKind::Fsdkaggle2019);
    let expected = [
        row("a.wav", &["Bark"], "curated"),
        row("n.wav", &["Bark"], "noisy"),
        row("t.wav", &["Bark", "Meow"], "test"),
    ];
    assert_eq!(summary(&set), expected);
    // A subset that is not wanted needs no audio.
    std::fs::remove_dir_all(tree.path("FSDKaggle2019.audio_train_noisy")).unwrap();
    let options = DataOptions {
        subsets: Some(vec!["curated".into(), "test".into()]),
        ..DataOptions::default()
    };
    assert_eq!(tree.load_with(&options).unwrap().items.len(), 2);
}

#[test]
fn test_clips_alone_are_enough_to_predict() {
    let tree = Tree::new(&[
        ("sample_submission.csv", "fname,Bark,Meow\nt.wav,0,0\n"),
        ("test/t.wav", ""),
    ]);
    let options = DataOptions {
        read_labels: false,
        ..DataOptions::default()
    };
    let set = tree.load_with(&options).unwrap();
    assert_eq!(set.layout, LayoutKind::Fsdkaggle2019);
    assert_eq!(summary(&set), [row("t.wav", &[], "test")]);
}

#[test]
fn esc50_groups_and_folds() {
    let table = "filename,fold,target,category,esc10,src_file,take\n\
                 1-100-A-0.wav,1,0,dog,True,100,A\n1-100-B-0.wav,1,0,dog,True,100,B\n2-200-A-1.wav,2,1,rain,False,,A\n";
    let tree = Tree::new(&[
        ("meta/esc50.csv", table),
        ("audio/1-100-A-0.wav", ""),
        ("audio/1-100-B-0.wav", ""),
        ("audio/2-200-A-1.wav", ""),
    ]);
    let set = tree.load().unwrap();
    assert_eq!((set.layout, set.folds()), (LayoutKind::Esc50, vec![1, 2]));
    let groups: Vec<_> = set.items.iter().map(|i| i.group.as_deref()).collect();
    assert_eq!(groups, [Some("100"), Some("100"), None]);
    assert_eq!(set.split_fold(2).unwrap(), (vec![0, 1], vec![2]));
    let message = set.split_fold(3).unwrap_err().to_string();
    assert!(
        message.ends_with("has no fold 3; its folds are 1, 2"),
        "{message}"
    );
}

#[test]
fn esc10_from_the_shared_data() {
    let Some(root) = shared("data/esc10") else { return };
    let set = load(&root, &DataOptions::default()).unwrap();
    assert_eq!(set.layout, LayoutKind::Esc50);
    assert_eq!(
        (set.items.len(), set.classes.len(), set.folds()),
        (400, 10, vec![1, 2, 3, 4, 5])
    );
    assert_eq!(set.class_counts(), [40; 10]);
    assert_eq!(set.classes.name(0), Some("chainsaw"));
    for fold in 1..=5 {
        let (rest, held_out) = set.split_fold(fold).unwrap();
        assert_eq!((rest.len(), held_out.len()), (320, 80));
        // The published folds keep takes of one recording together; the derived groups must agree.
        let groups: std::collections::HashSet<_> = held_out.iter().map(|&i| &set.items[i].group).collect();
        assert!(rest.iter().all(|&i| !groups.contains(&set.items[i].group)));
    }
    assert_eq!(
        set.fingerprint().unwrap(),
        load(&root, &DataOptions::default())
            .unwrap()
            .fingerprint()
            .unwrap()
    );
}
