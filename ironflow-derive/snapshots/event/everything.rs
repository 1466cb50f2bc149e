#[event(
    "account",
    replaced("account.shut", ShutV1, Shut),
    split("account.moved", Moved),
    merged(("account.named", Named), ("account.sited", SitedV1, Sited)),
    dropped("account.viewed"),
    retired("account.tested"),
    by_hand(Debug),
    crate = ::flow,
)]
#[derive(Eq, PartialEq, JsonSchema)]
#[serde(rename_all_fields = "camelCase")]
pub(crate) enum AccountEvent {
    #[event(version = 4, upcast(OpenedV1, _, OpenedV3))]
    #[serde(deny_unknown_fields)]
    Opened {
        #[serde(default)]
        owner: Owner,
        branch: Branch,
    },
    #[event(name = "account.paid_in", also_named("account.deposited"), version = 2, upcast(DepositedV1))]
    Deposited(Deposited),
    #[deprecated]
    r#Move,
}

// becomes

#[derive(::core::clone::Clone)]
#[allow(
    clippy::large_enum_variant,
    reason = "an event is written and read, not kept in large numbers"
)]
#[derive(Eq, PartialEq, JsonSchema)]
#[serde(rename_all_fields = "camelCase")]
pub(crate) enum AccountEvent {
    #[serde(deny_unknown_fields)]
    Opened { #[serde(default)] owner: Owner, branch: Branch },
    Deposited(Deposited),
    #[deprecated]
    r#Move,
}
#[allow(deprecated, reason = "a fact that is not recorded any more is still read")]
const _: () = {
    const __KINDS: &[::flow::EventKind] = &[
        ::flow::EventKind {
            name: "account.opened",
            also_named: &[],
            version: ::flow::SchemaVersion::new(4u32),
            retired: &[::flow::SchemaVersion::new(2u32)],
            ident: "Opened",
            payload: ::core::option::Option::None,
            doc: "",
        },
        ::flow::EventKind {
            name: "account.paid_in",
            also_named: &["account.deposited"],
            version: ::flow::SchemaVersion::new(2u32),
            retired: &[],
            ident: "Deposited",
            payload: ::core::option::Option::Some("Deposited"),
            doc: "",
        },
        ::flow::EventKind {
            name: "account.move",
            also_named: &[],
            version: ::flow::SchemaVersion::new(1u32),
            retired: &[],
            ident: "Move",
            payload: ::core::option::Option::None,
            doc: "",
        },
    ];
    use ::flow::__private::serde as __serde;
    #[allow(unused_imports, reason = "it stands in where serde derives nothing")]
    use ::flow::__private::Underived as _;
    #[derive(__serde::Serialize, __serde::Deserialize)]
    #[serde(crate = "__serde", remote = "AccountEvent")]
    #[serde(rename_all_fields = "camelCase")]
    #[allow(
        dead_code,
        clippy::all,
        clippy::pedantic,
        reason = "only its derives are used"
    )]
    enum __Stored
    where
        for<'any> Owner: ::flow::__private::Stored,
        for<'any> Branch: ::flow::__private::Stored,
        for<'any> Deposited: ::flow::__private::Stored,
    {
        #[serde(deny_unknown_fields)]
        Opened { #[serde(default)] owner: Owner, branch: Branch },
        Deposited(Deposited),
        r#Move,
    }
    #[automatically_derived]
    impl ::flow::__private::Codec for AccountEvent
    where
        for<'any> Owner: ::flow::__private::Stored,
        for<'any> Branch: ::flow::__private::Stored,
        for<'any> Deposited: ::flow::__private::Stored,
    {
        fn write<__S: ::flow::__private::serde::Serializer>(
            &self,
            serializer: ::flow::__private::VariantSerializer<__S>,
        ) -> ::core::result::Result<__S::Ok, __S::Error> {
            __Stored::serialize(self, serializer)
        }
        fn read<'__de, __D: ::flow::__private::serde::Deserializer<'__de>>(
            deserializer: ::flow::__private::VariantDeserializer<__D>,
        ) -> ::core::result::Result<Self, __D::Error> {
            __Stored::deserialize(deserializer)
        }
    }
    #[allow(dead_code, reason = "only the types in it are compared")]
    fn __check_shapes() {
        use ::flow::__private::Distinct as _;
        <::flow::__private::Versions<OpenedV1, OpenedV3>>::have_their_own();
        <::flow::__private::Versions<OpenedV1, AccountEvent>>::have_their_own();
        <::flow::__private::Versions<OpenedV3, AccountEvent>>::have_their_own();
        <::flow::__private::Versions<DepositedV1, Deposited>>::have_their_own();
        <::flow::__private::Versions<ShutV1, Shut>>::have_their_own();
        <::flow::__private::Versions<ShutV1, AccountEvent>>::have_their_own();
        <::flow::__private::Versions<Shut, AccountEvent>>::have_their_own();
        <::flow::__private::Versions<SitedV1, Sited>>::have_their_own();
    }
    ::flow::__private::with_schema! {
        use ::flow::__private::schemars as __schemars; #[derive(__schemars::JsonSchema)]
        #[schemars(crate = "__schemars")] #[serde(rename_all_fields = "camelCase")]
        #[allow(dead_code, clippy::all, clippy::pedantic, reason =
        "only its schema is used")] enum __Described { #[serde(deny_unknown_fields)]
        Opened { #[serde(default)] owner : Owner, branch : Branch },
        Deposited(Deposited), r#Move } #[automatically_derived] impl ::flow::Described
        for AccountEvent { fn schemas() -> ::std::vec::Vec < ::flow::Schema > {
        ::flow::__private::schemas:: < Self, __Described > () } }
    }
    #[automatically_derived]
    impl ::flow::Event for AccountEvent {
        const CATEGORY: &'static ::core::primitive::str = "account";
        const KINDS: &'static [::flow::EventKind] = __KINDS;
        const PAST: &'static [::flow::PastKind] = &[
            ::flow::PastKind {
                name: "account.shut",
                version: ::core::option::Option::Some(::flow::SchemaVersion::new(2u32)),
                retired: &[],
                fate: ::flow::Fate::Replaced,
            },
            ::flow::PastKind {
                name: "account.moved",
                version: ::core::option::Option::Some(::flow::SchemaVersion::new(1u32)),
                retired: &[],
                fate: ::flow::Fate::Split,
            },
            ::flow::PastKind {
                name: "account.named",
                version: ::core::option::Option::Some(::flow::SchemaVersion::new(1u32)),
                retired: &[],
                fate: ::flow::Fate::merged(0usize, 0usize),
            },
            ::flow::PastKind {
                name: "account.sited",
                version: ::core::option::Option::Some(::flow::SchemaVersion::new(2u32)),
                retired: &[],
                fate: ::flow::Fate::merged(0usize, 1usize),
            },
            ::flow::PastKind {
                name: "account.viewed",
                version: ::core::option::Option::None,
                retired: &[],
                fate: ::flow::Fate::Dropped,
            },
            ::flow::PastKind {
                name: "account.tested",
                version: ::core::option::Option::None,
                retired: &[],
                fate: ::flow::Fate::Retired,
            },
        ];
        const MERGES: &'static [&'static [&'static ::core::primitive::str]] = &[
            &["account.named", "account.sited"],
        ];
        fn kind(&self) -> &'static ::flow::EventKind {
            match self {
                Self::Opened { .. } => &__KINDS[0usize],
                Self::Deposited { .. } => &__KINDS[1usize],
                Self::r#Move { .. } => &__KINDS[2usize],
            }
        }
        fn encode(
            &self,
        ) -> ::core::result::Result<::std::string::String, ::flow::EncodeError> {
            <Self as ::flow::__private::Codec>::encode_stored(self)
        }
        fn decode(
            event: &::flow::EventRef<'_>,
        ) -> ::core::result::Result<::flow::Decoded<Self>, ::flow::DecodeError> {
            <Self as ::flow::__private::Codec>::decode_stored(
                event,
                |kind| match kind {
                    0usize => {
                        {
                            let from_1 = |old: OpenedV1| ::flow::__private::step(
                                event,
                                <OpenedV3 as ::flow::Upcast<OpenedV1>>::upcast(old, event),
                            );
                            match event.schema_version.get() {
                                1u32 => {
                                    <OpenedV1 as ::flow::__private::OldShape>::read(event)
                                        .and_then(from_1)
                                }
                                _ => <OpenedV3 as ::flow::__private::OldShape>::read(event),
                            }
                        }
                            .and_then(|old| ::flow::__private::step(
                                event,
                                <Self as ::flow::Upcast<OpenedV3>>::upcast(old, event),
                            ))
                            .map(::flow::Decoded::One)
                    }
                    1usize => {
                        <DepositedV1 as ::flow::__private::OldShape>::read(event)
                            .and_then(|old| ::flow::__private::step(
                                event,
                                <Deposited as ::flow::Upcast<
                                    DepositedV1,
                                >>::upcast(old, event),
                            ))
                            .map(Self::Deposited)
                            .map(::flow::Decoded::One)
                    }
                    3usize => {
                        {
                            let from_1 = |old: ShutV1| ::flow::__private::step(
                                event,
                                <Shut as ::flow::Upcast<ShutV1>>::upcast(old, event),
                            );
                            match event.schema_version.get() {
                                1u32 => {
                                    <ShutV1 as ::flow::__private::OldShape>::read(event)
                                        .and_then(from_1)
                                }
                                _ => <Shut as ::flow::__private::OldShape>::read(event),
                            }
                        }
                            .and_then(|old| ::flow::__private::step(
                                event,
                                <Self as ::flow::Upcast<Shut>>::upcast(old, event),
                            ))
                            .map(::flow::Decoded::One)
                    }
                    4usize => {
                        <Moved as ::flow::__private::OldShape>::read(event)
                            .and_then(|old| ::flow::__private::step(
                                event,
                                <::flow::Events<
                                    Self,
                                > as ::flow::Upcast<Moved>>::upcast(old, event),
                            ))
                            .map(::flow::Decoded::Several)
                    }
                    _ => ::core::unreachable!("the kind has no old shape"),
                },
            )
        }
        fn merge(
            merge: ::core::primitive::usize,
            parts: &[::flow::EventRef<'_>],
        ) -> ::core::result::Result<Self, ::flow::DecodeError> {
            match (merge, parts) {
                (0usize, [part_0, part_1]) => {
                    let parts = (
                        <Named as ::flow::__private::OldShape>::read(part_0)?,
                        {
                            let from_1 = |old: SitedV1| ::flow::__private::step(
                                part_1,
                                <Sited as ::flow::Upcast<SitedV1>>::upcast(old, part_1),
                            );
                            match part_1.schema_version.get() {
                                1u32 => {
                                    <SitedV1 as ::flow::__private::OldShape>::read(part_1)
                                        .and_then(from_1)
                                }
                                _ => <Sited as ::flow::__private::OldShape>::read(part_1),
                            }
                        }?,
                    );
                    ::flow::__private::step(
                        part_1,
                        <Self as ::flow::Upcast<(Named, Sited)>>::upcast(parts, part_1),
                    )
                }
                _ => ::core::unreachable!("the set has no such merge"),
            }
        }
        fn old_shapes<__V: ::flow::__private::OldShapes>(visitor: &mut __V) {
            <OpenedV1 as ::flow::__private::OldShape>::show(
                visitor,
                "account.opened",
                1u32,
            );
            <OpenedV3 as ::flow::__private::OldShape>::show(
                visitor,
                "account.opened",
                3u32,
            );
            <DepositedV1 as ::flow::__private::OldShape>::show(
                visitor,
                "account.paid_in",
                1u32,
            );
            <ShutV1 as ::flow::__private::OldShape>::show(visitor, "account.shut", 1u32);
            <Shut as ::flow::__private::OldShape>::show(visitor, "account.shut", 2u32);
            <Moved as ::flow::__private::OldShape>::show(visitor, "account.moved", 1u32);
            <Named as ::flow::__private::OldShape>::show(visitor, "account.named", 1u32);
            <SitedV1 as ::flow::__private::OldShape>::show(
                visitor,
                "account.sited",
                1u32,
            );
            <Sited as ::flow::__private::OldShape>::show(visitor, "account.sited", 2u32);
        }
    }
};
