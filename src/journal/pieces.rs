//! A list in pieces that copies of it share: a copy costs a pointer for each piece, and a change copies no more than the
//! piece in which it is, if that is shared.

use std::collections::VecDeque;
use std::sync::Arc;

/// Things in a piece: so few that copying one is nothing, so many that a copy of the list is nothing beside it. Tests have lists
/// of some tens of things, which are to be in several pieces.
pub(super) const PIECE: usize = if cfg!(test) { 4 } else { 128 };

/// A list that grows at its end and shrinks at its beginning.
#[derive(Clone, Debug)]
pub(super) struct Pieces<T> {
    /// All but the first and the last have `PIECE` things. None is empty.
    pieces: VecDeque<Arc<VecDeque<T>>>,
    length: usize,
}

impl<T> Default for Pieces<T> {
    fn default() -> Self {
        Self { pieces: VecDeque::new(), length: 0 }
    }
}

impl<T: Clone> Pieces<T> {
    /// How many things there are.
    pub(super) const fn len(&self) -> usize {
        self.length
    }

    /// The thing at a place.
    pub(super) fn get(&self, place: usize) -> Option<&T> {
        let (piece, within) = self.find(place);
        self.pieces.get(piece)?.get(within)
    }

    /// The thing at a place, to be changed.
    pub(super) fn get_mut(&mut self, place: usize) -> Option<&mut T> {
        let (piece, within) = self.find(place);
        Arc::make_mut(self.pieces.get_mut(piece)?).get_mut(within)
    }

    /// The last one.
    pub(super) fn last(&self) -> Option<&T> {
        self.pieces.back()?.back()
    }

    /// Adds one at the end.
    pub(super) fn push(&mut self, thing: T) {
        self.length += 1;
        match self.pieces.back_mut().filter(|last| last.len() < PIECE) {
            Some(last) => Arc::make_mut(last).push_back(thing),
            None => self.pieces.push_back(Arc::new(VecDeque::from([thing]))),
        }
    }

    /// Takes the first one out, if that is wanted.
    pub(super) fn pop_if(&mut self, is_wanted: impl FnOnce(&T) -> bool) -> Option<T> {
        let first = self.pieces.front_mut()?;
        if !first.front().is_some_and(is_wanted) {
            return None;
        }
        let thing = Arc::make_mut(first).pop_front();
        if first.is_empty() {
            self.pieces.pop_front();
        }
        self.length -= usize::from(thing.is_some());
        thing
    }

    /// How many things from the beginning on are so; none behind them may be.
    pub(super) fn partition_point(&self, is_so: impl Fn(&T) -> bool) -> usize {
        let after = self.pieces.partition_point(|piece| piece.front().is_some_and(&is_so));
        let Some(piece) = after.checked_sub(1) else { return 0 };
        let before = match (piece, self.pieces.front()) {
            (0, _) | (_, None) => 0,
            (_, Some(first)) => first.len() + (piece - 1) * PIECE,
        };
        before + self.pieces.get(piece).map_or(0, |piece| piece.partition_point(is_so))
    }

    /// The things from a place on.
    pub(super) fn from(&self, place: usize) -> impl Iterator<Item = &T> {
        let (piece, within) = self.find(place);
        let pieces = self.pieces.range(piece.min(self.pieces.len())..).enumerate();
        pieces.flat_map(move |(index, things)| things.range(if index == 0 { within.min(things.len()) } else { 0 }..))
    }

    /// The piece of a place, and the place in it.
    fn find(&self, place: usize) -> (usize, usize) {
        let first = self.pieces.front().map_or(0, |first| first.len());
        match place.checked_sub(first) {
            None => (0, place),
            Some(behind) => (1 + behind / PIECE, behind % PIECE),
        }
    }
}
