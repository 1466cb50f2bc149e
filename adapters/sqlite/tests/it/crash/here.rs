//! A process that shares this one: a runtime of its own, whose tasks all stop at a step.

use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use ironflow_domain::store::{Key, KeyValueStore, Write};
use ironflow_sqlite::Sqlite;
use tokio::runtime::Runtime;

use super::client::{Lived, open, runtime};
use super::effects::Effects;
use super::steps::{Death, Life};
use super::work::{Answer, Batch, Tell, work};

pub(super) struct Here {
    runtime: Runtime,
    store: Sqlite,
    life: Life,
    answers: Arc<Mutex<Vec<Answer>>>,
    working: Pin<Box<dyn Future<Output = ()>>>,
}

impl Here {
    pub(super) fn start(path: &Path, batch: &Batch) -> Self {
        let runtime = runtime();
        let life = Life::new(batch.end.clone(), Death::Freeze);
        let answers = Arc::new(Mutex::new(Vec::new()));
        let tell: Tell = {
            let answers = Arc::clone(&answers);
            Arc::new(move |answer| answers.lock().unwrap().push(answer))
        };
        let store = runtime.block_on(open(path));
        let effects = Effects::beside(path);
        let working = work(store.clone(), effects, batch.clone(), life.clone(), tell);
        Self {
            runtime,
            store,
            life,
            answers,
            working: Box::pin(working),
        }
    }

    /// Works until it is done, or at its last step.
    pub(super) fn run(&mut self) -> Lived {
        let Self { life, working, .. } = self;
        let died_at = self.runtime.block_on(async {
            tokio::select! {
                step = life.ended() => Some(step.name),
                () = working => None,
            }
        });
        // What the store has been asked for is done before anybody looks, as where a process has
        // died. Writes keep their order.
        if died_at.is_some() {
            let nothing = Write::delete(Key::new("crash", "nothing"));
            let written = self.store.write(vec![nothing]);
            runtime().block_on(written).unwrap();
        }
        Lived {
            answers: std::mem::take(&mut *self.answers.lock().unwrap()),
            died_at,
            steps: life.steps(),
        }
    }

    /// Works on after its last step, until it is done. Its leases have lapsed meanwhile.
    pub(super) fn go_on(&mut self) -> Lived {
        self.life.go_on();
        self.run()
    }

    /// None of its tasks goes any further. What the store has been asked for by then, it does.
    pub(super) fn end(self) {
        drop(self.runtime);
        drop(self.working);
        runtime().block_on(self.store.close());
    }
}
