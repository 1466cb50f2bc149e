//! What to do about events that were recorded and are not declared any more.

use std::fmt::Write as _;
use std::path::Path;

use ironflow_domain::EventKind;

use super::records::Record;
use super::skeleton;

/// A stored name that nothing is declared under.
pub(super) struct Gone<'a> {
    pub(super) name: &'a str,
    pub(super) versions: &'a [u32],
    /// The file of the newest version.
    pub(super) path: &'a Path,
    /// What was recorded in the newest version, where its file is there.
    pub(super) newest: Option<&'a Record>,
    /// The variants that were never recorded and have that shape.
    pub(super) alike: &'a [&'static EventKind],
    pub(super) category: &'a str,
    /// What the enum is called.
    pub(super) set: &'a str,
}

impl Gone<'_> {
    /// What is wrong, and the ways out.
    pub(super) fn problem(&self) -> String {
        let Self {
            name,
            path,
            category,
            ..
        } = self;
        let mut text = format!(
            "{name} {}, and nothing is declared under that name\n    {}\n  Ways out:\n",
            self.versions(),
            path.display()
        );
        for kind in self.alike {
            let _ = writeln!(
                text,
                "  - `{}` has the same shape. If it is only called otherwise in the program, it keeps its stored name: \
                 `#[event(name = \"{name}\")]` on the variant.",
                kind.ident
            );
        }
        let variant = match self.alike {
            [only] => format!("the variant, such as `{}`", only.ident),
            _ => "the variant".to_owned(),
        };
        let _ = writeln!(
            text,
            "  - If it is stored under another name from now on: `#[event(also_named(\"{name}\"))]` on {variant}.\n  - If another \
             enum has the category `{category}` as well, and declares it: give one of them a category of its own. They would \
             read each other's events.",
        );
        text.push_str(
            "  - If no variant stands for it any more, say on the enum what becomes of the stored ones. Each is one event of \
             today:\n\n",
        );
        let newest = self.versions.last().copied().unwrap_or(1);
        let old = self.newest.map(|record| &record.schema);
        let (shapes, code) = skeleton::replaced(name, newest, self.set, old);
        for line in code.lines() {
            let _ = writeln!(text, "{}", format!("        {line}").trim_end());
        }
        let _ = write!(
            text,
            "\n    Where it is several, `split(\"{name}\", {shapes})` and `for Events<{}>`; where it is one together with \
             others of its append, `merged((\"{name}\", {shapes}), …)`.\n  - If the stored ones mean nothing any more, though \
             they are there: `dropped(\"{name}\")` on the enum.\n  - If none is stored any more: `retired(\"{name}\")` on the \
             enum.\n  - If none has been stored anywhere yet: `IRONFLOW_SCHEMA=overwrite cargo test`.",
            self.set
        );
        text
    }

    fn versions(&self) -> String {
        match self.versions {
            [only] => format!("version {only} was recorded"),
            several => {
                let several: Vec<_> = several.iter().map(ToString::to_string).collect();
                format!("versions {} were recorded", several.join(", "))
            }
        }
    }
}
