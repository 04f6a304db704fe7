//! Between the journal's view and the thread that searches.

use std::sync::Arc;

use crate::journal::{Lens, View};
use crate::query::Pattern;
use crate::record::finding::Level;
use crate::tui::search::worker::Worker;
use crate::tui::state::model::Model;

/// Rung by the thread when it has found something, or has come to the end. It must not block.
pub(crate) type Bell = Arc<dyn Fn() + Send + Sync>;

/// Hands over what is to be searched and takes what was found.
pub(crate) struct Searcher {
    bell: Bell,
    /// Started by the first search.
    worker: Option<Worker>,
    /// What is searched for, and in which rows.
    job: Option<(Pattern, Lens)>,
    /// Which decoders were chosen when it began.
    chosen: u64,
    /// The next block to hand over.
    next: u64,
}

impl Searcher {
    /// One that does nothing yet.
    #[must_use]
    pub(crate) const fn new(bell: Bell) -> Self {
        Self { bell, worker: None, job: None, chosen: 0, next: 0 }
    }

    /// Sees to it that what the model wants is searched for in what is shown, and tells it what was found.
    pub(crate) fn step(&mut self, model: &mut Model, view: &View) {
        let is_the_same = match (&self.job, model.search.pattern()) {
            (Some((pattern, lens)), Some(wanted)) => pattern == wanted && *lens == model.lists.lens(),
            (job, wanted) => job.is_none() && wanted.is_none(),
        };
        let chosen = model.decoders.chosen();
        if !is_the_same || (self.chosen != chosen && self.job.is_some()) {
            self.chosen = chosen;
            let job = model.search.pattern().map(|pattern| (pattern.clone(), model.lists.lens()));
            self.begin(model, job);
        }
        let (Some((_, lens)), Some(worker)) = (&self.job, &self.worker) else { return };
        let first = view.first();
        let decoders = &mut model.decoders;
        let jobs = view.blocks_from(lens.scope, self.next).map(|block| {
            block.session.iter().for_each(|session| decoders.learn(view, *session));
            (Arc::clone(block), decoders.of(block.session))
        });
        worker.add(jobs, first);
        self.next = self.next.max(view.end());
        model.search.take(worker.report());
        model.search.forget(first);
        super::search::arrive(model, view);
    }

    fn begin(&mut self, model: &mut Model, job: Option<(Pattern, Lens)>) {
        self.next = 0;
        model.search.reset();
        if self.worker.is_none() && job.is_some() {
            match Worker::start(Arc::clone(&self.bell)) {
                Ok(worker) => self.worker = Some(worker),
                Err(error) => model.toast(Level::Error, format!("can't search: no thread is to be had ({error})")),
            }
        }
        match (&self.worker, &job) {
            (Some(worker), Some((pattern, lens))) => worker.begin(pattern.clone(), lens.fold),
            (Some(worker), None) => worker.cancel(),
            (None, _) => {}
        }
        self.job = job;
    }
}
