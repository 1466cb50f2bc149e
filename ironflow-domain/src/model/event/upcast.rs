//! From an old shape of an event to the next.

use std::error::Error;
use std::marker::PhantomData;

use crate::EventRef;

/// What an upcaster returns: the new shape, or why there is none.
pub type UpcastResult<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// The step from an old shape of an event to the next one, or to the events of today.
///
/// Whatever can be made `From` the old shape has it already; that is what most steps are. Implement
/// it where the step looks at the event's metadata, its time or its stream, or where it may fail.
/// The standard library's conversions are steps too, such as the one from `T` to `Option<T>`.
///
/// ```
/// use ironflow_domain::{EventRef, Upcast, UpcastResult, event};
/// # use ironflow_domain::__private::serde::{Serialize, Deserialize};
///
/// #[event("order")]
/// pub enum OrderEvent {
///     #[event(version = 3, upcast(OrderPlacedV1, OrderPlacedV2))]
///     Placed(OrderPlaced),
/// }
///
/// #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
/// # #[serde(crate = "ironflow_domain::__private::serde")]
/// pub struct OrderPlaced {
///     pub cents: u64,
///     pub placed_by: String,
/// }
///
/// #[derive(Deserialize)]
/// # #[serde(crate = "ironflow_domain::__private::serde")]
/// pub struct OrderPlacedV2 {
///     pub cents: u64,
/// }
///
/// #[derive(Deserialize)]
/// # #[serde(crate = "ironflow_domain::__private::serde")]
/// pub struct OrderPlacedV1 {
///     pub euros: u64,
/// }
///
/// impl From<OrderPlacedV1> for OrderPlacedV2 {
///     fn from(old: OrderPlacedV1) -> Self {
///         Self { cents: old.euros * 100 }
///     }
/// }
///
/// impl Upcast<OrderPlacedV2> for OrderPlaced {
///     fn upcast(old: OrderPlacedV2, event: &EventRef<'_>) -> UpcastResult<Self> {
///         let metadata = event.read_metadata()?;
///         let placed_by = metadata.issued_by.ok_or("nobody issued it")?;
///         Ok(Self { cents: old.cents, placed_by })
///     }
/// }
/// # use ironflow_domain::{Decoded, Event, SchemaVersion};
/// # let old = EventRef {
/// #     metadata: r#"{"issuedBy":"ann"}"#,
/// #     ..EventRef::unrecorded("order.placed", SchemaVersion::new(1), r#"{"euros":3}"#)
/// # };
/// # let placed = OrderPlaced { cents: 300, placed_by: "ann".into() };
/// # assert_eq!(OrderEvent::decode(&old)?, Decoded::One(OrderEvent::Placed(placed)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "migration")]
#[diagnostic::on_unimplemented(
    message = "there is no step from `{Old}` to `{Self}`",
    label = "`{Self}` cannot be made from `{Old}`",
    note = "write `impl From<{Old}> for {Self}`, or `impl Upcast<{Old}> for {Self}` to look at the event's metadata or to fail"
)]
pub trait Upcast<Old>: Sized {
    /// The new shape of `old`. `event` is where it is stored.
    fn upcast(old: Old, event: &EventRef<'_>) -> UpcastResult<Self>;
}

#[diagnostic::do_not_recommend]
impl<Old, New: From<Old>> Upcast<Old> for New {
    fn upcast(old: Old, _: &EventRef<'_>) -> UpcastResult<Self> {
        Ok(old.into())
    }
}

/// Two versions of one kind of event, for generated code that asks whether their shapes differ. A
/// step from a shape to itself would do nothing, and nobody would notice.
#[allow(missing_debug_implementations, reason = "there is no value of it")]
pub struct Versions<Earlier: ?Sized, Later: ?Sized>(PhantomData<Earlier>, PhantomData<Later>);

/// What holds of any two versions, unless [`Versions`] itself says otherwise: its own functions are
/// preferred to these.
pub trait Distinct {
    /// Nothing is wrong with them.
    fn have_their_own() {}
}

impl<Earlier: ?Sized, Later: ?Sized> Distinct for Versions<Earlier, Later> {}

impl<Shape: ?Sized> Versions<Shape, Shape> {
    /// One type for both is a mistake.
    pub fn have_their_own()
    where
        Shape: ShapeOfOneVersion,
    {
    }
}

impl<Shape> Versions<Shape, Box<Shape>> {
    /// A box is stored as what is in it.
    pub fn have_their_own()
    where
        Box<Shape>: StoredLike<Shape>,
    {
    }
}

/// Not implemented: to need it is how the mistake is said.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is the shape of two versions",
    label = "an earlier version has this shape too",
    note = "give each version a type of its own, or write `_` for one of which no event is stored"
)]
pub trait ShapeOfOneVersion {}

/// Not implemented: to need it is how the mistake is said.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is stored like `{Earlier}`, so it is the shape of two versions",
    label = "an earlier version has this shape too",
    note = "a box does not change what is stored: count no version for it"
)]
pub trait StoredLike<Earlier> {}
