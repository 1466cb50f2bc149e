use ironflow_domain::event;

#[event("sensor")]
enum SensorEvent<T> {
    Measured(T),
}

fn main() {}
