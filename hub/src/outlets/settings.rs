//! `[[subscriber]]`: whom messages are pushed to, how, and in which form.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use outlet::deliver::{
    Auth, Directory, Encryption, Endpoint, Limits, Mail, Sahana, Smtp, WebSub, Webhook,
};
use outlet::{Backoff, Deliver, Profile, Retag, SecretFile, Sign};
use serde::Deserialize;
use wire::topic::Mode;

use crate::config::Config;
use crate::feed::{self, Format};

/// Most subscribers of a deployment: each has a thread. A list of more belongs behind a WebSub hub or a mailing list.
pub const MOST_SUBSCRIBERS: usize = 64;

/// One subscriber, as configured.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscriber {
    /// Id, in states, metrics and the directory of what it has received.
    pub name: String,
    /// How it is reached.
    pub kind: Kind,
    /// Webhook, WebSub hub, Sahana's import: absolute URL.
    pub url: Option<String>,
    /// Webhook: file with the secret that signs the body.
    pub secret_file: Option<PathBuf>,
    /// Basic authentication, or the login of a mail server: user name.
    pub user: Option<String>,
    /// File with its password.
    pub password_file: Option<PathBuf>,
    /// File with a bearer token.
    pub token_file: Option<PathBuf>,
    /// Name of a header that carries a key.
    pub header: Option<String>,
    /// File with its value.
    pub header_file: Option<PathBuf>,
    /// Send credentials over `http` to another machine.
    #[serde(default)]
    pub plain_http: bool,
    /// Files: the directory.
    pub directory: Option<PathBuf>,
    /// E-mail: the mail server.
    pub host: Option<String>,
    /// E-mail: its port; by default that of the encryption.
    pub port: Option<u16>,
    /// E-mail: `starttls`, `implicit`, or `none` on this machine.
    pub encryption: Option<MailEncryption>,
    /// E-mail: a certificate that is trusted besides the public ones.
    pub ca_file: Option<PathBuf>,
    /// E-mail: from whom.
    pub from: Option<String>,
    /// E-mail: to whom.
    #[serde(default)]
    pub to: Vec<String>,
    /// Statuses that it takes. Actual alone by default: an exercise reaches nobody who did not ask for it.
    #[serde(default = "actual")]
    pub statuses: Vec<StatusName>,
    /// Least severity of the messages that it takes.
    pub severity: Option<SeverityName>,
    /// Zones that it takes messages for; all by default.
    #[serde(default)]
    pub zones: Vec<String>,
    /// Languages that it takes, `en`, or `en=en-US` to send one under another tag; all as they are by default.
    #[serde(default)]
    pub languages: Vec<String>,
    /// Most points of all polygons of a message.
    pub points_max: Option<usize>,
    /// Time limit of a connection.
    #[serde(with = "settings::duration", default = "connect")]
    pub connect: Duration,
    /// Time limit of an attempt.
    #[serde(with = "settings::duration", default = "total")]
    pub total: Duration,
    /// Pause after the first failure; it doubles.
    #[serde(with = "settings::duration", default = "retry_first")]
    pub retry_first: Duration,
    /// Longest pause.
    #[serde(with = "settings::duration", default = "retry_longest")]
    pub retry_longest: Duration,
    /// After how long of failing officers are told.
    #[serde(with = "settings::duration", default = "tell_after")]
    pub tell_after: Duration,
}

/// How a subscriber is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A POST with the message.
    Webhook,
    /// A word to a hub that the feeds have changed.
    Websub,
    /// The import of a Sahana Eden.
    Sahana,
    /// E-mail.
    Smtp,
    /// A directory of files.
    File,
}

/// How a mail server is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailEncryption {
    /// STARTTLS.
    Starttls,
    /// TLS from the first byte.
    Implicit,
    /// None.
    None,
}

/// CAP statuses that a hub issues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StatusName {
    /// Real.
    Actual,
    /// A drill.
    Exercise,
    /// A technical test.
    Test,
}

impl StatusName {
    const fn status(self) -> cap::Status {
        match self {
            Self::Actual => cap::Status::Actual,
            Self::Exercise => cap::Status::Exercise,
            Self::Test => cap::Status::Test,
        }
    }
}

/// CAP severities to choose by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SeverityName {
    /// Extreme alone.
    Extreme,
    /// Severe and above.
    Severe,
    /// Moderate and above.
    Moderate,
    /// Minor and above.
    Minor,
}

fn actual() -> Vec<StatusName> {
    vec![StatusName::Actual]
}

fn connect() -> Duration {
    Limits::default().connect
}

fn total() -> Duration {
    Limits::default().total
}

fn retry_first() -> Duration {
    Duration::from_secs(2)
}

fn retry_longest() -> Duration {
    Duration::from_secs(300)
}

fn tell_after() -> Duration {
    Duration::from_secs(300)
}

impl Subscriber {
    /// Makes the files of the settings relative to the directory of the file that names them, wherever the hub is started.
    pub fn resolve(&mut self, dir: &Path) {
        for file in [
            &mut self.secret_file,
            &mut self.password_file,
            &mut self.token_file,
            &mut self.header_file,
            &mut self.directory,
            &mut self.ca_file,
        ]
        .into_iter()
        .flatten()
        {
            *file = dir.join(&*file);
        }
    }

    /// What it wants, and how its messages are rewritten.
    ///
    /// # Errors
    /// Text that names the subscriber.
    pub fn profile(&self, signer: Option<Arc<dyn Sign>>) -> Result<Profile, String> {
        let languages = self
            .languages
            .iter()
            .map(|text| Retag::parse(text))
            .collect::<Result<_, _>>();
        Ok(Profile {
            statuses: self.statuses.iter().map(|s| s.status()).collect(),
            severity: match self.severity {
                None => cap::Severity::Unknown,
                Some(SeverityName::Extreme) => cap::Severity::Extreme,
                Some(SeverityName::Severe) => cap::Severity::Severe,
                Some(SeverityName::Moderate) => cap::Severity::Moderate,
                Some(SeverityName::Minor) => cap::Severity::Minor,
            },
            zones: self.zones.clone(),
            languages: languages.map_err(|e| format!("{}: languages: {e}", self.at()))?,
            points_max: self.points_max,
            signer,
        })
    }

    /// How it is reached. `base_url` is where the public reaches the feeds.
    ///
    /// # Errors
    /// Text that names the subscriber and says what is wrong.
    pub fn deliver(&self, base_url: &str, mode: Mode) -> Result<Box<dyn Deliver>, String> {
        let at = |e: String| format!("{}: {e}", self.at());
        let secret = |path: &PathBuf| SecretFile::new(path);
        Ok(match self.kind {
            Kind::Webhook => Box::new(Webhook::new(
                self.endpoint()?,
                self.secret_file.as_ref().map(secret),
            )),
            Kind::Websub => {
                let topics = Format::ALL.map(|f| format!("{base_url}{}", feed::path(mode, f)));
                Box::new(WebSub::new(self.endpoint()?, &topics))
            }
            Kind::Sahana => Box::new(Sahana::new(self.endpoint()?).map_err(at)?),
            Kind::Smtp => Box::new(Smtp::new(self.mail()?).map_err(at)?),
            Kind::File => Box::new(Directory::new(self.needed("directory", &self.directory)?)),
        })
    }

    /// When a failed delivery is tried again.
    pub fn backoff(&self) -> Backoff {
        // FNV-1a: the name is the seed, so that subscribers do not come back all at once.
        let seed = self
            .name
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, b| {
                (hash ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)
            });
        Backoff::new(self.retry_first, self.retry_longest, seed)
    }

    fn at(&self) -> String {
        format!("[[subscriber]] \"{}\"", self.name)
    }

    fn needed<'a, T>(&self, key: &str, value: &'a Option<T>) -> Result<&'a T, String> {
        value
            .as_ref()
            .ok_or_else(|| format!("{}: {key} is missing", self.at()))
    }

    const fn limits(&self) -> Limits {
        Limits {
            connect: self.connect,
            total: self.total,
        }
    }

    fn endpoint(&self) -> Result<Endpoint, String> {
        let at = |e: String| format!("{}: {e}", self.at());
        let auth = match (
            &self.user,
            &self.password_file,
            &self.token_file,
            &self.header,
            &self.header_file,
        ) {
            (None, None, None, None, None) => Auth::None,
            (Some(user), Some(file), None, None, None) if !user.contains(':') => Auth::Basic {
                user: user.clone(),
                password: SecretFile::new(file),
            },
            (None, None, Some(file), None, None) => Auth::Bearer(SecretFile::new(file)),
            (None, None, None, Some(name), Some(file)) => Auth::Header {
                name: name.clone(),
                value: SecretFile::new(file),
            },
            _ => {
                return Err(at(
                    "give user (without a colon) and password_file, or token_file, or header and header_file".to_owned(),
                ));
            }
        };
        let url = self.needed("url", &self.url)?;
        Endpoint::new(url, auth, self.limits(), self.plain_http).map_err(at)
    }

    fn mail(&self) -> Result<Mail, String> {
        let login = match (&self.user, &self.password_file) {
            (None, None) => None,
            (Some(user), Some(file)) => Some((user.clone(), SecretFile::new(file))),
            _ => return Err(format!("{}: user and password_file go together", self.at())),
        };
        Ok(Mail {
            host: self.needed("host", &self.host)?.clone(),
            port: self.port,
            encryption: match self.encryption.unwrap_or(MailEncryption::Starttls) {
                MailEncryption::Starttls => Encryption::StartTls,
                MailEncryption::Implicit => Encryption::Implicit,
                MailEncryption::None => Encryption::None,
            },
            ca_file: self.ca_file.clone(),
            login,
            from: self.needed("from", &self.from)?.clone(),
            to: self.to.clone(),
            limits: self.limits(),
        })
    }

    /// Keys that are set and mean nothing for its kind: a typing error must not pass for protection.
    fn strangers(&self) -> Vec<&'static str> {
        use Kind::{File, Sahana, Smtp, Webhook, Websub};
        let http: &[Kind] = &[Webhook, Websub, Sahana];
        let login: &[Kind] = &[Webhook, Websub, Sahana, Smtp];
        let set: [(&'static str, bool, &[Kind]); 17] = [
            ("url", self.url.is_some(), http),
            ("secret_file", self.secret_file.is_some(), &[Webhook]),
            ("user", self.user.is_some(), login),
            ("password_file", self.password_file.is_some(), login),
            ("token_file", self.token_file.is_some(), http),
            ("header", self.header.is_some(), http),
            ("header_file", self.header_file.is_some(), http),
            ("plain_http", self.plain_http, http),
            ("directory", self.directory.is_some(), &[File]),
            ("host", self.host.is_some(), &[Smtp]),
            ("port", self.port.is_some(), &[Smtp]),
            ("encryption", self.encryption.is_some(), &[Smtp]),
            ("ca_file", self.ca_file.is_some(), &[Smtp]),
            ("from", self.from.is_some(), &[Smtp]),
            ("to", !self.to.is_empty(), &[Smtp]),
            // A hub fetches the feeds as they are.
            (
                "languages",
                !self.languages.is_empty(),
                &[Webhook, Sahana, Smtp, File],
            ),
            (
                "points_max",
                self.points_max.is_some(),
                &[Webhook, Sahana, Smtp, File],
            ),
        ];
        set.into_iter()
            .filter(|(_, is_set, kinds)| *is_set && !kinds.contains(&self.kind))
            .map(|(key, _, _)| key)
            .collect()
    }

    fn check(&self, config: &Config) -> Result<(), String> {
        let at = self.at();
        if !wire::topic::is_id(&self.name) {
            return Err(format!(
                "{at}: the name is no id: use 1 to 48 letters, digits, `.`, `_` or `-`"
            ));
        }
        let strangers = self.strangers();
        if !strangers.is_empty() {
            return Err(format!(
                "{at}: {} means nothing for its kind; take it out",
                strangers.join(", ")
            ));
        }
        if self.statuses.is_empty() {
            return Err(format!("{at}: statuses = [] would send it nothing"));
        }
        for zone in &self.zones {
            if !config.zone.iter().any(|z| z.id == *zone) {
                return Err(format!("{at}: there is no [[zone]] \"{zone}\""));
            }
        }
        let profile = self.profile(None)?;
        let spoken: Vec<&str> = config.sender.languages.iter().map(|l| l.tag()).collect();
        if !profile.languages.is_empty()
            && !profile
                .languages
                .iter()
                .any(|l| spoken.contains(&l.from.as_str()))
        {
            return Err(format!(
                "{at}: languages: messages are written in {}, and none of these is among its languages: nothing could be sent to it",
                spoken.join(", ")
            ));
        }
        let bounds = [
            ("connect", self.connect, 100, 60_000),
            ("total", self.total, 100, 300_000),
            ("retry_first", self.retry_first, 100, 3_600_000),
            ("retry_longest", self.retry_longest, 100, 3_600_000),
            ("tell_after", self.tell_after, 0, 86_400_000),
        ];
        for (key, value, least_ms, most_ms) in bounds {
            if !(least_ms..=most_ms).contains(&value.as_millis()) {
                return Err(format!(
                    "{at}: {key} = {value:?}: between {least_ms} ms and {most_ms} ms"
                ));
            }
        }
        self.deliver("http://127.0.0.1", config.mode).map(|_| ())
    }
}

/// Whether the subscribers of a deployment make sense. Opens nothing.
///
/// # Errors
/// Text that names the subscriber and says what is wrong with it.
pub fn check(config: &Config) -> Result<(), String> {
    let all = &config.subscriber;
    if all.len() > MOST_SUBSCRIBERS {
        return Err(format!(
            "{} [[subscriber]]: at most {MOST_SUBSCRIBERS} are served",
            all.len()
        ));
    }
    for (k, one) in all.iter().enumerate() {
        if all[..k].iter().any(|other| other.name == one.name) {
            return Err(format!("{} is there twice", one.at()));
        }
        one.check(config)?;
    }
    Ok(())
}

/// Whether what the subscribers need of this machine is there: secrets, certificates.
///
/// # Errors
/// Text that names the first subscriber to which that does not hold.
pub fn ready(config: &Config) -> Result<(), String> {
    for one in &config.subscriber {
        let deliver = one.deliver("http://127.0.0.1", config.mode)?;
        deliver.ready().map_err(|e| format!("{}: {e}", one.at()))?;
    }
    Ok(())
}

/// The WebSub hubs that the feeds name.
pub fn hubs(config: &Config) -> Vec<String> {
    let hubs = config.subscriber.iter().filter(|s| {
        s.kind == Kind::Websub
            && s.statuses
                .iter()
                .any(|n| n.status() == crate::alert::status(config.mode))
    });
    hubs.filter_map(|s| s.url.clone()).collect()
}

/// Where a subscriber's ledger is, under a data directory.
pub fn directory(data_dir: &Path, name: &str) -> PathBuf {
    data_dir.join("outlets").join(name)
}
