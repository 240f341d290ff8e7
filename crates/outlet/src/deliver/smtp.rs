//! E-mail by SMTP: plain text for people, the message itself attached.
//!
//! Each recipient gets a mail of its own, so that one that is refused does not keep the others from theirs. The `Message-ID` is made of the
//! CAP identifier and stays the same in every attempt: a mail server or reader can tell a repeat. Updates refer to the mails before.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{Message, SmtpTransport, Transport as _};

use super::http::{Limits, is_loopback};
use super::{Deliver, Outcome, Parcel, message, sha256_hex};
use crate::SecretFile;
use crate::issued::file_stem;

/// Most recipients of one subscriber; more belong on a mailing list.
const RECIPIENTS_MAX: usize = 200;
/// Most mails of a chain that a mail refers to.
const THREAD_MAX: usize = 10;

/// How the connection is kept from others' eyes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// STARTTLS, and nothing without it (RFC 3207). Port 587 unless told otherwise.
    StartTls,
    /// TLS from the first byte (RFC 8314). Port 465 unless told otherwise.
    Implicit,
    /// None; to a mail server on this machine alone. Port 25 unless told otherwise.
    None,
}

/// Where mail is handed in, and whom it goes to.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Host of the mail server.
    pub host: String,
    /// Its port; `None` is the encryption's own.
    pub port: Option<u16>,
    /// How.
    pub encryption: Encryption,
    /// A certificate in PEM that is trusted besides the public ones: that of an authority's own mail server.
    pub ca_file: Option<PathBuf>,
    /// User name and password.
    pub login: Option<(String, SecretFile)>,
    /// From whom.
    pub from: String,
    /// To whom.
    pub to: Vec<String>,
    /// Time limits; the total is for one attempt, all recipients together.
    pub limits: Limits,
}

/// Sends messages by e-mail.
#[derive(Debug)]
pub struct Smtp {
    mail: Mail,
    from: Mailbox,
    to: Vec<Mailbox>,
    domain: String,
    /// Recipients that are done with, for one message: an attempt that is cut short goes on where it was.
    progress: Option<Progress>,
    hanging: Option<Attempt>,
}

#[derive(Debug)]
struct Progress {
    identifier: String,
    taken: BTreeSet<usize>,
    /// In the last attempt: recipients that are not taken, and those that are to be tried again.
    refused: Vec<(usize, String)>,
    deferred: Vec<(usize, String)>,
}

/// An attempt on a thread of its own: its library bounds each read and write, and not their number.
#[derive(Debug)]
struct Attempt {
    thread: JoinHandle<()>,
    identifier: String,
    results: Receiver<(usize, Result<(), Trouble>)>,
}

#[derive(Debug)]
struct Trouble {
    why: String,
    permanent: bool,
    /// Of the login or the connection, not of the recipient.
    of_all: bool,
}

impl Smtp {
    /// Mail from and to these.
    ///
    /// # Errors
    /// Text: an address that is none, encryption turned off towards another machine.
    pub fn new(mail: Mail) -> Result<Self, String> {
        let address = |text: &str| {
            text.parse::<Mailbox>()
                .map_err(|e| format!("\"{text}\" is no e-mail address: {e}"))
        };
        let from = address(&mail.from)?;
        let to = mail
            .to
            .iter()
            .map(|t| address(t))
            .collect::<Result<Vec<_>, _>>()?;
        if to.is_empty() || to.len() > RECIPIENTS_MAX {
            return Err(format!(
                "to: {} addresses; between 1 and {RECIPIENTS_MAX}",
                to.len()
            ));
        }
        if mail.encryption == Encryption::None && !is_loopback(&mail.host) {
            return Err(format!(
                "encryption = \"none\" is for a mail server on this machine, not for {}",
                mail.host
            ));
        }
        let domain = from.email.domain().to_owned();
        Ok(Self {
            mail,
            from,
            to,
            domain,
            progress: None,
            hanging: None,
        })
    }

    fn transport(&self) -> Result<SmtpTransport, String> {
        let mail = &self.mail;
        let mut builder = SmtpTransport::builder_dangerous(mail.host.clone())
            .timeout(Some(mail.limits.connect.min(mail.limits.total)));
        let default_port = match mail.encryption {
            Encryption::StartTls => {
                builder = builder.tls(Tls::Required(self.tls()?));
                587
            }
            Encryption::Implicit => {
                builder = builder.tls(Tls::Wrapper(self.tls()?));
                465
            }
            Encryption::None => 25,
        };
        builder = builder.port(mail.port.unwrap_or(default_port));
        if let Some((user, password)) = &mail.login {
            builder = builder.credentials(Credentials::new(user.clone(), password.read()?));
        }
        Ok(builder.build())
    }

    fn tls(&self) -> Result<TlsParameters, String> {
        let mut builder = TlsParameters::builder(self.mail.host.clone());
        if let Some(path) = &self.mail.ca_file {
            let pem = std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
            let certificate =
                Certificate::from_pem(&pem).map_err(|e| format!("{}: {e}", path.display()))?;
            builder = builder.add_root_certificate(certificate);
        }
        builder.build_rustls().map_err(|e| e.to_string())
    }

    /// The `Message-ID` of the mail about a message.
    pub fn message_id(&self, identifier: &str) -> String {
        format!(
            "<cap-{}@{}>",
            &sha256_hex(identifier.as_bytes())[..40],
            self.domain
        )
    }

    fn compose(&self, to: &Mailbox, parcel: &Parcel<'_>) -> Result<Message, String> {
        let (alert, _) = cap::read(parcel.xml.as_bytes()).map_err(|e| e.to_string())?;
        let sent = u64::try_from(parcel.issued.sent_us).unwrap_or(0);
        let mut builder = Message::builder()
            .from(self.from.clone())
            .to(to.clone())
            .subject(message::subject(&alert))
            .date(SystemTime::UNIX_EPOCH + Duration::from_micros(sent))
            .message_id(Some(self.message_id(&alert.identifier)))
            // RFC 3834: no holiday replies.
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ));
        let earlier: Vec<String> = alert
            .references
            .iter()
            .rev()
            .take(THREAD_MAX)
            .rev()
            .map(|r| self.message_id(&r.identifier))
            .collect();
        if let Some(last) = earlier.last() {
            builder = builder
                .in_reply_to(last.clone())
                .references(earlier.join(" "));
        }
        let kind = ContentType::parse("application/cap+xml; charset=utf-8")
            .map_err(|e| format!("content type: {e}"))?;
        let name = format!("{}.xml", file_stem(&alert.identifier));
        let parts = MultiPart::mixed()
            .singlepart(SinglePart::plain(message::body(&alert, &parcel.issued.url)))
            .singlepart(Attachment::new(name).body(parcel.xml.to_owned(), kind));
        builder.multipart(parts).map_err(|e| e.to_string())
    }

    /// Takes what an attempt says until it is over, or the time is.
    fn hear(progress: &mut Progress, attempt: &Attempt, until: Instant) -> Heard {
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match attempt.results.recv_timeout(left) {
                Ok((at, Ok(()))) => {
                    progress.taken.insert(at);
                }
                Ok((_, Err(trouble))) if trouble.of_all => return Heard::Trouble(trouble),
                Ok((at, Err(trouble))) if trouble.permanent => {
                    progress.refused.push((at, trouble.why));
                }
                Ok((at, Err(trouble))) => progress.deferred.push((at, trouble.why)),
                Err(RecvTimeoutError::Disconnected) => return Heard::Over,
                Err(RecvTimeoutError::Timeout) => return Heard::Nothing,
            }
        }
    }
}

enum Heard {
    Over,
    Trouble(Trouble),
    Nothing,
}

impl Deliver for Smtp {
    fn kind(&self) -> &'static str {
        "smtp"
    }

    fn ready(&self) -> Result<(), String> {
        self.transport().map(|_| ())
    }

    fn deliver(&mut self, parcel: &Parcel<'_>) -> Outcome {
        let identifier = &parcel.issued.identifier;
        let mut progress = self
            .progress
            .take()
            .filter(|p| p.identifier == *identifier)
            .unwrap_or_else(|| Progress {
                identifier: identifier.clone(),
                taken: BTreeSet::new(),
                refused: Vec::new(),
                deferred: Vec::new(),
            });
        if let Some(attempt) = self.hanging.take() {
            if attempt.identifier == *identifier {
                let _ = Self::hear(&mut progress, &attempt, Instant::now());
            }
            if !attempt.thread.is_finished() {
                self.hanging = Some(attempt);
                self.progress = Some(progress);
                return failed("the attempt before still hangs at the mail server".to_owned());
            }
        }
        let transport = match self.transport() {
            Ok(transport) => transport,
            Err(why) => return Outcome::Blocked { why },
        };
        let mut mails = Vec::new();
        for (at, to) in self.to.iter().enumerate() {
            if progress.taken.contains(&at) {
                continue;
            }
            match self.compose(to, parcel) {
                Ok(mail) => mails.push((at, mail)),
                Err(why) => {
                    return Outcome::Refused {
                        why: format!("no mail can be made of it: {why}"),
                        for_good: true,
                    };
                }
            }
        }
        progress.refused.clear();
        progress.deferred.clear();
        let (tell, results) = channel();
        let thread = std::thread::Builder::new()
            .name("mail".to_owned())
            .spawn(move || {
                for (at, mail) in mails {
                    let result = transport.send(&mail).map(|_| ()).map_err(|e| trouble(&e));
                    let over = result.as_ref().is_err_and(|t| t.of_all);
                    if tell.send((at, result)).is_err() || over {
                        return;
                    }
                }
            });
        let attempt = match thread {
            Ok(thread) => Attempt {
                thread,
                identifier: identifier.clone(),
                results,
            },
            Err(e) => return failed(format!("no thread for a mail: {e}")),
        };
        let heard = Self::hear(
            &mut progress,
            &attempt,
            Instant::now() + self.mail.limits.total,
        );
        let outcome = match heard {
            Heard::Over => ended(&progress, &self.to),
            Heard::Trouble(trouble) if trouble.permanent => Outcome::Blocked { why: trouble.why },
            Heard::Trouble(trouble) => failed(trouble.why),
            Heard::Nothing => {
                self.hanging = Some(attempt);
                failed(format!("not done within {:?}", self.mail.limits.total))
            }
        };
        self.progress = Some(progress);
        outcome
    }
}

/// Whether a mail arrived is not known, and a repeat can be told by its `Message-ID`.
fn failed(why: String) -> Outcome {
    Outcome::Failed {
        why,
        may_have_arrived: true,
        retry_after: None,
    }
}

fn ended(progress: &Progress, to: &[Mailbox]) -> Outcome {
    let list = |of: &[(usize, String)]| {
        let each = of
            .iter()
            .map(|(at, why)| format!("{}: {why}", to[*at].email));
        each.collect::<Vec<_>>().join("; ")
    };
    if !progress.deferred.is_empty() {
        return failed(list(&progress.deferred));
    }
    let refused = progress.refused.len();
    if refused == 0 {
        return Outcome::DELIVERED;
    }
    let why = format!(
        "{refused} of {} refused: {}",
        to.len(),
        list(&progress.refused)
    );
    if progress.taken.is_empty() {
        Outcome::Refused {
            why,
            for_good: false,
        }
    } else {
        Outcome::Delivered { remark: Some(why) }
    }
}

fn trouble(error: &lettre::transport::smtp::Error) -> Trouble {
    let mut why = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        let text = inner.to_string();
        if !why.contains(&text) {
            why.push_str(": ");
            why.push_str(&text);
        }
        source = inner.source();
    }
    let why: String = why.chars().filter(|c| !c.is_control()).take(300).collect();
    // 530, 534, 535 and 538 are about the login (RFC 4954); what is no answer is about the connection.
    let code = error.status().map(u16::from);
    let of_login = matches!(code, Some(530 | 534 | 535 | 538));
    Trouble {
        permanent: error.is_permanent() || error.is_client(),
        of_all: of_login || !(error.is_permanent() || error.is_transient()),
        why,
    }
}
