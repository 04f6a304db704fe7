//! Blocks that were read from files, for as long as they are looked at.
//!
//! Who looks gets a reference, so nothing leaves while the cache is only looked into: that is done by `trim`, between one look
//! and the next. What a look needs is bounded by what there is to be seen.

use std::cell::{Cell, OnceCell};

use super::block::Block;
use super::details::{Details, LastIsBeat};

/// Chains of blocks: a power of two above the number of blocks that are mostly there.
const CHAINS: usize = 256;

/// Bytes of blocks that stay from one look to the next: some screens of the largest blocks.
const BUDGET: usize = 32 * 1024 * 1024;

/// A block that was read.
pub(super) struct Loaded {
    pub block: Block,
    /// Found out when somebody asks; and whether the last row is a heartbeat.
    pub details: OnceCell<(Details, LastIsBeat)>,
    /// The look in which it was last asked for.
    used: Cell<u64>,
}

struct Link {
    sequence: u64,
    /// `None` where it can't be had: it is not tried again.
    loaded: Option<Loaded>,
    next: Chain,
}

type Chain = OnceCell<Box<Link>>;

/// All of them.
pub(super) struct Cache {
    chains: Vec<Chain>,
    /// The look under way.
    look: u64,
}

impl Default for Cache {
    fn default() -> Self {
        Self { chains: (0..CHAINS).map(|_| Chain::default()).collect(), look: 0 }
    }
}

impl Cache {
    /// A block, which is read where it is not there.
    pub(super) fn get(&self, sequence: u64, load: impl FnOnce() -> Option<Block>) -> Option<&Loaded> {
        let mut load = Some(load);
        let mut chain = self.chains.get(sequence as usize % CHAINS)?;
        loop {
            let link = chain.get_or_init(|| {
                let block = load.take().and_then(|load| load());
                let loaded = block.map(|block| Loaded { block, details: OnceCell::new(), used: Cell::new(self.look) });
                Box::new(Link { sequence, loaded, next: Chain::default() })
            });
            if link.sequence == sequence {
                let loaded = link.loaded.as_ref()?;
                loaded.used.set(self.look);
                return Some(loaded);
            }
            chain = &link.next;
        }
    }

    /// Forgets what was found out about a block.
    pub(super) fn forget_details(&mut self, sequence: u64) {
        let mut chain = self.chains.get_mut(sequence as usize % CHAINS);
        while let Some(link) = chain.and_then(OnceCell::get_mut) {
            if let Some(loaded) = link.loaded.as_mut().filter(|_| link.sequence == sequence) {
                loaded.details.take();
            }
            chain = Some(&mut link.next);
        }
    }

    /// A look is over: lets go of what has not been asked for lately, as far as there is too much.
    pub(super) fn trim(&mut self) {
        let mut links = Vec::new();
        for chain in &mut self.chains {
            let mut next = chain.take();
            while let Some(mut link) = next {
                next = link.next.take();
                links.push(link);
            }
        }
        let used = |link: &Link| link.loaded.as_ref().map_or(0, |loaded| loaded.used.get());
        links.sort_unstable_by_key(|link| std::cmp::Reverse(used(link)));
        let mut size = 0;
        links.retain(|link| {
            size += link.loaded.as_ref().map_or(0, |loaded| loaded.block.size());
            size <= BUDGET && link.loaded.is_some()
        });
        for link in links {
            let mut chain = self.chains.get(link.sequence as usize % CHAINS);
            while let Some(taken) = chain.and_then(OnceCell::get) {
                chain = Some(&taken.next);
            }
            // It is the empty end of its chain.
            let _ = chain.map(|chain| chain.set(link));
        }
        self.look += 1;
    }
}
