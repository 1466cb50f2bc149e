//! What was acknowledged survives `kill -9`, and nothing is ever there by half.

use crate::history::views_agree;
use crate::service::Home;
use crate::walkers::{
    CUSTOMERS, Walker, executed_without_an_answer, nothing_lost_nothing_doubled, walk,
};

const CLIENTS: usize = 8;
/// How many commands are acknowledged in each round before the service is killed.
const ROUNDS: [usize; 6] = [1, 40, 17, 90, 3, 60];

#[test]
fn what_was_acknowledged_survives_kill_9_and_the_rest_is_whole_or_not_there() {
    let home = Home::new();
    let mut walkers: Vec<_> = (0..CLIENTS).map(Walker::new).collect();
    for round in ROUNDS {
        let service = home.start();
        let (steps, walking) = walk(&service, walkers);
        for _ in 0..round {
            steps.recv().unwrap();
        }
        service.kill();
        walkers = walking
            .into_iter()
            .map(|walker| walker.join().unwrap())
            .collect();

        let service = home.start();
        let client = service.client();
        let histories = nothing_lost_nothing_doubled(&client, &walkers);
        let executed: Vec<_> = executed_without_an_answer(&walkers, &histories)
            .into_iter()
            .cloned()
            .collect();
        for walker in &mut walkers {
            let sent = walker.unanswered.clone().unwrap();
            let replayed = walker.try_again(&client);
            assert_eq!(replayed, executed.contains(&sent), "{sent:?}");
        }
        let histories = nothing_lost_nothing_doubled(&client, &walkers);
        views_agree(&client, &histories, &CUSTOMERS);
        // Half of the rounds begin on what another kill left behind.
        if round % 2 == 0 {
            service.stop("TERM");
        } else {
            service.kill();
        }
    }
    let service = home.start();
    let client = service.client();
    let histories = nothing_lost_nothing_doubled(&client, &walkers);
    views_agree(&client, &histories, &CUSTOMERS);
    let acknowledged: usize = walkers.iter().map(|walker| walker.acknowledged.len()).sum();
    assert_eq!(
        histories.values().map(Vec::len).sum::<usize>(),
        acknowledged
    );
    service.stop("INT");
}
