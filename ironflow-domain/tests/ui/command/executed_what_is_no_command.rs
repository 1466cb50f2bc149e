struct Open {
    account: u32,
}

async fn run(ironflow: ironflow_domain::Ironflow) {
    let _ = ironflow.execute(Open { account: 1 }).await;
}

fn main() {}
