//! From the user's enum to its meaning, with everything that is wrong about it.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Fields, Ident, LitStr, Meta, Token, Type};

use super::serde::{Place, UserDerives, stored_form};
use super::{EventSet, Fate, Past, Variant, history, payload_type, schema};
use crate::attributes::{Arguments, First, Grammar, Key, Shape, Words};
use crate::diagnostics::Diagnostics;
use crate::item::{self, BY_HAND};
use crate::paths::{CRATE, Root};
use crate::words::{in_camel_case, in_words};

const NAME: Key = Key {
    name: "name",
    shape: Shape::Text,
    usage: "name = \"account.opened\"",
    meaning: "the whole stored name",
    otherwise: "category and variant: `account.opened`",
    also_called: &["rename", "stored_as", "as", "type"],
    ..Key::OPTIONAL
};
const ALSO_NAMED: Key = Key {
    name: "also_named",
    shape: Shape::Texts,
    usage: "also_named(\"account.created\")",
    meaning: "names it was stored under before",
    otherwise: "none",
    many: true,
    also_called: &[
        "alias",
        "aliases",
        "also",
        "renamed_from",
        "formerly",
        "was",
        "old_name",
    ],
    ..Key::OPTIONAL
};
const VERSION: Key = Key {
    name: "version",
    shape: Shape::Number,
    usage: "version = 2",
    meaning: "the version of the payload's shape",
    otherwise: "1",
    also_called: &["schema_version", "v", "revision"],
    ..Key::OPTIONAL
};
const UPCAST: Key = Key {
    name: "upcast",
    shape: Shape::Types,
    usage: "upcast(OpenedV1)",
    meaning: "the shapes of the versions before, from the first one on; each is made into the next, and the last one \
              into the payload (of a variant with fields of its own: into the enum) by `From` or `Upcast`. `_` stands \
              for a version of which no event is stored",
    otherwise: "there is no version before",
    also_called: &[
        "from",
        "upcaster",
        "upcasters",
        "history",
        "old",
        "shapes",
        "previous",
        "migrate",
    ],
    ..Key::OPTIONAL
};
const REPLACED: Key = Key {
    name: "replaced",
    shape: Shape::Past,
    usage: "replaced(\"account.paid\", Paid)",
    meaning: "events once stored under that name, in these shapes, are read as events of today: the last shape is \
              made into the enum",
    otherwise: "none",
    many: true,
    also_called: &["moved", "replaces", "became", "supersedes"],
    ..Key::OPTIONAL
};
const SPLIT: Key = Key {
    name: "split",
    shape: Shape::Past,
    usage: "split(\"account.moved\", Moved)",
    meaning: "events once stored under that name, in these shapes, are read as any number of events of today: the last \
              shape is made into `Events` of the enum",
    otherwise: "none",
    many: true,
    ..Key::OPTIONAL
};
const MERGED: Key = Key {
    name: "merged",
    shape: Shape::Merge,
    usage: "merged((\"account.named\", Named), (\"account.sited\", Sited))",
    meaning: "events once stored one after the other in the same append are read as one of today: the tuple of their \
              last shapes is made into the enum",
    otherwise: "none",
    many: true,
    ..Key::OPTIONAL
};
const DROPPED: Key = Key {
    name: "dropped",
    shape: Shape::Texts,
    usage: "dropped(\"account.viewed\")",
    meaning: "events once stored under that name are counted, and nothing comes of them",
    otherwise: "none",
    many: true,
    also_called: &["ignore", "ignored", "skip", "skipped", "deleted", "removed"],
    ..Key::OPTIONAL
};
const RETIRED: Key = Key {
    name: "retired",
    shape: Shape::Texts,
    usage: "retired(\"account.tested\")",
    meaning: "no event is stored under that name any more; one that is met all the same cannot be read",
    otherwise: "none",
    many: true,
    also_called: &["deprecated", "obsolete", "never"],
    ..Key::OPTIONAL
};

pub(crate) static ON_ENUM: Grammar = Grammar {
    attribute: "event",
    is_key: false,
    first: Some(First {
        shape: Shape::Text,
        what: "a category: the first part of every stored name, and what the streams are called",
        usage: "\"account\"",
        meaning: "the category: the first part of every stored name, and what the streams are called",
    }),
    keys: &[REPLACED, SPLIT, MERGED, DROPPED, RETIRED, BY_HAND, CRATE],
    elsewhere: &[
        (NAME, "a variant"),
        (ALSO_NAMED, "a variant"),
        (VERSION, "a variant"),
        (UPCAST, "a variant"),
    ],
};

pub(crate) static ON_VARIANT: Grammar = Grammar {
    attribute: "event",
    is_key: false,
    first: None,
    keys: &[NAME, ALSO_NAMED, VERSION, UPCAST],
    elsewhere: &[
        (REPLACED, "the enum"),
        (SPLIT, "the enum"),
        (MERGED, "the enum"),
        (DROPPED, "the enum"),
        (RETIRED, "the enum"),
        (BY_HAND, "the enum"),
        (CRATE, "the enum"),
    ],
};

pub(super) fn parse(
    arguments: TokenStream,
    mut item: DeriveInput,
    diagnostics: &Diagnostics,
) -> EventSet {
    let stem = item::stem(&item.ident, &["Events", "Event"]);
    let example = in_words(&stem, '_');
    let words = words_on_enum(&item, &stem);
    let mut on_enum = ON_ENUM.parse(arguments, Span::call_site(), words, diagnostics);
    let root = Root::new(on_enum.crate_path(), diagnostics);
    refuse_twice(&mut item.attrs, &on_enum, diagnostics);
    refuse_id(&mut item.attrs, diagnostics);
    item::refuse_lifetimes(&item, "an event", diagnostics);
    item::refuse_unbounded(
        &item,
        "Clone + std::fmt::Debug + PartialEq + serde::Serialize + serde::de::DeserializeOwned + Send + Sync + 'static",
        diagnostics,
    );
    let category = match on_enum.first_text() {
        Some(category) => {
            item::check_category(&category, &example, diagnostics);
            category
        }
        // Reported; the name is never seen.
        None => LitStr::new("missing", Span::call_site()),
    };

    let derived = item::derived(&item.attrs);
    let schema = schema::wanted(&item.attrs);
    let user_derives = UserDerives {
        serde: derived
            .iter()
            .any(|name| name == "Serialize" || name == "Deserialize"),
        schema: schema.is_some(),
    };
    let mut serde = Vec::new();
    let mut variants = Vec::new();
    match &mut item.data {
        Data::Enum(data) => {
            serde = stored_form(&mut item.attrs, Place::Enum, user_derives, diagnostics);
            for variant in &mut data.variants {
                variants.push(parse_variant(
                    variant,
                    &item.ident,
                    &category,
                    user_derives,
                    diagnostics,
                ));
            }
            if data.variants.is_empty() {
                diagnostics.error(
                    item.ident.span(),
                    format!(
                        "`{}` has no variants: an event enum has one per fact",
                        item.ident
                    ),
                    "name the first thing that happens: `Opened { owner: String }`",
                );
            }
        }
        Data::Struct(data) => not_an_enum(
            data.struct_token.span,
            format!(
                "make it the payload of a variant: `enum {0}Event {{ {0}({0}) }}`",
                item.ident.unraw()
            ),
            diagnostics,
        ),
        Data::Union(data) => {
            not_an_enum(
                data.union_token.span,
                format!("write `enum {}`", item.ident),
                diagnostics,
            );
        }
    }
    let (past, merges) = parse_past(&mut on_enum, &item.ident, diagnostics);
    check_names(&variants, &past, diagnostics);
    EventSet {
        root,
        category,
        item,
        serde,
        variants,
        past,
        merges,
        schema,
        by_hand: item::by_hand(&mut on_enum, diagnostics),
        sound: diagnostics.is_empty(),
    }
}

/// What the helps of the attribute on the enum say.
fn words_on_enum(item: &DeriveInput, stem: &str) -> Words {
    let variant = match &item.data {
        Data::Enum(data) => data.variants.first().map(|first| first.ident.to_string()),
        Data::Struct(_) | Data::Union(_) => None,
    };
    let above = variant.map_or_else(
        || "the variant".to_owned(),
        |variant| format!("its variant, such as `{variant}`"),
    );
    Words::default()
        .say("account", in_words(stem, '_'))
        .say("Account", stem)
        .elsewhere("write `#[event(".to_owned(), format!(")]` above {above}"))
}

/// What the helps of the attribute on a variant say.
fn words_on_variant(variant: &syn::Variant, category: &LitStr) -> Words {
    let category_text = category.value();
    let ident = variant.ident.unraw().to_string();
    let payload = payload_name(variant);
    Words::default()
        .say(
            "account.opened",
            format!("{category_text}.{}", in_words(&ident, '_')),
        )
        .say("account", category_text)
        .say("OpenedV1", format!("{payload}V1"))
        .elsewhere(
            format!(
                "write it on the enum: `#[event({}, ",
                category.to_token_stream()
            ),
            ")]`".to_owned(),
        )
}

/// What the payload of a variant is called, or the variant where it has none.
fn payload_name(variant: &syn::Variant) -> Ident {
    let payload = match payload_type(&variant.fields) {
        Some(Type::Path(path)) => path.path.segments.last().map(|last| &last.ident),
        _ => None,
    };
    payload.unwrap_or(&variant.ident).unraw()
}

/// Takes away what marks a field of a command.
fn refuse_id(attributes: &mut Vec<Attribute>, diagnostics: &Diagnostics) {
    for mark in attributes.extract_if(.., |attribute| attribute.path().is_ident("id")) {
        diagnostics.error_at(
            mark,
            "`#[id]` belongs on a field of a command",
            "take it away: an event is in the stream of its aggregate, whose id is `event.stream.id()`",
        );
    }
}

/// Takes away what belongs on a variant.
fn refuse_event_on_field(field: &mut syn::Field, diagnostics: &Diagnostics) {
    let name = field.ident.as_ref().map_or_else(String::new, |ident| {
        format!(": `#[serde(rename = \"…\")] {ident}`")
    });
    for attribute in field.attrs.extract_if(.., |a| a.path().is_ident("event")) {
        diagnostics.error_at(
            attribute,
            "`#[event]` belongs on the enum or on a variant, not on a field",
            format!("how a field is stored, serde's attributes say{name}"),
        );
    }
}

/// Takes a second `#[event]` away, which would declare everything again.
fn refuse_twice(attributes: &mut Vec<Attribute>, given: &Arguments, diagnostics: &Diagnostics) {
    for second in attributes.extract_if(.., |attribute| attribute.path().is_ident("event")) {
        diagnostics.error_at(
            second,
            "`#[event]` is given twice",
            format!("keep one of them: `{}`", given.usage()),
        );
        diagnostics.push(syn::Error::new(
            Span::call_site(),
            "`#[event]` is first given here",
        ));
    }
}

fn not_an_enum(span: Span, help: String, diagnostics: &Diagnostics) {
    diagnostics.error(
        span,
        "`#[event]` belongs on an enum with one variant per fact",
        help,
    );
}

fn parse_variant(
    variant: &mut syn::Variant,
    set: &Ident,
    category: &LitStr,
    user_derives: UserDerives,
    diagnostics: &Diagnostics,
) -> Variant {
    let words = words_on_variant(variant, category);
    let span = variant.ident.span();
    let mut given = ON_VARIANT.take(&mut variant.attrs, span, words, diagnostics);
    refuse_id(&mut variant.attrs, diagnostics);
    let name = given.text("name").unwrap_or_else(|| {
        let name = in_words(&variant.ident.unraw().to_string(), '_');
        LitStr::new(
            &format!("{}.{name}", category.value()),
            variant.ident.span(),
        )
    });
    let also_named = given.texts("also_named");
    for name in std::iter::once(&name).chain(&also_named) {
        check_name(name, diagnostics);
    }
    let earlier = parse_earlier(&mut given, set, variant, diagnostics);
    check_shape(variant, diagnostics);
    refuse_cfg(&mut variant.attrs, diagnostics);

    let mut fields = variant.fields.clone();
    for (copy, field) in fields.iter_mut().zip(&mut variant.fields) {
        refuse_cfg(&mut field.attrs, diagnostics);
        refuse_id(&mut field.attrs, diagnostics);
        refuse_event_on_field(field, diagnostics);
        copy.attrs = stored_form(&mut field.attrs, Place::Field, user_derives, diagnostics);
    }
    Variant {
        ident: variant.ident.clone(),
        name,
        also_named,
        earlier,
        doc: item::doc(&variant.attrs),
        serde: stored_form(
            &mut variant.attrs,
            Place::Variant,
            user_derives,
            diagnostics,
        ),
        fields,
    }
}

/// The shapes of the versions before the current one: exactly as many as there are.
fn parse_earlier(
    given: &mut Arguments,
    set: &Ident,
    variant: &syn::Variant,
    diagnostics: &Diagnostics,
) -> Vec<super::Shape> {
    let number = given.number("version");
    let version = match &number {
        Some(number) => item::version(number, "a schema version", diagnostics),
        None => Some(1),
    };
    let listed = given.is_given("upcast");
    let types = given.types("upcast").unwrap_or_default();
    let is_listed = listed.is_some() || given.is_meant("upcast");
    let payload = payload_type(&variant.fields);
    let kind = variant.ident.unraw().to_string();
    let shapes = history::shapes(types.clone(), set, &kind, payload, diagnostics);
    // What was given and cannot be read has been reported, and so has what is no shape.
    if is_listed != shapes.is_empty()
        && !given.is_meant("version")
        && let Some(version) = version
        && usize::try_from(version).is_ok_and(|version| version != shapes.len() + 1)
    {
        let span = listed.or_else(|| number.as_ref().map(Spanned::span));
        let (what, help) = miscounted(variant, version, &types);
        diagnostics.error(span.unwrap_or(variant.ident.span()), what, help);
    }
    shapes
}

/// What is wrong where `version` and the number of shapes listed do not agree, and the way out.
fn miscounted(variant: &syn::Variant, version: u32, listed: &[Type]) -> (String, String) {
    let ident = &variant.ident;
    let list = shapes_wanted(variant, version, listed);
    match (listed.len(), version) {
        (0, 2) => (
            format!("`{ident}` is in version 2, and nothing says what the version before was"),
            format!("list its shape: `{list}`; write `_` if no event of it is stored"),
        ),
        (0, version) => (
            format!(
                "`{ident}` is in version {version}, and nothing says what the versions before were"
            ),
            format!("list their shapes: `{list}`; write `_` for one of which no event is stored"),
        ),
        (listed, 1) => (
            format!("`{ident}` is in version 1, and there is no version before it to upcast from"),
            format!(
                "say which version it is in by now: `version = {}`",
                listed + 1
            ),
        ),
        (listed, version) => (
            format!(
                "`{ident}` is in version {version}, so there {} before it, and {listed} {} listed",
                if version == 2 {
                    "is 1 version".to_owned()
                } else {
                    format!("are {} versions", version - 1)
                },
                if listed == 1 { "is" } else { "are" },
            ),
            format!(
                "list one shape for each: `{list}`, with `_` for one of which no event is stored; or write `version = {}`",
                listed + 1
            ),
        ),
    }
}

/// The list of shapes as it should be: what is listed, and names like those for the rest.
fn shapes_wanted(variant: &syn::Variant, version: u32, listed: &[Type]) -> String {
    /// A help that is longer helps nobody.
    const MOST: usize = 5;
    let name = payload_name(variant);
    let mut listed = listed.iter();
    let mut wanted: Vec<_> = (1..version)
        .map(|version| match listed.next() {
            Some(listed) => listed.to_token_stream().to_string().replace(' ', ""),
            None => format!("{name}V{version}"),
        })
        .take(MOST + 1)
        .collect();
    if let Some(one_too_many) = wanted.get_mut(MOST) {
        "…".clone_into(one_too_many);
    }
    format!("upcast({})", wanted.join(", "))
}

/// The kinds that are not recorded any more, and which of them are merged.
fn parse_past(
    given: &mut Arguments,
    set: &Ident,
    diagnostics: &Diagnostics,
) -> (Vec<Past>, Vec<Vec<usize>>) {
    let mut past = Vec::new();
    let mut add = |name: LitStr, shapes: Vec<Type>, fate| {
        check_name(&name, diagnostics);
        if let Some(last @ Type::Infer(_)) = shapes.last() {
            diagnostics.error_at(
                last,
                "the last shape is the one that is read: it cannot be `_`",
                format!(
                    "name its type, or say that no such event is stored: `retired({})`",
                    name.to_token_stream()
                ),
            );
        }
        let text = name.value();
        let kind = text.rsplit('.').next().unwrap_or_default();
        let kind = in_camel_case(kind);
        past.push(Past {
            name,
            shapes: history::shapes(shapes, set, &kind, None, diagnostics),
            fate,
        });
        past.len() - 1
    };
    for (key, fate) in [("replaced", Fate::Replaced), ("split", Fate::Split)] {
        for kind in given.past(key) {
            add(kind.name, kind.shapes, fate);
        }
    }
    let mut merges = Vec::new();
    for (merge, parts) in given.merges("merged").into_iter().enumerate() {
        let parts = parts
            .into_iter()
            .enumerate()
            .map(|(part, kind)| add(kind.name, kind.shapes, Fate::Merged { merge, part }));
        merges.push(parts.collect());
    }
    for (key, fate) in [("dropped", Fate::Dropped), ("retired", Fate::Retired)] {
        for name in given.texts(key) {
            add(name, Vec::new(), fate);
        }
    }
    (past, merges)
}

fn check_name(name: &LitStr, diagnostics: &Diagnostics) {
    if name.value().trim().is_empty() {
        diagnostics.error(
            name.span(),
            "a stored name cannot be empty",
            "write the whole name: `\"account.opened\"`",
        );
    }
}

/// A variant is stored as a JSON object: named fields, one payload, or nothing; and what is read
/// back has nobody to borrow from.
fn check_shape(variant: &syn::Variant, diagnostics: &Diagnostics) {
    for field in &variant.fields {
        if let Type::Reference(reference) = &field.ty {
            let borrowed = reference.elem.to_token_stream();
            let owned = match borrowed.to_string().as_str() {
                "str" => "String".to_owned(),
                other => other.to_owned(),
            };
            diagnostics.error_at(
                &field.ty,
                "an event cannot borrow: what is read back has nobody to borrow from",
                format!("own the data: `{owned}`"),
            );
        }
    }
    let Fields::Unnamed(fields) = &variant.fields else {
        return;
    };
    let ident = &variant.ident;
    match fields.unnamed.len() {
        0 => diagnostics.error(
            fields.span(),
            format!("`{ident}` has parentheses and no payload in them"),
            format!("write `{ident}`"),
        ),
        1 => {}
        _ => diagnostics.error(
            fields.span(),
            format!("the fields of `{ident}` have no names to be stored under"),
            format!("name them, `{ident} {{ … }}`, or put them in a payload struct, `{ident}(…)`"),
        ),
    }
}

/// What was stored by one build must be readable by every other.
fn refuse_cfg(attributes: &mut Vec<Attribute>, diagnostics: &Diagnostics) {
    for attribute in attributes.extract_if(.., |attribute| depends_on_the_build(attribute)) {
        let name = attribute.path().to_token_stream();
        diagnostics.error_at(
            &attribute,
            "what is stored cannot depend on how the program is built",
            format!("take `#[{name}(…)]` away, or put it on the whole enum"),
        );
    }
}

/// Whether it is a `cfg`, or a `cfg_attr` of what shapes the stored form.
fn depends_on_the_build(attribute: &Attribute) -> bool {
    let Meta::List(list) = &attribute.meta else {
        return false;
    };
    let shapes = |meta: &Meta| {
        ["serde", "event", "cfg"]
            .iter()
            .any(|name| meta.path().is_ident(name))
    };
    list.path.is_ident("cfg")
        || list.path.is_ident("cfg_attr")
            && list
                .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
                .is_ok_and(|metas| metas.iter().skip(1).any(shapes))
}

/// Two facts under one stored name could not be told apart when read back.
fn check_names(variants: &[Variant], past: &[Past], diagnostics: &Diagnostics) {
    let now = variants.iter().flat_map(|variant| {
        let names = std::iter::once((&variant.name, false))
            .chain(variant.also_named.iter().map(|name| (name, true)));
        names.map(|(name, former)| (name, Owner::Variant(&variant.ident, former)))
    });
    let before = past
        .iter()
        .map(|past| (&past.name, Owner::Past(past.fate.key())));
    let mut seen: Vec<(String, &LitStr, Owner<'_>)> = Vec::new();
    for (name, owner) in now.chain(before) {
        let text = name.value();
        if let Some((_, first, earlier)) = seen.iter().find(|(known, ..)| *known == text) {
            let (what, help) = both_own(&text, earlier, &owner);
            diagnostics.error(name.span(), what, help);
            diagnostics.push(syn::Error::new(
                first.span(),
                format!("`{text}` is first given here"),
            ));
        } else {
            seen.push((text, name, owner));
        }
    }
}

/// Who has a stored name.
enum Owner<'a> {
    /// A variant; whether it had the name before.
    Variant(&'a Ident, bool),
    /// A key on the enum.
    Past(&'static str),
}

/// What to say of two who have the same stored name.
fn both_own(name: &str, first: &Owner<'_>, second: &Owner<'_>) -> (String, String) {
    match (first, second) {
        (Owner::Variant(first, _), Owner::Variant(second, _)) if first == second => (
            format!("`{second}` has the stored name `{name}` twice"),
            "give it once".to_owned(),
        ),
        (Owner::Variant(first, former), Owner::Variant(second, also_former)) => (
            format!("`{second}` has the stored name `{name}`, and so has `{first}`"),
            if *former || *also_former {
                format!(
                    "an event stored as `{name}` is read as one of them: take the name away from the other"
                )
            } else {
                "give one of them a name of its own: `#[event(name = \"…\")]`".to_owned()
            },
        ),
        (Owner::Past(key), Owner::Variant(variant, _))
        | (Owner::Variant(variant, _), Owner::Past(key)) => (
            format!("`{name}` is `{key}`, and it is a stored name of `{variant}`"),
            format!("take it out of `{key}(…)`, or give `{variant}` another name"),
        ),
        (Owner::Past(first), Owner::Past(second)) if first == second => (
            format!("`{name}` is `{second}` twice"),
            "say it once".to_owned(),
        ),
        (Owner::Past(first), Owner::Past(second)) => (
            format!("`{name}` is `{second}`, and it is `{first}`"),
            format!("say once what becomes of it: take it out of `{first}(…)` or of `{second}(…)`"),
        ),
    }
}
