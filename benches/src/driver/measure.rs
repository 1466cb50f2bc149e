//! Contenders take turns, round by round, so that whatever else the machine does hits all of them.

use harness::Answer;

use super::Failed;
use super::building::Builds;
use super::contenders::{Contender, Store};
use super::instructions;
use super::programs::Programs;
use super::results::{Compared, Measured};
use super::stores::Stores;
use super::workloads::{Kind, Sizes, Workload};

pub(crate) struct Measurements<'p> {
    pub(crate) contenders: &'p [&'static Contender],
    pub(crate) sizes: Sizes,
    pub(crate) programs: &'p Programs,
    pub(crate) stores: Stores<'p>,
    pub(crate) builds: Builds,
}

impl Measurements<'_> {
    /// Measures a workload with all contenders on a store.
    pub(crate) fn compare(&mut self, workload: &Workload, store: Store) -> Compared {
        let mut measured: Vec<Measured> = self
            .contenders
            .iter()
            .filter(|contender| contender.store == store && workload.is_for(contender))
            .map(|contender| Measured::new(contender))
            .collect();
        for round in 0..self.rounds(workload) {
            eprintln!("{} on {store}, round {}", workload.name, round + 1);
            // Every other round goes backwards: nobody is always the one after the same neighbour.
            let mut turns: Vec<&mut Measured> = measured.iter_mut().collect();
            if round % 2 == 1 {
                turns.reverse();
            }
            for turn in turns.into_iter().filter(|turn| turn.takes_part()) {
                match self.measure(workload, turn.contender) {
                    Ok(answer) => turn.add(workload, answer),
                    Err(error) => turn.fail(error.to_string()),
                }
            }
        }
        Compared {
            workload: workload.clone(),
            store,
            measured,
        }
    }

    /// What is counted is the same every time, and a build takes long.
    fn rounds(&self, workload: &Workload) -> usize {
        match workload.kind {
            Kind::Instructions | Kind::Bytes | Kind::Build(_) | Kind::Memory(_) => 1,
            _ => self.sizes.rounds,
        }
    }

    fn measure(&mut self, workload: &Workload, contender: &Contender) -> Result<Answer, Failed> {
        match workload.kind {
            Kind::Instructions => instructions::count(&self.programs.path(contender)),
            Kind::Build(of) => self.builds.measure(contender, of),
            _ => self.measure_on_a_store(workload, contender),
        }
    }

    fn measure_on_a_store(
        &mut self,
        workload: &Workload,
        contender: &Contender,
    ) -> Result<Answer, Failed> {
        let seed = workload.seed(&self.sizes);
        let database = self.stores.fresh(contender, &seed)?;
        let answer = match workload.work(&self.sizes) {
            None => self.stores.bytes(&database).map(|bytes| Answer {
                done: bytes,
                #[expect(clippy::cast_precision_loss, reason = "there are not so many events")]
                seconds: seed.events() as f64,
                ..Answer::default()
            }),
            Some(work) => {
                let run = |environment: &[_]| {
                    let (variant, url) = (contender.variant, &database.url);
                    self.programs
                        .run(contender, variant, url, &work, environment)
                };
                if workload.on_a_slow_disk() {
                    let environment = self.stores.environment(contender.store);
                    let slow = self.stores.slow_disk();
                    slow.while_slow(|| run(&environment)).flatten()
                } else {
                    run(&[])
                }
            }
        };
        self.stores.drop(&database)?;
        answer
    }
}
