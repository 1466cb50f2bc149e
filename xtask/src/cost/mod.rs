//! What Ironflow costs, measured beside the alternative.

mod build;
mod dispatch;

use std::error::Error;

/// Measures everything, prints what was found, and fails where a limit is exceeded.
pub(crate) fn run() -> Result<(), Box<dyn Error>> {
    // First what takes no time, and finds out whether the tools are there.
    let results = [
        dispatch::measure("fold")?,
        dispatch::measure("decide")?,
        build::measure()?,
    ];
    let over = results.iter().filter(|result| !result.holds()).count();
    match over {
        0 => Ok(()),
        _ => Err(format!("{over} of {} costs exceed their limits", results.len()).into()),
    }
}

/// One cost, with ours and without.
struct Measured {
    what: &'static str,
    unit: &'static str,
    ours: f64,
    without: f64,
    limit: f64,
}

impl Measured {
    /// Says at once what was found, since the next measurement may take a minute.
    fn report(self) -> Self {
        let Self {
            what,
            unit,
            ours,
            without,
            limit,
        } = self;
        let ratio = self.ratio();
        eprintln!(
            "{what}: {ratio:.3}, limit {limit} ({ours:.2} {unit}, without Ironflow {without:.2})"
        );
        self
    }

    fn ratio(&self) -> f64 {
        self.ours / self.without
    }

    fn holds(&self) -> bool {
        self.ratio() <= self.limit
    }
}
