//! The text of a point in time: RFC 3339 on the Gregorian calendar, as far as it has four digits
//! for a year, and the same with a sign and six digits for the years before the first.
//!
//! It is written here because a crate for dates and time zones takes longer to build than all of
//! the model.

use std::fmt;

const MICROS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;
const YEARS: std::ops::RangeInclusive<i64> = -9999..=9999;

/// A day of the calendar, and a time of that day.
pub(super) struct DateTime {
    year: i64,
    month: i64,
    day: i64,
    second_of_day: i64,
    micros: i64,
}

impl DateTime {
    /// The point in time in UTC, if its year can be written.
    pub(super) fn from_micros(micros: i64) -> Option<Self> {
        let seconds = micros.div_euclid(MICROS_PER_SECOND);
        let (year, month, day) = date(seconds.div_euclid(SECONDS_PER_DAY));
        YEARS.contains(&year).then_some(Self {
            year,
            month,
            day,
            second_of_day: seconds.rem_euclid(SECONDS_PER_DAY),
            micros: micros.rem_euclid(MICROS_PER_SECOND),
        })
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            year,
            month,
            day,
            second_of_day,
            micros,
        } = self;
        let (minutes, second) = (second_of_day / 60, second_of_day % 60);
        let (hour, minute) = (minutes / 60, minutes % 60);
        if *year < 0 {
            write!(f, "-{:06}", -year)?;
        } else {
            write!(f, "{year:04}")?;
        }
        write!(f, "-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        if *micros > 0 {
            let (mut fraction, mut digits) = (*micros, 6);
            while fraction % 10 == 0 {
                fraction /= 10;
                digits -= 1;
            }
            write!(f, ".{fraction:0digits$}")?;
        }
        f.write_str("Z")
    }
}

/// Microseconds since 1970 in UTC; what is finer is left out.
pub(super) fn parse(text: &str) -> Option<i64> {
    let mut rest = Rest(text.as_bytes());
    let year = rest.year()?;
    rest.one_of(b"-")?;
    let month = rest.digits(2).filter(|month| (1..=12).contains(month))?;
    rest.one_of(b"-")?;
    let last = days_in_month(year, month);
    let day = rest.digits(2).filter(|day| (1..=last).contains(day))?;
    rest.one_of(b"Tt ")?;
    let hour = rest.digits(2).filter(|hour| *hour < 24)?;
    rest.one_of(b":")?;
    let minute = rest.digits(2).filter(|minute| *minute < 60)?;
    rest.one_of(b":")?;
    // A leap second is told as the one before it, since no count of seconds has room for it.
    let second = rest.digits(2).filter(|second| *second <= 60)?.min(59);
    let nanos = rest.fraction()?;
    let offset = rest.offset()?;
    if !rest.0.is_empty() {
        return None;
    }
    let time = (hour * 60 + minute) * 60 + second;
    let seconds = days(year, month, day) * SECONDS_PER_DAY + time - offset;
    let micros = (i128::from(seconds) * 1_000_000_000 + i128::from(nanos)) / 1000;
    i64::try_from(micros).ok()
}

/// What is still to be read.
struct Rest<'t>(&'t [u8]);

impl Rest<'_> {
    fn one_of(&mut self, expected: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        expected.contains(first).then(|| {
            self.0 = rest;
            *first
        })
    }

    /// A number of exactly this many digits.
    fn digits(&mut self, count: usize) -> Option<i64> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        number(digits)
    }

    fn year(&mut self) -> Option<i64> {
        let year = match self.one_of(b"+-") {
            None => self.digits(4)?,
            Some(b'+') => self.digits(6)?,
            // There is one way to write the year 0.
            Some(_) => -self.digits(6).filter(|year| *year > 0)?,
        };
        YEARS.contains(&year).then_some(year)
    }

    /// Nanoseconds; none where there is no decimal point.
    fn fraction(&mut self) -> Option<i64> {
        if self.one_of(b".").is_none() {
            return Some(0);
        }
        let count = self.0.iter().take_while(|byte| byte.is_ascii_digit());
        let count = count.count();
        let unit = 10_i64.pow(u32::try_from(9_usize.checked_sub(count)?).ok()?);
        (count > 0).then(|| self.digits(count))?.map(|n| n * unit)
    }

    /// Seconds that the text is ahead of UTC.
    fn offset(&mut self) -> Option<i64> {
        let sign = match self.one_of(b"Zz+-")? {
            b'+' => 1,
            b'-' => -1,
            _ => return Some(0),
        };
        let hours = self.digits(2).filter(|hours| *hours < 24)?;
        self.one_of(b":")?;
        let minutes = self.digits(2).filter(|minutes| *minutes < 60)?;
        Some(sign * (hours * 60 + minutes) * 60)
    }
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |number, digit| {
        digit
            .is_ascii_digit()
            .then(|| number * 10 + i64::from(digit - b'0'))
    })
}

// The calendar repeats after 400 years. Counted from March on, a leap day is the last of its year,
// and the months before any of them have (153 * months + 2) / 5 days.
const DAYS_PER_ERA: i64 = 146_097;
/// From the first of March of the year 0 to the start of 1970.
const DAYS_BEFORE_1970: i64 = 719_468;

/// Days from the start of 1970 to this one.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month > 2 { year } else { year - 1 };
    let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
    let months = (month + 9) % 12;
    let day_of_year = (153 * months + 2) / 5 + day - 1;
    era * DAYS_PER_ERA + year * 365 + year / 4 - year / 100 + day_of_year - DAYS_BEFORE_1970
}

/// Year, month and day so many days after the start of 1970.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + DAYS_BEFORE_1970;
    let (era, day) = (days.div_euclid(DAYS_PER_ERA), days.rem_euclid(DAYS_PER_ERA));
    // Without the leap days before it, every year has 365.
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (year * 365 + year / 4 - year / 100);
    let months = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * months + 2) / 5 + 1;
    let month = (months + 2) % 12 + 1;
    let year = era * 400 + year;
    (if month > 2 { year } else { year + 1 }, month, day)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first microsecond that we can write, and the last one.
    const FIRST: i64 = -377_705_116_800_000_000;
    const LAST: i64 = 253_402_300_799_999_999;

    fn written(micros: i64) -> Option<String> {
        DateTime::from_micros(micros).map(|time| time.to_string())
    }

    /// As a crate for dates and times writes it, which leaves the first and the last day out.
    fn expected(micros: i64) -> Option<String> {
        let time = jiff::Timestamp::from_microsecond(micros).ok()?;
        Some(time.to_string())
    }

    fn expected_of(text: &str) -> Option<i64> {
        let time: jiff::Timestamp = text.parse().ok()?;
        Some(time.as_microsecond())
    }

    fn check(micros: i64) {
        if let Some(expected) = expected(micros) {
            assert_eq!(written(micros), Some(expected), "{micros}");
        }
        if let Some(text) = written(micros) {
            assert_eq!(parse(&text), Some(micros), "{text}");
        }
    }

    #[test]
    fn every_day_of_a_whole_era_is_written_and_read() {
        let day = SECONDS_PER_DAY * MICROS_PER_SECOND;
        for start in (-200 * 366..200 * 366).map(|days| days * day) {
            check(start);
            check(start + day - 1);
        }
    }

    #[test]
    fn every_year_begins_has_a_february_and_ends() {
        for year in YEARS {
            let march = days(year, 3, 1);
            for days in [days(year, 1, 1), march - 2, march - 1, march] {
                let start = days * SECONDS_PER_DAY * MICROS_PER_SECOND;
                check(start);
                check(start - 1);
            }
        }
    }

    #[test]
    fn any_microsecond_is_written_and_read() {
        let mut random = fastrand::Rng::with_seed(1);
        for _ in 0..20_000 {
            check(random.i64(FIRST..=LAST));
            check(random.i64(-9_999_999..=9_999_999));
            // Fractions with fewer digits.
            let unit = 10_i64.pow(random.u32(0..=6));
            check(random.i64(FIRST / unit..=LAST / unit) * unit);
        }
    }

    #[test]
    fn four_digits_of_a_year_is_as_far_as_it_goes() {
        for (micros, text) in [
            (FIRST, "-009999-01-01T00:00:00Z"),
            (LAST, "9999-12-31T23:59:59.999999Z"),
            (-62_167_219_200_000_000, "0000-01-01T00:00:00Z"),
            (-62_167_219_200_000_001, "-000001-12-31T23:59:59.999999Z"),
        ] {
            assert_eq!(written(micros).as_deref(), Some(text));
            assert_eq!(parse(text), Some(micros));
        }
        for micros in [FIRST - 1, LAST + 1, i64::MIN, i64::MAX] {
            assert_eq!(written(micros), None, "{micros}");
        }
        for text in ["10000-01-01T00:00:00Z", "+010000-01-01T00:00:00Z"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn all_of_rfc_3339_is_read() {
        for text in [
            // The document's own examples.
            "1985-04-12T23:20:50.52Z",
            "1996-12-19T16:39:57-08:00",
            "1990-12-31T23:59:60Z",
            "1990-12-31T15:59:60-08:00",
            "1937-01-01T12:00:27.87+00:20",
            // Its liberties.
            "2026-04-17t14:22:01z",
            "2026-04-17 14:22:01Z",
            "2026-04-17T14:22:01-00:00",
            "2026-04-17T14:22:01+23:59",
            "2026-04-17T14:22:01-23:59",
            "2026-04-17T14:22:60.999999999Z",
            // Finer than a microsecond, on both sides of 1970.
            "2026-04-17T14:22:01.123456789Z",
            "1969-12-31T23:59:59.999999999Z",
            "1969-12-31T23:59:58.0000001Z",
            "1970-01-01T00:00:00.000000999Z",
            // Leap days.
            "2000-02-29T00:00:00Z",
            "2024-02-29T00:00:00Z",
            "0000-02-29T00:00:00Z",
            "-000004-02-29T00:00:00Z",
            "+002026-04-17T14:22:01Z",
        ] {
            let expected = expected_of(text);
            assert!(expected.is_some(), "{text}");
            assert_eq!(parse(text), expected, "{text}");
        }
    }

    #[test]
    fn any_date_time_and_offset_is_read_or_refused() {
        let mut random = fastrand::Rng::with_seed(2);
        let mut read = 0;
        for _ in 0..20_000 {
            let (year, month, day) = (random.u32(0..=9999), random.u32(0..=13), random.u32(0..=32));
            let (hour, minute, second) =
                (random.u32(0..=24), random.u32(0..=60), random.u32(0..=61));
            let digits = random.usize(1..=9);
            let fraction = random.u64(0..10_u64.pow(u32::try_from(digits).unwrap()));
            let sign = random.choice(['+', '-']).unwrap();
            let (hours, minutes) = (random.u32(0..=23), random.u32(0..=60));
            let text = format!(
                "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}\
                 .{fraction:0digits$}{sign}{hours:02}:{minutes:02}"
            );
            let expected = expected_of(&text);
            assert_eq!(parse(&text), expected, "{text}");
            read += u32::from(expected.is_some());
        }
        assert!(read > 10_000, "{read}");
    }

    #[test]
    fn a_text_with_a_mistake_is_refused() {
        for text in [
            "",
            "Z",
            "2026-04-17",
            "2026-04-17T14:22:01",
            "2026-04-17T14:22Z",
            "2026-04-17T14:22:01.Z",
            "2026-04-17T14:22:01.1234567890Z",
            "2026-04-17T14:22:01+",
            "2026-04-17T14:22:01+24:00",
            "2026-04-17T14:22:01+1:00",
            "2026-04-17T14:22:01Z ",
            " 2026-04-17T14:22:01Z",
            "2026-04-17T14:22:01ZZ",
            "2026-4-17T14:22:01Z",
            "2026-04-31T14:22:01Z",
            "2026-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2026-04-17T24:00:00Z",
            "226-04-17T14:22:01Z",
            "-000000-04-17T14:22:01Z",
            "-2026-04-17T14:22:01Z",
            "2026-04-17T14:22:0١Z",
            "２026-04-17T14:22:01Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn no_damage_to_a_text_makes_us_panic_or_read_what_others_refuse() {
        let mut random = fastrand::Rng::with_seed(3);
        let sound = "-002024-02-29T23:59:58.123456789+13:45";
        let characters: Vec<char> = "0123456789-+:.TtZz é".chars().collect();
        for _ in 0..20_000 {
            let mut text: Vec<char> = sound.chars().skip(random.usize(0..4)).collect();
            for _ in 0..random.usize(1..=3) {
                let place = random.usize(0..text.len());
                let character = *random.choice(&characters).unwrap();
                match random.u8(0..3) {
                    0 => text[place] = character,
                    1 => text.insert(place, character),
                    _ => drop(text.remove(place)),
                }
            }
            let text: String = text.into_iter().collect();
            if let Some(micros) = parse(&text) {
                assert_eq!(expected_of(&text), Some(micros), "{text}");
            }
        }
    }
}
