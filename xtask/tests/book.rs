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
        .filter(|path| path.is_file())
        .collect();
    (source, pages)
}

#[test]
fn what_the_book_includes_is_there() {
    let (source, pages) = pages();
    let mut included = 0;
    for page in pages {
        let text = fs::read_to_string(&page).expect("a page can be read");
        for included_text in between(&text, "{{#include ", "}}") {
            let (path, anchor) = match included_text.split_once(':') {
                Some((path, anchor)) => (path, Some(anchor)),
                None => (included_text, None),
            };
            let code = fs::read_to_string(source.join(path));
            let code = code.unwrap_or_else(|error| {
                panic!("{} includes {path}: {error}", page.display());
            });
            for mark in anchor.iter().flat_map(|anchor| {
                [
                    format!("// ANCHOR: {anchor}"),
                    format!("// ANCHOR_END: {anchor}"),
                ]
            }) {
                let found = code.lines().filter(|line| line.trim() == mark).count();
                assert_eq!(found, 1, "{}: {mark:?} in {path}", page.display());
            }
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

#[test]
fn every_picture_is_there_and_shown() {
    let (source, pages) = pages();
    let mut shown = Vec::new();
    for page in pages {
        let text = fs::read_to_string(&page).expect("a page can be read");
        let pictures = text.split("![").skip(1);
        shown.extend(pictures.filter_map(|picture| {
            let (_, path) = picture.split_once("](")?;
            let (path, _) = path.split_once(')')?;
            path.starts_with("performance/").then(|| source.join(path))
        }));
    }
    let there = fs::read_dir(source.join("performance")).expect("there are pictures");
    let mut there: Vec<_> = there
        .map(|entry| entry.expect("a picture has a name").path())
        .collect();
    shown.sort_unstable();
    there.sort_unstable();
    assert_eq!(shown, there);
}

/// What a heading is linked to by.
fn anchor_of(heading: &str) -> String {
    let kept = heading.trim().chars().filter_map(|letter| match letter {
        ' ' => Some('-'),
        '-' | '_' => Some(letter),
        letter if letter.is_alphanumeric() => Some(letter.to_ascii_lowercase()),
        _ => None,
    });
    kept.collect()
}

#[test]
fn every_link_to_a_heading_leads_to_one() {
    let (source, pages) = pages();
    let mut links = 0;
    for page in pages {
        let text = fs::read_to_string(&page).expect("a page can be read");
        for (path, anchor) in between(&text, "](", ")")
            .into_iter()
            .filter_map(|link| link.split_once('#'))
        {
            let to = match path {
                "" => page.clone(),
                path => source.join(path),
            };
            let to = fs::read_to_string(&to)
                .unwrap_or_else(|error| panic!("{} links to {path}: {error}", page.display()));
            let mut headings = to.lines().filter(|line| line.starts_with('#'));
            assert!(
                headings.any(|line| anchor_of(line.trim_start_matches('#')) == anchor),
                "{} links to {path}#{anchor}",
                page.display()
            );
            links += 1;
        }
    }
    assert!(links > 2, "{links} links");
}
