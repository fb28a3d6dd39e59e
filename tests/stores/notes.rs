//! Names, tags and notes in a run's folder.

use std::fs;

use hiresnet_tui::domain::annotation::{self, AnnotationEdit};
use hiresnet_tui::engine::store::SavedRun;
use hiresnet_tui::engine::{annotation_file, deletion};
use tempfile::TempDir;

use crate::events::record;
use crate::write;

const LINE: &str = "resnet+hires[P1]@fashion-embedded batch=500 epochs=1";

fn tagged(tags: &str) -> AnnotationEdit {
    AnnotationEdit { add: annotation::tags(tags).unwrap(), ..AnnotationEdit::default() }
}

#[test]
fn what_is_written_is_read_with_the_run_and_goes_with_it() {
    let home = TempDir::new().unwrap();
    let run = write(home.path(), &record(LINE, "2026-01-05T20:01:00Z", 1));
    let edit = AnnotationEdit {
        name: Some("wide".into()),
        note: Some("日本 \"quoted\" \\".into()),
        ..tagged("a b")
    };
    let written = annotation_file::edit(&run, &edit).unwrap();
    for read in [SavedRun::open(&run), SavedRun::open_condensed(&run)] {
        let read = read.unwrap();
        assert_eq!((&read.annotation, &read.annotation_error), (&written, &None));
    }
    let before = fs::metadata(run.join("notes.json")).unwrap().modified().unwrap();
    annotation_file::edit(&run, &tagged("a")).unwrap();
    assert_eq!(fs::metadata(run.join("notes.json")).unwrap().modified().unwrap(), before, "nothing changed");
    deletion::delete(home.path(), &run).unwrap();
    assert!(!run.exists());
}

#[test]
fn the_longest_that_can_be_said_can_be_read() {
    let home = TempDir::new().unwrap();
    let run = write(home.path(), &record(LINE, "2026-01-05T20:01:00Z", 1));
    // Characters that JSON escapes, and wide ones.
    let note = "\"".repeat(1000) + &"𝔘".repeat(1000);
    let tags: String = (0..32).map(|n| format!("{}{n:02} ", "猫".repeat(38))).collect();
    let edit = AnnotationEdit { note: Some(annotation::note(&note).unwrap()), ..tagged(&tags) };
    let written = annotation_file::edit(&run, &edit).unwrap();
    assert_eq!((written.tags.len(), annotation_file::read(&run).unwrap()), (32, written));
}

#[test]
fn nothing_is_read_or_written_through_links_or_beside_runs() {
    let home = TempDir::new().unwrap();
    let run = write(home.path(), &record(LINE, "2026-01-05T20:01:00Z", 1));
    let target = home.path().join("target.json");
    fs::write(&target, r#"{"version":1,"run":{"name":"theirs"}}"#).unwrap();
    std::os::unix::fs::symlink(&target, run.join("notes.json")).unwrap();
    let saved = SavedRun::open(&run).unwrap();
    assert!(saved.annotation.is_empty() && saved.annotation_error.unwrap().contains("a link"));
    assert!(annotation_file::edit(&run, &tagged("x")).unwrap_err().to_string().contains("a link"));
    assert_eq!(fs::read_to_string(&target).unwrap(), r#"{"version":1,"run":{"name":"theirs"}}"#);
    // The link goes with its run, and not what it leads to.
    let link = home.path().join("link");
    std::os::unix::fs::symlink(&run, &link).unwrap();
    assert!(annotation_file::edit(&link, &tagged("x")).unwrap_err().to_string().contains("a link"));
    fs::remove_file(&link).unwrap();
    deletion::delete(home.path(), &run).unwrap();
    assert!(target.exists());
    assert!(annotation_file::edit(home.path(), &tagged("x")).is_err());
    assert!(!home.path().join("notes.json").exists());
}
