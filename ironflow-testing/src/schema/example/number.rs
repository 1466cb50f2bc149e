//! Numbers that fit a schema.

use serde_json::{Number, Value, json};

use super::Numbers;
use crate::schema::compare::{Bound, range};

pub(super) fn integer(schema: &Value, numbers: Numbers) -> Value {
    let (least, greatest) = range(schema);
    let least = match least {
        Bound::Whole(least) => least,
        Bound::Fraction(_) => i64::MIN.into(),
    };
    let greatest = match greatest {
        Bound::Whole(greatest) => greatest.max(least),
        Bound::Fraction(_) => u64::MAX.into(),
    };
    let wanted = match numbers {
        Numbers::Usual => 1.clamp(least, greatest),
        Numbers::Least => least,
        Numbers::Greatest => greatest,
    };
    // JSON is read with numbers of 64 bits.
    match (i64::try_from(wanted), u64::try_from(wanted)) {
        (Ok(wanted), _) => json!(wanted),
        (_, Ok(wanted)) => json!(wanted),
        _ if wanted < 0 => json!(i64::MIN),
        _ => json!(u64::MAX),
    }
}

pub(super) fn fraction(schema: &Value, numbers: Numbers) -> Value {
    let greatest = match schema.get("format").and_then(Value::as_str) {
        Some("float") => f64::from(f32::MAX),
        Some("double") => f64::MAX,
        // Who gives no format has a range of their own.
        _ => 1.5,
    };
    let said = |keyword| schema.get(keyword).and_then(Value::as_f64);
    let least = said("minimum").unwrap_or(if greatest > 1.5 { -greatest } else { 1.5 });
    let greatest = said("maximum").unwrap_or(greatest).max(least);
    let wanted = match numbers {
        Numbers::Usual => 1.5_f64.clamp(least, greatest),
        Numbers::Least => least,
        Numbers::Greatest => greatest,
    };
    Number::from_f64(wanted).map_or_else(|| json!(1.5), Value::Number)
}
