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
}

fn main() {}
