//! The book shows the examples' own code: what it includes and links to has to be there.

use std::fs;
use std::path::{Path, PathBuf};

/// What stands between `open` and `close`, wherever that is.
fn between<'t>(text: &'t str, open: &str, close: &str) -> Vec<&'t str> {
    let parts = text.split(open).skip(1);
    parts
        .filter_map(|part| part.split_once(close).map(|(inside, _)| inside))
        .collect()
}

fn pages() -> (PathBuf, Vec<PathBuf>) {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src");
    let entries = fs::read_dir(&source).expect("the book has a source");
    let pages = entries
        .map(|entry| entry.expect("a page has a name").path())
        .collect();
    (source, pages)
}

#[test]
fn what_the_book_includes_is_there() {
    let (source, pages) = pages();
    let mut included = 0;
    for page in pages {
        let text = fs::read_to_string(&page).expect("a page can be read");
        for path in between(&text, "{{#include ", "}}") {
            assert!(
                source.join(path).is_file(),
                "{} includes {path}",
                page.display()
            );
            included += 1;
        }
    }
    assert!(included > 5, "{included} includes");
}

#[test]
fn every_page_is_in_the_summary_and_every_link_leads_to_one() {
    let (source, pages) = pages();
    let summary = fs::read_to_string(source.join("SUMMARY.md")).expect("the book has a summary");
    let mut linked = between(&summary, "](", ")");
    let mut there: Vec<_> = pages
        .iter()
        .filter_map(|page| page.file_name()?.to_str())
        .filter(|page| *page != "SUMMARY.md")
        .collect();
    linked.sort_unstable();
    there.sort_unstable();
    assert_eq!(linked, there);
}
