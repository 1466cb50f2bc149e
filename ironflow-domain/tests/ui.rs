//! What the compiler says about mistakes around the macros.
//!
//! Each program in `tests/ui` makes mistakes of one kind, and beside it stands what the compiler
//! says. After a change, look at every message in the difference, and keep the new ones with
//! `TRYBUILD=overwrite cargo test -p ironflow-domain --test ui`.
#![cfg(feature = "runtime")]

#[test]
fn mistakes_are_explained() {
    let programs = trybuild::TestCases::new();
    programs.compile_fail("tests/ui/event/*.rs");
    programs.compile_fail("tests/ui/upcast/*.rs");
    programs.compile_fail("tests/ui/command/*.rs");
    programs.compile_fail("tests/ui/aggregate/*.rs");
    programs.compile_fail("tests/ui/projection/*.rs");
    programs.compile_fail("tests/ui/sql_projection/*.rs");
    programs.compile_fail("tests/ui/reactor/*.rs");
    programs.compile_fail("tests/ui/decision/*.rs");
    programs.compile_fail("tests/ui/runtime/*.rs");
    #[cfg(feature = "schema")]
    programs.compile_fail("tests/ui/schema/*.rs");
}
