use ironflow_domain::event;

#[event("account")]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
enum AccountEvent {
    #[serde(rename = "account.created", rename_all = "camelCase")]
    Opened { owner: String },
    #[serde(skip)]
    Closed,
    #[serde(other)]
    Unknown,
}

#[event("order")]
#[serde(bound = "T: Copy")]
enum OrderEvent<T: Clone + Send + Sync + 'static> {
    Placed(T),
}

fn main() {}
