//! How the text of a failure is looked at.

use ironflow_testing::laws::Failure;

/// The failure without the test to paste, and without what changes with the lines of this file.
#[track_caller]
pub(crate) fn assert_told(failure: &Failure, expected: &str) {
    let text = failure.to_string();
    let story = text.split("\n\nas a test:").next().unwrap_or_default();
    let lines = story.lines().map(|line| {
        let is_place = |line: &str| line.trim_start().starts_with("at ironflow-testing");
        if line.starts_with("  --> ") {
            "  --> here".to_owned()
        } else if is_place(line) {
            format!("{}at there", &line[..line.len() - line.trim_start().len()])
        } else if line.starts_with("found in run ") || line.starts_with("found after ") {
            "found".to_owned()
        } else {
            line.to_owned()
        }
    });
    let told = lines.collect::<Vec<_>>().join("\n");
    assert_eq!(told.trim_end(), expected.trim(), "\n{text}");
}

/// The test to paste stands in `source`, where the compiler has seen it.
#[track_caller]
pub(crate) fn assert_pasted(failure: &Failure, source: &str) {
    let text = failure.to_string();
    let (_, pasted) = text.split_once("as a test:\n\n").unwrap_or_default();
    assert!(
        !pasted.is_empty() && squeezed(source).contains(&squeezed(pasted)),
        "this is not in the source:\n\n{pasted}"
    );
}

/// As little as formatting leaves as it is.
fn squeezed(code: &str) -> String {
    let code: String = code.split_whitespace().collect();
    code.replace(",)", ")")
        .replace(",]", "]")
        .replace(",}", "}")
}
