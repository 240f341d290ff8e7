//! Documents that a feed lists, fetched from a server that redirects, fails, and sends too much.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use agency::{Fetcher, Place};

/// Serves answers by path until the test's process ends.
fn serve(answer: impl Fn(&str) -> String + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let root = format!("http://{}", listener.local_addr().expect("bound"));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
            let line = lines.next().unwrap_or_default();
            // The rest of the head is read, so that closing does not cut the answer short.
            for _ in lines.take_while(|l| !l.is_empty()) {}
            let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
            // The client may have gone.
            let _ = stream.write_all(answer(&path).as_bytes());
        }
    });
    root
}

fn answer(status: &str, more: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n{more}\r\n{body}",
        body.len()
    )
}

#[test]
fn documents_are_fetched_within_bounds() {
    let elsewhere = serve(|_| answer("200 OK", "", "secret"));
    let to = elsewhere.clone();
    let root = serve(move |path| match path {
        "/one" => answer("200 OK", "", "one"),
        "/moved" => answer("302 Found", "Location: /one\r\n", ""),
        "/round" => answer("302 Found", "Location: /round\r\n", ""),
        "/away" => answer("302 Found", &format!("Location: {to}/x\r\n"), ""),
        "/file" => answer("302 Found", "Location: file:///etc/passwd\r\n", ""),
        "/lost" => answer("302 Found", "", ""),
        "/busy" => answer("503 Service Unavailable", "Retry-After: 7\r\n", ""),
        "/gone" => answer("410 Gone", "", ""),
        "/large" => answer("200 OK", "", &"x".repeat(1_001)),
        _ => "nonsense\r\n\r\n".to_owned(),
    });
    let fetcher = Fetcher::new(&Place::Url(format!("{root}/feed")), &[], 1_000);
    for link in ["one", "/moved"] {
        let one = fetcher.fetch(link).expect("there");
        assert_eq!(one.bytes, b"one");
        assert_eq!(one.vouched_by, None, "nobody vouches over plain http");
    }
    for (link, reason, again, seconds) in [
        ("/round", "redirects", false, None),
        ("/away", "host", false, None),
        ("/file", "link", false, None),
        ("/lost", "status", false, None),
        ("/busy", "status", true, Some(7)),
        ("/gone", "status", false, None),
        ("/large", "too_large", false, None),
        ("/nonsense", "connection", true, None),
    ] {
        let refused = fetcher.fetch(link).expect_err(link);
        assert_eq!(
            (refused.reason, refused.again),
            (reason, again),
            "{refused}"
        );
        let asked = refused.retry_after.map(|d| d.as_secs());
        assert_eq!(asked, seconds, "{refused}");
    }
    // Named, the other server is asked.
    let host = elsewhere.trim_start_matches("http://").to_owned();
    let fetcher = Fetcher::new(&Place::Url(format!("{root}/feed")), &[host], 1_000);
    assert_eq!(fetcher.fetch("/away").expect("there").bytes, b"secret");
}
