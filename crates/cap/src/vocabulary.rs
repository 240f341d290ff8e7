//! The closed code lists of CAP 1.2 (OASIS CAP-v1.2, section 3.2).
//!
//! Every list is an enum whose names are the values on the wire. [`as_str`](Status::as_str) gives that value,
//! [`from_name`](Status::from_name) accepts it and nothing else; being lenient about case and about the
//! values of older versions is the reader's business, not this module's.

use std::fmt;

macro_rules! vocabulary {
    ($(#[$meta:meta])* $name:ident { $($(#[$value_meta:meta])* $value:ident,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$value_meta])* $value,)+ }

        impl $name {
            /// Every value, in the order of the standard.
            pub const ALL: &'static [Self] = &[$(Self::$value,)+];

            /// The value as it stands in a message.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$value => stringify!($value),)+ }
            }

            /// The value spelled exactly `name`, if the list has it.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $(stringify!($value) => Some(Self::$value),)+ _ => None }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

vocabulary! {
    /// Who shall act on the message. The last gate between a drill and a warning: consumers store all of them alike.
    Status {
        /// For action by everyone it addresses.
        Actual,
        /// For action by the participants of an exercise only; the note names the exercise.
        Exercise,
        /// For alert network internals.
        System,
        /// A technical test, to be disregarded by recipients.
        Test,
        /// A draft, not to be acted upon.
        Draft,
    }
}

vocabulary! {
    /// What the message does to the messages before it.
    MsgType {
        /// First information about an event.
        Alert,
        /// Replaces the referenced messages.
        Update,
        /// Withdraws the referenced messages.
        Cancel,
        /// Acknowledges the referenced messages.
        Ack,
        /// Rejects the referenced messages; the note says why.
        Error,
    }
}

vocabulary! {
    /// For whom the message is meant.
    Scope {
        /// Everyone.
        Public,
        /// Those who meet the `restriction`.
        Restricted,
        /// Those in `addresses`.
        Private,
    }
}

vocabulary! {
    /// Kind of event.
    Category {
        /// Geophysical, tsunami included.
        Geo,
        /// Meteorological, floods included.
        Met,
        /// General emergency and public safety.
        Safety,
        /// Law enforcement, military, homeland security.
        Security,
        /// Rescue and recovery.
        Rescue,
        /// Fire suppression and rescue.
        Fire,
        /// Medical and public health.
        Health,
        /// Pollution and other environmental.
        Env,
        /// Public and private transportation.
        Transport,
        /// Utility, telecommunication, other non-transport infrastructure.
        Infra,
        /// Chemical, biological, radiological, nuclear or high-yield explosive.
        CBRNE,
        /// Anything else.
        Other,
    }
}

vocabulary! {
    /// What the audience should do.
    ResponseType {
        /// Take shelter in place or as instructed.
        Shelter,
        /// Relocate as instructed.
        Evacuate,
        /// Make preparations as instructed.
        Prepare,
        /// Execute a pre-planned activity.
        Execute,
        /// Avoid the subject event.
        Avoid,
        /// Attend to information sources.
        Monitor,
        /// Evaluate the information; not for public warnings.
        Assess,
        /// The event no longer poses a threat.
        AllClear,
        /// No action recommended.
        None,
    }
}

vocabulary! {
    /// How soon to act.
    Urgency {
        /// Now.
        Immediate,
        /// Within the next hour.
        Expected,
        /// In the near future.
        Future,
        /// No longer required.
        Past,
        /// Not known.
        Unknown,
    }
}

vocabulary! {
    /// How grave the threat to life or property is.
    Severity {
        /// Extraordinary.
        Extreme,
        /// Significant.
        Severe,
        /// Possible.
        Moderate,
        /// Minimal to none known.
        Minor,
        /// Not known.
        Unknown,
    }
}

vocabulary! {
    /// How sure the sender is.
    Certainty {
        /// Has occurred or is going on.
        Observed,
        /// Probability above about 50 %.
        Likely,
        /// Possible, at or below about 50 %.
        Possible,
        /// Probability about zero.
        Unlikely,
        /// Not known.
        Unknown,
    }
}
