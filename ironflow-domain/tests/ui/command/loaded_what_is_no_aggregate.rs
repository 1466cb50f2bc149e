struct Account;

async fn run(ironflow: ironflow_domain::Ironflow) {
    let _account = ironflow.of::<Account>(1);
}

fn main() {}
