use ironflow_domain::Ironflow;

fn main() {
    let _ = Ironflow::new("bank.db");
}
