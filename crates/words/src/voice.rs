//! The texts of a message, in one language and one mode: where the mode's word is put, and nowhere else.
//!
//! Every headline, description and instruction is made here and begins with the word three times, so that whatever part of a message a
//! device shows, it shows what the message is. A [`Text`] cannot be made without.

use unicode_segmentation::UnicodeSegmentation;
use wire::topic::Mode;

use crate::phrase::{Event, Level, Phrase};
use crate::template::{Id, Template, ids, list, say};
use crate::{Language, Moment};

/// Longest headline, characters: CAP 1.2 (3.2.2) suggests 160.
pub const HEADLINE_MAX: usize = 160;

/// A language and a mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Voice {
    language: Language,
    mode: Mode,
}

/// What a headline says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Headline<'a> {
    /// A tsunami message in force; without areas, none is expected to reach a level.
    Tsunami {
        /// The highest level.
        level: Level,
        /// Names of the zones.
        areas: &'a [&'a str],
    },
    /// A tsunami message that cancels.
    Cancelled,
    /// A limit at a station.
    Limit {
        /// What is measured, or what the deployment says about it.
        what: &'a str,
        /// The station.
        station: &'a str,
        /// Back within the limit.
        over: bool,
    },
}

/// The texts of an info block that says one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// CAP `headline`.
    pub headline: String,
    /// CAP `description`.
    pub description: String,
    /// CAP `instruction`.
    pub instruction: String,
}

impl Voice {
    /// The voice of a deployment in one of its languages.
    pub const fn new(language: Language, mode: Mode) -> Self {
        Self { language, mode }
    }

    /// The language.
    pub const fn language(self) -> Language {
        self.language
    }

    /// The mode.
    pub const fn mode(self) -> Mode {
        self.mode
    }

    /// The mode's word, such as `EXERCISE`; `None` for a real message.
    pub fn word(self) -> Option<String> {
        self.drill().map(|drill| say(self.language, drill.word))
    }

    /// `EXERCISE EXERCISE EXERCISE - `, or nothing for a real message.
    pub fn prefix(self) -> String {
        self.word()
            .map_or_else(String::new, |word| format!("{word} {word} {word} - "))
    }

    /// What a drill is, in a sentence; `None` for a real message.
    pub fn sentence(self) -> Option<String> {
        self.drill().map(|drill| say(self.language, drill.sentence))
    }

    /// A headline of at most [`HEADLINE_MAX`] characters.
    pub fn headline(self, headline: &Headline<'_>) -> String {
        let language = self.language;
        match *headline {
            Headline::Tsunami { level, areas } => {
                let level = Phrase::Level(level).say(language);
                let (Some(first), Some(last)) = (areas.first(), areas.last()) else {
                    let nowhere = Template::new(ids::HEADLINE_NOWHERE).text("level", level);
                    return self.cut(&nowhere.say(language));
                };
                let all = Template::new(ids::HEADLINE_AREAS)
                    .text("level", level.as_str())
                    .text("areas", list(language, areas))
                    .say(language);
                let length = self.prefix().chars().count() + all.chars().count();
                if length <= HEADLINE_MAX {
                    return self.cut(&all);
                }
                let some = Template::new(ids::HEADLINE_MANY)
                    .text("level", level)
                    .count("count", areas.len())
                    .text("first", *first)
                    .text("last", *last);
                self.cut(&some.say(language))
            }
            Headline::Cancelled => self.cut(&say(language, ids::HEADLINE_CANCELLED)),
            Headline::Limit {
                what,
                station,
                over,
            } => {
                let id = if over {
                    ids::HEADLINE_LIMIT_OVER
                } else {
                    ids::HEADLINE_LIMIT
                };
                let limit = Template::new(id)
                    .text("what", what)
                    .text("station", station);
                self.cut(&limit.say(language))
            }
        }
    }

    /// A description to be filled; it begins with the mode's word and sentence.
    pub fn description(self) -> Text {
        let mut text = Text {
            language: self.language,
            text: self.prefix(),
            fresh: true,
        };
        if let Some(sentence) = self.sentence() {
            text.push(&sentence);
        }
        text
    }

    /// What to do now.
    pub fn instruction(self, action: crate::Action) -> String {
        self.frame(&Phrase::Do(action).say(self.language))
    }

    /// A message that takes one back which was sent in error; `when` is the time that one was sent.
    pub fn retraction(self, event: Event, when: Moment) -> Notice {
        let part = |id: Id| Template::new(id).text("event", event.word());
        let said = part(ids::RETRACTION_DESCRIPTION).text("when", when.say(self.language));
        let mut description = self.description();
        description.push(&said.say(self.language));
        Notice {
            headline: self.cut(&part(ids::RETRACTION_HEADLINE).say(self.language)),
            description: description.finish(),
            instruction: self.frame(&part(ids::RETRACTION_INSTRUCTION).say(self.language)),
        }
    }

    /// A message that an officer wrote: the frame is ours, `headline`, `text` and `instruction` are the officer's, in this language.
    /// Without an instruction, people are told to follow the local authorities.
    pub fn officer(
        self,
        sender: &str,
        when: Moment,
        headline: &str,
        text: &str,
        instruction: Option<&str>,
    ) -> Notice {
        let said = Template::new(ids::OFFICER_DESCRIPTION)
            .text("sender", sender)
            .text("when", when.say(self.language))
            .text("text", text.trim());
        let mut description = self.description();
        description.push(&said.say(self.language));
        Notice {
            headline: self.cut(headline.trim()),
            description: description.finish(),
            instruction: instruction.map_or_else(
                || self.instruction(crate::Action::Officer),
                |own| self.frame(own.trim()),
            ),
        }
    }

    /// The message that ends an exercise or a test; `None` for a real deployment, which has none to end.
    pub fn ended(self) -> Option<Notice> {
        let drill = self.drill()?;
        let prefix = self.prefix();
        Some(Notice {
            headline: self.cut(&say(self.language, drill.ended_headline)),
            description: format!("{prefix}{}", say(self.language, drill.ended_description)),
            instruction: self.frame(&say(self.language, drill.ended_instruction)),
        })
    }

    /// A text of this voice without the mode's words at its start, for outputs that say them in their own place.
    pub fn unmarked(self, text: &str) -> &str {
        let text = text.strip_prefix(&self.prefix()).unwrap_or(text);
        let sentence = self.sentence().unwrap_or_default();
        text.strip_prefix(&sentence).unwrap_or(text).trim_start()
    }

    fn frame(self, text: &str) -> String {
        format!("{}{text}", self.prefix())
    }

    /// With the mode's word, and no longer than a headline may be.
    fn cut(self, text: &str) -> String {
        let text = self.frame(text);
        let mut left = HEADLINE_MAX;
        text.graphemes(true)
            .take_while(|grapheme| {
                let fits = left.checked_sub(grapheme.chars().count());
                left = fits.unwrap_or(0);
                fits.is_some()
            })
            .collect()
    }

    fn drill(self) -> Option<Drill> {
        match self.mode {
            Mode::Actual => None,
            Mode::Exercise => Some(Drill {
                word: ids::MODE_EXERCISE_WORD,
                sentence: ids::MODE_EXERCISE_SENTENCE,
                ended_headline: ids::MODE_EXERCISE_ENDED_HEADLINE,
                ended_description: ids::MODE_EXERCISE_ENDED_DESCRIPTION,
                ended_instruction: ids::MODE_EXERCISE_ENDED_INSTRUCTION,
            }),
            Mode::Test => Some(Drill {
                word: ids::MODE_TEST_WORD,
                sentence: ids::MODE_TEST_SENTENCE,
                ended_headline: ids::MODE_TEST_ENDED_HEADLINE,
                ended_description: ids::MODE_TEST_ENDED_DESCRIPTION,
                ended_instruction: ids::MODE_TEST_ENDED_INSTRUCTION,
            }),
        }
    }
}

/// The messages of a mode that is not real.
struct Drill {
    word: Id,
    sentence: Id,
    ended_headline: Id,
    ended_description: Id,
    ended_instruction: Id,
}

/// A description that is being written; [`Voice::description`] begins it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    language: Language,
    text: String,
    /// Nothing stands before what comes next on its line but the mode's word.
    fresh: bool,
}

impl Text {
    /// Adds a sentence to the paragraph.
    pub fn sentence(&mut self, phrase: &Phrase<'_>) -> &mut Self {
        let said = phrase.say(self.language);
        self.push(&said);
        self
    }

    /// Adds a line of its own.
    pub fn line(&mut self, phrase: &Phrase<'_>) -> &mut Self {
        self.text.push('\n');
        self.fresh = true;
        self.sentence(phrase)
    }

    /// The whole.
    pub fn finish(self) -> String {
        self.text
    }

    fn push(&mut self, said: &str) {
        if !self.fresh {
            self.text
                .push_str(&say(self.language, ids::SENTENCE_SEPARATOR));
        }
        self.text.push_str(said);
        self.fresh = false;
    }
}
