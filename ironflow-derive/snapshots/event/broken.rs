#[event("bank account", drop("account.viewed"))]
enum AccountEvent {
    #[event(version = 2)]
    Opened { owner: &'static str },
    Deposited(u64, String),
}

// becomes

::core::compile_error! {
    "unknown key `drop` in `#[event(...)]`\n\nhelp: did you mean `dropped(\"account.viewed\")`?"
}
::core::compile_error! {
    "`bank account` is not a category\n\nhelp: use ASCII letters, digits, `_` and `.`; a stream is called `category-id`: `\"bank_account\"`"
}
::core::compile_error! {
    "`Opened` is in version 2, and nothing says what the version before was\n\nhelp: list its shape: `upcast(OpenedV1)`; write `_` if no event of it is stored"
}
::core::compile_error! {
    "an event cannot borrow: what is read back has nobody to borrow from\n\nhelp: own the data: `String`"
}
::core::compile_error! {
    "the fields of `Deposited` have no names to be stored under\n\nhelp: name them, `Deposited { … }`, or put them in a payload struct, `Deposited(…)`"
}
#[derive(::core::fmt::Debug, ::core::clone::Clone, ::core::cmp::PartialEq)]
#[allow(
    clippy::large_enum_variant,
    reason = "an event is written and read, not kept in large numbers"
)]
enum AccountEvent {
    Opened { owner: &'static str },
    Deposited(u64, String),
}
#[allow(deprecated, reason = "a fact that is not recorded any more is still read")]
const _: () = {
    const __KINDS: &[::ironflow_domain::EventKind] = &[
        ::ironflow_domain::EventKind {
            name: "bank account.opened",
            also_named: &[],
            version: ::ironflow_domain::SchemaVersion::new(1u32),
            retired: &[],
            ident: "Opened",
            payload: ::core::option::Option::None,
            doc: "",
        },
        ::ironflow_domain::EventKind {
            name: "bank account.deposited",
            also_named: &[],
            version: ::ironflow_domain::SchemaVersion::new(1u32),
            retired: &[],
            ident: "Deposited",
            payload: ::core::option::Option::Some("u64"),
            doc: "",
        },
    ];
    #[automatically_derived]
    impl ::ironflow_domain::Event for AccountEvent {
        const CATEGORY: &'static ::core::primitive::str = "bank account";
        const KINDS: &'static [::ironflow_domain::EventKind] = __KINDS;
        const PAST: &'static [::ironflow_domain::PastKind] = &[
            ::ironflow_domain::PastKind {
                name: "account.viewed",
                version: ::core::option::Option::None,
                retired: &[],
                fate: ::ironflow_domain::Fate::Dropped,
            },
        ];
        const READS_ONLY_PAYLOAD: ::core::primitive::bool = true;
        fn kind(&self) -> &'static ::ironflow_domain::EventKind {
            match self {
                Self::Opened { .. } => &__KINDS[0usize],
                Self::Deposited { .. } => &__KINDS[1usize],
            }
        }
        fn encode(
            &self,
        ) -> ::core::result::Result<
            ::std::string::String,
            ::ironflow_domain::EncodeError,
        > {
            ::core::unreachable!()
        }
        fn decode(
            event: &::ironflow_domain::EventRef<'_>,
        ) -> ::core::result::Result<
            ::ironflow_domain::Decoded<Self>,
            ::ironflow_domain::DecodeError,
        > {
            ::core::unreachable!()
        }
    }
};
