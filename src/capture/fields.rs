//! How numbers, bytes and words stand in a chunk: the one place where they are written, and read with a check of each.
//!
//! A number is a varint: seven bits a byte, the lowest first, the top bit set on all bytes but the last (LEB128). Bytes and
//! words have their count in front. What is read may be from anybody: it is bounded, and nothing is set aside for a count
//! that the bytes do not bear out.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::record::{FrameNumber, SessionId, Side, Time};
use crate::text;

/// Numbers of frames and sessions, counts of bytes and offsets are smaller: the sum of any two of them is a number.
pub(super) const MOST: u64 = 1 << 62;

/// The last microsecond of the year 9998, behind all times of calendars but those of one year.
const LAST: u64 = 253_370_764_799_999_999;

/// Why what was read can't be what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It is of a kind that this version does not know.
    Unknown,
    /// It is not as the format says.
    Wrong,
}

/// Bytes that are written field by field.
#[derive(Debug, Default)]
pub(super) struct Put(pub Vec<u8>);

impl Put {
    pub(super) fn byte(&mut self, byte: u8) -> &mut Self {
        self.0.push(byte);
        self
    }

    pub(super) fn flag(&mut self, is_set: bool) -> &mut Self {
        self.byte(u8::from(is_set))
    }

    pub(super) fn number(&mut self, mut number: u64) -> &mut Self {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.byte(number as u8)
    }

    /// A difference of either sign: 0, -1, 1, -2 and so on as 0, 1, 2, 3.
    pub(super) fn difference(&mut self, from: u64, to: u64) -> &mut Self {
        let difference = to.wrapping_sub(from).cast_signed();
        self.number((difference << 1 ^ difference >> 63).cast_unsigned())
    }

    pub(super) fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.number(bytes.len() as u64).raw(bytes)
    }

    pub(super) fn words(&mut self, words: &str) -> &mut Self {
        self.bytes(words.as_bytes())
    }

    /// What may be missing: whether it is there, and then it.
    pub(super) fn maybe<T>(&mut self, value: Option<T>, put: impl FnOnce(&mut Self, T)) -> &mut Self {
        self.flag(value.is_some());
        if let Some(value) = value {
            put(self, value);
        }
        self
    }

    pub(super) fn side(&mut self, side: Side) -> &mut Self {
        self.byte(match side {
            Side::Client => 0,
            Side::Server => 1,
        })
    }

    pub(super) fn frame(&mut self, number: FrameNumber) -> &mut Self {
        self.number(number.value())
    }

    /// 0 for none.
    pub(super) fn session(&mut self, session: Option<SessionId>) -> &mut Self {
        self.number(session.map_or(0, |session| session.0))
    }

    pub(super) fn time(&mut self, time: Time) -> &mut Self {
        self.number(time.0)
    }

    pub(super) fn address(&mut self, address: SocketAddr) -> &mut Self {
        match address.ip() {
            IpAddr::V4(ip) => self.byte(4).raw(&ip.octets()),
            IpAddr::V6(ip) => self.byte(6).raw(&ip.octets()),
        };
        self.raw(&address.port().to_le_bytes())
    }
}

/// Bytes that are read field by field.
#[derive(Clone, Copy, Debug)]
pub(super) struct Take<'a>(pub &'a [u8]);

impl<'a> Take<'a> {
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn raw(&mut self, count: usize) -> Result<&'a [u8], Trouble> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Trouble::Wrong)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Trouble> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or(Trouble::Wrong)?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(super) fn byte(&mut self) -> Result<u8, Trouble> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(super) fn flag(&mut self) -> Result<bool, Trouble> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Trouble::Wrong),
        }
    }

    /// Any number of 64 bits.
    pub(super) fn number(&mut self) -> Result<u64, Trouble> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            if shift == 63 && byte > 1 {
                break;
            }
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Trouble::Wrong)
    }

    /// A number of things, of bytes or of a place among them.
    pub(super) fn count(&mut self) -> Result<u64, Trouble> {
        self.number().and_then(|number| if number < MOST { Ok(number) } else { Err(Trouble::Wrong) })
    }

    pub(super) fn small<T: TryFrom<u64>>(&mut self) -> Result<T, Trouble> {
        T::try_from(self.number()?).map_err(|_| Trouble::Wrong)
    }

    pub(super) fn difference(&mut self, from: u64) -> Result<u64, Trouble> {
        let number = self.number()?;
        Ok(from.wrapping_add(number >> 1 ^ 0u64.wrapping_sub(number & 1)))
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8], Trouble> {
        let count = self.small()?;
        self.raw(count)
    }

    /// Words that wsproxy wrote. As a file may be from anybody, what can't stand on a terminal is escaped.
    pub(super) fn words(&mut self) -> Result<String, Trouble> {
        let words = std::str::from_utf8(self.bytes()?).map_err(|_| Trouble::Wrong)?;
        let is_safe = words.chars().all(|character| text::is_plain(character) || character == '\n');
        Ok(if is_safe { words.to_owned() } else { text::escape(words.as_bytes()) })
    }

    pub(super) fn maybe<T>(
        &mut self,
        take: impl FnOnce(&mut Self) -> Result<T, Trouble>,
    ) -> Result<Option<T>, Trouble> {
        if self.flag()? { take(self).map(Some) } else { Ok(None) }
    }

    pub(super) fn maybe_words(&mut self) -> Result<Option<Cow<'static, str>>, Trouble> {
        self.maybe(|take| take.words().map(Cow::Owned))
    }

    pub(super) fn side(&mut self) -> Result<Side, Trouble> {
        match self.byte()? {
            0 => Ok(Side::Client),
            1 => Ok(Side::Server),
            _ => Err(Trouble::Wrong),
        }
    }

    pub(super) fn frame(&mut self) -> Result<FrameNumber, Trouble> {
        self.count().map(FrameNumber::new)
    }

    pub(super) fn session(&mut self) -> Result<Option<SessionId>, Trouble> {
        Ok(Some(self.count()?).filter(|number| *number > 0).map(SessionId))
    }

    pub(super) fn time(&mut self) -> Result<Time, Trouble> {
        checked(Time(self.number()?))
    }

    pub(super) fn address(&mut self) -> Result<SocketAddr, Trouble> {
        let ip = match self.byte()? {
            4 => IpAddr::V4(Ipv4Addr::from(self.array::<4>()?)),
            6 => IpAddr::V6(Ipv6Addr::from(self.array::<16>()?)),
            _ => return Err(Trouble::Unknown),
        };
        Ok(SocketAddr::new(ip, u16::from_le_bytes(self.array()?)))
    }
}

/// A time that calendars have.
pub(super) fn checked(time: Time) -> Result<Time, Trouble> {
    if time.0 <= LAST { Ok(time) } else { Err(Trouble::Wrong) }
}

/// Declares the numbers by which the values of an enum without fields are written: they are the format's and never change.
macro_rules! numbered {
    ($put:ident, $take:ident, $kind:ty { $($value:ident = $number:literal),+ $(,)? }) => {
        pub(super) const fn $put(value: $kind) -> u8 {
            match value {
                $(<$kind>::$value => $number,)+
            }
        }

        pub(super) fn $take(take: &mut $crate::capture::fields::Take<'_>)
            -> Result<$kind, $crate::capture::fields::Trouble> {
            match take.byte()? {
                $($number => Ok(<$kind>::$value),)+
                _ => Err($crate::capture::fields::Trouble::Unknown),
            }
        }
    };
}
pub(super) use numbered;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_and_differences_come_back(number: u64, from: u64) {
            let mut put = Put::default();
            put.number(number).difference(from, number);
            let mut take = Take(&put.0);
            prop_assert_eq!((take.number(), take.difference(from)), (Ok(number), Ok(number)));
            prop_assert!(take.is_empty());
        }

        #[test]
        fn no_bytes_do_harm(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let mut take = Take(&bytes);
            let _ = take.number();
            let _ = take.words();
            let _ = take.address();
            let _ = take.maybe_words();
        }
    }

    #[test]
    fn a_count_that_the_bytes_do_not_bear_out_is_refused() {
        let mut put = Put::default();
        put.number(u64::MAX - 1);
        assert_eq!(Take(&put.0).bytes(), Err(Trouble::Wrong));
        assert_eq!(Take(&[0xff; 20]).number(), Err(Trouble::Wrong));
        assert_eq!(Take(&[0x80]).number(), Err(Trouble::Wrong));
    }

    #[test]
    fn words_of_a_stranger_can_t_steer_a_terminal() {
        let mut put = Put::default();
        put.words("\u{1b}]0;x\u{7}");
        assert_eq!(Take(&put.0).words(), Ok(r"\u{1b}]0;x\u{7}".to_owned()));
    }
}
