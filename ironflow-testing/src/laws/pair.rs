//! A command and what it is decided with, on their way to something simpler.

use std::sync::Arc;

use ironflow_domain::Command;
use proptest::strategy::{BoxedStrategy, Strategy, ValueTree};
use proptest::test_runner::{Reason, TestRunner};

use super::command::{Issued, Step};
use std::fmt::Debug;

/// A step of a run, on its way to a simpler one.
pub(super) type Tree<A> = Box<dyn ValueTree<Value = Step<A>>>;

/// First the command is made simpler and then its context; who asks after that begins again: what
/// could not be simpler may be by then, since other steps are.
pub(super) struct Pair<C: Command> {
    command: Box<dyn ValueTree<Value = C>>,
    context: Box<dyn ValueTree<Value = C::Context>>,
    turn: Turn,
    is_idempotent: bool,
    is_drawn: bool,
}

#[derive(Debug, Clone, Copy)]
enum Turn {
    Command,
    Context,
}

impl<C> Pair<C>
where
    C: Command<Context: Debug> + Debug,
{
    pub(super) fn new(
        commands: &BoxedStrategy<C>,
        contexts: &BoxedStrategy<C::Context>,
        (is_idempotent, is_drawn): (bool, bool),
        runner: &mut TestRunner,
    ) -> Result<Self, Reason> {
        Ok(Self {
            command: commands.new_tree(runner)?,
            context: contexts.new_tree(runner)?,
            turn: Turn::Command,
            is_idempotent,
            is_drawn,
        })
    }
}

impl<C> ValueTree for Pair<C>
where
    C: Command<Context: Debug> + Debug,
{
    type Value = Step<C::Aggregate>;

    fn current(&self) -> Self::Value {
        Step::new(Arc::new(Issued {
            command: self.command.current(),
            context: self.context.current(),
            is_idempotent: self.is_idempotent,
            is_drawn: self.is_drawn,
        }))
    }

    fn simplify(&mut self) -> bool {
        if let Turn::Command = self.turn {
            if self.command.simplify() {
                return true;
            }
            self.turn = Turn::Context;
        }
        if self.context.simplify() {
            return true;
        }
        self.turn = Turn::Command;
        false
    }

    fn complicate(&mut self) -> bool {
        match self.turn {
            Turn::Command => self.command.complicate() || self.simplify_context(),
            Turn::Context => {
                let more = self.context.complicate();
                if !more {
                    self.turn = Turn::Command;
                }
                more
            }
        }
    }
}

impl<C: Command> Pair<C> {
    /// The command is as simple as can be.
    fn simplify_context(&mut self) -> bool
    where
        C::Context: Debug,
    {
        let more = self.context.simplify();
        if more {
            self.turn = Turn::Context;
        }
        more
    }
}
