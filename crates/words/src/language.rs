//! The languages that the texts exist in.

use serde::{Deserialize, Serialize};

/// A language of the alert texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    En,
    /// Spanish.
    Es,
    /// French.
    Fr,
    /// Portuguese.
    Pt,
    /// Indonesian.
    Id,
    /// Sinhala.
    Si,
    /// Tamil.
    Ta,
    /// Hindi.
    Hi,
    /// Chinese in simplified characters.
    Zh,
    /// Japanese.
    Ja,
}

impl Language {
    /// Every language.
    pub const ALL: &'static [Self] = &[
        Self::En,
        Self::Es,
        Self::Fr,
        Self::Pt,
        Self::Id,
        Self::Si,
        Self::Ta,
        Self::Hi,
        Self::Zh,
        Self::Ja,
    ];

    /// RFC 3066 tag, as CAP 1.2 wants it. Two letters: a stock Sahana refuses regional tags such as `en-US`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Es => "es",
            Self::Fr => "fr",
            Self::Pt => "pt",
            Self::Id => "id",
            Self::Si => "si",
            Self::Ta => "ta",
            Self::Hi => "hi",
            Self::Zh => "zh",
            Self::Ja => "ja",
        }
    }

    /// The language of a tag, whatever its case and region: `es-CL` is Spanish.
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        Self::ALL
            .iter()
            .copied()
            .find(|language| language.tag().eq_ignore_ascii_case(primary))
    }

    /// What its speakers call it.
    pub const fn autonym(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::Es => "Español",
            Self::Fr => "Français",
            Self::Pt => "Português",
            Self::Id => "Bahasa Indonesia",
            Self::Si => "සිංහල",
            Self::Ta => "தமிழ்",
            Self::Hi => "हिन्दी",
            Self::Zh => "简体中文",
            Self::Ja => "日本語",
        }
    }

    /// Whether it is written from left to right, as all ten are.
    pub const fn is_left_to_right(self) -> bool {
        true
    }

    /// Between whole and fraction (CLDR 46, `decimal` of the language without region).
    pub const fn decimal_sign(self) -> char {
        match self {
            Self::Es | Self::Fr | Self::Pt | Self::Id => ',',
            Self::En | Self::Si | Self::Ta | Self::Hi | Self::Zh | Self::Ja => '.',
        }
    }

    /// A number with the language's decimal sign; digits are Western ones everywhere, no grouping.
    pub fn number(self, value: f64, decimals: usize) -> String {
        self.localized(&format!("{value:.decimals$}"))
    }

    /// A number as short as it is.
    pub(crate) fn plain_number(self, value: f64) -> String {
        self.localized(&value.to_string())
    }

    fn localized(self, number: &str) -> String {
        match self.decimal_sign() {
            '.' => number.to_owned(),
            sign => number.replace('.', sign.encode_utf8(&mut [0; 4])),
        }
    }

    /// Its templates.
    pub(crate) const fn templates(self) -> &'static str {
        match self {
            Self::En => include_str!("../locales/en/alert.ftl"),
            Self::Es => include_str!("../locales/es/alert.ftl"),
            Self::Fr => include_str!("../locales/fr/alert.ftl"),
            Self::Pt => include_str!("../locales/pt/alert.ftl"),
            Self::Id => include_str!("../locales/id/alert.ftl"),
            Self::Si => include_str!("../locales/si/alert.ftl"),
            Self::Ta => include_str!("../locales/ta/alert.ftl"),
            Self::Hi => include_str!("../locales/hi/alert.ftl"),
            Self::Zh => include_str!("../locales/zh/alert.ftl"),
            Self::Ja => include_str!("../locales/ja/alert.ftl"),
        }
    }

    /// Place in [`Language::ALL`].
    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}
