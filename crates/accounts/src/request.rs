//! What a request's headers say about who sends it and from where: plain functions of bytes.
//!
//! A browser sends its cookies along with requests that other sites make it send. So a request that changes something and is authenticated
//! by a cookie must come from the hub's own page: its `Sec-Fetch-Site` (Fetch Metadata) or `Origin` says so, and it bears a header of
//! our own, which a foreign page cannot set without asking first, and we never answer that question. Tokens are in `Authorization`,
//! which no browser adds by itself: they need none of it. Beside that, cookies are `SameSite=Strict`. (OWASP, "Cross-Site Request Forgery
//! Prevention Cheat Sheet".)

use crate::{Refusal, Secret};

/// What tokens begin with, so that people and secret scanners know one.
pub const TOKEN_PREFIX: &str = "wf_";

/// The header that requests of the hub's own page bear; any value.
pub const MARK: &str = "x-watchfire";

/// Longest header value that is looked at, bytes; the server bounds all headers together to 16 KiB.
const VALUE_BYTES_MAX: usize = 16 * 1_024;

/// What somebody shows.
#[derive(Debug, Clone)]
pub enum Credential {
    /// A person's browser.
    Session(Secret),
    /// A machine.
    Token(Secret),
}

/// The headers that matter here; a header that is there twice has several values.
#[derive(Debug, Clone, Default)]
pub struct Head<'a> {
    /// Values of `Authorization`.
    pub authorization: Vec<&'a [u8]>,
    /// Values of `Cookie`.
    pub cookie: Vec<&'a [u8]>,
    /// Values of `Origin`.
    pub origin: Vec<&'a [u8]>,
    /// Values of `Sec-Fetch-Site`.
    pub sec_fetch_site: Vec<&'a [u8]>,
    /// Values of `Host`.
    pub host: Vec<&'a [u8]>,
    /// Whether [`MARK`] is there.
    pub marked: bool,
    /// Whether the method only reads (RFC 9110, section 9.2.1: GET, HEAD, OPTIONS, TRACE).
    pub safe: bool,
}

/// Where the hub is, as browsers see it: what its cookies are called and which pages are its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    origin: String,
    secure: bool,
    session: String,
    device: String,
}

impl Site {
    /// For a hub under this URL (`http` or `https`, a path may follow). Cookies know no ports, so deployment and mode are part of their names: a
    /// drill beside the real hub on one machine keeps its own.
    pub fn new(base_url: &str, deployment: &str, mode: &str) -> Self {
        let secure = base_url.starts_with("https://");
        let scheme = if secure { "https://" } else { "http://" };
        let rest = base_url.strip_prefix(scheme).unwrap_or(base_url);
        let authority = rest.split('/').next().unwrap_or_default();
        // With this prefix browsers hold a cookie to this host, to https and to all paths (RFC 6265bis, section 4.1.3.2).
        let prefix = if secure { "__Host-" } else { "" };
        Self {
            origin: format!("{scheme}{authority}").to_ascii_lowercase(),
            secure,
            session: format!("{prefix}watchfire-{deployment}-{mode}"),
            device: format!("{prefix}watchfire-{deployment}-{mode}-device"),
        }
    }

    /// The credentials that a request shows, if it may use them; `None` when it shows none. A token goes before a session, and one that cannot be read is
    /// never passed over for the other.
    ///
    /// # Errors
    /// [`Refusal::Malformed`], [`Refusal::Foreign`].
    pub fn credential(&self, head: &Head<'_>) -> Result<Option<Credential>, Refusal> {
        match head.authorization.as_slice() {
            [] => {}
            [one] => return bearer(one).map(Some),
            _ => return Err(Refusal::Malformed),
        }
        let Some(secret) = cookie(&head.cookie, &self.session)? else {
            return Ok(None);
        };
        if !head.safe {
            self.is_own(head)?;
        }
        Ok(Some(Credential::Session(secret)))
    }

    /// The device's secret, if the request has one; nothing depends on it but how soon a password may be tried again.
    pub fn device(&self, head: &Head<'_>) -> Option<Secret> {
        cookie(&head.cookie, &self.device).ok().flatten()
    }

    /// Whether a request comes from the hub's own page.
    ///
    /// # Errors
    /// [`Refusal::Foreign`] with what speaks against it.
    pub fn is_own(&self, head: &Head<'_>) -> Result<(), Refusal> {
        if !head.marked {
            return Err(Refusal::Foreign("the header X-Watchfire is missing"));
        }
        if head.origin.is_empty() && head.sec_fetch_site.is_empty() {
            return Err(Refusal::Foreign(
                "neither Origin nor Sec-Fetch-Site says where it comes from",
            ));
        }
        self.is_not_foreign(head)
    }

    /// Whether nothing says that a request comes from another site; for log-ins, which programs without these headers may do.
    ///
    /// # Errors
    /// [`Refusal::Foreign`] with what speaks against it.
    pub fn is_not_foreign(&self, head: &Head<'_>) -> Result<(), Refusal> {
        match head.sec_fetch_site.as_slice() {
            [] => {}
            [site] if *site == b"same-origin" => {}
            _ => return Err(Refusal::Foreign("Sec-Fetch-Site is not same-origin")),
        }
        match head.origin.as_slice() {
            [] => Ok(()),
            [origin] if self.has_origin(origin, &head.host) => Ok(()),
            _ => Err(Refusal::Foreign("Origin is not this hub's")),
        }
    }

    /// The origin of the configured URL; or, for who comes by another way than the proxy, that of the host that was asked.
    fn has_origin(&self, origin: &[u8], host: &[&[u8]]) -> bool {
        let Ok(origin) = std::str::from_utf8(origin) else {
            return false;
        };
        if origin.eq_ignore_ascii_case(&self.origin) {
            return true;
        }
        let scheme = if origin.starts_with("https://") {
            "https://"
        } else {
            "http://"
        };
        match (origin.strip_prefix(scheme), host) {
            (Some(authority), [host]) => {
                !authority.is_empty() && authority.as_bytes().eq_ignore_ascii_case(host)
            }
            _ => false,
        }
    }

    /// `Set-Cookie` for a session. No `Max-Age`: the hub ends sessions, and closing the browser may.
    pub fn session_cookie(&self, secret: &Secret) -> String {
        self.set(&self.session, &secret.text(), None)
    }

    /// `Set-Cookie` that takes the session's cookie away.
    pub fn no_session_cookie(&self) -> String {
        self.set(&self.session, "", Some(0))
    }

    /// `Set-Cookie` for a device.
    pub fn device_cookie(&self, secret: &Secret) -> String {
        let life_s = crate::session::DEVICE_LIFE_US / 1_000_000;
        self.set(&self.device, &secret.text(), Some(life_s))
    }

    fn set(&self, name: &str, value: &str, max_age_s: Option<i64>) -> String {
        let mut text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict");
        if let Some(max_age_s) = max_age_s {
            text.push_str(&format!("; Max-Age={max_age_s}"));
        }
        if self.secure {
            text.push_str("; Secure");
        }
        text
    }
}

/// A token as its holder writes it.
pub fn token_text(secret: &Secret) -> zeroize::Zeroizing<String> {
    zeroize::Zeroizing::new(format!("{TOKEN_PREFIX}{}", *secret.text()))
}

/// Reads `Authorization: Bearer wf_...` (RFC 6750, section 2.1; the scheme in any case, RFC 9110, section 11.1).
fn bearer(value: &[u8]) -> Result<Credential, Refusal> {
    let text = std::str::from_utf8(value)
        .ok()
        .filter(|text| text.len() <= VALUE_BYTES_MAX)
        .ok_or(Refusal::Malformed)?;
    let (scheme, rest) = text.split_once(' ').ok_or(Refusal::Malformed)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Refusal::Malformed);
    }
    rest.trim_matches(' ')
        .strip_prefix(TOKEN_PREFIX)
        .and_then(Secret::parse)
        .map(Credential::Token)
        .ok_or(Refusal::Malformed)
}

/// The cookie of this name (RFC 6265, section 4.2.1). Two of them are refused: one may have been planted from a neighbouring host or path. An
/// unreadable one is none, such as the empty one that a log-out leaves in some clients.
fn cookie(values: &[&[u8]], name: &str) -> Result<Option<Secret>, Refusal> {
    let mut found = None;
    for value in values {
        for pair in value.split(|c| *c == b';') {
            let pair = pair.trim_ascii();
            let Some(rest) = pair.strip_prefix(name.as_bytes()) else {
                continue;
            };
            let Some(text) = rest.strip_prefix(b"=") else {
                continue;
            };
            if found.replace(text).is_some() {
                return Err(Refusal::Malformed);
            }
        }
    }
    Ok(found
        .and_then(|text| std::str::from_utf8(text).ok())
        .and_then(Secret::parse))
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://warnings.example.org/hub";

    fn site() -> Site {
        Site::new(URL, "chile", "actual")
    }

    fn secret() -> Secret {
        Secret::parse(&"ab".repeat(32)).expect("a secret")
    }

    /// A request of the hub's own page with this cookie.
    fn own(cookie: &str) -> Head<'_> {
        Head {
            cookie: vec![cookie.as_bytes()],
            origin: vec![b"https://warnings.example.org"],
            sec_fetch_site: vec![b"same-origin"],
            host: vec![b"127.0.0.1:8080"],
            marked: true,
            safe: false,
            ..Head::default()
        }
    }

    fn sent(site: &Site) -> String {
        let set = site.session_cookie(&secret());
        set.split(';').next().expect("name and value").to_owned()
    }

    #[test]
    fn cookies_are_held_to_the_host_where_there_is_tls() {
        let digits = "ab".repeat(32);
        assert_eq!(
            site().session_cookie(&secret()),
            format!(
                "__Host-watchfire-chile-actual={digits}; Path=/; HttpOnly; SameSite=Strict; Secure"
            )
        );
        let plain = Site::new("http://127.0.0.1:8080", "chile", "exercise");
        assert_eq!(
            plain.session_cookie(&secret()),
            format!("watchfire-chile-exercise={digits}; Path=/; HttpOnly; SameSite=Strict")
        );
        assert_eq!(
            plain.no_session_cookie(),
            "watchfire-chile-exercise=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"
        );
        assert!(plain.device_cookie(&secret()).ends_with("Max-Age=7776000"));
    }

    #[test]
    fn a_session_comes_back_by_its_cookie_among_others() {
        let site = site();
        let cookie = format!("a=b; {}; watchfire-chile-actual=zz;c", sent(&site));
        let Ok(Some(Credential::Session(found))) = site.credential(&own(&cookie)) else {
            panic!("no session");
        };
        assert_eq!(found.fingerprint(), secret().fingerprint());
        // A drill's cookie is not the real hub's, nor is a device's.
        let exercise = Site::new(URL, "chile", "exercise");
        let device = site.device_cookie(&secret());
        for other in [sent(&exercise), device, String::new(), ";;=;".to_owned()] {
            assert!(matches!(site.credential(&own(&other)), Ok(None)), "{other}");
        }
    }

    #[test]
    fn a_planted_second_cookie_is_refused() {
        let site = site();
        let planted = format!("{0}; {0}", sent(&site));
        assert!(matches!(
            site.credential(&own(&planted)),
            Err(Refusal::Malformed)
        ));
    }

    #[test]
    fn what_changes_something_by_cookie_must_come_from_the_page() {
        let site = site();
        let cookie = sent(&site);
        let refused = |change: &dyn Fn(&mut Head<'_>)| {
            let mut head = own(&cookie);
            change(&mut head);
            matches!(site.credential(&head), Err(Refusal::Foreign(_)))
        };
        assert!(!refused(&|_| {}));
        assert!(refused(&|h| h.marked = false));
        assert!(refused(&|h| h.sec_fetch_site = vec![b"cross-site"]));
        assert!(refused(&|h| h.sec_fetch_site = vec![b"same-site"]));
        assert!(refused(&|h| h.sec_fetch_site = vec![b"none"]));
        for foreign in [
            "https://evil.example",
            "null",
            "https://warnings.example.org.evil.example",
            "http://warnings.example.org",
            "https://",
            "",
            "127.0.0.1:8080",
        ] {
            assert!(
                refused(&|h| h.origin = vec![foreign.as_bytes()]),
                "{foreign}"
            );
        }
        assert!(refused(&|h| {
            h.origin.clear();
            h.sec_fetch_site.clear();
        }));
        assert!(refused(
            &|h| h.origin = vec![b"https://warnings.example.org"; 2]
        ));
        // Either header is enough where the other is missing, as in older browsers; and who asks the hub itself is at home there.
        assert!(!refused(&|h| h.sec_fetch_site.clear()));
        assert!(!refused(&|h| h.origin.clear()));
        assert!(!refused(&|h| h.origin = vec![b"http://127.0.0.1:8080"]));
        // Reading needs none of it.
        assert!(!refused(&|h| {
            h.safe = true;
            h.marked = false;
            h.origin.clear();
            h.sec_fetch_site.clear();
        }));
    }

    #[test]
    fn tokens_need_no_page_and_never_fall_back_to_a_cookie() {
        let site = site();
        let cookie = sent(&site);
        let shown = |authorization: &[&str]| {
            let mut head = Head {
                cookie: vec![cookie.as_bytes()],
                ..Head::default()
            };
            head.authorization = authorization.iter().map(|a| a.as_bytes()).collect();
            site.credential(&head)
                .map(|c| matches!(c, Some(Credential::Token(_))))
        };
        let token = token_text(&secret());
        assert_eq!(shown(&[&format!("Bearer {}", *token)]), Ok(true));
        assert_eq!(shown(&[&format!("bearer  {}", *token)]), Ok(true));
        for bad in [
            "".to_owned(),
            "Bearer".to_owned(),
            format!("Basic {}", *token),
            format!("Bearer {}", &token[3..]),
            format!("Bearer {}0", *token),
        ] {
            assert_eq!(shown(&[&bad]), Err(Refusal::Malformed), "{bad}");
        }
        let twice = format!("Bearer {}", *token);
        assert_eq!(shown(&[&twice, &twice]), Err(Refusal::Malformed));
    }
}
