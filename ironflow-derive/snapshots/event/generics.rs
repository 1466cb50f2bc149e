#[event("sensor")]
enum SensorEvent<T: Payload, const N: usize = 2>
where
    Reading<T>: Clone,
{
    #[event(version = 2, upcast(MeasuredV1<T>))]
    Measured(Reading<T>),
    Failed { codes: [u8; N] },
}

// becomes

#[derive(::core::fmt::Debug, ::core::clone::Clone, ::core::cmp::PartialEq)]
#[allow(
    clippy::large_enum_variant,
    reason = "an event is written and read, not kept in large numbers"
)]
enum SensorEvent<T: Payload, const N: usize = 2>
where
    Reading<T>: Clone,
{
    Measured(Reading<T>),
    Failed { codes: [u8; N] },
}
#[allow(deprecated, reason = "a fact that is not recorded any more is still read")]
const _: () = {
    const __KINDS: &[::ironflow_domain::EventKind] = &[
        ::ironflow_domain::EventKind {
            name: "sensor.measured",
            also_named: &[],
            version: ::ironflow_domain::SchemaVersion::new(2u32),
            retired: &[],
            ident: "Measured",
            payload: ::core::option::Option::Some("Reading<T>"),
            doc: "",
        },
        ::ironflow_domain::EventKind {
            name: "sensor.failed",
            also_named: &[],
            version: ::ironflow_domain::SchemaVersion::new(1u32),
            retired: &[],
            ident: "Failed",
            payload: ::core::option::Option::None,
            doc: "",
        },
    ];
    use ::ironflow_domain::__private::serde as __serde;
    #[allow(unused_imports, reason = "it stands in where serde derives nothing")]
    use ::ironflow_domain::__private::Underived as _;
    #[derive(__serde::Serialize, __serde::Deserialize)]
    #[serde(crate = "__serde", remote = "SensorEvent")]
    #[serde(bound = "")]
    #[allow(
        dead_code,
        clippy::all,
        clippy::pedantic,
        reason = "only its derives are used"
    )]
    enum __Stored<T: Payload, const N: usize = 2>
    where
        Reading<T>: Clone,
    {
        Measured(Reading<T>),
        Failed { codes: [u8; N] },
    }
    #[automatically_derived]
    impl<T: Payload, const N: usize> ::ironflow_domain::__private::Codec
    for SensorEvent<T, N>
    where
        Reading<T>: Clone,
    {
        fn write<__S: ::ironflow_domain::__private::serde::Serializer>(
            &self,
            serializer: ::ironflow_domain::__private::VariantSerializer<__S>,
        ) -> ::core::result::Result<__S::Ok, __S::Error> {
            __Stored::serialize(self, serializer)
        }
        fn read<'__de, __D: ::ironflow_domain::__private::serde::Deserializer<'__de>>(
            deserializer: ::ironflow_domain::__private::VariantDeserializer<__D>,
        ) -> ::core::result::Result<Self, __D::Error> {
            __Stored::deserialize(deserializer)
        }
    }
    #[allow(dead_code, reason = "only the types in it are compared")]
    fn __check_shapes<T: Payload, const N: usize>()
    where
        Reading<T>: Clone,
    {
        use ::ironflow_domain::__private::Distinct as _;
        <::ironflow_domain::__private::Versions<
            MeasuredV1<T>,
            Reading<T>,
        >>::have_their_own();
    }
    #[automatically_derived]
    impl<T: Payload, const N: usize> ::ironflow_domain::Event for SensorEvent<T, N>
    where
        Reading<T>: Clone,
    {
        const CATEGORY: &'static ::core::primitive::str = "sensor";
        const KINDS: &'static [::ironflow_domain::EventKind] = __KINDS;
        fn kind(&self) -> &'static ::ironflow_domain::EventKind {
            match self {
                Self::Measured { .. } => &__KINDS[0usize],
                Self::Failed { .. } => &__KINDS[1usize],
            }
        }
        fn encode(
            &self,
        ) -> ::core::result::Result<
            ::std::string::String,
            ::ironflow_domain::EncodeError,
        > {
            <Self as ::ironflow_domain::__private::Codec>::encode_stored(self)
        }
        fn decode(
            event: &::ironflow_domain::EventRef<'_>,
        ) -> ::core::result::Result<
            ::ironflow_domain::Decoded<Self>,
            ::ironflow_domain::DecodeError,
        > {
            <Self as ::ironflow_domain::__private::Codec>::decode_stored(
                event,
                |kind| match kind {
                    0usize => {
                        <MeasuredV1<
                            T,
                        > as ::ironflow_domain::__private::OldShape>::read(event)
                            .and_then(|old| ::ironflow_domain::__private::step(
                                event,
                                <Reading<
                                    T,
                                > as ::ironflow_domain::Upcast<
                                    MeasuredV1<T>,
                                >>::upcast(old, event),
                            ))
                            .map(Self::Measured)
                            .map(::ironflow_domain::Decoded::One)
                    }
                    _ => ::core::unreachable!("the kind has no old shape"),
                },
            )
        }
        fn old_shapes<__V: ::ironflow_domain::__private::OldShapes>(visitor: &mut __V) {
            <MeasuredV1<
                T,
            > as ::ironflow_domain::__private::OldShape>::show(
                visitor,
                "sensor.measured",
                1u32,
            );
        }
    }
};
