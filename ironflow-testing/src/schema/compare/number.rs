//! Bounds of numbers, compared to the last digit.

use std::cmp::Ordering;

use serde_json::{Number, Value};

/// A whole number, or one that is none, or is greater than any whole number there is.
#[derive(Debug, Clone, Copy)]
pub(in crate::schema) enum Bound {
    Whole(i128),
    Fraction(f64),
}

impl Bound {
    pub(in crate::schema) const LEAST: Self = Self::Fraction(f64::NEG_INFINITY);
    pub(in crate::schema) const GREATEST: Self = Self::Fraction(f64::INFINITY);

    pub(in crate::schema) fn of(number: &Number) -> Self {
        let whole = number.as_i64().map(i128::from);
        match whole.or_else(|| number.as_u64().map(i128::from)) {
            Some(whole) => Self::Whole(whole),
            None => Self::Fraction(number.as_f64().unwrap_or(f64::INFINITY)),
        }
    }

    pub(in crate::schema) fn is_less(self, other: Self) -> bool {
        self.compare(other) == Ordering::Less
    }

    fn compare(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Whole(one), Self::Whole(other)) => one.cmp(&other),
            (Self::Fraction(one), Self::Fraction(other)) => one.total_cmp(&other),
            (Self::Whole(whole), Self::Fraction(fraction)) => compare(whole, fraction),
            (Self::Fraction(fraction), Self::Whole(whole)) => compare(whole, fraction).reverse(),
        }
    }
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "what does not fit is told apart before"
)]
fn compare(whole: i128, fraction: f64) -> Ordering {
    let beyond = 2_f64.powi(127);
    if fraction >= beyond {
        return Ordering::Less;
    }
    if fraction < -beyond {
        return Ordering::Greater;
    }
    let floor = fraction.floor();
    match whole.cmp(&(floor as i128)) {
        Ordering::Equal if fraction > floor => Ordering::Less,
        unequal => unequal,
    }
}

/// The smallest and the greatest number that fits a schema of numbers.
pub(in crate::schema) fn range(schema: &Value) -> (Bound, Bound) {
    let whole = |low: i128, high: i128| (Bound::Whole(low), Bound::Whole(high));
    let (low, high) = match schema.get("format").and_then(Value::as_str) {
        Some("int8") => whole(i8::MIN.into(), i8::MAX.into()),
        Some("int16") => whole(i16::MIN.into(), i16::MAX.into()),
        Some("int32") => whole(i32::MIN.into(), i32::MAX.into()),
        Some("int64" | "int") => whole(i64::MIN.into(), i64::MAX.into()),
        Some("int128") => whole(i128::MIN, i128::MAX),
        Some("uint8") => whole(0, u8::MAX.into()),
        Some("uint16") => whole(0, u16::MAX.into()),
        Some("uint32") => whole(0, u32::MAX.into()),
        Some("uint64" | "uint") => whole(0, u64::MAX.into()),
        // Greater than any number a schema writes out.
        Some("uint128") => (Bound::Whole(0), Bound::Fraction(2_f64.powi(128))),
        _ => (Bound::LEAST, Bound::GREATEST),
    };
    let bound = |keyword| {
        schema
            .get(keyword)
            .and_then(Value::as_number)
            .map(Bound::of)
    };
    let least = bound("minimum").filter(|least| low.is_less(*least));
    let greatest = bound("maximum").filter(|greatest| greatest.is_less(high));
    (least.unwrap_or(low), greatest.unwrap_or(high))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Bound;

    #[test]
    fn whole_numbers_and_others_are_in_one_order() {
        let order: Vec<Value> = vec![
            json!(-1e300),
            json!(i64::MIN),
            json!(-1.5),
            json!(-1),
            json!(0.5),
            json!(1),
            json!(9_007_199_254_740_992_u64),
            json!(9_007_199_254_740_993_u64),
            json!(u64::MAX - 1),
            json!(u64::MAX),
            json!(1e300),
        ];
        let mut order: Vec<_> = order
            .iter()
            .filter_map(Value::as_number)
            .map(Bound::of)
            .collect();
        order.insert(0, Bound::LEAST);
        order.push(Bound::GREATEST);
        for (place, one) in order.iter().enumerate() {
            for (other_place, other) in order.iter().enumerate() {
                let is_less = one.is_less(*other);
                assert_eq!(is_less, place < other_place, "{one:?} and {other:?}");
            }
        }
    }
}
