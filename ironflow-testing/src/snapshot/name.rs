//! Which file a story is kept in.

use std::cell::RefCell;
use std::collections::HashMap;
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::{env, thread};

use crate::stage::telling;

/// Where a snapshot is.
pub(super) struct Place {
    pub(super) path: PathBuf,
    /// The source file, as the compiler was told.
    pub(super) source: String,
}

/// The snapshot of the next story of this test: in the folder `snapshots` beside the source file,
/// named after file and test.
pub(super) fn place(caller: &Location<'_>) -> Result<Place, String> {
    let source = Path::new(caller.file());
    let absolute = find(source).ok_or_else(|| {
        format!(
            "the source file {} is not there: snapshots are kept beside it",
            source.display()
        )
    })?;
    let folder = absolute
        .parent()
        .unwrap_or(Path::new("."))
        .join("snapshots");
    let test = test().ok_or(
        "the test has no name: tell the story in the thread of the test, with more than one test thread",
    )?;
    let name = name(&stem(source), &test);
    let name = match count(&name) {
        1 => name,
        nth => format!("{name}-{nth}"),
    };
    Ok(Place {
        path: folder.join(format!("{name}.snap")),
        source: caller.file().replace('\\', "/"),
    })
}

/// The source file: the compiler was told of it from the root of the workspace.
fn find(source: &Path) -> Option<PathBuf> {
    if source.is_absolute() {
        return Some(source.to_path_buf());
    }
    let package = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let package = package.or_else(|| env::current_dir().ok())?;
    let mut roots = package.ancestors().map(|root| root.join(source));
    roots.find(|path| path.exists())
}

/// The path of the test that runs, without its crate.
fn test() -> Option<String> {
    if let Some(telling) = telling() {
        let path = telling.path.split_once("::");
        return Some(path.map_or(telling.path, |(_, path)| path).to_owned());
    }
    let current = thread::current();
    current
        .name()
        .filter(|name| *name != "main")
        .map(str::to_owned)
}

/// What a source file is called in the program.
fn stem(source: &Path) -> String {
    let text = |part: Option<&std::ffi::OsStr>| {
        part.map(|part| part.to_string_lossy().into_owned())
            .unwrap_or_default()
    };
    match text(source.file_stem()).as_str() {
        "mod" => text(source.parent().and_then(Path::file_name)),
        stem => stem.to_owned(),
    }
}

/// `life` and `commands::life::it_works` are `life__it_works`.
fn name(stem: &str, test: &str) -> String {
    let segments: Vec<&str> = test.split("::").collect();
    let own = segments.iter().position(|segment| *segment == stem);
    let own = &segments[own.map_or(0, |module| module + 1)..];
    std::iter::once(stem)
        .chain(own.iter().copied())
        .collect::<Vec<_>>()
        .join("__")
}

/// How many stories of that name this test has kept, this one included.
fn count(name: &str) -> usize {
    thread_local! {
        static KEPT: RefCell<HashMap<String, usize>> = RefCell::default();
    }
    KEPT.with_borrow_mut(|kept| {
        let count = kept.entry(name.to_owned()).or_default();
        *count += 1;
        *count
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_is_named_after_file_and_test() {
        for (stem, test, expected) in [
            (
                "place_order",
                "commands::place_order::tests::it_works",
                "place_order__tests__it_works",
            ),
            ("specs", "specs::it_works", "specs__it_works"),
            ("main", "it_works", "main__it_works"),
            ("lib", "tests::deep::it_works", "lib__tests__deep__it_works"),
        ] {
            assert_eq!(name(stem, test), expected);
        }
        assert_eq!(stem(Path::new("src/commands/mod.rs")), "commands");
        assert_eq!(stem(Path::new("src/lib.rs")), "lib");
    }
}
