//! What a distributed trace is known by.

use std::error::Error;
use std::fmt;

use super::start_of;

/// Where in a distributed trace something happens: a `traceparent` of the W3C.
///
/// ```
/// use ironflow_domain::TraceParent;
///
/// let trace = TraceParent::new("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")?;
/// assert_eq!(trace.trace(), "4bf92f3577b34da6a3ce929d0e0e4736");
/// assert!(TraceParent::new("4bf92f3577b34da6a3ce929d0e0e4736").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TraceParent(String);

impl TraceParent {
    /// That place.
    ///
    /// # Errors
    ///
    /// When it is not `version-trace-parent-flags` in lower-case hexadecimal digits; there is no
    /// version `ff`, and no trace and no parent that is zero.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidTraceParent> {
        let text = text.into();
        match problem(&text) {
            Some(problem) => Err(InvalidTraceParent { text, problem }),
            None => Ok(Self(text)),
        }
    }

    /// All of it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The trace, 32 digits.
    #[must_use]
    pub fn trace(&self) -> &str {
        &self.0[3..35]
    }

    /// The span that it happens in, 16 digits.
    #[must_use]
    pub fn parent(&self) -> &str {
        &self.0[36..52]
    }
}

/// What is wrong with it.
fn problem(text: &str) -> Option<&'static str> {
    let parts: Vec<&str> = text.split('-').collect();
    let [version, trace, parent, flags] = parts[..] else {
        return Some("it is not `version-trace-parent-flags`");
    };
    let is_hex = |part: &str| {
        let mut bytes = part.bytes();
        bytes.all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let lengths = [version, trace, parent, flags].map(str::len);
    if lengths != [2, 32, 16, 2] || ![version, trace, parent, flags].into_iter().all(is_hex) {
        return Some("its parts are not 2, 32, 16 and 2 lower-case hexadecimal digits");
    }
    let is_zero = |part: &str| part.bytes().all(|byte| byte == b'0');
    if version == "ff" {
        Some("there is no version ff")
    } else if is_zero(trace) || is_zero(parent) {
        Some("there is no trace and no parent that is zero")
    } else {
        None
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<TraceParent> for String {
    fn from(trace: TraceParent) -> Self {
        trace.0
    }
}

/// A text that is not a `traceparent`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidTraceParent {
    text: String,
    problem: &'static str,
}

impl InvalidTraceParent {
    pub(crate) fn problem(&self) -> &'static str {
        self.problem
    }
}

impl fmt::Display for InvalidTraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { text, problem } = self;
        write!(f, "{:?} is not a traceparent: {problem}", start_of(text))
    }
}

impl Error for InvalidTraceParent {}

#[cfg(test)]
mod tests {
    use super::TraceParent;

    #[test]
    fn what_is_none_is_refused() {
        let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(
            TraceParent::new(trace).unwrap().parent(),
            "00f067aa0ba902b7"
        );
        for text in [
            String::new(),
            trace.to_uppercase(),
            format!("{trace}-00"),
            trace.replace("00-4", "ff-4"),
            trace.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
            trace.replace("00f067aa0ba902b7", &"0".repeat(16)),
            trace.replace("00f067aa0ba902b7", "00f067aa0ba902b"),
            trace.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"é".repeat(16)),
        ] {
            assert!(TraceParent::new(&*text).is_err(), "{text}");
        }
        assert_eq!(
            TraceParent::new("1-2").unwrap_err().to_string(),
            "\"1-2\" is not a traceparent: it is not `version-trace-parent-flags`"
        );
    }
}
