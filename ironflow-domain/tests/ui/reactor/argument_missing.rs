use ironflow_domain::{React, Reactor, Recorded, event};

#[event("account")]
enum AccountEvent {
    Opened,
}

#[derive(Reactor)]
#[reactor(of(AccountEvent))]
struct Unnamed;

#[derive(Reactor)]
#[reactor("balance")]
struct Idle;

#[derive(Reactor)]
struct Bare;

// Nothing is wrong here.
impl React<AccountEvent> for Unnamed {
    type Error = std::io::Error;

    async fn react(&self, _: &Recorded<AccountEvent>) -> Result<(), Self::Error> {
        Ok(())
    }
}

fn main() {}
