//! Somebody else's service that charges cards, as they are: now and then an answer is lost.

use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Payment {
    pub number: usize,
    pub cents: u64,
}

#[derive(Default)]
pub struct Provider {
    charged: Mutex<Vec<(String, Payment)>>,
    pub loses_the_answer: AtomicBool,
}

#[derive(Debug)]
pub struct NoAnswer;

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the provider does not answer")
    }
}

impl std::error::Error for NoAnswer {}

impl Provider {
    /// Charges the card, or says that it is declined.
    pub async fn charge(&self, reference: &str, cents: u64) -> Result<Option<Payment>, NoAnswer> {
        tokio::task::yield_now().await;
        if cents > 10_000 {
            return Ok(None);
        }
        let payment = {
            let mut charged = self.charged.lock().expect("nobody panics with it");
            let number = charged.len() + 1;
            let payment = Payment { number, cents };
            charged.push((reference.to_owned(), payment.clone()));
            payment
        };
        if self.loses_the_answer.load(Ordering::SeqCst) {
            return Err(NoAnswer);
        }
        Ok(Some(payment))
    }

    pub async fn find(&self, reference: &str) -> Result<Option<Payment>, NoAnswer> {
        tokio::task::yield_now().await;
        let charged = self.charged.lock().expect("nobody panics with it");
        let mut payments = charged.iter();
        Ok(payments
            .find(|(of, _)| of == reference)
            .map(|(_, payment)| payment.clone()))
    }

    pub fn charges(&self) -> usize {
        self.charged.lock().expect("nobody panics with it").len()
    }
}
