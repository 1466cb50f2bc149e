//! The account of the harness, as one writes it with eventually.

use eventually::Aggregate;
use futures::future::{self, BoxFuture, FutureExt};
use harness::{AccountCommand, AccountEvent, Refused};

#[derive(Debug, Clone, Copy)]
pub struct Account;

impl Aggregate for Account {
    type Id = String;
    type State = harness::Account;
    type Event = AccountEvent;
    type Command = AccountCommand;
    type Error = Refused;

    fn apply(
        mut state: harness::Account,
        event: AccountEvent,
    ) -> Result<harness::Account, Refused> {
        state.fold(&event);
        Ok(state)
    }

    fn handle<'a, 's: 'a>(
        &'a self,
        _id: &'s String,
        state: &'s harness::Account,
        command: AccountCommand,
    ) -> BoxFuture<'a, Result<Option<Vec<AccountEvent>>, Refused>> {
        future::ready(state.decide(command).map(Some)).boxed()
    }
}
