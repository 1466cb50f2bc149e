#[command(Instrument<T>)]
struct Measure<T: Payload>
where
    T: Eq,
{
    value: T,
}

// becomes

#[derive(::core::fmt::Debug, ::core::clone::Clone, ::core::cmp::PartialEq)]
struct Measure<T: Payload>
where
    T: Eq,
{
    value: T,
}
#[automatically_derived]
#[allow(deprecated, reason = "only who issues it should be warned")]
impl<T: Payload> ::ironflow_domain::Command for Measure<T>
where
    T: Eq,
{
    type Aggregate = Instrument<T>;
    type Context = ();
    const CREATES: ::core::primitive::bool = false;
    const KINDS: &'static [::ironflow_domain::CommandKind] = &[
        ::ironflow_domain::CommandKind {
            name: "measure",
            ident: "Measure",
            doc: "",
        },
    ];
    fn name(&self) -> &'static ::core::primitive::str {
        "measure"
    }
    fn content(&self) -> ::core::option::Option<::ironflow_domain::__private::String> {
        #[allow(unused_imports, reason = "one of them is used")]
        use ::ironflow_domain::__private::{Silent as _, Telling as _};
        (&::ironflow_domain::__private::Content(self)).content()
    }
    ::ironflow_domain::__private::with_schema! {
        fn schemas() -> ::std::vec::Vec < ::core::option::Option <
        ::ironflow_domain::Schema >> { #[allow(unused_imports, reason =
        "one of them is used")] use ::ironflow_domain::__private:: { Described as _,
        Undescribed as _ }; (&
        ::ironflow_domain::__private::Looks(::core::marker::PhantomData:: < Self >))
        .schemas() }
    }
    #[inline]
    fn decide(
        self,
        state: &Instrument<T>,
        _context: &(),
    ) -> ::ironflow_domain::Decision<Instrument<T>> {
        <Instrument<T> as ::ironflow_domain::Decide<Self>>::decide(state, self)
    }
}
