#[derive(Aggregate, Default)]
#[aggregate(event = SensorEvent<T>, error = fmt::Error, crate = ::flow)]
enum Sensor<T>
where
    T: Payload,
{
    #[default]
    Silent,
    Measured(T),
}

// becomes

#[automatically_derived]
impl<T> ::flow::Aggregate for Sensor<T>
where
    T: Payload,
{
    type Event = SensorEvent<T>;
    type Error = fmt::Error;
    const NAME: &'static ::core::primitive::str = "Sensor";
    const DOC: &'static ::core::primitive::str = "";
    #[inline]
    fn initial() -> Self {
        <Self as ::flow::__private::Starts>::start()
    }
    #[inline]
    fn apply(&mut self, event: &SensorEvent<T>) {
        <Self as ::flow::Fold>::fold(self, event)
    }
}
