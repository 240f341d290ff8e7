//! Feeds as they behave: a server that honours validators and one that does not, one that fails, one that asks to be left alone, one that
//! sends too much; a file that is not there yet and changes.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use agency::{Feed, FeedError, Follower, News, Place, Told};

const WAIT: Duration = Duration::from_secs(20);

fn feed(place: Place) -> Feed {
    Feed {
        name: "test".to_owned(),
        place,
        every: Duration::from_secs(1),
        stale_after: Duration::from_secs(600),
        most_bytes: agency::MAX_DOCUMENT,
    }
}

/// Serves one answer a connection: each is given the request's head. Ends with the answers.
fn serve(answers: Vec<fn(&str) -> String>) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/feed", listener.local_addr().expect("bound"));
    let (asked, requests) = channel();
    std::thread::spawn(move || {
        for answer in answers {
            let Ok((stream, _)) = listener.accept() else {
                return;
            };
            let head = head(&stream);
            let mut stream = stream;
            // The client may have gone.
            let _ = stream.write_all(answer(&head).as_bytes());
            if asked.send(head).is_err() {
                return;
            }
        }
    });
    (url, requests)
}

fn head(stream: &TcpStream) -> String {
    let mut head = String::new();
    for line in BufReader::new(stream).lines() {
        let line = line.unwrap_or_default();
        if line.is_empty() {
            break;
        }
        head.push_str(&line.to_lowercase());
        head.push('\n');
    }
    head
}

fn ok(body: &str, more: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n{more}\r\n{body}",
        body.len()
    )
}

fn follow(feed: Feed) -> (Follower, Receiver<News>) {
    let (tell, told) = channel();
    let follower = Follower::start(feed, move |_, news| {
        if tell.send(news).is_ok() {
            Told::Taken
        } else {
            Told::Nobody
        }
    });
    (follower.expect("a thread"), told)
}

#[test]
fn validators_are_sent_back_and_nothing_is_told_twice() {
    let (url, requests) = serve(vec![
        |_| {
            ok(
                "one",
                "ETag: \"a\"\r\nLast-Modified: Sat, 27 Feb 2010 06:40:00 GMT\r\n",
            )
        },
        |_| "HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n".to_owned(),
        // A server that honours no validator.
        |_| ok("one", ""),
        |_| ok("two", ""),
    ]);
    let (follower, told) = follow(feed(Place::Url(url)));
    let mut news = (0..4).map(|_| told.recv_timeout(WAIT).expect("news"));
    assert_eq!(news.next(), Some(News::Document(b"one".to_vec())));
    assert_eq!(news.next(), Some(News::Unchanged));
    assert_eq!(news.next(), Some(News::Unchanged));
    assert_eq!(news.next(), Some(News::Document(b"two".to_vec())));
    let asked: Vec<String> = requests.iter().take(4).collect();
    assert!(!asked[0].contains("if-none-match"), "{}", asked[0]);
    assert!(asked[1].contains("if-none-match: \"a\""), "{}", asked[1]);
    assert!(
        asked[1].contains("if-modified-since: sat, 27 feb 2010 06:40:00 gmt"),
        "{}",
        asked[1]
    );
    assert!(!asked[3].contains("if-none-match"), "{}", asked[3]);
    assert!(asked[0].contains("user-agent: watchfire/"), "{}", asked[0]);
    follower.stop();
}

#[test]
fn failures_are_told_the_feed_goes_stale_and_comes_back() {
    let (url, _requests) = serve(vec![
        |_| {
            "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 3\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned()
        },
        |_| ok("back", ""),
    ]);
    let (follower, told) = follow(Feed {
        stale_after: Duration::from_secs(2),
        ..feed(Place::Url(url))
    });
    let News::Failed {
        reason,
        why,
        in_a_row,
        pause,
    } = told.recv_timeout(WAIT).expect("news")
    else {
        panic!("a failure comes first")
    };
    assert_eq!(
        (reason, in_a_row, pause),
        ("status", 1, Duration::from_secs(3))
    );
    assert!(why.contains("503"), "{why}");
    assert!(matches!(told.recv_timeout(WAIT), Ok(News::Stale { .. })));
    assert_eq!(
        told.recv_timeout(WAIT),
        Ok(News::Document(b"back".to_vec()))
    );
    follower.stop();
}

#[test]
fn too_much_and_too_little_are_refused() {
    let (url, _requests) = serve(vec![
        |_| ok(&"x".repeat(agency::MAX_DOCUMENT as usize + 1), ""),
        |_| "HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\nshort".to_owned(),
        |_| "nonsense\r\n\r\n".to_owned(),
    ]);
    let (follower, told) = follow(feed(Place::Url(url)));
    let mut reasons = Vec::new();
    while reasons.len() < 3 {
        match told.recv_timeout(WAIT).expect("news") {
            News::Failed { reason, .. } => reasons.push(reason),
            News::Stale { .. } => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(reasons, ["too_large", "connection", "connection"]);
    follower.stop();
}

#[test]
fn a_file_is_waited_for_and_followed() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("quakes.json");
    let (follower, told) = follow(feed(Place::File(path.clone())));
    assert!(matches!(
        told.recv_timeout(WAIT),
        Ok(News::Failed { reason: "file", .. })
    ));
    let next = |wanted: &[u8]| loop {
        match told.recv_timeout(WAIT).expect("news") {
            News::Document(bytes) => {
                assert_eq!(bytes, wanted);
                return;
            }
            News::Unchanged | News::Stale { .. } | News::Failed { .. } => {}
        }
    };
    std::fs::write(&path, b"first").expect("written");
    next(b"first");
    // The same length, at once.
    std::fs::write(&path, b"again").expect("written");
    next(b"again");
    follower.stop();
}

#[test]
fn what_is_not_taken_is_told_again() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("quakes.json");
    std::fs::write(&path, b"document").expect("written");
    let (tell, told) = channel();
    let mut times = 0;
    let follower = Follower::start(feed(Place::File(path)), move |_, news| {
        let document = matches!(news, News::Document(_));
        // Nobody listens after the second: the test has ended.
        let _ = tell.send(news);
        times += i32::from(document);
        if document && times == 1 {
            Told::Again
        } else {
            Told::Taken
        }
    })
    .expect("a thread");
    assert_eq!(
        told.recv_timeout(WAIT),
        Ok(News::Document(b"document".to_vec()))
    );
    assert_eq!(
        told.recv_timeout(WAIT),
        Ok(News::Document(b"document".to_vec()))
    );
    assert_eq!(told.recv_timeout(WAIT), Ok(News::Unchanged));
    follower.stop();
}

#[test]
fn feeds_that_cannot_be_followed_are_refused() {
    let url = |url: &str| feed(Place::Url(url.to_owned())).check();
    assert_eq!(url("https://earthquake.usgs.gov/feed.geojson"), Ok(()));
    assert_eq!(url("http://[::1]:8080/feed"), Ok(()));
    for wrong in ["", "ftp://host/x", "https://", "https:///x", "http://a b/"] {
        assert!(matches!(url(wrong), Err(FeedError::Url(_))), "{wrong}");
    }
    let mut often = feed(Place::File("x".into()));
    often.every = Duration::from_millis(10);
    assert!(matches!(often.check(), Err(FeedError::Every { .. })));
    (often.every, often.stale_after) = (Duration::from_secs(60), Duration::from_secs(100));
    assert!(matches!(often.check(), Err(FeedError::Stale { .. })));
}
