//! The README shows this example, and says it is short: both must stay true.

const README: &str = include_str!("../../../README.md");
const DOMAIN: &str = include_str!("../src/lib.rs");
const PROGRAM: &str = include_str!("../src/main.rs");

fn non_blank(text: &str) -> usize {
    text.lines().filter(|line| !line.trim().is_empty()).count()
}

#[test]
fn the_readme_shows_this_very_code() {
    for code in [DOMAIN, PROGRAM] {
        assert!(
            README.contains(&format!("```rust\n{code}```")),
            "copy this into the README:\n{code}"
        );
    }
}

#[test]
fn the_domain_and_its_tests_fit_on_a_page() {
    let tests = &DOMAIN[DOMAIN.find("#[test]").expect("the domain has tests")..];
    assert!(non_blank(DOMAIN) <= 65, "{} lines", non_blank(DOMAIN));
    assert!(non_blank(tests) <= 15, "{} of them tests", non_blank(tests));
}
