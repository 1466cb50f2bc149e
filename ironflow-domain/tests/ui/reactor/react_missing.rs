use ironflow_domain::{React, Reactor, Recorded, event};

#[event("account")]
enum AccountEvent {
    Opened,
}

#[event("order")]
enum OrderEvent {
    Placed,
}

#[derive(Reactor)]
#[reactor("mails", of(AccountEvent, OrderEvent))]
struct Mails;

impl React<AccountEvent> for Mails {
    type Error = std::io::Error;

    async fn react(&self, _: &Recorded<AccountEvent>) -> Result<(), Self::Error> {
        Ok(())
    }
}

fn main() {}
