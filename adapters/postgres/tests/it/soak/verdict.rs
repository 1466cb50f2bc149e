//! Whether the journals and the log agree.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::ops::Range;

use ironflow_domain::{EventId, Position};

use super::journal::{Files, read};
use super::log::{Log, What};
use super::orders::{self, Order};
use super::reader::READ_TO;
use super::unit::UnitId;
use super::writer::{MADE, REFUSED};

/// The most that are told.
const MOST: usize = 12;

/// What is wrong.
struct Problems<'l> {
    log: &'l Log,
    told: Vec<String>,
    count: usize,
}

impl Problems<'_> {
    fn add(&mut self, problem: &str) {
        self.count += 1;
        if self.told.len() < MOST {
            self.told.push(problem.to_owned());
        }
    }

    /// With what is there in the log, and next to it.
    fn add_at(&mut self, places: Range<usize>, problem: &str) {
        let around = if self.told.len() < MOST {
            self.log.around(places)
        } else {
            String::new()
        };
        self.add(&format!("{problem}:\n{around}"));
    }
}

/// Says how much there was; what is wrong, if something is.
pub(super) fn reach(
    log: &Log,
    journals: impl Iterator<Item = Files>,
    by_hand: &[EventId],
) -> Result<String, String> {
    let mut problems = Problems {
        log,
        told: Vec::new(),
        count: 0,
    };
    order(log, &mut problems);
    units(log, &mut problems);
    conditions(log, &mut problems);
    let commands = commands(log, &mut problems);
    balances(log, &mut problems);
    let mut acknowledged: HashSet<EventId> = by_hand.iter().copied().collect();
    let (mut made, mut refused, mut answered) = (0, 0, 0);
    let journals: Vec<Files> = journals.collect();
    for (process, files) in journals.iter().enumerate() {
        let text = read(&files.units(), "");
        let (some, others) = outcomes(log, &text, &mut acknowledged, &mut problems);
        if some == 0 {
            problems.add(&format!("process {process} was acknowledged nothing"));
        }
        made += some;
        refused += others;
        let orders = orders::all(&read(&files.orders(), ""));
        answered += answers(log, &orders, &commands, &mut acknowledged, &mut problems);
        ordered_by(&orders, files, &commands, &mut problems);
    }
    for id in by_hand {
        if !log.places.contains_key(id) {
            problems.add(&format!(
                "{id} was acknowledged to a slow program, and is lost"
            ));
        }
    }
    for (process, files) in journals.iter().enumerate() {
        let text = read(&files.read(), READ_TO);
        reader(log, process, &text, &acknowledged, &mut problems);
    }
    let events = log.events.len();
    if answered == 0 {
        problems.add("no order was answered");
    }
    if problems.count > 0 {
        let Problems { told, count, .. } = problems;
        let told = told.join("\n\n");
        return Err(format!("{count} problems, of which:\n\n{told}\n"));
    }
    Ok(format!(
        "{events} events, {} of them acknowledged: {made} units and {answered} orders, {} by hand; {refused} units refused",
        acknowledged.len(),
        by_hand.len()
    ))
}

/// Positions grow, ids are unique, streams have no gaps, and commits are whole.
fn order(log: &Log, problems: &mut Problems<'_>) {
    let mut versions: HashMap<&str, u64> = HashMap::new();
    let mut last = Position::START;
    let mut left = 0;
    for (place, event) in log.events.iter().enumerate() {
        let here = place..place + 1;
        if event.position <= last {
            problems.add_at(
                here.clone(),
                &format!("the position does not grow after {last}"),
            );
        }
        if log.places[&event.id] != place {
            problems.add_at(here.clone(), &format!("{} is there twice", event.id));
        }
        let version = versions.entry(&event.stream).or_default();
        *version += 1;
        if event.version != *version {
            problems.add_at(here.clone(), &format!("this should be version {version}"));
            *version = event.version;
        }
        let follows = Position::new(last.major(), last.minor() + 1) == event.position;
        if left > 0 && (event.left != left - 1 || !follows) {
            problems.add_at(here, &format!("a commit lacks the last {left}"));
        }
        left = event.left;
        last = event.position;
    }
    if left > 0 {
        let end = log.events.len();
        problems.add_at(end - 1..end, &format!("a commit lacks the last {left}"));
    }
}

/// What was appended together is there once, together and whole, where it was expected to be.
fn units(log: &Log, problems: &mut Problems<'_>) {
    let runs = log.runs(|event| match &event.what {
        What::Unit(unit, _) => Some(*unit),
        _ => None,
    });
    let mut seen = HashSet::new();
    for (unit, places) in runs {
        if !seen.insert(unit) {
            problems.add_at(
                places.clone(),
                &format!("unit {unit} is there twice, or in parts"),
            );
        }
        let count = u32::try_from(places.len()).unwrap();
        for (index, place) in (0..).zip(places) {
            let event = &log.events[place];
            let What::Unit(_, said) = &event.what else {
                continue;
            };
            let is_whole = (said.index, said.of, event.left) == (index, count, count - 1 - index);
            if !is_whole {
                problems.add_at(place..place + 1, &format!("unit {unit} is not whole"));
            }
            if said.version.is_some_and(|version| version != event.version) {
                let problem = format!("unit {unit} expected another version");
                problems.add_at(place..place + 1, &problem);
            }
        }
    }
}

/// Where nothing was to be recorded since, nothing was.
fn conditions(log: &Log, problems: &mut Problems<'_>) {
    // The last event of each category before the commit that is looked at.
    let mut last: HashMap<&str, usize> = HashMap::new();
    let mut commit = 0;
    for (place, event) in log.events.iter().enumerate() {
        if let What::Unit(unit, said) = &event.what
            && let Some((category, after)) = &said.nothing_since
            && let Some(other) = last.get(category.as_str())
            && log.events[*other].position > *after
            && said.index == 0
        {
            let problem = format!(
                "unit {unit} expected no event of {category} after {after}, and there is {}",
                log.events[*other]
            );
            problems.add_at(place..place + 1, &problem);
        }
        if event.left == 0 {
            for place in commit..=place {
                let stream = &log.events[place].stream;
                let category = stream.split('-').next().unwrap_or_default();
                last.insert(category, place);
            }
            commit = place + 1;
        }
    }
}

/// Where the effects of each command are, of which there is one.
fn commands<'l>(log: &'l Log, problems: &mut Problems<'_>) -> HashMap<&'l str, Range<usize>> {
    let runs = log.runs(|event| match &event.what {
        What::Booked { command, .. } => Some(command.as_str()),
        _ => None,
    });
    let mut effects = HashMap::new();
    for (command, places) in runs {
        if let Some(first) = effects.insert(command, places.clone()) {
            let first: Range<usize> = first;
            let first = &log.events[first.start];
            problems.add_at(
                places,
                &format!("{command} has had an effect before: {first}"),
            );
        }
    }
    effects
}

/// Each decision saw what was there.
fn balances(log: &Log, problems: &mut Problems<'_>) {
    let mut balances: HashMap<&str, i64> = HashMap::new();
    for (place, event) in log.events.iter().enumerate() {
        let What::Booked { amount, before, .. } = &event.what else {
            continue;
        };
        let balance = balances.entry(&event.stream).or_default();
        if balance != before {
            let problem = format!("it was decided on {before}, and there are {balance}");
            problems.add_at(place..place + 1, &problem);
        }
        *balance = before + amount;
    }
}

/// Units that were acknowledged are there, and those that were refused are not. Says how many there
/// are of both.
fn outcomes(
    log: &Log,
    journal: &str,
    acknowledged: &mut HashSet<EventId>,
    problems: &mut Problems<'_>,
) -> (usize, usize) {
    let (mut made, mut refused) = (0, 0);
    for line in journal.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let unit = |text: &str| text.parse::<UnitId>().unwrap();
        match words[..] {
            [MADE, text, count, end] => {
                made += 1;
                let unit = unit(text);
                let count: u32 = count.parse().unwrap();
                let ids: Vec<EventId> = (0..count).map(|index| unit.event(index)).collect();
                acknowledged.extend(&ids);
                let lost = ids.iter().filter(|id| !log.places.contains_key(id)).count();
                if lost > 0 {
                    let problem = format!(
                        "of the {count} events of unit {unit}, acknowledged at {end}, {lost} are lost"
                    );
                    let near = end.parse().map_or(0, |end: Position| {
                        log.events.partition_point(|event| event.position <= end)
                    });
                    problems.add_at(near..near, &problem);
                } else if let Ok(end) = end.parse::<Position>()
                    && let Some(place) = ids.last().and_then(|id| log.places.get(id))
                    && log.events[*place].position != end
                {
                    let problem = format!("unit {unit} was acknowledged at {end}");
                    problems.add_at(*place..place + 1, &problem);
                }
            }
            [REFUSED, text] => {
                refused += 1;
                if let Some(place) = log.places.get(&unit(text).event(0)) {
                    problems.add_at(*place..place + 1, &format!("unit {text} was refused"));
                }
            }
            _ => panic!("{line:?} is no line of a journal of units"),
        }
    }
    (made, refused)
}

/// Orders that were answered have had the effect that was told. Says how many these are.
fn answers(
    log: &Log,
    orders: &[Order],
    commands: &HashMap<&str, Range<usize>>,
    acknowledged: &mut HashSet<EventId>,
    problems: &mut Problems<'_>,
) -> usize {
    let mut answered = 0;
    for order in orders {
        let Some(answer) = &order.answer else {
            continue;
        };
        answered += 1;
        acknowledged.extend(&answer.events);
        let Some(places) = commands.get(order.id.as_str()) else {
            problems.add(&format!("{order:?} was answered, and is lost"));
            continue;
        };
        let events = &log.events[places.clone()];
        let is_told = events
            .iter()
            .map(|event| event.id)
            .eq(answer.events.iter().copied())
            && events
                .last()
                .is_some_and(|last| last.position == answer.position);
        if !is_told {
            problems.add_at(
                places.clone(),
                &format!("{order:?} was told something else"),
            );
        }
    }
    answered
}

/// What an order has led to is what was ordered, and what is left open was answered to nobody only
/// because nobody asked again.
fn ordered_by(
    orders: &[Order],
    files: &Files,
    commands: &HashMap<&str, Range<usize>>,
    problems: &mut Problems<'_>,
) {
    let log = problems.log;
    for order in orders {
        if order.answer.is_none() {
            problems.add(&format!("{order:?} of {files:?} was not answered"));
        }
        let Some(places) = commands.get(order.id.as_str()) else {
            continue;
        };
        let booked = log.events[places.clone()].iter().map(|event| {
            let amount = match &event.what {
                What::Booked { amount, .. } => *amount,
                _ => 0,
            };
            (event.stream.clone(), amount)
        });
        let stream = format!("account-{}", order.account);
        let ordered = order.amounts.iter().map(|amount| (stream.clone(), *amount));
        if !booked.eq(ordered) {
            problems.add_at(
                places.clone(),
                &format!("this is not what was ordered: {order:?}"),
            );
        }
    }
}

/// A reader has read what is in the log, each event once, in that order.
fn reader(
    log: &Log,
    process: usize,
    journal: &str,
    acknowledged: &HashSet<EventId>,
    problems: &mut Problems<'_>,
) {
    let mut read: Vec<(Position, EventId)> = Vec::new();
    for line in journal.lines().filter(|line| !line.starts_with(READ_TO)) {
        let (position, id) = line.split_once(' ').unwrap();
        read.push((position.parse().unwrap(), id.parse().unwrap()));
    }
    let wanted = log.events.iter().map(|event| (event.position, event.id));
    if read.iter().copied().eq(wanted) {
        return;
    }
    let mut seen: HashSet<EventId> = HashSet::new();
    let mut last = Position::START;
    for (position, id) in read {
        let mut wrong = String::new();
        if !seen.insert(id) {
            wrong.push_str(", for the second time");
        }
        if position <= last {
            write!(wrong, ", after {last}").unwrap();
        }
        let place = log.places.get(&id).copied();
        match place {
            None => wrong.push_str(", which is not there"),
            Some(place) if log.events[place].position != position => {
                wrong.push_str(", which is somewhere else");
            }
            Some(_) => {}
        }
        if !wrong.is_empty() {
            let near = place.unwrap_or_else(|| {
                log.events
                    .partition_point(|event| event.position < position)
            });
            let problem = format!("reader {process} has read {id} at {position}{wrong}");
            problems.add_at(near..near + 1, &problem);
        }
        last = position;
    }
    for (place, event) in log.events.iter().enumerate() {
        if !seen.contains(&event.id) {
            let kind = if acknowledged.contains(&event.id) {
                "acknowledged"
            } else {
                "unacknowledged"
            };
            let problem = format!("reader {process} has never read {} ({kind})", event.id);
            problems.add_at(place..place + 1, &problem);
        }
    }
}
