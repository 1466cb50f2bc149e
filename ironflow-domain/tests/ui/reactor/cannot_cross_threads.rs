use std::rc::Rc;

use ironflow_domain::{React, Reactor, Recorded, event};

#[event("account")]
enum AccountEvent {
    Opened,
}

#[derive(Reactor)]
#[reactor("mails", of(AccountEvent))]
struct Mails;

async fn send() {}

impl React<AccountEvent> for Mails {
    type Error = std::io::Error;

    async fn react(&self, _: &Recorded<AccountEvent>) -> Result<(), Self::Error> {
        let mail = Rc::new(());
        send().await;
        drop(mail);
        Ok(())
    }
}

fn main() {}
