use ironflow_domain::event;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fmt::Debug;

#[event("sensor")]
enum SensorEvent<T>
where
    T: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + From<Moved> + 'static,
{
    #[event(version = 3, upcast(MeasuredV1<T>, MeasuredV2<T>))]
    Measured(Measured<T>),
    #[event(version = 2, upcast(Old))]
    Moved(Moved),
    // Nothing is wrong with these: what `T` is, is known elsewhere.
    #[event(version = 2, upcast(Measured<u8>))]
    Checked(Checked<T>),
    #[event(version = 2, upcast(Moved))]
    Tagged(T),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Measured<T> {
    value: T,
}

#[derive(Deserialize)]
struct MeasuredV1<T> {
    reading: T,
}

type MeasuredV2<T> = Measured<T>;

impl<T> From<MeasuredV1<T>> for Measured<T> {
    fn from(old: MeasuredV1<T>) -> Self {
        Self { value: old.reading }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Moved {
    to: u32,
}

type Old = Moved;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Checked<T> {
    value: Option<T>,
}

impl<T> From<Measured<u8>> for Checked<T> {
    fn from(_: Measured<u8>) -> Self {
        Self { value: None }
    }
}

fn main() {}
