//! What the costs of Ironflow are measured on. `cargo xtask cost` runs the programs and compares.
//!
//! The domain is a crate beside the programs, as it is beside a server: what the programs call
//! is compiled here, and not where it is called.

pub mod account;
pub mod by_hand;

#[cfg(test)]
mod tests {
    use ironflow_domain::{Aggregate, Command, Events};

    use crate::account::{Account, AccountCommand, AccountEvent};
    use crate::by_hand;

    #[test]
    fn by_hand_the_same_is_decided_and_folded() {
        use AccountCommand::{Deposit, Freeze, Open, SetLimit, Thaw, Withdraw};
        let (owner, reason) = ("Jo".to_owned(), "lost".to_owned());
        let mut generated = Account::default();
        let mut folded_by_hand = Account::default();
        let mut recorded: Vec<AccountEvent> = Vec::new();
        for command in [
            Deposit { cents: 1 },
            Open {
                owner: owner.clone(),
                limit: 0,
            },
            Open { owner, limit: 0 },
            Deposit { cents: 50 },
            Withdraw { cents: 80 },
            SetLimit { limit: 30 },
            Withdraw { cents: 80 },
            Freeze {
                reason: reason.clone(),
            },
            Freeze { reason },
            Withdraw { cents: 0 },
            Thaw,
            Thaw,
        ] {
            let by_hand = by_hand::decide(&folded_by_hand, command.clone());
            let decided = command.decide(&generated, &());
            assert_eq!(decided.as_ref().map(Events::as_slice), by_hand.as_deref());
            for event in decided.into_iter().flatten() {
                generated.apply(&event);
                by_hand::fold(&mut folded_by_hand, &event);
                recorded.push(event);
            }
            assert_eq!(generated, folded_by_hand);
        }
        assert_eq!(recorded.len(), 6);
        assert_eq!(Account::replay(&recorded), generated);
    }
}
