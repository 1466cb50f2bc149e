//! How often a type is asked, and what it is answered, so that all of it is seen.
//!
//! Every pass reads one value, from the root on. It goes where something has not been seen yet, and
//! takes the easiest way it knows everywhere else. It ends early where a dummy is refused; the
//! next pass answers otherwise there, or leaves that place for the end. Passes are made until they
//! show nothing new, first for the types, then for what may be absent.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use serde::de::DeserializeOwned;

use super::answers;
use super::graph::{Form, Graph, Identity, Leaf, Part, Place, Seen, Way};
use super::reader::Reader;
use super::refusal::Refusal;

/// How deep a value may be. Types are not that deep; dummies that hold themselves would be.
const DEEPEST: usize = 64;
/// How many passes are made, at most.
const MOST_PASSES: u64 = 20_000;
/// How many requests are answered. Whoever has more is not seen to the end.
const MOST_REQUESTS: u64 = 1_000_000;
/// How many requests are refused after that before a type that goes on asking is interrupted.
const MOST_REFUSALS: u64 = 10_000;

/// Sees as much of `T` as can be seen. It runs the code of `Deserialize`; a panic of that is
/// caught.
pub(super) fn trace<T: DeserializeOwned>() -> Graph {
    let mut trace = Trace::default();
    for phase in [Phase::Types, Phase::Absence] {
        trace.phase = phase;
        trace.idle = 0;
        // What is left to see may need another choice elsewhere: as many as there are, at most.
        while trace.begin_pass() && trace.idle <= trace.most_choices() + 1 {
            let news = trace.news;
            let read = |reader: Reader<'_>| T::deserialize(reader).map(drop);
            // A refusal has been noted where it happened; an interruption has to end here.
            let pass = catch_unwind(AssertUnwindSafe(|| trace.visit(At::Root, read)));
            if pass.is_err() {
                break;
            }
            trace.idle = if trace.news > news { 0 } else { trace.idle + 1 };
        }
    }
    trace.graph
}

/// Which place is meant.
#[derive(Debug, Clone, Copy)]
pub(super) enum At {
    Root,
    In { part: usize, place: usize },
}

/// What the passes are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Phase {
    #[default]
    Types,
    /// Which fields may be absent: structs are given only what they are known to need.
    Absence,
}

/// A part that is being read.
struct Open {
    part: usize,
    places: Vec<usize>,
    /// How deep the values in it go.
    height: u32,
    /// Whether fields are left out to see what happens.
    is_experiment: bool,
    /// The place whose field was named, and whose value was not asked for yet.
    named: Option<usize>,
}

#[derive(Default)]
pub(super) struct Trace {
    graph: Graph,
    phase: Phase,
    open: Vec<Open>,
    /// How deep the pass is, with what is not a part.
    depth: usize,
    /// How deep the value that was read last goes.
    height: u32,
    /// Whether the refusal that is on its way out has been noted where it belongs.
    is_blamed: bool,
    /// Whether it is one of an experiment, and says nothing about the places it passes.
    is_experiment: bool,
    requests: u64,
    passes: u64,
    /// How many times something was learned.
    news: u64,
    /// How many places and parts have been made: what was refused may go well after that.
    made: u64,
    /// How many passes in a row have shown nothing.
    idle: usize,
    /// Which parts lead to something that has not been seen.
    unseen: Vec<bool>,
}

impl Trace {
    /// Gets ready for another pass. Says whether there is anything left to see.
    fn begin_pass(&mut self) -> bool {
        self.open.clear();
        self.depth = 0;
        self.is_blamed = false;
        self.is_experiment = false;
        self.find_unseen();
        self.passes += 1;
        let may_go_on = self.passes <= MOST_PASSES && self.requests < MOST_REQUESTS;
        may_go_on && self.leads_on(&self.graph.root)
    }

    fn most_choices(&self) -> usize {
        let choices = self.graph.parts.iter().filter(|p| p.form == Form::Enum);
        choices.map(|part| part.places.len()).max().unwrap_or(0)
    }

    /// Which parts lead to something that has not been seen: those that have it, those that hold
    /// one of those, and so on.
    fn find_unseen(&mut self) {
        let parts = &self.graph.parts;
        let mut unseen = vec![false; parts.len()];
        let mut holders = vec![Vec::new(); parts.len()];
        let mut reached = Vec::new();
        for (number, part) in parts.iter().enumerate() {
            let places = part.places.iter().filter(|place| !place.is_alias);
            for place in places {
                unseen[number] |= self.is_unseen(place);
                for seen in &place.seen {
                    if let Seen::Part(held) = *seen {
                        holders[held].push(number);
                    }
                }
            }
            unseen[number] |= self.can_test_absence(part);
            if unseen[number] {
                reached.push(number);
            }
        }
        while let Some(number) = reached.pop() {
            for &holder in &holders[number] {
                if !unseen[holder] {
                    unseen[holder] = true;
                    reached.push(holder);
                }
            }
        }
        self.unseen = unseen;
    }

    fn can_test_absence(&self, part: &Part) -> bool {
        self.phase == Phase::Absence && !part.knows_absent && part.best.is_some()
    }

    /// Whether another answer here may show something.
    fn is_unseen(&self, place: &Place) -> bool {
        if self.phase == Phase::Absence {
            return false;
        }
        place.tried == 0 || (!place.is_made && place.refused_at.is_none_or(|made| made < self.made))
    }

    /// Whether another answer here may show something, here or further in.
    fn leads_on(&self, place: &Place) -> bool {
        self.is_unseen(place)
            || place.seen.iter().any(|seen| match *seen {
                Seen::Leaf(_) => false,
                Seen::Part(part) => self.part_leads_on(part),
            })
    }

    /// A part that is met for the first time does.
    fn part_leads_on(&self, part: usize) -> bool {
        self.unseen.get(part).copied().unwrap_or(true)
    }

    fn place(&mut self, at: At) -> &mut Place {
        match at {
            At::Root => &mut self.graph.root,
            At::In { part, place } => &mut self.graph.parts[part].places[place],
        }
    }

    /// Lets the type read what belongs in a place.
    pub(super) fn visit<T>(
        &mut self,
        at: At,
        read: impl FnOnce(Reader<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        if self.place(at).tried == 0 {
            self.news += 1;
        }
        self.place(at).tried += 1;
        if let (At::In { place, .. }, Some(open)) = (at, self.open.last_mut())
            && open.named == Some(place)
        {
            open.named = None;
        }
        let (open, depth) = (self.open.len(), self.depth);
        self.is_blamed = false;
        self.is_experiment = false;
        self.height = 0;
        // What the user's code leaves behind is thrown away; what is ours is put in order here.
        let read = catch_unwind(AssertUnwindSafe(|| read(Reader::new(self, at))));
        self.open.truncate(open);
        self.depth = depth;
        match read {
            Ok(Ok(value)) => {
                if !self.place(at).is_made {
                    self.place(at).is_made = true;
                    self.made += 1;
                    self.news += 1;
                }
                self.is_blamed = false;
                self.is_experiment = false;
                let height = self.height;
                if let Some(open) = self.open.last_mut() {
                    open.height = open.height.max(height);
                }
                Ok(value)
            }
            Ok(Err(refusal)) => {
                self.refused(at);
                Err(refusal)
            }
            Err(interruption) if interruption.is::<Interruption>() => resume_unwind(interruption),
            Err(_) => {
                self.refused(at);
                Err(Refusal::default())
            }
        }
    }

    fn refused(&mut self, at: At) {
        if self.is_experiment {
            return;
        }
        let made = self.made;
        let is_blamed = std::mem::replace(&mut self.is_blamed, true);
        let place = self.place(at);
        // Nothing further in has refused anything, so it was the dummy.
        let dummies = place.seen.iter().next_back().map_or(0, |seen| match *seen {
            Seen::Leaf(leaf) => answers::count(leaf),
            Seen::Part(_) => 0,
        });
        if !is_blamed && !place.is_made && place.dummy + 1 < dummies {
            place.dummy += 1;
            place.refused_at = None;
            self.news += 1;
        } else if place.refused_at != Some(made) {
            place.refused_at = Some(made);
            self.news += 1;
        }
    }

    /// Counts a request. There is an end to what is answered, and to what is refused.
    pub(super) fn request(&mut self) -> Result<(), Refusal> {
        self.requests += 1;
        if self.requests <= MOST_REQUESTS {
            return Ok(());
        }
        self.is_blamed = true;
        if self.requests > MOST_REQUESTS + MOST_REFUSALS && cfg!(panic = "unwind") {
            // Does not go through the panic hook: this is nobody's fault.
            resume_unwind(Box::new(Interruption));
        }
        Err(Refusal::default())
    }

    /// Notes what is asked for in a place.
    fn note(&mut self, at: At, seen: Seen) {
        if self.place(at).seen.insert(seen) {
            self.news += 1;
        }
    }

    /// Notes a leaf, and says which dummy to answer with.
    pub(super) fn leaf(&mut self, at: At, leaf: Leaf) -> Result<usize, Refusal> {
        self.request()?;
        self.note(at, Seen::Leaf(leaf));
        self.height = 0;
        Ok(self.place(at).dummy)
    }

    /// Notes a variant that has no content.
    pub(super) fn bare(&mut self, at: At) {
        self.note(at, Seen::Leaf(Leaf::Bare));
        self.height = 0;
    }

    /// Goes one level down; whoever does comes back through [`visit`](Self::visit).
    pub(super) fn descend(&mut self) -> Result<(), Refusal> {
        self.request()?;
        self.depth += 1;
        if self.depth > DEEPEST {
            self.is_blamed = true;
            return Err(Refusal::default());
        }
        Ok(())
    }

    /// Begins to read a part in a place: its number, and the places in it to answer.
    pub(super) fn open(
        &mut self,
        at: At,
        identity: &Identity,
    ) -> Result<(usize, Vec<usize>), Refusal> {
        self.descend()?;
        let number = self.graph.part(identity);
        self.note(at, Seen::Part(number));
        let Some((places, is_experiment)) = self.plan(number) else {
            self.is_blamed = true;
            return Err(Refusal::default());
        };
        self.open.push(Open {
            part: number,
            places: places.clone(),
            height: 0,
            is_experiment,
            named: None,
        });
        Ok((number, places))
    }

    /// Which places of a part to answer, in which order, and whether that is to see what happens.
    fn plan(&self, number: usize) -> Option<(Vec<usize>, bool)> {
        let part = &self.graph.parts[number];
        let within = self.open.iter().filter(|open| open.part == number);
        let is_within_itself = within.clone().next().is_some();
        if let Some(best) = &part.best {
            // With other choices than ever, what has not been reached yet may come into reach.
            let tries_others = self.idle > 0 && part.form == Form::Enum;
            // The empty one may be easier.
            let tries_empty = part.can_be_empty() && !part.tried_empty;
            if is_within_itself || !(self.part_leads_on(number) || tries_others || tries_empty) {
                return Some((best.places.clone(), false));
            }
        }
        match part.form {
            Form::Struct | Form::Tuple if is_within_itself => None,
            Form::Struct => Some(self.plan_struct(part)),
            Form::Tuple => Some(((0..part.places.len()).collect(), false)),
            Form::Map if !part.can_be_empty() => Some(((2..part.places.len()).collect(), false)),
            Form::Sequence | Form::Map | Form::Option => {
                Some((self.plan_container(part, is_within_itself), false))
            }
            Form::Enum => {
                let is_taken = |place: &usize| within.clone().any(|o| o.places == [*place]);
                let free = (0..part.places.len()).filter(|place| !is_taken(place));
                let rank = |place: &usize| {
                    let at = &part.places[*place];
                    let is_hopeless = !at.is_made && !self.is_unseen(at);
                    (!self.leads_on(at), is_hopeless, at.tried)
                };
                free.min_by_key(rank).map(|place| (vec![place], false))
            }
        }
    }

    /// All fields, those that make trouble last; or only those that are known to be needed.
    fn plan_struct(&self, part: &Part) -> (Vec<usize>, bool) {
        let fields = (0..part.places.len()).filter(|field| !part.places[*field].is_alias);
        if self.can_test_absence(part) {
            let needed = fields.filter(|field| part.places[*field].is_required);
            return (needed.collect(), true);
        }
        let mut fields: Vec<_> = fields
            .filter(|field| {
                let place = &part.places[*field];
                // A field whose value nobody can make can be left out, at best.
                place.is_made || self.leads_on(place)
            })
            .collect();
        fields.sort_by_key(|field| {
            let place = &part.places[*field];
            let is_trouble = place.tried > 0 && !place.is_made;
            (
                part.first != Some(*field),
                is_trouble,
                place.tried * u32::from(is_trouble),
            )
        });
        (fields, false)
    }

    /// With content, where that shows something or the empty one is refused.
    fn plan_container(&self, part: &Part, is_within_itself: bool) -> Vec<usize> {
        let shows_something = part.places.iter().any(|place| self.leads_on(place));
        if !is_within_itself && (shows_something || part.tried_empty) {
            (0..part.places.len()).collect()
        } else {
            Vec::new()
        }
    }

    /// Ends the reading of a part.
    pub(super) fn close<T>(&mut self, read: Result<T, Refusal>) -> Result<T, Refusal> {
        let Some(open) = self.open.pop() else {
            // The type kept what it should have read from for later: nothing is known of it.
            return Err(Refusal::default());
        };
        let way = Way {
            height: open.height + 1,
            places: open.places.clone(),
        };
        let part = &mut self.graph.parts[open.part];
        if open.places.is_empty() && !part.tried_empty {
            part.tried_empty = true;
            self.news += 1;
        }
        match &read {
            Ok(_) => {
                if open.is_experiment {
                    part.knows_absent = true;
                    self.news += 1;
                }
                let cost = |way: &Way| (way.height, way.places.len());
                self.height = way.height;
                if part.best.is_none() {
                    self.made += 1;
                    self.news += 1;
                }
                if part
                    .best
                    .as_ref()
                    .is_none_or(|best| cost(&way) < cost(best))
                {
                    part.best = Some(way);
                }
            }
            Err(refusal) => self.learn(&open, refusal),
        }
        read
    }

    /// What a refusal of a part, not of something in it, says about its fields.
    fn learn(&mut self, open: &Open, refusal: &Refusal) {
        if self.is_blamed {
            return;
        }
        self.is_blamed = true;
        self.is_experiment = open.is_experiment;
        let part = &mut self.graph.parts[open.part];
        if open.is_experiment {
            match refusal.missing.and_then(|name| part.place_of(name)) {
                Some(field) if !open.places.contains(&field) => {
                    part.places[field].is_required = true;
                }
                _ => {
                    // It has a rule of its own; nothing is known to be dispensable.
                    part.knows_absent = true;
                    part.places.iter_mut().for_each(|p| p.is_required = true);
                }
            }
            self.news += 1;
        } else if let (Some(name), Some(field)) = (refusal.doubled, open.named) {
            if part.places[field].name == name {
                // It came before, under another name: that one is found out when this comes first.
                if part.first != Some(field) {
                    part.first = Some(field);
                    self.news += 1;
                }
            } else if !part.places[field].is_alias {
                part.places[field].is_alias = true;
                self.news += 1;
            }
        } else if let (Form::Map, Some(name)) = (part.form, refusal.missing)
            && part.places[0].seen.contains(&Seen::Leaf(Leaf::Identifier))
            && part.place_of(name).is_none()
        {
            part.places.push(Place {
                name,
                ..Place::default()
            });
            self.news += 1;
        }
    }

    /// The name of a field or a variant.
    pub(super) fn name(&self, part: usize, place: usize) -> &'static str {
        self.graph.parts[part].places[place].name
    }

    /// Notes that a field was named, and its value not asked for yet.
    pub(super) fn named(&mut self, place: usize) {
        if let Some(open) = self.open.last_mut() {
            open.named = Some(place);
        }
    }
}

/// Ends the code of a type that goes on asking for ever.
struct Interruption;
