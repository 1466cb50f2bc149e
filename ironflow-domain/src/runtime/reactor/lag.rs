//! How far reactors are behind, and which there are.

use crate::Reactor;
use crate::runtime::ironflow::Ironflow;
use crate::runtime::lag::{Lag, names_in};
use crate::runtime::reactor::operate::ReactorError;
use crate::runtime::reactor::place;
use crate::runtime::reactor::run::reads;

impl<X> Ironflow<X> {
    /// How far a reactor is behind, in whatever process it reacts; what is parked does not count. It
    /// reads the log after the reactor's position: to be asked every now and then.
    ///
    /// # Errors
    ///
    /// When nobody has started it yet, or the store fails.
    pub async fn reactor_lag<R: Reactor>(&self) -> Result<Lag, ReactorError> {
        let (place, _) = self.place_of(R::NAME).await?;
        Ok(self.lag(place.done(), reads::<R>()).await?)
    }

    /// The names of all reactors that some process has started, in their order.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn reactor_names(&self) -> Result<Vec<String>, ReactorError> {
        Ok(names_in(self.store(), place::BUCKET).await?)
    }
}
