//! `[[alert_feed]]`: which senders are listened to, and whom to believe.

use std::path::{Path, PathBuf};
use std::time::Duration;

use agency::Feed;
use cap::signature::TrustList;
use senders::{Region, Source};
use serde::Deserialize;

use crate::quake_feeds;

/// Most feeds of a deployment: each has a thread.
pub const MOST_FEEDS: usize = 16;
/// Most further servers of a feed.
const MOST_HOSTS: usize = 16;
/// Most files of trusted certificates of a feed, and bytes of one.
const MOST_TRUST: usize = 16;
const MOST_PEM: u64 = 1 << 20;

/// One feed, as configured.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertFeed {
    /// Id, in logs and metrics, and what the page calls it.
    pub name: String,
    /// Where to ask: Atom, RSS, or a CAP message itself.
    pub url: Option<String>,
    /// Or a file that another program writes.
    pub file: Option<PathBuf>,
    /// How often to look.
    #[serde(with = "settings::duration", default = "every")]
    pub every: Duration,
    /// After how long without an answer it counts as stale [default: five times `every`, at least five minutes].
    #[serde(with = "settings::duration", default)]
    pub stale_after: Duration,
    /// PEM files with the certificates of signers, or of authorities that issue theirs. Without, no signature counts.
    #[serde(default)]
    pub trust: Vec<PathBuf>,
    /// Further servers that the messages may be on, besides the feed's own: `example.org` or `example.org:8443`.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// Only messages that may concern this box are shown.
    pub area: Option<Region>,
}

/// As often as the page of an officer on duty would be reloaded.
fn every() -> Duration {
    Duration::from_secs(30)
}

impl AlertFeed {
    fn feed(&self) -> Result<Feed, String> {
        let at = format!("[[alert_feed]] \"{}\"", self.name);
        let feed = quake_feeds::feed(
            &at,
            &self.name,
            (self.url.as_ref(), self.file.as_ref()),
            (self.every, self.stale_after),
        )?;
        if let Some(area) = &self.area {
            area.check().map_err(|e| format!("{at}, area: {e}"))?;
        }
        if self.hosts.len() > MOST_HOSTS || self.trust.len() > MOST_TRUST {
            return Err(format!(
                "{at}: at most {MOST_HOSTS} hosts and {MOST_TRUST} files of trust"
            ));
        }
        let host = |h: &&String| {
            let named = |c: char| c.is_ascii_alphanumeric() || "-.:[]".contains(c);
            h.is_empty() || h.len() > 255 || !h.chars().all(named)
        };
        if let Some(wrong) = self.hosts.iter().find(host) {
            return Err(format!(
                "{at}: hosts: \"{wrong}\" is no server: give its name alone, or name:port"
            ));
        }
        Ok(feed)
    }

    /// Whom the feed's messages may be signed by.
    fn trust(&self) -> Result<TrustList, String> {
        let mut trust = TrustList::default();
        for path in &self.trust {
            let at = format!(
                "[[alert_feed]] \"{}\": trust: {}",
                self.name,
                path.display()
            );
            let pem = read(path).map_err(|e| format!("{at}: {e}"))?;
            trust.extend(TrustList::from_pem(&pem).map_err(|e| format!("{at}: {e}"))?);
        }
        Ok(trust)
    }
}

fn read(path: &Path) -> Result<String, String> {
    let about = std::fs::metadata(path).map_err(|e| e.to_string())?;
    if !about.is_file() || about.len() > MOST_PEM {
        return Err(format!("no file of at most {MOST_PEM} bytes"));
    }
    std::fs::read_to_string(path).map_err(|e| e.to_string())
}

/// Paths of certificates are relative to the file that names them.
pub fn resolve(feeds: &mut [AlertFeed], dir: &Path) {
    for path in feeds.iter_mut().flat_map(|feed| &mut feed.trust) {
        *path = dir.join(&*path);
    }
}

/// The feeds of a deployment. Opens no file.
///
/// # Errors
/// Text that names the feed and says what is wrong with it.
pub fn check(feeds: &[AlertFeed]) -> Result<Vec<Feed>, String> {
    let names: Vec<&str> = feeds.iter().map(|f| f.name.as_str()).collect();
    quake_feeds::check_names("[[alert_feed]]", &names, MOST_FEEDS)?;
    feeds.iter().map(AlertFeed::feed).collect()
}

/// The feeds with what their messages are held against.
///
/// # Errors
/// As [`check`], and for a file of certificates that cannot be used.
pub fn sources(feeds: &[AlertFeed]) -> Result<Vec<(Feed, Source)>, String> {
    let checked = check(feeds)?;
    checked
        .into_iter()
        .zip(feeds)
        .map(|(feed, configured)| {
            let source = Source {
                feed: feed.name.clone(),
                place: feed.place.clone(),
                trust: configured.trust()?,
                hosts: configured.hosts.clone(),
                region: configured.area,
            };
            Ok((feed, source))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct File {
        alert_feed: Vec<AlertFeed>,
    }

    fn feeds(text: &str) -> Result<Vec<AlertFeed>, String> {
        let file: File = settings::parse("hub.toml", text).map_err(|e| e.to_string())?;
        check(&file.alert_feed).map(|_| file.alert_feed)
    }

    const SOUND: &str = "[[alert_feed]]\nname = \"ntwc\"\nurl = \"https://www.tsunami.gov/events/xml/PAAQAtom.xml\"\n";

    #[test]
    fn feeds_are_checked() {
        let whole = format!(
            "{SOUND}every = \"1m\"\nstale_after = \"10m\"\nhosts = [\"tsunami.gov\", \"[::1]:8443\"]\ntrust = [\"a.pem\"]\narea = {{ south = -60, west = 140, north = 60, east = -70 }}\n"
        );
        let mut sound = feeds(&whole).expect("sound");
        resolve(&mut sound, Path::new("/etc/watchfire"));
        assert_eq!(sound[0].trust[0], Path::new("/etc/watchfire/a.pem"));
        for (text, word) in [
            (format!("{SOUND}{SOUND}"), "twice"),
            (format!("{SOUND}file = \"x\"\n"), "either url or file"),
            (format!("{SOUND}every = \"1ms\"\n"), "every"),
            (format!("{SOUND}stale_after = \"1s\"\n"), "stale"),
            (format!("{SOUND}hosts = [\"https://a/\"]\n"), "name alone"),
            (
                format!("{SOUND}area = {{ south = 1, west = 0, north = 0, east = 1 }}\n"),
                "no box",
            ),
            (format!("{SOUND}issue = true\n"), "issue"),
        ] {
            let why = feeds(&text).expect_err(&text);
            assert!(why.contains(word), "{why}");
        }
    }

    #[test]
    fn certificates_that_cannot_be_used_are_named() {
        let dir = tempfile::tempdir().expect("a directory");
        std::fs::write(dir.path().join("a.pem"), "no certificate").expect("written");
        for (file, word) in [
            ("missing.pem", "missing.pem"),
            ("a.pem", "certificate"),
            (".", "no file"),
        ] {
            let mut configured = feeds(&format!("{SOUND}trust = [\"{file}\"]\n")).expect("sound");
            resolve(&mut configured, dir.path());
            let why = sources(&configured).map(|_| ()).expect_err(file);
            assert!(why.contains("ntwc") && why.contains(word), "{why}");
        }
    }
}
