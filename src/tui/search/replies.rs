//! Requests that have no reply yet, for a query that asks for them: what it made of such a row changes when the reply comes.

use std::collections::{HashMap, VecDeque};

use crate::decode::Role;
use crate::journal::RowId;
use crate::query::Query;
use crate::record::{SessionId, Side};
use crate::subject::{Said, Tag};

/// Requests that are waited for, of all sessions together. Of older ones, a reply is not seen any more.
const WAITING: usize = 100_000;

/// A request's side and tag, in its session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Asked {
    session: SessionId,
    by: Side,
    is_ping: bool,
    id: String,
}

/// A row with requests.
struct Open {
    /// Requests in it that have no reply.
    count: usize,
    /// Whether the query wants it once it has them all.
    wanted_then: bool,
}

/// The requests without a reply, by their tags and by their rows.
#[derive(Default)]
pub(super) struct Replies {
    waiting: HashMap<Asked, RowId>,
    rows: HashMap<RowId, Open>,
    /// In the order in which they came; those that have a reply are among them.
    order: VecDeque<(Asked, RowId)>,
    /// Rows that were wanted for want of a reply.
    lost: Vec<RowId>,
}

impl Replies {
    /// Adds a row that fits, and those that fit or fit no more because it replies to them.
    pub(super) fn ask(&mut self, query: &Query, row: RowId, said: &mut Said<'_>, found: &mut Vec<RowId>) {
        let (tags, from) = (said.tags(), said.record.from);
        let mut open = 0;
        for Tag { role, is_ping } in tags {
            let Some(session) = said.setting.session else { continue };
            let asked = |by, id| Asked { session, by, is_ping, id };
            match role {
                Role::Reply(id) | Role::Refusal(id) => self.reply(&asked(from.other(), id), found),
                // A server's own ids are mostly those of things, not of requests.
                Role::Tagged(id) if from == Side::Server => self.reply(&asked(from.other(), id), found),
                Role::Request(id) | Role::Tagged(id) => open += usize::from(self.wait(asked(from, id), row)),
                Role::Heartbeat | Role::Error | Role::Other => {}
            }
        }
        let wanted_then = query.matches(said);
        said.is_unreplied = open > 0;
        let is_wanted = if open > 0 { query.matches(said) } else { wanted_then };
        if open > 0 {
            self.rows.insert(row, Open { count: open, wanted_then });
        }
        if is_wanted {
            found.push(row);
        }
    }

    /// Rows that fit no more.
    pub(super) fn lost(&mut self) -> Vec<RowId> {
        std::mem::take(&mut self.lost)
    }

    /// Says whether the request is one that was not waited for already.
    fn wait(&mut self, asked: Asked, row: RowId) -> bool {
        if self.order.len() == WAITING
            && let Some((oldest, row)) = self.order.pop_front()
            && self.waiting.get(&oldest) == Some(&row)
        {
            self.waiting.remove(&oldest);
            self.rows.remove(&row);
        }
        self.order.push_back((asked.clone(), row));
        let before = self.waiting.insert(asked, row);
        // An id that is used anew: whoever had it before is not replied to any more.
        before.filter(|before| *before != row).map(|before| self.rows.remove(&before));
        before != Some(row)
    }

    fn reply(&mut self, asked: &Asked, found: &mut Vec<RowId>) {
        let Some(row) = self.waiting.remove(asked) else { return };
        let Some(open) = self.rows.get_mut(&row) else { return };
        open.count -= 1;
        if open.count > 0 {
            return;
        }
        if open.wanted_then {
            found.push(row);
        } else {
            self.lost.push(row);
        }
        self.rows.remove(&row);
    }
}
