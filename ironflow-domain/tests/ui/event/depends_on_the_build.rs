use ironflow_domain::event;

#[event("account")]
enum AccountEvent {
    Opened {
        owner: String,
        #[cfg(unix)]
        vip: bool,
    },
    #[cfg(test)]
    Tested,
    Closed {
        #[cfg_attr(unix, serde(default))]
        reason: String,
        #[cfg_attr(unix, allow(unused))]
        fine: bool,
    },
    #[cfg_attr(unix, event(name = "account.moved"))]
    Moved,
}

fn main() {}
