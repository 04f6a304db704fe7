//! What can't be written before the end, put aside by key within bounded memory: beyond that in a file without a name.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write};
use std::mem;

use crate::record::SessionId;

/// Bytes that are kept in memory; where they are more, all of them go to the file. A busy run of an hour stays in it.
const IN_MEMORY: usize = 16 * 1024 * 1024;

/// Pieces of bytes by session, each session's in the order in which they came.
#[derive(Default)]
pub(super) struct Spool {
    sessions: BTreeMap<SessionId, Pieces>,
    in_memory: usize,
    file: Option<File>,
    /// Bytes in the file.
    end: u64,
    /// Why something could not be put aside: told at the end, since nobody can do anything about it before.
    fault: Option<io::Error>,
}

/// What is there of one session: first what is in the file, then what is in memory.
#[derive(Default)]
struct Pieces {
    filed: Vec<(u64, usize)>,
    newest: Vec<u8>,
}

impl Spool {
    /// Adds bytes behind those that the session has.
    pub(super) fn add(&mut self, session: SessionId, bytes: &[u8]) {
        if self.fault.is_some() {
            return;
        }
        self.sessions.entry(session).or_default().newest.extend_from_slice(bytes);
        self.in_memory += bytes.len();
        if self.in_memory > IN_MEMORY {
            self.fault = self.file_all().err();
        }
    }

    /// Whether the session has any.
    pub(super) fn has(&self, session: SessionId) -> bool {
        self.sessions.contains_key(&session)
    }

    fn file_all(&mut self) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        for pieces in self.sessions.values_mut().filter(|pieces| !pieces.newest.is_empty()) {
            let bytes = mem::take(&mut pieces.newest);
            file.write_all(&bytes)?;
            pieces.filed.push((self.end, bytes.len()));
            self.end += bytes.len() as u64;
        }
        self.in_memory = 0;
        Ok(())
    }

    /// Writes a session's bytes, and forgets them.
    ///
    /// # Errors
    /// When `out` can't be written to, or something could not be put aside, or be read again.
    pub(super) fn take(&mut self, session: SessionId, out: &mut dyn Write) -> io::Result<()> {
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        let Some(pieces) = self.sessions.remove(&session) else { return Ok(()) };
        if let Some(file) = &mut self.file {
            for (at, length) in pieces.filed {
                file.seek(SeekFrom::Start(at))?;
                let length = length as u64;
                if io::copy(&mut file.take(length), out)? < length {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
        }
        out.write_all(&pieces.newest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_session_gets_its_own_bytes_back_in_order_however_many_there_are() {
        let mut spool = Spool::default();
        let (one, two) = (SessionId(1), SessionId(2));
        let piece = |number: u8| vec![number; IN_MEMORY / 3 + 1];
        for number in 0..10 {
            spool.add(if number % 2 == 0 { one } else { two }, &piece(number));
            assert!(spool.in_memory <= IN_MEMORY);
        }
        for (session, first) in [(two, 1), (one, 0)] {
            let mut out = Vec::new();
            spool.take(session, &mut out).unwrap();
            let expected: Vec<u8> = (0..5).flat_map(|step| piece(first + 2 * step)).collect();
            assert!(out == expected, "session {session}");
        }
        assert!(!spool.has(one));
    }
}
