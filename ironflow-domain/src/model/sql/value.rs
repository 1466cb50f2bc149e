//! What statements are given.

use std::fmt::{self, Display};

use crate::{CommandId, EventId, Position, SchemaVersion, StreamId, StreamVersion, Timestamp};

/// A parameter of a statement, as every database can be given it.
///
/// On Postgres it is sent as text, which the server reads as a value of the type that the place in
/// the statement has: a text is good for a `uuid`, a `jsonb`, a `timestamptz` or a `numeric`, too.
/// SQLite is given the value itself.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum SqlValue {
    /// Nothing.
    Null,
    /// A truth value; 0 or 1 on SQLite.
    Bool(bool),
    /// A number without a fraction.
    Integer(i64),
    /// A number with one.
    Real(f64),
    /// A text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

impl SqlValue {
    /// The text of a value: for types of your own, such as ids and money.
    ///
    /// ```
    /// # use ironflow_domain::SqlValue;
    /// assert_eq!(SqlValue::text(format_args!("{}-{}", "order", 7)), SqlValue::Text("order-7".into()));
    /// ```
    pub fn text(value: impl Display) -> Self {
        Self::Text(value.to_string())
    }
}

impl Display for SqlValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NULL"),
            Self::Bool(value) => value.fmt(f),
            Self::Integer(value) => value.fmt(f),
            Self::Real(value) => write!(f, "{value:?}"),
            Self::Text(value) => write!(f, "'{}'", value.replace('\'', "''")),
            Self::Blob(value) => write!(f, "{} bytes", value.len()),
        }
    }
}

/// What can be a parameter of a statement: numbers, truth values, texts, bytes, ids and times, and
/// [`Option`]s of them.
///
/// ```
/// # use ironflow_domain::{SqlValue, ToSqlValue};
/// /// A type of your own says what it is in a table.
/// struct Euros(i64);
///
/// impl ToSqlValue for Euros {
///     fn to_sql_value(&self) -> SqlValue {
///         SqlValue::Integer(self.0 * 100)
///     }
/// }
///
/// assert_eq!(Some(Euros(3)).to_sql_value(), SqlValue::Integer(300));
/// assert_eq!(None::<Euros>.to_sql_value(), SqlValue::Null);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a parameter of a statement",
    label = "not a parameter",
    note = "give it as text, `SqlValue::text(…)`, or write `impl ToSqlValue for {Self}`"
)]
pub trait ToSqlValue {
    /// The value as it goes into a table.
    fn to_sql_value(&self) -> SqlValue;
}

impl ToSqlValue for SqlValue {
    fn to_sql_value(&self) -> SqlValue {
        self.clone()
    }
}

#[diagnostic::do_not_recommend]
impl<T: ToSqlValue + ?Sized> ToSqlValue for &T {
    fn to_sql_value(&self) -> SqlValue {
        (**self).to_sql_value()
    }
}

impl<T: ToSqlValue> ToSqlValue for Option<T> {
    fn to_sql_value(&self) -> SqlValue {
        self.as_ref().map_or(SqlValue::Null, T::to_sql_value)
    }
}

impl<T: ToSqlValue + ?Sized> ToSqlValue for Box<T> {
    fn to_sql_value(&self) -> SqlValue {
        (**self).to_sql_value()
    }
}

impl ToSqlValue for bool {
    fn to_sql_value(&self) -> SqlValue {
        SqlValue::Bool(*self)
    }
}

impl ToSqlValue for str {
    fn to_sql_value(&self) -> SqlValue {
        SqlValue::Text(self.to_owned())
    }
}

impl ToSqlValue for String {
    fn to_sql_value(&self) -> SqlValue {
        SqlValue::Text(self.clone())
    }
}

impl ToSqlValue for [u8] {
    fn to_sql_value(&self) -> SqlValue {
        SqlValue::Blob(self.to_owned())
    }
}

impl ToSqlValue for Vec<u8> {
    fn to_sql_value(&self) -> SqlValue {
        SqlValue::Blob(self.clone())
    }
}

impl<const N: usize> ToSqlValue for [u8; N] {
    fn to_sql_value(&self) -> SqlValue {
        SqlValue::Blob(self.to_vec())
    }
}

macro_rules! integers {
    ($($type:ty),*) => {
        $(impl ToSqlValue for $type {
            fn to_sql_value(&self) -> SqlValue {
                SqlValue::Integer(i64::from(*self))
            }
        })*
    };
}

integers!(i8, i16, i32, i64, u8, u16, u32);

macro_rules! large_integers {
    ($($type:ty),*) => {
        $(impl ToSqlValue for $type {
            /// What no integer of a database can hold is a text: Postgres reads it as a `numeric`.
            fn to_sql_value(&self) -> SqlValue {
                i64::try_from(*self).map_or_else(|_| SqlValue::text(self), SqlValue::Integer)
            }
        })*
    };
}

large_integers!(u64, usize, isize, i128, u128);

impl ToSqlValue for f32 {
    fn to_sql_value(&self) -> SqlValue {
        SqlValue::Real(f64::from(*self))
    }
}

impl ToSqlValue for f64 {
    fn to_sql_value(&self) -> SqlValue {
        SqlValue::Real(*self)
    }
}

impl ToSqlValue for StreamVersion {
    fn to_sql_value(&self) -> SqlValue {
        self.get().to_sql_value()
    }
}

impl ToSqlValue for SchemaVersion {
    fn to_sql_value(&self) -> SqlValue {
        self.get().to_sql_value()
    }
}

macro_rules! texts {
    ($($type:ty),*) => {
        $(impl ToSqlValue for $type {
            fn to_sql_value(&self) -> SqlValue {
                SqlValue::text(self)
            }
        })*
    };
}

texts!(char, StreamId, EventId, CommandId, Timestamp, Position);

#[cfg(feature = "json")]
texts!(serde_json::Value);

/// The parameters of a statement in the order of their numbers: `()`, a tuple, an array or a `Vec`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` are not the parameters of a statement",
    label = "not a tuple of parameters",
    note = "write `(first, second)`, `(only,)` for one, and `()` for none"
)]
pub trait SqlParameters {
    /// As values.
    fn to_sql_values(self) -> Vec<SqlValue>;
}

impl<T: ToSqlValue> SqlParameters for Vec<T> {
    fn to_sql_values(self) -> Vec<SqlValue> {
        self.iter().map(T::to_sql_value).collect()
    }
}

impl<T: ToSqlValue, const N: usize> SqlParameters for [T; N] {
    fn to_sql_values(self) -> Vec<SqlValue> {
        self.iter().map(T::to_sql_value).collect()
    }
}

impl SqlParameters for () {
    fn to_sql_values(self) -> Vec<SqlValue> {
        Vec::new()
    }
}

macro_rules! tuples {
    ($($name:ident)+) => {
        impl<$($name: ToSqlValue),+> SqlParameters for ($($name,)+) {
            fn to_sql_values(self) -> Vec<SqlValue> {
                #[allow(non_snake_case, reason = "a type and its value have one name")]
                let ($($name,)+) = self;
                vec![$($name.to_sql_value()),+]
            }
        }
    };
}

tuples!(A);
tuples!(A B);
tuples!(A B C);
tuples!(A B C D);
tuples!(A B C D E);
tuples!(A B C D E F);
tuples!(A B C D E F G);
tuples!(A B C D E F G H);
tuples!(A B C D E F G H I);
tuples!(A B C D E F G H I J);
tuples!(A B C D E F G H I J K);
tuples!(A B C D E F G H I J K L);
tuples!(A B C D E F G H I J K L M);
tuples!(A B C D E F G H I J K L M N);
tuples!(A B C D E F G H I J K L M N O);
tuples!(A B C D E F G H I J K L M N O P);
