//! What alerts say: who, where, when, how high, what to do now - in plain words, in ten languages.
//!
//! The words are [Fluent](https://projectfluent.org) templates, `locales/<tag>/alert.ftl`. The build refuses a translation in which a
//! message, an attribute, a variable or a choice of the English one is missing or unknown, and names the file, the message and the
//! variable. What the code says is one [`Phrase`] each, so that no caller can forget an argument.
//!
//! Three forms leave this crate: the texts of a CAP block by [`Voice`], a text bulletin in the layout of the tsunami centres of
//! UNESCO's Intergovernmental Oceanographic Commission by [`bulletin()`], and a short message by [`sms()`].
//!
//! Invariant: headline, description, instruction, bulletin and short message of an exercise or a test begin with the mode's word, and
//! those of a real alert never have it. There is no way to say them without a [`Mode`](wire::topic::Mode).
//!
//! Refuses: markup, automatic translation, and the choice of what is said when, which is the hub's.
//!
//! ```
//! use wire::topic::Mode;
//! use words::{Headline, Language, Level, Voice};
//!
//! let voice = Voice::new(Language::Es, Mode::Exercise);
//! let headline = voice.headline(&Headline::Tsunami { level: Level::Warning, areas: &["Coquimbo"] });
//! assert_eq!(headline, "SIMULACRO SIMULACRO SIMULACRO - Alerta de tsunami: Coquimbo");
//! ```
#![forbid(unsafe_code)]

mod amount;
mod bulletin;
mod language;
mod moment;
mod phrase;
mod place;
mod short;
mod template;
mod voice;
mod wrap;

pub use amount::{Amount, Limit};
pub use bulletin::{BulletinInput, Gauge, Next, Source, ZoneForecast, bulletin};
pub use language::Language;
pub use moment::Moment;
pub use phrase::{Action, Event, Level, Phrase, Why};
pub use place::Place;
pub use short::{Encoding, Pages, Short, sms};
pub use voice::{HEADLINE_MAX, Headline, Notice, Text, Voice};

#[cfg(test)]
#[path = "../build/check.rs"]
mod check;
#[cfg(test)]
mod tests;
