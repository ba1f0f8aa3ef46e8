//! A review from its first decision to a restart in the middle.

use super::*;
use crate::settled::settle;
use crate::tests::{clips, events, many_events};
use crate::{ReviewKind, read_decisions};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

struct Folder {
    dir: tempfile::TempDir,
    ids: AtomicUsize,
    /// The review that was opened last.
    review: Mutex<String>,
}

impl Folder {
    fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            ids: AtomicUsize::new(0),
            review: Mutex::default(),
        }
    }

    fn log(&self) -> PathBuf {
        self.dir.path().join("decisions.jsonl")
    }

    fn open(&self, set: ReviewSet) -> ReviewDesk {
        let thresholds = vec![0.5; set.classes().len()];
        let order = (ReviewOrder::Worst, &thresholds[..], 1);
        let desk = ReviewDesk::open("a run".into(), set, order, &self.log()).unwrap();
        *self.review.lock().unwrap() = desk.overview("anna").review;
        desk
    }

    fn request(
        &self,
        reviewer: &str,
        verdict: Verdict,
        item: Option<usize>,
        labels: &[&str],
    ) -> DecideRequest {
        DecideRequest {
            id: self.ids.fetch_add(1, Ordering::Relaxed).to_string(),
            review: self.review.lock().unwrap().clone(),
            reviewer: reviewer.into(),
            verdict,
            item,
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
            class: None,
        }
    }

    fn rename(&self, reviewer: &str, class: &str, name: &str) -> DecideRequest {
        DecideRequest {
            class: Some(class.into()),
            ..self.request(reviewer, Verdict::Rename, None, &[name])
        }
    }
}

#[test]
fn decisions_are_shown_counted_and_still_there_after_a_restart() {
    let folder = Folder::new();
    let desk = folder.open(clips());
    let begun = desk.overview("anna");
    assert_eq!(
        (begun.kind, begun.counts.left, begun.counts.can_undo),
        (ReviewKind::Clips, 4, false)
    );
    assert_eq!(begun.names, ["Cat", "Dog", "Wren"]);
    let left = |counts: &ReviewCounts| -> Vec<(String, usize, usize)> {
        let classes = counts.classes.iter();
        classes
            .map(|class| (class.name.clone(), class.items, class.left))
            .collect()
    };
    let row = |name: &str, items, left| (name.to_owned(), items, left);
    // The clip without a label is listed under its best class.
    assert_eq!(
        left(&begun.counts),
        [row("Dog", 2, 2), row("Cat", 1, 1), row("Wren", 1, 1)]
    );
    assert_eq!(desk.next_left("anna", None, 0).unwrap(), Some(0));
    let page = desk.page("anna", None, 0, 10).unwrap();
    let worst = &page.items[0];
    assert_eq!(
        (page.total, worst.file.as_str(), worst.item, worst.verdict),
        (4, "c.wav", 2, None)
    );
    let (view, counts) = desk
        .decide(&folder.request("anna", Verdict::Relabel, Some(2), &["Cat", " new bird "]))
        .unwrap();
    let view = view.unwrap();
    assert_eq!(
        (view.verdict, view.decided),
        (
            Some(Verdict::Relabel),
            vec!["Cat".to_owned(), "new bird".to_owned()]
        )
    );
    assert_eq!((counts.left, counts.can_undo), (3, true));
    assert_eq!(left(&counts)[0], row("Dog", 2, 1));
    desk.decide(&folder.request("anna", Verdict::Accept, Some(0), &[]))
        .unwrap();
    desk.decide(&folder.request("anna", Verdict::Skip, Some(3), &[]))
        .unwrap();
    drop(desk);
    let desk = folder.open(clips());
    assert!(desk.notes().is_empty());
    let counts = desk.overview("anna").counts;
    assert_eq!((counts.left, counts.skipped), (1, 1));
    assert_eq!(
        desk.next_left("anna", None, 2).unwrap(),
        Some(1),
        "starting over at the end"
    );
    assert_eq!(desk.overview("anna").names, ["Cat", "Dog", "new bird", "Wren"]);
    assert_eq!(desk.page("anna", Some(1), 0, 10).unwrap().items[0].file, "b.wav");
    assert!(desk.page("anna", Some(3), 0, 10).is_err());
}

#[test]
fn a_second_reviewer_sees_nothing_of_the_first() {
    let folder = Folder::new();
    let desk = folder.open(events());
    let before = (desk.overview("ben"), desk.page("ben", None, 0, 9).unwrap());
    desk.decide(&folder.request("anna", Verdict::Reject, Some(0), &[]))
        .unwrap();
    desk.decide(&folder.request("anna", Verdict::Relabel, Some(1), &["secret"]))
        .unwrap();
    desk.decide(&folder.rename("anna", "Dog", "Hound")).unwrap();
    assert_eq!(
        (desk.overview("ben"), desk.page("ben", None, 0, 9).unwrap()),
        before
    );
    let nothing = desk
        .decide(&folder.request("ben", Verdict::Undo, None, &[]))
        .unwrap_err();
    assert_eq!(
        nothing.to_string(),
        "undo: there is no decision of yours that counts"
    );
}

#[test]
fn undo_takes_back_one_after_the_other() {
    let folder = Folder::new();
    let desk = folder.open(events());
    desk.decide(&folder.request("anna", Verdict::Accept, Some(0), &[]))
        .unwrap();
    desk.decide(&folder.request("anna", Verdict::Reject, Some(0), &[]))
        .unwrap();
    let undo = folder.request("anna", Verdict::Undo, None, &[]);
    let (view, counts) = desk.decide(&undo).unwrap();
    let view = view.unwrap();
    assert_eq!((view.item, view.verdict), (0, Some(Verdict::Accept)));
    // Sent again, as its answer was lost: nothing more is taken back.
    let (_, again) = desk.decide(&undo).unwrap();
    assert_eq!(
        (again, desk.page("anna", None, 1, 1).unwrap().items[0].verdict),
        (counts, Some(Verdict::Accept))
    );
    let undo = folder.request("anna", Verdict::Undo, None, &[]);
    let (view, counts) = desk.decide(&undo).unwrap();
    assert_eq!(
        (view.unwrap().verdict, counts.can_undo, counts.left),
        (None, false, 3)
    );
    assert_eq!(read_decisions(&folder.log()).unwrap().0.len(), 4);
}

#[test]
fn a_renamed_class_is_one_class_under_its_new_name() {
    let folder = Folder::new();
    let desk = folder.open(events());
    desk.decide(&folder.rename("anna", "Cat", "Kitten <b>")).unwrap();
    let page = desk.page("anna", None, 0, 9).unwrap();
    let text = serde_json::to_string(&page).unwrap();
    assert!(text.contains("Kitten <b>") && !text.contains("\"Cat\""), "{text}");
    desk.decide(&folder.request("anna", Verdict::Relabel, Some(2), &["Kitten <b>"]))
        .unwrap();
    desk.decide(&folder.request("anna", Verdict::Add, Some(0), &["Dog"]))
        .unwrap();
    desk.decide(&folder.request("anna", Verdict::Add, Some(0), &["Wren"]))
        .unwrap();
    let (decisions, _) = read_decisions(&folder.log()).unwrap();
    assert_eq!(decisions[1].labels, ["Cat"], "the class's own name");
    assert_eq!(
        decisions[3].labels,
        ["Cat", "Dog", "Wren"],
        "what was added before stays"
    );
    let settled = settle(&ReviewState::replay(decisions).unwrap(), None).unwrap();
    let of_c: Vec<_> = settled
        .items
        .iter()
        .filter(|item| item.key.file == "c.wav")
        .collect();
    assert_eq!(
        (of_c[0].labels.as_slice(), of_c[0].shown.as_slice()),
        (&["Cat".to_owned()][..], &["Kitten <b>".to_owned()][..])
    );
}

#[test]
fn different_new_names_are_said_as_a_page_can_settle_them() {
    let folder = Folder::new();
    let desk = folder.open(clips());
    desk.decide(&folder.rename("anna", "Dog", "Hound")).unwrap();
    desk.decide(&folder.rename("ben", "Dog", "Wolf")).unwrap();
    assert_eq!(
        desk.settled().unwrap_err().to_string(),
        "the class Dog has the new names Hound and Wolf, by different reviewers; rename it to the same name"
    );
    desk.decide(&folder.rename("ben", "Wolf", "Hound")).unwrap();
    assert_eq!(desk.settled().unwrap().0.new_names["Dog"], "Hound");
}

#[test]
fn what_cannot_be_meant_is_refused_and_not_logged() {
    let folder = Folder::new();
    let desk = folder.open(events());
    let refused = |request: DecideRequest| desk.decide(&request).unwrap_err().to_string();
    let request = |verdict, item, labels: &[&str]| folder.request("anna", verdict, item, labels);
    assert_eq!(
        refused(request(Verdict::Accept, Some(3), &[])),
        "item 3: there are 3, from 0"
    );
    assert_eq!(
        refused(request(Verdict::Accept, None, &[])),
        "item: name the one that is decided"
    );
    assert_eq!(
        refused(request(Verdict::Relabel, Some(0), &[])),
        "labels: name at least one"
    );
    assert!(refused(request(Verdict::Accept, Some(0), &["Dog"])).starts_with("labels: are part of"));
    assert!(refused(request(Verdict::Undo, Some(0), &[])).starts_with("item: is not part of undo"));
    assert!(refused(request(Verdict::Add, Some(0), &["a\nb"])).starts_with("label `a"));
    assert!(
        refused(request(Verdict::Add, Some(0), &["x".repeat(201).as_str()])).contains("1 to 200 characters")
    );
    assert_eq!(
        refused(request(Verdict::Rename, None, &["x"])),
        "class: name the class to rename"
    );
    let stale = DecideRequest {
        review: "0".into(),
        ..request(Verdict::Accept, Some(0), &[])
    };
    assert!(refused(stale).starts_with("review: the page is of another review"));
    let nobody = folder.request("  ", Verdict::Accept, Some(0), &[]);
    assert!(refused(nobody).starts_with("reviewer `  `"));
    assert_eq!(std::fs::read(folder.log()).unwrap(), b"");
}

#[test]
fn decisions_about_other_items_are_kept_and_said() {
    let folder = Folder::new();
    let desk = folder.open(events());
    desk.decide(&folder.request("anna", Verdict::Accept, Some(0), &[]))
        .unwrap();
    drop(desk);
    let desk = folder.open(many_events(10));
    assert!(
        desk.notes()[0].contains("1 of its decisions are about items"),
        "{:?}",
        desk.notes()
    );
    assert_eq!(desk.overview("anna").counts.left, 10);
    desk.decide(&folder.request("anna", Verdict::Accept, Some(0), &[]))
        .unwrap();
    drop(desk);
    assert_eq!(folder.open(events()).overview("anna").counts.left, 2);
}

#[test]
fn other_scores_sort_the_items_again() {
    let folder = Folder::new();
    let desk = folder.open(clips());
    let files = || -> Vec<String> {
        let page = desk.page("anna", None, 0, 9).unwrap();
        page.items.into_iter().map(|item| item.file).collect()
    };
    assert_eq!(files(), ["c.wav", "b.wav", "a.wav", "d.wav"]);
    desk.decide(&folder.request("anna", Verdict::Reject, Some(0), &[]))
        .unwrap();
    let scores = BTreeMap::from([(0, vec![0.05, 0.8, 0.15]), (2, vec![0.9, 0.05, 0.05])]);
    desk.sort_again(&scores).unwrap();
    assert_eq!(files(), ["a.wav", "b.wav", "c.wav", "d.wav"]);
    let counts = desk.overview("anna").counts;
    assert_eq!((counts.sorted, counts.left), (1, 3));
    assert!(desk.sort_again(&BTreeMap::from([(0, vec![0.5])])).is_err());
    assert_eq!(desk.overview("anna").counts.sorted, 1);
    let (settled, seen) = desk.settled().unwrap();
    assert_eq!(
        (settled.items.len(), seen.into_iter().collect::<Vec<_>>()),
        (1, vec![0])
    );
}

/// Threads that decide at the same time: every answered decision is in the log.
#[test]
fn nothing_is_lost_among_threads() {
    let folder = Folder::new();
    let desk = folder.open(many_events(64));
    std::thread::scope(|threads| {
        for part in 0..4 {
            let (desk, folder) = (&desk, &folder);
            threads.spawn(move || {
                for item in (part..64).step_by(4) {
                    desk.decide(&folder.request("anna", Verdict::Accept, Some(item), &[]))
                        .unwrap();
                }
            });
        }
    });
    assert_eq!(desk.overview("anna").counts.left, 0);
    drop(desk);
    assert_eq!(folder.open(many_events(64)).overview("anna").counts.left, 0);
}
