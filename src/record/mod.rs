//! What can be said of a session, and of wsproxy apart from any: records, events, findings, verdicts, stalls. Data only;
//! nothing here is read, sent or decided.
#![deny(clippy::indexing_slicing)]

mod event;
pub mod finding;
mod frame;
mod id;
mod log;
mod policy;
mod proxy;
mod side;
mod stall;
mod verdict;

pub use event::{
    Change, ClosedBy, ClosedEvent, ClosedHow, Ending, Event, HeadEvent, HeadHeldEvent, HeldEvent, InflatedEvent,
    OpenEvent, ReleasedBy, ReleasedEvent, ReleasedHow, RuledEvent, Waits,
};
pub use frame::{By, FrameRecord, MoreRecord, Origin, RawRecord, Relayed, RunRecord, SentRecord, Span, Store};
pub use id::{FrameNumber, SessionId, Time};
pub use log::{Log, Record, Seen};
pub use policy::Policy;
pub use proxy::ProxyEvent;
pub use side::{PerSide, Side};
pub use stall::{Greeting, Stall, StallKind};
pub use verdict::{Basis, Outcome, Verdict};
