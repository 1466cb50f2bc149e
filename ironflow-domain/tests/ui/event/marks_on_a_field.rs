use ironflow_domain::event;

#[event("loan")]
#[id]
enum LoanEvent {
    Lent {
        #[id]
        book: u32,
        #[event(name = "reader")]
        lent_to: String,
    },
    #[id]
    Returned(#[event] u32),
}

fn main() {}
