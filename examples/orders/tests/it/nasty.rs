//! Whatever clients send, they get a whole answer, and never one that says that the service is to
//! blame.

use serde_json::{Value, json};

use crate::service::{Home, Service, keys, placing, raw};

/// The status and the body of an answer as it came over the wire.
fn taken_apart(answer: &[u8]) -> (u16, String) {
    let answer = String::from_utf8_lossy(answer);
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("no whole answer: {answer:?}"));
    let status = head
        .strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.get(..3))
        .unwrap_or_else(|| panic!("{head:?}"));
    (status.parse().unwrap(), body.to_owned())
}

/// Sends a request with such a head and body, the head without its end.
fn send(service: &Service, head: &str, body: &[u8]) -> (u16, String) {
    let mut request = format!(
        "{head}\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend(body);
    taken_apart(&raw(service, &request))
}

/// Checks that the service has stored nothing of all that, has nothing to say about it, and still
/// serves.
fn is_unharmed(service: Service) {
    let client = service.client();
    let streams = client.get("/api/v1/streams").expect(200);
    assert_eq!(streams, json!({ "streams": [] }));
    client.place("1", "cust-456").expect(202);
    assert_eq!(service.log(), "");
    service.stop("TERM");
}

#[test]
fn no_body_breaks_the_service() {
    let home = Home::new();
    let service = home.start();
    let deep = |open: &str, close: &str| {
        format!("{}{}", open.repeat(100_000), close.repeat(100_000)).into_bytes()
    };
    let whole = placing("2", "cust-456").to_string();
    let bodies: Vec<Vec<u8>> = vec![
        deep("[", "]"),
        deep("{\"a\":", "}"),
        deep("{\"items\":[", "]}"),
        format!("{{\"unknown\":{}}}", "[".repeat(100_000)).into_bytes(),
        whole.as_bytes()[..whole.len() - 1].to_vec(),
        whole.replace(":2", ":1e999").into_bytes(),
        whole.replace(":2", ":-0").replace(":2", ":-0").into_bytes(),
        whole
            .replace(":2", ":99999999999999999999999999999999")
            .into_bytes(),
        whole.replace(":2", ":2.0").into_bytes(),
        whole.replace(":2", ":NaN").into_bytes(),
        whole.replace(":2", ":0x2").into_bytes(),
        whole.replace("prod-1", "\\u0000").into_bytes(),
        whole.replace("prod-1", "\\ud83e").into_bytes(),
        whole.replace("cust-456", "\u{0}").into_bytes(),
        whole.replace("cust-456", "' OR 1=1 --").into_bytes(),
        whole.replace("\"2\"", "\"\\n\"").into_bytes(),
        whole.replace("\"2\"", "true").into_bytes(),
        whole.replace('{', "[").replace('}', "]").into_bytes(),
        whole
            .replace("shippingAddress", "shipping_address")
            .into_bytes(),
        b"\xef\xbb\xbf{}".to_vec(),
        b"\xc0\x80".to_vec(),
        vec![0; 1000],
        vec![b' '; 100_000],
        vec![b'"'; 100_001],
        b"{\"orderId\":\""
            .iter()
            .copied()
            .chain(std::iter::repeat_n(b'x', 1_000_000))
            .collect(),
        b"orderId=2&customerId=cust-456".to_vec(),
        b"<order/>".to_vec(),
    ];
    for body in &bodies {
        let sample = String::from_utf8_lossy(&body[..body.len().min(100)]).into_owned();
        for path in [
            "/api/orders",
            "/api/orders/unplaced/pay",
            "/api/orders/unplaced/cancel",
        ] {
            let (status, answer) = send(&service, &format!("POST {path} HTTP/1.1"), body);
            // Not one of these is good enough to place an order, nor is there one to pay or to
            // cancel.
            assert!(
                matches!(status, 400 | 422),
                "{status} for {sample} at {path}: {answer}"
            );
            let answer: Value = serde_json::from_str(&answer).unwrap();
            assert_eq!(keys(&answer), ["code", "error", "message"], "{sample}");
        }
    }

    is_unharmed(service);
}

#[test]
fn no_path_breaks_the_service() {
    let home = Home::new();
    let service = home.start();
    let long = "x".repeat(60_000);
    for (path, expected) in [
        ("/api/orders/%00/confirm", 400),
        ("/api/orders/%/confirm", 422),
        ("/api/orders/%zz/confirm", 422),
        ("/api/orders/%F0%9F/confirm", 400),
        ("/api/orders/./confirm", 422),
        ("/api/orders/../confirm", 422),
        ("/api/orders//confirm", 400),
        ("/api/orders/1/confirm/", 404),
        ("/api/orders/1/confirm?x=%FF&&&==", 422),
        ("/api/orders/{id}/confirm", 422),
        ("/api/orders/%2e%2e%2f%2e%2e/confirm", 422),
        ("*", 404),
        (&format!("/api/orders/{long}/confirm"), 400),
        (&format!("/{long}"), 404),
    ] {
        let (status, answer) = send(&service, &format!("POST {path} HTTP/1.1"), b"");
        assert_eq!(status, expected, "{answer} for {path:.80}");
        serde_json::from_str::<Value>(&answer).unwrap();
    }
    for (path, expected) in [
        ("/api/v1/projections/order-detail-view?partition=%00", 200),
        ("/api/v1/projections/order-detail-view?partition=%FF", 200),
        ("/api/v1/projections/order-detail-view?partition=", 200),
        ("/api/v1/projections/order-detail-view?partition", 200),
        ("/api/v1/projections/order-detail-view?%", 200),
        (
            &format!("/api/v1/projections/order-detail-view?partition={long}"),
            200,
        ),
        ("/api/v1/projections/%00", 404),
        ("/api/v1/streams?category=%00", 200),
        ("/api/v1/streams?category=", 200),
        ("/api/v1/streams?after=order-%00", 400),
        ("/api/v1/streams?limit=0", 200),
        (&format!("/api/v1/streams?category={long}"), 200),
        ("/api/v1/streams/-/events", 400),
        ("/api/v1/streams/%27%3B--/events", 404),
        (&format!("/api/v1/streams/order-{long}/events"), 400),
    ] {
        let (status, answer) = send(&service, &format!("GET {path} HTTP/1.1"), b"");
        assert_eq!(status, expected, "{answer} for {path:.80}");
        serde_json::from_str::<Value>(&answer).unwrap();
    }

    is_unharmed(service);
}

#[test]
fn no_header_breaks_the_service() {
    let home = Home::new();
    let service = home.start();
    for (header, expected) in [
        ("idempotency-key: \u{80}", 400),
        ("idempotency-key:", 400),
        (&*format!("idempotency-key: {}", "k".repeat(10_000)), 400),
        ("idempotency-key: ' OR 1=1 --", 422),
        ("x-request-id: \u{80}", 400),
        (&*format!("x-request-id: {}", "r".repeat(10_000)), 400),
        ("traceparent: \u{80}", 422),
        (&*format!("traceparent: {}", "-".repeat(10_000)), 422),
        ("content-type: text/plain; charset=utf-16", 422),
        ("content-encoding: gzip", 422),
        ("accept: image/png", 422),
        ("cookie: \u{80}\u{ff}", 422),
        ("if-match: \"nope\"", 422),
        ("upgrade: h2c", 422),
    ] {
        let (status, answer) = send(
            &service,
            &format!("POST /api/orders/unplaced/confirm HTTP/1.1\r\n{header}"),
            b"",
        );
        assert_eq!(status, expected, "{answer} for {header:.80}");
        serde_json::from_str::<Value>(&answer).unwrap();
    }

    is_unharmed(service);
}

#[test]
fn what_is_not_even_http_does_not_break_the_service() {
    let home = Home::new();
    let service = home.start();
    // This is answered below the routes: with a status, but without JSON.
    let many_headers = "x: 1\r\n".repeat(200);
    for request in [
        "GARBAGE\r\n\r\n".to_owned(),
        "GET\r\n\r\n".to_owned(),
        "GET / HTTP/9.9\r\n\r\n".to_owned(),
        "GET /\u{1} HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(),
        "POST /api/orders HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n".to_owned(),
        "POST /api/orders HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab"
            .to_owned(),
        "POST /api/orders HTTP/1.1\r\nhost: x\r\nno colon\r\n\r\n".to_owned(),
        "POST /api/orders HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"
            .to_owned(),
        format!("GET / HTTP/1.1\r\n{many_headers}\r\n"),
        format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "x".repeat(1_000_000)),
        format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "x".repeat(100_000)),
        "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\r\n\r\n".to_owned(),
    ] {
        let (status, _) = taken_apart(&raw(&service, request.as_bytes()));
        assert!((400..500).contains(&status), "{status} for {request:.80}");
    }

    is_unharmed(service);
}
