//! A Rust name in words: how events and commands are called where nobody says so.

/// The words of a name in lower case with `separator` between: `HTTPRequestSent` is
/// `http_request_sent` with an underscore.
///
/// A capital begins a word after a small letter, and before one. What is derived here is stored for
/// good, so the rule must never change.
pub(crate) fn in_words(name: &str, separator: char) -> String {
    let mut words = vec![String::new()];
    // Of the last letter in this word that has a case.
    let mut was_lowercase = None;
    let mut letters = name.chars().peekable();
    while let Some(letter) = letters.next() {
        let after_lowercase = was_lowercase == Some(true);
        let ends_capitals =
            was_lowercase == Some(false) && letters.peek().is_some_and(|next| next.is_lowercase());
        let begins = letter.is_uppercase() && (after_lowercase || ends_capitals);
        if begins || !letter.is_alphanumeric() {
            words.push(String::new());
            was_lowercase = None;
        }
        if let Some(word) = words.last_mut()
            && letter.is_alphanumeric()
        {
            word.push(letter);
        }
        if letter.is_lowercase() || letter.is_uppercase() {
            was_lowercase = Some(letter.is_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words.join(&separator.to_string()).to_lowercase()
}

/// The words of a text as the name of a type: `order-placed` is `OrderPlaced`.
pub(crate) fn in_camel_case(text: &str) -> String {
    let words = in_words(text, ' ');
    let capitalized = words.split(' ').map(|word| {
        let mut letters = word.chars();
        let first = letters.next().into_iter().flat_map(char::to_uppercase);
        first.chain(letters).collect::<String>()
    });
    capitalized.collect()
}

#[cfg(test)]
mod tests {
    use heck::{ToKebabCase, ToPascalCase, ToSnakeCase};

    use super::{in_camel_case, in_words};

    /// A derived name must never change once it is stored, so the usual rule is held to what a
    /// library of this makes of every name of some length.
    #[test]
    fn every_short_name_is_split_as_usual() {
        let letters = ['a', 'b', 'X', 'Y', '7', '_'];
        let mut names = vec![String::new()];
        for _ in 0..6 {
            let longer = |name: &String| letters.map(|letter| format!("{name}{letter}"));
            names = names.iter().flat_map(longer).collect();
            for name in &names {
                assert_eq!(in_words(name, '_'), name.to_snake_case(), "{name}");
                assert_eq!(in_camel_case(name), name.to_pascal_case(), "{name}");
            }
        }
    }

    #[test]
    fn names_of_other_scripts_and_cases_are_split_as_usual() {
        for name in [
            "ÄrgerÜber",
            "HTTPRequestSent",
            "V2Paid",
            "ΟΔΟΣ",
            "出荷済み",
            "ǅabc",
            "ﬁrstSent",
        ] {
            assert_eq!(in_words(name, '_'), name.to_snake_case(), "{name}");
            assert_eq!(in_words(name, '-'), name.to_kebab_case(), "{name}");
        }
    }
}
