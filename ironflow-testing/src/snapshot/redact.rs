//! What differs from run to run, taken out.

use std::collections::HashMap;

/// UUIDs and points in time as words, the same word for the same one: `[id 1]`, `[time 2]`.
pub(crate) fn redacted(text: &str) -> String {
    let mut seen: HashMap<&str, String> = HashMap::new();
    let (mut ids, mut times) = (0, 0);
    let mut redacted = String::with_capacity(text.len());
    let mut rest = text;
    let mut is_within_word = false;
    while let Some(letter) = rest.chars().next() {
        let found = if is_within_word {
            None
        } else {
            uuid(rest)
                .map(|length| (length, "id", &mut ids))
                .or_else(|| time(rest).map(|length| (length, "time", &mut times)))
        };
        if let Some((length, kind, count)) = found {
            let (value, after) = rest.split_at(length);
            let word = seen.entry(value).or_insert_with(|| {
                *count += 1;
                format!("[{kind} {count}]")
            });
            redacted.push_str(word);
            rest = after;
            is_within_word = true;
        } else {
            redacted.push(letter);
            rest = &rest[letter.len_utf8()..];
            is_within_word = letter.is_alphanumeric();
        }
    }
    redacted
}

/// How long the UUID is that the text begins with.
fn uuid(text: &str) -> Option<usize> {
    let is_hexadecimal = |letter: u8| letter.is_ascii_hexdigit();
    let length = matches(text, "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh", is_hexadecimal)?;
    ends(text, length).then_some(length)
}

/// How long the time in RFC 3339 is that the text begins with.
fn time(text: &str) -> Option<usize> {
    let is_digit = |letter: u8| letter.is_ascii_digit();
    let mut length = matches(text, "hhhh-hh-hhThh:hh:hh", is_digit)?;
    if let Some(fraction) = text[length..].strip_prefix('.') {
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        length += 1 + digits;
    }
    let zone = &text[length..];
    if zone.starts_with('Z') {
        length += 1;
    } else {
        length +=
            matches(zone, "+hh:hh", is_digit).or_else(|| matches(zone, "-hh:hh", is_digit))?;
    }
    ends(text, length).then_some(length)
}

/// Whether the text begins like the pattern, in which `h` is a digit.
fn matches(text: &str, pattern: &str, is_digit: impl Fn(u8) -> bool) -> Option<usize> {
    let start = text.as_bytes().get(..pattern.len())?;
    let fits = start.iter().zip(pattern.bytes()).all(|(&letter, wanted)| {
        if wanted == b'h' {
            is_digit(letter)
        } else {
            letter == wanted
        }
    });
    fits.then_some(pattern.len())
}

fn ends(text: &str, length: usize) -> bool {
    !text[length..].starts_with(|letter: char| letter.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::redacted;

    #[test]
    fn ids_and_times_are_told_apart_and_recognised() {
        assert_eq!(
            redacted(
                "Paid { id: 0198c2f0-1a2b-7c3d-8e4f-5a6b7c8d9e0f, at: 2026-04-17T14:22:01Z, \
                 of: \"855E5C16-0a35-8ce5-a38b-41a87b03885e\", until: 2026-04-17T14:22:01.25+02:00 }, \
                 0198c2f0-1a2b-7c3d-8e4f-5a6b7c8d9e0f again"
            ),
            "Paid { id: [id 1], at: [time 1], of: \"[id 2]\", until: [time 2] }, [id 1] again"
        );
    }

    #[test]
    fn nothing_else_is_taken_for_one() {
        for text in [
            "",
            "order-1 is 2026-04-17",
            "2026-04-17T14:22:01",
            "2026-04-17T14:22:01Zulu",
            "x0198c2f0-1a2b-7c3d-8e4f-5a6b7c8d9e0f",
            "0198c2f0-1a2b-7c3d-8e4f-5a6b7c8d9e0f0",
            "0198c2f0-1a2b-7c3d-8e4f-5a6b7c8d9eöü",
            "日本2026",
        ] {
            assert_eq!(redacted(text), text);
        }
    }
}
