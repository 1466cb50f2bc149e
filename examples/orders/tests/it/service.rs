//! The real binary on a database of its own, and a client for it.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::channel;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use ureq::http::{HeaderMap, Request as HttpRequest};

/// How long anything may take that is waited for. Far more than it should, for machines that are
/// busy.
const DEADLINE: Duration = Duration::from_secs(30);

/// Asks again and again until the answer is there.
pub(crate) fn eventually<T>(mut ask: impl FnMut() -> Result<T, String>) -> T {
    let deadline = Instant::now() + DEADLINE;
    loop {
        match ask() {
            Ok(answer) => return answer,
            Err(reason) => assert!(
                Instant::now() < deadline,
                "not within {DEADLINE:?}: {reason}"
            ),
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// The binary, about to be started.
pub(crate) fn orders() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_orders"));
    command.stdin(Stdio::null());
    command
}

/// A place for a database.
pub(crate) struct Home(TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder().join("orders.db")
    }

    /// Starts the service and waits until it listens.
    pub(crate) fn start(&self) -> Service {
        let (log, log_path) = tempfile::Builder::new()
            .prefix("log-")
            .tempfile_in(self.folder())
            .unwrap()
            .keep()
            .unwrap();
        let mut child = orders()
            .args(["--listen", "127.0.0.1:0", "--database"])
            .arg(self.database())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok);
        let (sender, first) = channel();
        let rest = thread::spawn(move || {
            if let Some(first) = stdout.next() {
                sender.send(first).unwrap();
            }
            stdout.collect()
        });
        let mut service = Service {
            child,
            rest: Some(rest),
            log: log_path,
            base: String::new(),
        };
        let first = first
            .recv_timeout(DEADLINE)
            .unwrap_or_else(|_| panic!("no first line; log: {}", service.log()));
        let (base, database) = first
            .strip_prefix("listening on ")
            .unwrap()
            .split_once(", database ")
            .unwrap();
        assert_eq!(database, self.database().to_str().unwrap());
        base.clone_into(&mut service.base);
        service
    }
}

/// A running service. It is killed when dropped.
pub(crate) struct Service {
    child: Child,
    /// What it prints after the first line.
    rest: Option<JoinHandle<Vec<String>>>,
    log: PathBuf,
    base: String,
}

impl Service {
    /// A client with connections of its own.
    pub(crate) fn client(&self) -> Client {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(DEADLINE));
        Client {
            agent: config.build().into(),
            base: self.base.clone(),
        }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> &str {
        self.base.strip_prefix("http://").unwrap()
    }

    /// What it has written to stderr.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Sends a signal, such as `INT`.
    pub(crate) fn signal(&self, signal: &str) {
        let sent = Command::new("kill")
            .arg(format!("-{signal}"))
            .arg(self.child.id().to_string())
            .status()
            .unwrap();
        assert!(sent.success());
    }

    /// Waits for the end of the process.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        eventually(|| {
            self.child
                .try_wait()
                .unwrap()
                .ok_or_else(|| "the process has not ended".to_owned())
        })
    }

    /// Sends a signal that should make it stop in an orderly way, and checks that it did.
    pub(crate) fn stop(self, signal: &str) {
        self.signal(signal);
        self.stopped();
    }

    /// Waits until it has stopped in an orderly way.
    pub(crate) fn stopped(mut self) {
        let status = self.wait();
        let log = self.log();
        assert_eq!(status.code(), Some(0), "{status}, log: {log}");
        assert_eq!(self.rest.take().unwrap().join().unwrap(), ["stopped"]);
        assert!(!log.contains("panicked") && !log.contains("ERROR"), "{log}");
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) {
        assert_eq!(
            self.child.try_wait().unwrap(),
            None,
            "it ended before it was killed: {}",
            self.log()
        );
        self.child.kill().unwrap();
        let status = self.child.wait().unwrap();
        assert_eq!(status.code(), None, "it ended by itself");
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // Both fail only where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A client of one service.
pub(crate) struct Client {
    agent: ureq::Agent,
    base: String,
}

impl Client {
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.request("GET", path).answer()
    }

    pub(crate) fn post<'a>(&'a self, path: &'a str) -> Request<'a> {
        self.request("POST", path)
    }

    pub(crate) fn request<'a>(&'a self, method: &'a str, path: &'a str) -> Request<'a> {
        Request {
            client: self,
            method,
            path,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    pub(crate) fn place(&self, order: &str, customer: &str) -> Answer {
        self.post("/api/orders")
            .json(&placing(order, customer))
            .answer()
    }

    pub(crate) fn advance(&self, order: &str, step: &str) -> Answer {
        self.post(&format!("/api/orders/{}/{step}", encoded(order)))
            .answer()
    }

    /// A page of a stream.
    pub(crate) fn events(&self, order: &str, query: &str) -> Answer {
        self.get(&format!(
            "/api/v1/streams/order-{}/events{query}",
            encoded(order)
        ))
    }

    /// A view with all that is said around it.
    pub(crate) fn view(&self, projection: &str, partition: &str) -> Value {
        self.get(&format!(
            "/api/v1/projections/{projection}?partition={}",
            encoded(partition)
        ))
        .expect(200)
    }
}

/// A request about to be sent.
pub(crate) struct Request<'a> {
    client: &'a Client,
    method: &'a str,
    path: &'a str,
    headers: Vec<(&'a str, &'a [u8])>,
    body: Vec<u8>,
}

impl<'a> Request<'a> {
    pub(crate) fn header(mut self, name: &'a str, value: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        self.headers.push((name, value.as_ref()));
        self
    }

    pub(crate) fn key(self, key: &'a str) -> Self {
        self.header("idempotency-key", key)
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.body(body.to_string())
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends it; fails where no whole answer came.
    pub(crate) fn send(self) -> Result<Answer, ureq::Error> {
        let Self {
            client,
            method,
            path,
            headers,
            body,
        } = self;
        let mut request = HttpRequest::builder()
            .method(method)
            .uri(format!("{}{path}", client.base));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(body)?;
        let mut response = client.agent.run(request)?;
        let text = response.body_mut().read_to_string()?;
        Ok(Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text,
        })
    }

    /// Sends it to a service that is there.
    pub(crate) fn answer(self) -> Answer {
        let what = format!("{} {}", self.method, self.path);
        self.send()
            .unwrap_or_else(|error| panic!("no answer to {what}: {error}"))
    }
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.headers["content-type"], "application/json", "{self:?}");
        serde_json::from_str(&self.text).unwrap()
    }

    /// Whether it says that the command had been executed before.
    pub(crate) fn is_replay(&self) -> bool {
        self.headers
            .get("idempotent-replayed")
            .is_some_and(|value| value == "true")
    }

    /// The body of an answer with that status.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        self.json()
    }

    /// The sentence of an error with that status and code, after a look at its shape.
    #[track_caller]
    pub(crate) fn error(&self, status: u16, code: &str) -> String {
        let body = self.expect(status);
        let message = body["message"].as_str().unwrap().to_owned();
        assert_eq!(
            body,
            json!({ "error": message, "message": message, "code": code })
        );
        message
    }
}

/// Sends bytes as they are and reads until the connection is closed: what no well-behaved client
/// can be made to do.
pub(crate) fn raw(service: &Service, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(service.address()).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut writing = stream.try_clone().unwrap();
    let bytes = bytes.to_vec();
    // The service may answer, and close the connection, before it has read everything.
    let writer = thread::spawn(move || writing.write_all(&bytes));
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    // Its error is of no interest: what counts is what came back.
    let _ = writer.join().unwrap();
    assert!(read.is_ok() || !answer.is_empty(), "{read:?}");
    answer
}

/// An id as a part of a URL.
pub(crate) fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// The body that places an order: two coffees and a mug.
pub(crate) fn placing(order: &str, customer: &str) -> Value {
    json!({
        "orderId": order,
        "customerId": customer,
        "items": [{ "productId": "prod-1", "qty": 2 }, { "productId": "prod-2", "qty": 1 }],
        "shippingAddress": { "street": "1 High Street", "city": "Bath", "zip": "BA1 1AA", "country": "GB" },
    })
}

/// The names of an object's fields, sorted.
pub(crate) fn keys(object: &Value) -> Vec<&str> {
    let mut keys: Vec<_> = object
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    keys.sort_unstable();
    keys
}
