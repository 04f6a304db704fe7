//! Where there is no proxy that could do anything: a capture is shown.

use crate::record::Policy;
use crate::relay::hold::Conditions;
use crate::relay::injection::{Refusal, Reply};

use super::holds::PutHold;
use super::rules::RuleList;
use super::{Command, Control, Replier};

/// Does nothing, and says so to who asks.
pub struct Nobody;

impl Control for Nobody {
    fn command(&self, _: Command, mut reply: Replier) {
        reply(Reply::Refused(Refusal::Ended));
    }

    fn policy(&self) -> Policy {
        Policy::default()
    }

    fn held(&self) -> Conditions {
        Conditions::default()
    }

    fn holds(&self) -> Vec<PutHold> {
        Vec::new()
    }

    fn rules(&self) -> RuleList {
        RuleList::default()
    }

    fn shut_down(&self) {}
}
