#[derive(Projection, Default, Serialize, Deserialize)]
#[projection("readings", of(SensorEvent<T>), only(SensorEvent<T>::Read))]
struct Readings<T: Payload> {
    all: Vec<T>,
}

// becomes

#[automatically_derived]
impl<T: Payload> ::ironflow_domain::Reads<SensorEvent<T>> for Readings<T> {}
#[automatically_derived]
impl<T: Payload> ::ironflow_domain::Projection for Readings<T> {
    const NAME: &'static ::core::primitive::str = "readings";
    const CATEGORIES: &'static [&'static ::core::primitive::str] = &[
        <SensorEvent<T> as ::ironflow_domain::Event>::CATEGORY,
    ];
    const DOC: &'static ::core::primitive::str = "";
    type Key = ::ironflow_domain::Unpartitioned;
    type Form = Self;
    fn initial() -> Self {
        <Self as ::core::default::Default>::default()
    }
    fn feed() -> ::ironflow_domain::Feed<Self> {
        let _: fn(&SensorEvent<T>) -> ::core::primitive::bool = |event| {
            ::core::matches!(event, SensorEvent:: < T > ::Read { .. })
        };
        ::ironflow_domain::Feed::new([
            <Self as ::ironflow_domain::Project<
                SensorEvent<T>,
            >>::source(::core::option::Option::Some(&["Read"])),
        ])
    }
}
#[automatically_derived]
impl<T: Payload> ::ironflow_domain::HasViews for Readings<T> {}
