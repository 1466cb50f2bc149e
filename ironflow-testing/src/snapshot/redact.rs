//! What differs from run to run, taken out.

use std::collections::HashMap;

use ironflow_domain::Timestamp;

/// UUIDs as words, the same word for the same one: `[id 1]`. The first point in time as `[time]`, and
/// all others by how far they are from it: `[time + 14 days]`, so that a term that changes is seen.
pub(crate) fn redacted(text: &str) -> String {
    let mut ids: HashMap<&str, String> = HashMap::new();
    let mut first = None;
    let mut redacted = String::with_capacity(text.len());
    let mut rest = text;
    let mut is_within_word = false;
    while let Some(letter) = rest.chars().next() {
        let (length, word) = if is_within_word {
            (None, String::new())
        } else if let Some(length) = uuid(rest) {
            let next = ids.len() + 1;
            let word = ids.entry(&rest[..length]);
            (
                Some(length),
                word.or_insert_with(|| format!("[id {next}]")).clone(),
            )
        } else if let Some((length, time)) = time(rest) {
            (Some(length), distance(*first.get_or_insert(time), time))
        } else {
            (None, String::new())
        };
        if let Some(length) = length {
            redacted.push_str(&word);
            rest = &rest[length..];
            is_within_word = true;
        } else {
            redacted.push(letter);
            rest = &rest[letter.len_utf8()..];
            is_within_word = letter.is_alphanumeric();
        }
    }
    redacted
}

/// How far a time is from the first one. What is less than a second apart is the same: a clock that
/// is asked twice says two things.
fn distance(first: Timestamp, time: Timestamp) -> String {
    let (sign, span) = if time < first {
        ('-', first - time)
    } else {
        ('+', time - first)
    };
    let seconds = span.as_secs();
    let units = [
        (seconds / 86_400, "day"),
        (seconds / 3_600 % 24, "hour"),
        (seconds / 60 % 60, "minute"),
        (seconds % 60, "second"),
    ];
    let parts = units.iter().filter(|(count, _)| *count > 0);
    let parts: Vec<_> = parts
        .map(|(count, unit)| format!("{count} {unit}{}", if *count == 1 { "" } else { "s" }))
        .collect();
    if parts.is_empty() {
        return "[time]".to_owned();
    }
    format!("[time {sign} {}]", parts.join(" "))
}

/// How long the UUID is that the text begins with.
fn uuid(text: &str) -> Option<usize> {
    let is_hexadecimal = |letter: u8| letter.is_ascii_hexdigit();
    let length = matches(text, "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh", is_hexadecimal)?;
    ends(text, length).then_some(length)
}

/// The time in RFC 3339 that the text begins with, and how long it is there.
fn time(text: &str) -> Option<(usize, Timestamp)> {
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
    if !ends(text, length) {
        return None;
    }
    Some((length, text[..length].parse().ok()?))
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
                 of: \"855E5C16-0a35-8ce5-a38b-41a87b03885e\", until: 2026-05-02T15:22:02.25+00:00, \
                 since: 2026-04-17T16:21:00+02:00, now: 2026-04-17T14:22:01.3Z }, \
                 0198c2f0-1a2b-7c3d-8e4f-5a6b7c8d9e0f again"
            ),
            "Paid { id: [id 1], at: [time], of: \"[id 2]\", until: [time + 15 days 1 hour 1 second], \
             since: [time - 1 minute 1 second], now: [time] }, [id 1] again"
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
