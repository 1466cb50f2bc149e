//! The account of the harness, as one writes it with cqrs-es.

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use harness::{AccountCommand, Refused};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccountEvent(pub harness::AccountEvent);

impl DomainEvent for AccountEvent {
    fn event_type(&self) -> String {
        self.0.name().to_owned()
    }

    fn event_version(&self) -> String {
        "1.0".to_owned()
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Account(pub harness::Account);

impl Aggregate for Account {
    const TYPE: &'static str = "account";
    type Command = AccountCommand;
    type Event = AccountEvent;
    type Error = Refused;
    type Services = ();

    async fn handle(
        &mut self,
        command: AccountCommand,
        _services: &(),
        sink: &EventSink<Self>,
    ) -> Result<(), Refused> {
        for event in self.0.decide(command)? {
            sink.write(AccountEvent(event), self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: AccountEvent) {
        self.0.fold(&event.0);
    }
}
