//! Between the journal's index and the threads that search: one for what is highlighted, one for what is not hidden.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::decode::Decoder;
use crate::journal::{Index, Lens};
use crate::query::Query;
use crate::record::SessionId;
use crate::record::finding::Level;
use crate::tui::search::scan::{Notes, Scanner};
use crate::tui::search::worker::{Waiting, Worker};
use crate::tui::state::decoders::Decoders;
use crate::tui::state::found::Found;
use crate::tui::state::marks::Marks;
use crate::tui::state::model::Model;

/// Rung by the threads when they have found something, or have come to the end. It must not block.
pub(crate) type Bell = Arc<dyn Fn() + Send + Sync>;

/// Blocks that wait with a thread at most: a key waits for them to be handed over, and the thread is never without.
const WAITING: usize = 20_000;

/// The same of blocks in files: for the decoder of a session that was not met before, its first block is read.
const WAITING_IN_FILES: usize = 16;

/// Hands over what is to be searched and takes what was found.
pub(crate) struct Searcher {
    bell: Bell,
    search: Run,
    filter: Run,
}

/// One search.
#[derive(Default)]
struct Run {
    /// Started by the first search.
    worker: Option<Worker>,
    /// What is searched for, and in which rows.
    key: Option<Key>,
    /// The next block to hand over.
    next: u64,
}

/// What decides what is found.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    text: String,
    terms: Terms,
}

/// What decides it beside the query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Terms {
    lens: Lens,
    /// How often a decoder was chosen.
    chosen: u64,
    /// How often the marks changed, where they count.
    marks: u64,
    /// How often heartbeats were found late.
    beats: u64,
}

/// What is wanted. Of a query that is the same as before, nothing is copied.
struct Wanted<'a> {
    text: &'a str,
    terms: Terms,
    query: &'a dyn Fn() -> Option<Query>,
}

impl Wanted<'_> {
    fn is(&self, key: &Key) -> bool {
        self.text == key.text && self.terms == key.terms
    }
}

/// What all blocks of a session have alike.
struct Known {
    path: Arc<[u8]>,
    decoder: Option<Decoder>,
}

/// What a search needs of the screen.
struct Scene<'a> {
    view: &'a Index,
    zone: &'a TimeZone,
    decoders: &'a mut Decoders,
    bell: &'a Bell,
    marks: &'a Marks,
    /// The first block that is not to be searched yet: it is not known what in it is a heartbeat, or what its session is.
    end: u64,
}

impl Searcher {
    /// One that does nothing yet.
    #[must_use]
    pub(crate) fn new(bell: Bell) -> Self {
        Self { bell, search: Run::default(), filter: Run::default() }
    }

    /// Sees to it that what the model wants is searched for in what is shown, and tells it what was found.
    pub(crate) fn step(&mut self, model: &mut Model, view: &Index) {
        let (lens, chosen, beats) = (model.lists.lens(), model.decoders.chosen(), model.beats.generation());
        let end = model.beats.next().map_or(view.told(), |next| next.min(view.told()));
        // What is found may stand before what is selected, which is to stay selected.
        let place = model.lists.hold(view);
        let changes = model.lists.marks.changes();
        let (decoders, bell, marks) = (&mut model.decoders, &self.bell, &model.lists.marks);
        let mut scene = Scene { view, zone: &model.look.zone, decoders, bell, marks, end };
        let (query, found) = model.lists.filter.parts();
        let copy = || query.cloned();
        let asking =
            |query: &Query| Terms { marks: if query.asks_for_marks() { changes } else { 0 }, lens, chosen, beats };
        let wanted = query.map(|query| Wanted { text: query.text(), terms: asking(query), query: &copy });
        let filtered = self.filter.step(wanted, found, &mut scene);
        let query = model.search.query.as_ref();
        let copy = || query.cloned();
        let wanted = query.map(|query| Wanted { text: query.text(), terms: asking(query), query: &copy });
        let searched = self.search.step(wanted, &mut model.search.found, &mut scene);
        if let Err(error) = filtered.and(searched) {
            model.toast(Level::Error, format!("can't search: no thread is to be had ({error})"));
        }
        model.lists.restore(view, place);
        model.lists.arrive(view);
        super::search::arrive(model, view);
    }
}

impl Run {
    fn step(&mut self, wanted: Option<Wanted<'_>>, found: &mut Found, scene: &mut Scene<'_>) -> io::Result<()> {
        let lens = wanted.as_ref().map(|wanted| wanted.terms.lens);
        let is_same = match (&wanted, &self.key) {
            (Some(wanted), Some(key)) => wanted.is(key),
            (wanted, key) => wanted.is_none() && key.is_none(),
        };
        if !is_same {
            self.begin(wanted, found, scene)?;
        }
        let (Some(lens), Some(worker)) = (lens, &self.worker) else { return Ok(()) };
        let (view, first) = (scene.view, scene.view.first());
        // There may be a million blocks, and there are far fewer sessions.
        let mut known: HashMap<Option<SessionId>, Known> = HashMap::new();
        let most = if view.is_capture() { WAITING_IN_FILES } else { WAITING };
        let room = most.saturating_sub(worker.waiting());
        let mut next = self.next;
        let blocks = view.blocks_from(lens.scope, self.next).take_while(|sequence| *sequence < scene.end);
        let blocks = blocks.take(room).filter_map(|sequence| {
            next = sequence + 1;
            view.block_ref(sequence)
        });
        let jobs = blocks.map(|block| {
            let known = known.entry(block.session).or_insert_with(|| {
                let session = block.session.and_then(|id| view.session(id));
                session.iter().for_each(|session| scene.decoders.learn(view, session.id));
                let path = session.map_or(&[][..], |session| &session.path);
                Known { path: path.into(), decoder: scene.decoders.of(block.session) }
            });
            Waiting { path: Arc::clone(&known.path), decoder: known.decoder, block }
        });
        worker.add(jobs, first);
        self.next = next;
        // The others are handed over when these are done, which rings the bell.
        let mut report = worker.report();
        report.waiting += view.count_from(lens.scope, next) as u64;
        found.take(view, report);
        found.forget(view);
        Ok(())
    }

    fn begin(&mut self, wanted: Option<Wanted<'_>>, found: &mut Found, scene: &Scene<'_>) -> io::Result<()> {
        self.next = 0;
        found.reset();
        let query = wanted.as_ref().and_then(|wanted| (wanted.query)());
        self.key = wanted.map(|Wanted { text, terms, .. }| Key { text: text.to_owned(), terms });
        if self.worker.is_none() && query.is_some() {
            self.worker = Some(Worker::start(Arc::clone(scene.bell))?);
        }
        match (&self.worker, query, &self.key) {
            (Some(worker), Some(query), Some(key)) => {
                let notes = if query.asks_for_marks() { notes(scene.marks) } else { Notes::default() };
                worker.begin(Scanner::new(query, key.terms.lens.fold, scene.zone.clone(), notes));
            }
            (Some(worker), _, _) => worker.cancel(),
            (None, _, _) => {}
        }
        Ok(())
    }
}

fn notes(marks: &Marks) -> Notes {
    marks.bookmarks().map(|(row, bookmark)| (row, bookmark.note.clone())).collect()
}
