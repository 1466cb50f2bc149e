#[event("account")]
pub enum AccountEvent {
    /// Somebody opened it.
    Opened { owner: String },
    Deposited(Deposited),
    Closed,
}

// becomes

#[derive(::core::fmt::Debug, ::core::clone::Clone, ::core::cmp::PartialEq)]
#[allow(
    clippy::large_enum_variant,
    reason = "an event is written and read, not kept in large numbers"
)]
pub enum AccountEvent {
    /// Somebody opened it.
    Opened { owner: String },
    Deposited(Deposited),
    Closed,
}
#[allow(deprecated, reason = "a fact that is not recorded any more is still read")]
const _: () = {
    const __KINDS: &[::ironflow_domain::EventKind] = &[
        ::ironflow_domain::EventKind {
            name: "account.opened",
            also_named: &[],
            version: ::ironflow_domain::SchemaVersion::new(1u32),
            retired: &[],
            ident: "Opened",
            payload: ::core::option::Option::None,
            doc: "Somebody opened it.",
        },
        ::ironflow_domain::EventKind {
            name: "account.deposited",
            also_named: &[],
            version: ::ironflow_domain::SchemaVersion::new(1u32),
            retired: &[],
            ident: "Deposited",
            payload: ::core::option::Option::Some("Deposited"),
            doc: "",
        },
        ::ironflow_domain::EventKind {
            name: "account.closed",
            also_named: &[],
            version: ::ironflow_domain::SchemaVersion::new(1u32),
            retired: &[],
            ident: "Closed",
            payload: ::core::option::Option::None,
            doc: "",
        },
    ];
    use ::ironflow_domain::__private::serde as __serde;
    #[allow(unused_imports, reason = "it stands in where serde derives nothing")]
    use ::ironflow_domain::__private::Underived as _;
    #[derive(__serde::Serialize, __serde::Deserialize)]
    #[serde(crate = "__serde", remote = "AccountEvent")]
    #[allow(
        dead_code,
        clippy::all,
        clippy::pedantic,
        reason = "only its derives are used"
    )]
    enum __Stored
    where
        for<'any> Deposited: ::ironflow_domain::__private::Stored,
    {
        Opened { owner: String },
        Deposited(Deposited),
        Closed,
    }
    #[automatically_derived]
    impl ::ironflow_domain::__private::Codec for AccountEvent
    where
        for<'any> Deposited: ::ironflow_domain::__private::Stored,
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
    #[automatically_derived]
    impl ::ironflow_domain::Event for AccountEvent {
        const CATEGORY: &'static ::core::primitive::str = "account";
        const KINDS: &'static [::ironflow_domain::EventKind] = __KINDS;
        const READS_ONLY_PAYLOAD: ::core::primitive::bool = true;
        fn kind(&self) -> &'static ::ironflow_domain::EventKind {
            match self {
                Self::Opened { .. } => &__KINDS[0usize],
                Self::Deposited { .. } => &__KINDS[1usize],
                Self::Closed { .. } => &__KINDS[2usize],
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
                |_| ::core::unreachable!("no kind of event has an old shape"),
            )
        }
    }
};
