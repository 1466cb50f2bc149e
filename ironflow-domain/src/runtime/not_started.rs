//! What can be asked of a running application only: the compiler says how to get one.

use std::fmt;
use std::future::Ready;

use crate::{Aggregate, Builder, Command, Execution, Projection, QueryError, Target};

/// Not implemented: to need it is how the mistake is said.
#[diagnostic::on_unimplemented(
    message = "the application has not been started",
    label = "nothing runs yet",
    note = "start it first: `let ironflow = Ironflow::new(store).start().await?;`"
)]
pub trait Started {}

const CANNOT_BE_CALLED: &str = "nobody can call it: it needs what nothing implements";

#[allow(
    clippy::unused_self,
    clippy::needless_pass_by_value,
    reason = "they look like the functions of a running application, and do nothing"
)]
impl<X> Builder<X> {
    /// Of a running application: [`Ironflow::execute`](crate::Ironflow::execute).
    #[doc(hidden)]
    pub fn execute<C: Command>(&self, _: C) -> Execution<'_, X, C>
    where
        Self: Started,
    {
        unreachable!("{CANNOT_BE_CALLED}")
    }

    /// Of a running application: [`Ironflow::of`](crate::Ironflow::of).
    #[doc(hidden)]
    pub fn of<A: Aggregate>(&self, _: impl fmt::Display) -> Target<'_, X, A>
    where
        Self: Started,
    {
        unreachable!("{CANNOT_BE_CALLED}")
    }

    /// Of a running application: [`Ironflow::query`](crate::Ironflow::query).
    #[doc(hidden)]
    pub fn query<P: Projection>(&self, _: &P::Key) -> Ready<Result<Option<P>, QueryError>>
    where
        Self: Started,
    {
        unreachable!("{CANNOT_BE_CALLED}")
    }
}
