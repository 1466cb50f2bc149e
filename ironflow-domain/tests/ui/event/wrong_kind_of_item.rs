use ironflow_domain::event;

#[event("account")]
#[derive(Eq)]
pub struct Deposited {
    cents: u64,
}

#[event("account")]
union AccountEvent {
    a: u8,
    b: u8,
}

/// Opens it.
#[event("account")]
pub(crate) fn opened() {}

#[event("account")]
trait Account {}

#[event("account")]
impl Deposited {}

#[event("account")]
type Alias = Deposited;

fn is_an_event(_: impl ironflow_domain::Event) {}

fn main() {
    is_an_event(Deposited { cents: 1 });
    opened();
}
