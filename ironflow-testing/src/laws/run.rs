//! One run: commands, decided one after the other, and the laws after each of them.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;

use ironflow_domain::{Aggregate, Decision, Event};

use super::command::Step;
use super::declared::Laws;
use super::law::{self, Broken, Law};
use super::quiet::catch;
use crate::scenario;

/// What became of the commands of one name.
#[derive(Debug, Clone, Default)]
pub(super) struct Count {
    pub(super) accepted: u64,
    pub(super) refused: u64,
    /// Decided without being refused, and without an event.
    pub(super) unchanged: u64,
    pub(super) misaddressed: u64,
    /// Not decided, since it names another aggregate than the run is about.
    pub(super) elsewhere: u64,
    /// How often each reason was given.
    pub(super) reasons: BTreeMap<String, u64>,
}

pub(super) type Counts = BTreeMap<&'static str, Count>;

/// Runs the commands from the beginning; stops where a law is broken.
pub(super) fn run<A>(
    laws: &Laws<A>,
    steps: &[Step<A>],
    counts: &mut Counts,
) -> Result<(), Box<Broken<A>>>
where
    A: Aggregate<Event: Debug + PartialEq>,
{
    let mut run = Run::begin(laws)?;
    for step in steps {
        run.step(step, counts.entry(step.name()).or_default())?;
    }
    Ok(())
}

pub(super) struct Run<'l, A: Aggregate> {
    laws: &'l Laws<A>,
    /// Which aggregate it is about, once a command has said so. What is made up has an id that
    /// only stands for it, and that may look different from type to type: then it is by name.
    streams: HashMap<&'static str, String>,
    state: A,
    history: Vec<A::Event>,
    /// The state as of each point, written and read after so many events, and folded on from there.
    restored: Vec<(usize, A)>,
}

impl<'l, A> Run<'l, A>
where
    A: Aggregate<Event: Debug + PartialEq>,
{
    pub(super) fn begin(laws: &'l Laws<A>) -> Result<Self, Box<Broken<A>>> {
        let mut run = Self {
            laws,
            streams: HashMap::new(),
            state: A::initial(),
            history: Vec::new(),
            restored: Vec::new(),
        };
        run.check_state(None, 0)?;
        Ok(run)
    }

    /// All that has happened.
    pub(super) fn history(&self) -> &[A::Event] {
        &self.history
    }

    /// Decides the command, and says whether anything happened.
    pub(super) fn step(
        &mut self,
        step: &Step<A>,
        count: &mut Count,
    ) -> Result<bool, Box<Broken<A>>> {
        let source = if step.is_drawn() { "" } else { step.name() };
        match step.stream() {
            Some(Err(())) => {
                count.misaddressed += 1;
                return Ok(false);
            }
            Some(Ok(stream)) if *self.streams.entry(source).or_insert(stream.clone()) != stream => {
                count.elsewhere += 1;
                return Ok(false);
            }
            None | Some(Ok(_)) => {}
        }
        let broken = |law, produced: Option<&[A::Event]>, evidence| {
            self.broken(law, Some(step), self.history.len(), produced, evidence)
        };
        let decided = catch(|| step.decide(&self.state))
            .map_err(|panic| broken(Law::DecisionsDoNotPanic, None, vec![("Panic", panic)]))?;
        // On a state folded anew, so that a fold that looks at a clock is found out, too.
        let again = catch(|| step.decide(&A::replay(&self.history)));
        let is_same = match (&decided, &again) {
            (Ok(one), Ok(Ok(other))) => one[..] == other[..] || same_text(&one[..], &other[..]),
            (Err(one), Ok(Err(other))) => same_text(one, other),
            _ => false,
        };
        if !is_same {
            let first = outcome::<A>(&decided);
            let again = again.map_or_else(|panic| panic, |again| outcome::<A>(&again));
            return Err(broken(
                Law::DecisionsArePure,
                None,
                vec![("Then", first), ("Again", again)],
            ));
        }
        let produced: Vec<_> = match decided {
            Ok(events) => events.into_iter().collect(),
            Err(error) => {
                count.refused += 1;
                *count.reasons.entry(format!("{error:?}")).or_default() += 1;
                return Ok(false);
            }
        };
        if produced.is_empty() {
            count.unchanged += 1;
            return Ok(false);
        }
        count.accepted += 1;
        if step.creates() && !self.history.is_empty() {
            return Err(broken(Law::CreatesOnce, Some(&produced), Vec::new()));
        }
        let read = produced
            .iter()
            .map(|event| {
                stored(event).map_err(|evidence| {
                    let law = Law::EventsAreReadAsTheyWere(event.kind().name);
                    broken(law, Some(&produced), evidence)
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        let before = self.history.len();
        self.happen(step, read)?;
        if step.is_idempotent() {
            self.decide_again(step, before)?;
        }
        Ok(true)
    }

    /// Folds what a command led to, and looks at every state on the way.
    fn happen(&mut self, step: &Step<A>, events: Vec<A::Event>) -> Result<(), Box<Broken<A>>> {
        let before = self.history.len();
        self.history.extend(events);
        for at in before..self.history.len() {
            let event = &self.history[at];
            let restored = self.restored.iter_mut().map(|(_, state)| state);
            let states = std::iter::once(&mut self.state).chain(restored);
            let folded = catch(|| states.for_each(|state| state.apply(event)));
            folded.map_err(|panic| {
                let event = scenario::value(event);
                let evidence = vec![("Event", event), ("Panic", panic)];
                self.broken(
                    Law::FoldsDoNotPanic,
                    Some(step),
                    before,
                    Some(&self.history[before..]),
                    evidence,
                )
            })?;
        }
        self.check_state(Some(step), before)
    }

    /// The laws about a state. What has happened since `before` came of the last command.
    fn check_state(&mut self, step: Option<&Step<A>>, before: usize) -> Result<(), Box<Broken<A>>> {
        let broken = |law, evidence| {
            let produced = step.map(|_| &self.history[before..]);
            self.broken(law, step, before, produced, evidence)
        };
        for (at, invariant) in self.laws.invariants.iter().enumerate() {
            let law = Law::Invariant(at, invariant.name);
            match catch(|| (invariant.holds)(&self.state, &self.history)) {
                Ok(true) => {}
                Ok(false) => return Err(broken(law, Vec::new())),
                Err(panic) => return Err(broken(law, vec![("Panic", panic)])),
            }
        }
        let Some(snapshots) = &self.laws.snapshots else {
            return Ok(());
        };
        let law = || Law::SnapshotsAreTheState;
        for (at, restored) in &self.restored {
            if let Some(difference) = (snapshots.differs)(&self.state, restored) {
                let mut broken = broken(law(), vec![("Folded on", difference)]);
                broken.restored = Some(*at);
                return Err(broken);
            }
        }
        let restored = catch(|| (snapshots.restore)(&self.state))
            .unwrap_or_else(Err)
            .map_err(|problem| broken(law(), vec![("Snapshot", problem)]))?;
        if let Some(difference) = (snapshots.differs)(&self.state, &restored) {
            return Err(broken(law(), vec![("Read", difference)]));
        }
        self.restored.push((self.history.len(), restored));
        Ok(())
    }

    /// Decides a command again that has just been accepted.
    fn decide_again(&self, step: &Step<A>, before: usize) -> Result<(), Box<Broken<A>>> {
        let produced = &self.history[before..];
        match catch(|| step.decide(&self.state)) {
            Ok(Ok(again)) if !again.is_empty() => {
                let evidence = vec![("Again", scenario::numbered(&again))];
                Err(self.broken(
                    Law::Idempotence,
                    Some(step),
                    before,
                    Some(produced),
                    evidence,
                ))
            }
            Ok(_) => Ok(()),
            Err(panic) => {
                let (law, evidence) = (Law::DecisionsDoNotPanic, vec![("Panic", panic)]);
                Err(self.broken(law, Some(step), self.history.len(), None, evidence))
            }
        }
    }

    #[allow(
        clippy::unnecessary_box_returns,
        reason = "nobody needs it in another form"
    )]
    fn broken(
        &self,
        law: Law,
        step: Option<&Step<A>>,
        before: usize,
        produced: Option<&[A::Event]>,
        evidence: Vec<(&'static str, String)>,
    ) -> Box<Broken<A>> {
        Box::new(Broken {
            law,
            history: self.history[..before].to_vec(),
            step: step.cloned(),
            produced: produced.map(<[_]>::to_vec),
            restored: None,
            evidence,
        })
    }
}

fn outcome<A: Aggregate<Event: Debug>>(decided: &Decision<A>) -> String {
    match decided {
        Ok(events) => scenario::numbered(events),
        Err(error) => scenario::error(error),
    }
}

/// What is not equal to itself, as a `NaN`, may still be written alike.
pub(super) fn same_text(one: &(impl Debug + ?Sized), other: &(impl Debug + ?Sized)) -> bool {
    format!("{one:?}") == format!("{other:?}")
}

/// The event as a store would return it, or why it would not.
pub(super) fn stored<E>(event: &E) -> Result<E, Vec<(&'static str, String)>>
where
    E: Event + Debug + PartialEq,
{
    let read = match catch(|| scenario::round_trip(event)) {
        Ok(Ok(read)) => read,
        Ok(Err(damage)) => {
            let kind = event.kind();
            let what = format!("{} version {} {}", kind.name, kind.version, damage.what);
            let mut evidence = vec![("Event", scenario::value(event)), ("But", what)];
            evidence.extend(damage.evidence);
            return Err(evidence);
        }
        Err(panic) => return Err(vec![("Event", scenario::value(event)), ("Panic", panic)]),
    };
    if let Some((name, other)) = law::other_names(event) {
        let evidence = format!("under its other name {name} it is read as {other}");
        return Err(vec![("Event", scenario::value(event)), ("But", evidence)]);
    }
    Ok(read)
}
