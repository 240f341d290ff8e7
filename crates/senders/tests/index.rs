//! Indexes as they are published, and as they should not be.

mod recorded;

use proptest::prelude::*;
use senders::index::{Index, IndexError, Item, MAX_DEPTH, MAX_ITEMS, read};

fn link(link: &str) -> Item {
    Item::Link {
        link: link.to_owned(),
        mark: String::new(),
    }
}

fn items(document: &str) -> Vec<Item> {
    read(document.as_bytes()).expect("an index").items
}

/// Links without what the entry says about itself.
fn links(document: &str) -> Vec<String> {
    items(document)
        .into_iter()
        .map(|item| match item {
            Item::Link { link, .. } => link,
            Item::Message(xml) => panic!("a message inside: {xml}"),
        })
        .collect()
}

fn atom(entry: &str) -> String {
    format!(
        "<feed xmlns='http://www.w3.org/2005/Atom'><link rel='self' href='/feed.xml'/>{entry}</feed>"
    )
}

const ALERT: &str =
    "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"><identifier>a</identifier></alert>";

#[test]
fn the_best_link_of_an_entry_is_taken() {
    for (entry, expected) in [
        // As NTWC lists: a picture, the message, a bulletin of type xml that is text.
        (
            "<link rel='alternate' type='image/jpeg' href='/a/energy.jpg'/><link rel='related' type='application/cap+xml' href='/a/PAAQCAP.xml'/><link rel='alternate' type='application/xml' href='/a/WEAK53.txt'/>",
            "/a/PAAQCAP.xml",
        ),
        (
            "<link type='text/html' href='page'/><link href='x.xml'/><link href='x.cap'/>",
            "x.cap",
        ),
        ("<link href='cap.php?x=1&amp;y=2'/>", "cap.php?x=1&y=2"),
        (
            "<link rel='self' href='a.cap'/><link rel='edit' href='b.cap'/><link rel='enclosure' href='c.cap'/>",
            "c.cap",
        ),
        (
            "<link type='application/cap+xml; charset=utf-8' href='m?1'/>",
            "m?1",
        ),
    ] {
        assert_eq!(
            links(&atom(&format!("<entry>{entry}</entry>"))),
            [expected],
            "{entry}"
        );
    }
    let none = read(atom("<entry><link type='text/html' href='x.xml'/></entry><entry><link href='x.html'/></entry><entry/>").as_bytes()).unwrap();
    assert_eq!((none.items.len(), none.without), (0, 3));
}

#[test]
fn rss_of_all_kinds() {
    let two = "<rss version='2.0'><channel><link>https://a.example/</link><item><title>x</title><link> https://a.example/cap/1.xml </link><guid isPermaLink='false'>urn:1</guid></item>\
        <item><link>https://a.example/2.html</link><enclosure url='https://a.example/2.cap' type='application/cap+xml' length='1'/></item>\
        <item><guid>https://a.example/get?id=3&amp;x</guid></item><item><guid isPermaLink='false'>https://a.example/4.cap</guid></item></channel></rss>";
    assert_eq!(
        links(two),
        [
            "https://a.example/cap/1.xml",
            "https://a.example/2.cap",
            "https://a.example/get?id=3&x"
        ]
    );
    assert_eq!(read(two.as_bytes()).unwrap().without, 1);
    let one = "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'><channel/><item><link>a.xml</link></item></rdf:RDF>";
    assert_eq!(items(one), [link("a.xml")]);
}

#[test]
fn a_changed_entry_has_another_mark() {
    let marked = |text: &str| {
        items(&atom(&format!(
            "<entry><id>i</id><updated>{text}</updated><link href='a.cap'/></entry>"
        )))
    };
    assert_ne!(
        marked("2026-01-01T00:00:00Z"),
        marked("2026-01-01T00:00:01Z")
    );
    assert_eq!(marked("x"), marked("x"));
}

#[test]
fn messages_inside_are_cut_out_as_they_stand() {
    let message = |document: &str| match &items(document)[..] {
        [Item::Message(xml)] => xml.clone(),
        other => panic!("{document}: {other:?}"),
    };
    assert_eq!(message(ALERT), ALERT);
    let declared = format!("<?xml version='1.0'?>\n<!-- c -->{ALERT}\n");
    assert_eq!(message(&declared), ALERT);
    for around in [
        format!("<entry><link href='x.cap'/><content type='text/xml'>{ALERT}</content></entry>"),
        format!("<entry><content type='text'><![CDATA[{ALERT}]]></content></entry>"),
        format!(
            "<entry><summary>\n {}</summary></entry>",
            ALERT
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
        ),
    ] {
        assert_eq!(message(&atom(&around)), ALERT, "{around}");
    }
    let list = format!("<alerts>{ALERT}{ALERT}</alerts>");
    assert_eq!(items(&list).len(), 2);
    let edxl = format!(
        "<EDXLDistribution xmlns='urn:oasis:names:tc:emergency:EDXL:DE:1.0'><contentObject><xmlContent><embeddedXMLContent>{ALERT}</embeddedXMLContent></xmlContent></contentObject></EDXLDistribution>"
    );
    assert_eq!(message(&edxl), ALERT);
}

/// What was declared around a message is declared on it, and nothing that it declares itself is declared twice.
#[test]
fn namespaces_come_along() {
    let document = "<f:feed xmlns:f='http://www.w3.org/2005/Atom' xmlns:c='urn:oasis:names:tc:emergency:cap:1.2' xmlns:q='a&quot;b'><f:entry><f:content><c:alert xmlns:q='own'><c:identifier>a</c:identifier></c:alert></f:content></f:entry></f:feed>";
    let [Item::Message(xml)] = &items(document)[..] else {
        panic!()
    };
    assert_eq!(
        xml,
        "<c:alert xmlns:f=\"http://www.w3.org/2005/Atom\" xmlns:c=\"urn:oasis:names:tc:emergency:cap:1.2\" xmlns:q='own'><c:identifier>a</c:identifier></c:alert>"
    );
}

/// An element called alert in another namespace is none; the word in prose is none either.
#[test]
fn what_only_looks_like_a_message_is_none() {
    let other = atom(
        "<entry><x:alert xmlns:x='urn:x'/><alert/><link href='a.cap'/><summary>&lt;b>alert&lt;/b></summary></entry>",
    );
    assert_eq!(links(&other), ["a.cap"]);
    let doc = atom("<entry><content>alert &lt;alert&gt;</content></entry>");
    assert_eq!(read(doc.as_bytes()).unwrap().without, 1);
}

#[test]
fn other_documents_are_refused_by_name() {
    for (document, name) in [
        ("", "malformed"),
        ("plain text", "malformed"),
        ("<html><body>We are back soon.</body></html>", "not_a_feed"),
        ("<alerts/>", "not_a_feed"),
        ("<feed>", "malformed"),
        ("<feed></rss>", "malformed"),
        ("<!DOCTYPE rss [<!ENTITY a 'b'>]><rss/>", "doctype"),
        ("<!DOCTYPE html><html/>", "doctype"),
    ] {
        assert_eq!(
            read(document.as_bytes()).unwrap_err().name(),
            name,
            "{document}"
        );
    }
    assert_eq!(read(b"<feed>\xff</feed>"), Err(IndexError::Encoding));
    let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><feed><entry><link href='a.cap'/><title>\xf1</title></entry></feed>";
    assert_eq!(read(latin).unwrap().items, [link("a.cap")]);
    // An empty list is a list.
    assert_eq!(read(atom("").as_bytes()), Ok(Index::default()));
    assert_eq!(read(b"<rss><channel/></rss>"), Ok(Index::default()));
}

#[test]
fn limits_hold() {
    let many = read(atom(&"<entry><link href='a.cap'/></entry>".repeat(MAX_ITEMS + 7)).as_bytes())
        .unwrap();
    assert_eq!((many.items.len(), many.beyond), (MAX_ITEMS, 7));
    let deep = "<a>".repeat(MAX_DEPTH + 1);
    assert_eq!(read(deep.as_bytes()), Err(IndexError::TooDeep));
    let wide = atom(&"<a/>".repeat(400_001));
    assert_eq!(read(wide.as_bytes()), Err(IndexError::TooManyElements));
    let long = vec![b' '; agency::MAX_DOCUMENT as usize + 1];
    assert_eq!(read(&long).unwrap_err().name(), "too_long");
    let bindings: String = (0..1_000).map(|i| format!(" xmlns:n{i}='u'")).collect();
    assert_eq!(
        read(format!("<feed{bindings}/>").as_bytes())
            .unwrap_err()
            .name(),
        "malformed"
    );
    // A namespace of a megabyte is not copied onto each of two hundred messages.
    let heavy = format!(
        "<feed xmlns='http://www.w3.org/2005/Atom' xmlns:n='{}'>{}</feed>",
        "u".repeat(1_000_000),
        format!("<entry>{ALERT}</entry>").repeat(200)
    );
    let bytes: usize = items(&heavy).iter().map(|i| format!("{i:?}").len()).sum();
    assert!(bytes < 200 * (ALERT.len() + 200), "{bytes}");
    let endless = atom(&format!(
        "<entry><link href='{}.cap'/></entry>",
        "a".repeat(3_000)
    ));
    assert_eq!(read(endless.as_bytes()).unwrap().without, 1);
    let attributes: String = (0..100_000).map(|i| format!(" a{i}='{i}'")).collect();
    assert_eq!(
        read(atom(&format!("<entry><link{attributes} href='a.cap'/></entry>")).as_bytes())
            .unwrap()
            .without,
        1
    );
}

#[test]
fn recorded_indexes_are_read() {
    let Some(folder) = recorded::recorded("cap/samples") else {
        return;
    };
    let index = |name: &str| read(&std::fs::read(folder.join(name)).unwrap());
    let usgs = index("earthquake_index.atom").unwrap();
    let [Item::Link { link, mark }] = &usgs.items[..] else {
        panic!("{usgs:?}")
    };
    assert_eq!(
        link,
        "http://earthquake.usgs.gov/earthquakes/catalogs/cap/us2010apcd"
    );
    assert!(mark.contains("2010-08-30T23:25:40Z"), "{mark}");
    let nws = index("weather.atom").unwrap();
    let [Item::Message(xml)] = &nws.items[..] else {
        panic!("{nws:?}")
    };
    let (alert, _) = cap::read(xml.as_bytes()).unwrap();
    assert_eq!(alert.infos[0].event, "Flash Flood Watch");
    // A message is a list of one; a bulletin and a hostile document are none.
    let mut messages = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let found = index(&name).map(|i| i.items.len()).map_err(|e| e.name());
        match name.as_str() {
            "xee.cap" => assert_eq!(found, Err("doctype")),
            text if text.ends_with(".txt") => assert_eq!(found, Err("malformed"), "{text}"),
            _ => {
                assert_eq!(found, Ok(1), "{name}");
                messages += 1;
            }
        }
    }
    assert!(messages > 8);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_markup_never_panics(text in r#"(<feed( xmlns='[a-z:.]{0,9}')?>|</?entry>|</?item>|<link href='[a-z.]{0,9}'/>|<link>|</link>|<content>|</content>|<alert( xmlns:[a-z]='u')?>|</alert>|<!\[CDATA\[|\]\]>|&[a-z#0-9]{0,5};?|</?[a-z:]{1,6}/?>|\PC){0,60}"#) {
        let whole = format!("<feed>{text}</feed>");
        for document in [&text, &whole] {
            if let Ok(index) = read(document.as_bytes()) {
                prop_assert!(index.items.len() <= MAX_ITEMS);
            }
        }
    }

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..1_000)) {
        let _ = read(&bytes);
    }
}
