//! The account of the harness, as one writes it with esrs.

use esrs::Aggregate;
use harness::{AccountCommand, AccountEvent, Refused};

#[derive(Debug, Default)]
pub struct Account;

impl Aggregate for Account {
    const NAME: &'static str = "account";
    type State = harness::Account;
    type Command = AccountCommand;
    type Event = AccountEvent;
    type Error = Refused;

    fn handle_command(
        state: &harness::Account,
        command: AccountCommand,
    ) -> Result<Vec<AccountEvent>, Refused> {
        state.decide(command)
    }

    fn apply_event(mut state: harness::Account, event: AccountEvent) -> harness::Account {
        state.fold(&event);
        state
    }
}
