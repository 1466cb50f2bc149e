//! From a choice to a number or a text: 0 is the simplest, small choices are simple, and the highest
//! choices are the bounds of a type.

/// The choices from here on stand for the bounds.
const BOUNDS: u64 = u64::MAX - 15;

/// A small alphabet, so that texts collide, with what breaks carelessly written code.
const LETTERS: [char; 10] = ['a', 'b', 'c', '0', ' ', 'Z', 'é', '"', '😀', '\n'];

/// How many forms of text there are.
pub(super) const FORMS: usize = 13;

/// Which of so many.
pub(super) fn nth(choice: u64, many: usize) -> usize {
    let nth = choice.checked_rem(many as u64).map(usize::try_from);
    nth.and_then(Result::ok).unwrap_or(0)
}

pub(super) fn unsigned(choice: u64, max: u64) -> u64 {
    if choice <= max {
        choice
    } else if choice >= BOUNDS {
        max - (u64::MAX - choice).min(max)
    } else {
        choice % (max + 1)
    }
}

/// Alternates between the two signs: 0, -1, 1, -2 …; the highest choices are the bounds.
pub(super) fn signed(choice: u64, max: u64) -> i64 {
    // `max` is that of the unsigned type of the same size.
    let folded = unsigned(choice, max);
    let half = (folded / 2).cast_signed();
    if folded.is_multiple_of(2) {
        half
    } else {
        -half - 1
    }
}

pub(super) fn wide_unsigned(choice: u64) -> u128 {
    if choice >= BOUNDS {
        u128::MAX - u128::from(u64::MAX - choice)
    } else {
        choice.into()
    }
}

pub(super) fn wide_signed(choice: u64) -> i128 {
    let folded = wide_unsigned(choice);
    let half = (folded / 2).cast_signed();
    if folded.is_multiple_of(2) {
        half
    } else {
        -half - 1
    }
}

/// None that JSON has no form for.
#[allow(
    clippy::cast_precision_loss,
    reason = "any number will do, and no certain one is meant"
)]
pub(super) fn float(choice: u64) -> f64 {
    const SPECIAL: [f64; 9] = [
        0.0,
        1.0,
        -1.0,
        0.5,
        0.1,
        -0.01,
        1e15,
        1e-9,
        9_007_199_254_740_993.0,
    ];
    match usize::try_from(choice)
        .ok()
        .and_then(|nth| SPECIAL.get(nth))
    {
        Some(float) => *float,
        None if choice >= BOUNDS => [f64::MAX, f64::MIN, f64::MIN_POSITIVE][nth(choice, 3)],
        None => signed(choice, u64::MAX) as f64 / 100.0,
    }
}

pub(super) fn character(choice: u64) -> char {
    if choice < LETTERS.len() as u64 {
        LETTERS[nth(choice, LETTERS.len())]
    } else {
        u32::try_from(choice % 0x11_0000)
            .ok()
            .and_then(char::from_u32)
            .unwrap_or('a')
    }
}

/// Texts of a form: 0 is any text, the others are what texts are often checked for.
pub(super) fn text(form: usize, choice: u64) -> String {
    match form {
        0 => free(choice),
        1 => choice.to_string(),
        2 => format!(
            "00000000-0000-4000-8000-{:012x}",
            choice % 0x1_0000_0000_0000
        ),
        3 => format!("{}T{}Z", date(choice / 64), clock(choice % 64)),
        4 => date(choice),
        5 => clock(choice),
        6 => format!("{}T{}", date(choice / 64), clock(choice % 64)),
        7 => format!("10.0.{}.{}", choice / 256 % 256, choice % 256),
        8 => format!("{}@example.com", word(choice)),
        9 => format!("https://example.com/{}", word(choice)),
        10 => format!("{}.{:02}", choice / 100, choice % 100),
        11 => word(choice).to_uppercase().repeat(3),
        _ => format!("PT{}S", choice % 100_000),
    }
}

/// The texts by their length, and among those of one length by their letters.
fn free(choice: u64) -> String {
    if choice >= BOUNDS {
        return "a".repeat(300);
    }
    let (mut rest, letters) = (choice, LETTERS.len() as u64);
    let mut text = Vec::new();
    while rest > 0 {
        rest -= 1;
        text.push(LETTERS[nth(rest, LETTERS.len())]);
        rest /= letters;
    }
    text.iter().rev().collect()
}

/// At least one letter, and only such.
fn word(choice: u64) -> String {
    let mut rest = choice % 100_000;
    let mut text = String::new();
    loop {
        text.insert(0, ['a', 'b', 'c', 'd', 'e'][nth(rest, 5)]);
        rest /= 5;
        if rest == 0 {
            return text;
        }
        rest -= 1;
    }
}

fn date(choice: u64) -> String {
    let (years, days) = (choice / 336 % 60, choice % 336);
    format!(
        "{:04}-{:02}-{:02}",
        2026 + years,
        days / 28 + 1,
        days % 28 + 1
    )
}

fn clock(choice: u64) -> String {
    let seconds = choice % 86_400;
    format!(
        "{:02}:{:02}:{:02}",
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60
    )
}

/// How many elements there are.
pub(super) fn length(choice: u64) -> usize {
    match choice {
        0..=4 => nth(choice, 5),
        BOUNDS.. => 20,
        _ => nth(choice, 4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_the_simplest_and_the_highest_choices_are_the_bounds() {
        assert_eq!(unsigned(0, 255), 0);
        assert_eq!(unsigned(u64::MAX, 255), 255);
        assert_eq!(unsigned(u64::MAX - 1, u64::MAX), u64::MAX - 1);
        assert_eq!([0, 1, 2, 3].map(|c| signed(c, 255)), [0, -1, 1, -2]);
        assert_eq!(signed(u64::MAX, 255), -128);
        assert_eq!(signed(u64::MAX - 1, 255), 127);
        assert_eq!(signed(u64::MAX, u64::MAX), i64::MIN);
        assert_eq!(wide_signed(u64::MAX), i128::MIN);
        assert_eq!(
            [0, 1, 2, 10, 11].map(|c| text(0, c)),
            ["", "a", "b", "\n", "aa"]
        );
    }

    #[test]
    fn no_float_is_made_up_that_json_has_no_form_for() {
        let mut choices = (0..2_000).chain(BOUNDS..=u64::MAX);
        assert!(choices.all(|choice| float(choice).is_finite()));
    }

    #[test]
    fn times_are_times() {
        for choice in [0, 1, 63, 64, 9_999, u64::MAX] {
            let time = text(3, choice);
            assert!(time.parse::<ironflow_domain::Timestamp>().is_ok(), "{time}");
        }
    }
}
