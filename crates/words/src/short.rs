//! The short message: what a phone shows, in a text message or by cell broadcast.
//!
//! Limits are those of cell broadcast: 15 pages (3GPP TS 23.041, 9.4.1.2.4) of 82 octets, which hold 93 septets of the GSM 7-bit
//! default alphabet (TS 23.038, 6.1.2.2 and 6.2.1) or 41 characters of UCS-2 (6.2.3). A character of the alphabet's extension table
//! takes two septets, one beyond the basic plane two UCS-2 units; neither is divided between pages.
//!
//! The mode's word comes first and is never cut, then the headline, when, what to do, where, who. What does not fit is cut after a
//! sentence, else after a word, never within a grapheme.

use unicode_segmentation::UnicodeSegmentation;

use crate::template::{ids, say};
use crate::{Moment, Phrase, Voice};

/// Most pages of one message.
const PAGES_MAX: usize = 15;
/// Characters looked at in any one part: more never fits, so that no input costs more than this.
const PART_MAX: usize = 4_096;

/// How the characters are coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// GSM 7-bit default alphabet with its extension table.
    Gsm7,
    /// UCS-2, where one character of the text is in neither table.
    Ucs2,
}

impl Encoding {
    /// The coding's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gsm7 => "GSM-7",
            Self::Ucs2 => "UCS-2",
        }
    }

    /// Units in a page.
    pub const fn page(self) -> usize {
        match self {
            Self::Gsm7 => 93,
            Self::Ucs2 => 41,
        }
    }

    /// The coding that a text needs.
    fn of(text: &str) -> Self {
        if text.chars().all(|c| septets(c).is_some()) {
            Self::Gsm7
        } else {
            Self::Ucs2
        }
    }

    fn units(self, c: char) -> usize {
        match self {
            // What the alphabet lacks is never asked for; two is what it would cost at least.
            Self::Gsm7 => septets(c).unwrap_or(2),
            Self::Ucs2 => c.len_utf16(),
        }
    }
}

/// What a short message is made of; texts as in the CAP message, in the voice's language.
#[derive(Debug, Clone, Copy)]
pub struct Short<'a> {
    /// Language and mode.
    pub voice: Voice,
    /// CAP headline, with or without the mode's word.
    pub headline: &'a str,
    /// Areas of the message; left out when the headline names them all.
    pub areas: &'a [&'a str],
    /// When the first wave comes: `None` when none does, `Some(None)` when it may be there already.
    pub first_wave: Option<Option<Moment>>,
    /// CAP instruction, with or without the mode's word.
    pub instruction: &'a str,
    /// Who says it.
    pub sender: &'a str,
}

/// A short message, in pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pages {
    /// The whole text.
    pub text: String,
    /// How it is coded.
    pub encoding: Encoding,
    /// The pages, 1 to 15; one after the other they are the text.
    pub pages: Vec<String>,
}

impl Pages {
    fn of(text: String, encoding: Encoding) -> Self {
        let mut pages = Vec::new();
        let mut page = String::new();
        let mut used = 0;
        for c in text.chars() {
            let units = encoding.units(c);
            if used + units > encoding.page() {
                pages.push(std::mem::take(&mut page));
                used = 0;
            }
            page.push(c);
            used += units;
        }
        pages.push(page);
        Self {
            text,
            encoding,
            pages,
        }
    }
}

/// Composes a short message of at most 15 pages.
pub fn sms(short: &Short<'_>) -> Pages {
    let Short { voice, .. } = *short;
    let language = voice.language();
    let prefix = voice.prefix();
    let headline = clean(voice.unmarked(short.headline));
    let instruction = clean(voice.unmarked(short.instruction));
    let first_wave = short
        .first_wave
        .map(|when| Phrase::FirstWave(when).say(language));
    let unnamed = short.areas.iter().any(|area| !headline.contains(area));
    let areas = unnamed.then(|| clean(&Phrase::Areas(short.areas).say(language)));
    let sender = clean(short.sender);
    let stop = say(language, ids::FULL_STOP);
    let parts = [
        Some(closed(&headline, &stop)),
        first_wave.map(|text| clean(&text)),
        Some(instruction),
        areas,
        Some(sender),
    ];
    let all: Vec<String> = parts
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect();
    let body = all.join(&say(language, ids::SENTENCE_SEPARATOR));
    let whole = format!("{prefix}{body}");
    let encoding = Encoding::of(&whole);
    let text = if pages(encoding, &whole) <= PAGES_MAX {
        whole
    } else {
        format!("{prefix}{}", cut(encoding, &prefix, &body))
    };
    // What was cut away may have been all that needed UCS-2; the other coding only takes less.
    let encoding = Encoding::of(&text);
    Pages::of(text, encoding)
}

/// A headline as a sentence.
fn closed(headline: &str, stop: &str) -> String {
    if headline.is_empty() || headline.ends_with(['.', '!', '?', '。', '！', '？', '।']) {
        headline.to_owned()
    } else {
        format!("{headline}{stop}")
    }
}

/// One line, single spaces, nothing that is not shown.
fn clean(text: &str) -> String {
    let kept: String = text
        .chars()
        .take(PART_MAX)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The longest beginning of `body` that fits after `prefix`: whole sentences if they are half of what fits, else whole words, else
/// whole graphemes.
fn cut<'b>(encoding: Encoding, prefix: &str, body: &'b str) -> &'b str {
    let fits =
        |at: usize| pages(encoding, &format!("{prefix}{}", body[..at].trim_end())) <= PAGES_MAX;
    // Places grow, and so do the pages: the last that fits is found by halving.
    let last = |places: &[usize]| {
        let n = places.partition_point(|at| fits(*at));
        n.checked_sub(1).map(|i| places[i])
    };
    let ends = |pieces: &mut dyn Iterator<Item = (usize, &str)>| -> Vec<usize> {
        pieces.map(|(at, piece)| at + piece.len()).collect()
    };
    let graphemes = ends(&mut body.grapheme_indices(true));
    let most = last(&graphemes).unwrap_or(0);
    let sentences = last(&ends(&mut body.split_sentence_bound_indices())).unwrap_or(0);
    if sentences * 2 >= most {
        return body[..sentences].trim_end();
    }
    let words = last(&ends(&mut body.split_word_bound_indices())).unwrap_or(0);
    body[..if words > 0 { words } else { most }].trim_end()
}

fn pages(encoding: Encoding, text: &str) -> usize {
    let mut pages = 1;
    let mut used = 0;
    for c in text.chars() {
        let units = encoding.units(c);
        if used + units > encoding.page() {
            pages += 1;
            used = 0;
        }
        used += units;
    }
    pages
}

/// Septets of a character in the GSM 7-bit default alphabet and its extension table; `None` if it is in neither.
fn septets(c: char) -> Option<usize> {
    /// TS 23.038, 6.2.1, without the escape.
    const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
    /// TS 23.038, 6.2.1.1, without the page break.
    const EXTENSION: &str = "^{}\\[~]|€";
    if BASIC.contains(c) {
        Some(1)
    } else if EXTENSION.contains(c) {
        Some(2)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alphabet_has_its_127_characters_and_the_extension_nine() {
        let all = (0..=0xFFFF_u32).filter_map(char::from_u32);
        let (one, two): (Vec<_>, Vec<_>) =
            all.filter_map(septets).partition(|septets| *septets == 1);
        // 128 places less the escape.
        assert_eq!((one.len(), two.len()), (127, 9));
    }
}
