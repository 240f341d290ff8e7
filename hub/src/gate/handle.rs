//! The desk as the outlets reach it: what officers see, and a way to ask.

use std::sync::{Arc, RwLock};

use desk::{Chains, DraftView, Hash, Refusal};
use flume::Sender;
use tokio::sync::oneshot;

use super::preview::{self, Preview, Wish};
use super::{Action, Answer, Request};
use crate::config::Config;
use crate::pipeline::Control;

/// The desk as officers see it. The public does not: a draft is no warning.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Drafts: open ones first.
    pub drafts: Vec<DraftView>,
    /// Number of records in the log.
    pub records: u64,
    /// Hash of the last.
    pub head: Hash,
    /// What the next message of each event refers to; `None` before the desk is open.
    pub chains: Option<Arc<Chains>>,
}

impl Default for Shown {
    fn default() -> Self {
        Self {
            drafts: Vec::new(),
            records: 0,
            head: Hash::ZERO,
            chains: None,
        }
    }
}

/// Reaches the desk of a running hub from any thread.
#[derive(Debug, Clone)]
pub struct Handle {
    control: Sender<Control>,
    shown: Arc<RwLock<Shown>>,
    config: Arc<Config>,
}

impl Handle {
    pub(crate) fn new(
        control: Sender<Control>,
        shown: Arc<RwLock<Shown>>,
        config: Arc<Config>,
    ) -> Self {
        Self {
            control,
            shown,
            config,
        }
    }

    /// The deployment: its zones and languages are what a message can be written for.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// What officers see now.
    pub fn shown(&self) -> Shown {
        // Plain values: a panic of ours elsewhere leaves them readable.
        self.shown.read().unwrap_or_else(|e| e.into_inner()).clone()
    }

    /// A draft as each audience reads it. Takes milliseconds of the caller's thread.
    ///
    /// # Errors
    /// A [`Refusal`].
    pub fn preview_draft(&self, draft: &str, now_us: i64) -> Result<Preview, Refusal> {
        preview::of_draft(&self.shown(), draft, now_us)
    }

    /// What a person would write, or a correction, as each audience reads it. Nothing is proposed. Takes milliseconds of the caller's thread.
    ///
    /// # Errors
    /// What the desk would refuse it for.
    pub fn preview(&self, by: &str, wish: &Wish, now_us: i64) -> Result<Preview, Refusal> {
        preview::of_wish(&self.shown(), wish, by, &self.config, now_us)
    }

    /// Asks, and waits until it is done. The caller has made sure that the person may.
    ///
    /// # Errors
    /// A [`Refusal`]; nothing has happened then.
    pub async fn act(&self, by: &str, action: Action) -> Result<Answer, Refusal> {
        let (answer, wait) = oneshot::channel();
        let request = Request {
            by: by.to_owned(),
            action,
            answer,
        };
        let stopping = || Refusal::Invalid("the hub is stopping; ask again".to_owned());
        self.control
            .send_async(Control::Act(request))
            .await
            .map_err(|_| stopping())?;
        wait.await.map_err(|_| stopping())?
    }
}
