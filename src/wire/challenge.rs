//! What a client asks a server to answer, so that nothing but a WebSocket server can: a key (RFC 6455 4.1, and the drafts
//! from hybi-04 on), or two keys and eight bytes (hixie-76, section 4.1 of that draft).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};

use super::dialect::Dialect;

/// Bytes of the response to hixie-76's challenge, right behind the head.
pub const RESPONSE: usize = 16;

/// The most spaces that a key of hixie-76 has.
const SPACES: u32 = 12;

/// A client's challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Challenge {
    /// The dialect has none: hixie-75.
    None,
    /// The value of Sec-WebSocket-Key.
    Key(String),
    /// The values of Sec-WebSocket-Key1 and -Key2, and the bytes behind the head.
    Keys {
        /// Sec-WebSocket-Key1.
        key1: String,
        /// Sec-WebSocket-Key2.
        key2: String,
        /// The eight bytes, called key 3.
        key3: [u8; 8],
    },
}

impl Challenge {
    /// One for a dialect, from random bytes that `draw` gives.
    #[must_use]
    pub fn new(dialect: Dialect, draw: &mut impl FnMut() -> u8) -> Self {
        match dialect {
            Dialect::Hixie75 => Self::None,
            Dialect::Hixie76 | Dialect::Other(0..=3) => {
                Self::Keys { key1: draw_key(draw), key2: draw_key(draw), key3: std::array::from_fn(|_| draw()) }
            }
            _ => Self::Key(STANDARD.encode(std::array::from_fn::<u8, 16, _>(|_| draw()))),
        }
    }
}

/// The number that a key of hixie-76 hides: its digits, divided by the count of its spaces. `None` where that is no
/// whole number of 32 bits, and a server has to refuse.
#[must_use]
pub fn number(key: &[u8]) -> Option<u32> {
    let mut digits = key.iter().filter(|byte| byte.is_ascii_digit());
    let product =
        digits.try_fold(0_u64, |product, digit| product.checked_mul(10)?.checked_add(u64::from(digit - b'0')))?;
    let spaces = key.iter().filter(|byte| **byte == b' ').count() as u64;
    if spaces == 0 || product % spaces != 0 {
        return None;
    }
    u32::try_from(product / spaces).ok()
}

/// The response to hixie-76's challenge; `None` where a key hides no number.
#[must_use]
pub fn response(key1: &[u8], key2: &[u8], key3: [u8; 8]) -> Option<[u8; RESPONSE]> {
    let (first, second) = (number(key1)?, number(key2)?);
    let digest = Md5::new().chain_update(first.to_be_bytes()).chain_update(second.to_be_bytes()).chain_update(key3);
    Some(digest.finalize().into())
}

/// A number times a few spaces, with the spaces and some other characters strewn in.
fn draw_key(draw: &mut impl FnMut() -> u8) -> String {
    let spaces = 1 + u32::from(draw()) % SPACES;
    let number = u32::from_be_bytes(std::array::from_fn(|_| draw())) % (u32::MAX / spaces);
    let mut key = (number * spaces).to_string();
    for _ in 0..1 + draw() % 12 {
        let place = usize::from(draw()) % (key.len() + 1);
        key.insert(place, noise(draw()));
    }
    for _ in 0..spaces {
        // Never at an end, where a parser would take it off.
        let place = 1 + usize::from(draw()) % (key.len() - 1);
        key.insert(place, ' ');
    }
    key
}

/// A character between `!` and `~` that is no digit.
fn noise(byte: u8) -> char {
    let below = b'0' - b'!';
    let index = byte % (below + b'~' - b'9');
    char::from(if index < below { b'!' + index } else { b':' + index - below })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_draft_s_challenges_have_the_draft_s_answers() {
        for (key1, key2, key3, expected) in [
            ("4 @1  46546xW%0l 1 5", "12998 5 Y3 1  .P00", b"^n:ds[4U", "8jKS'y:G*Co,Wxa-"),
            (
                "18x 6]8vM;54 *(5:  {   U1]8  z [  8",
                "1_ tx7X d  <  nw  334J702) 7]o}` 0",
                b"Tm[K T2u",
                "fQJ,fN/4F4!~K~MH",
            ),
            ("3e6b263  4 17 80", "17  9 G`ZD9   2 2b 7X 3 /r90", b"WjN}|M(6", "n`9eBk9z$R8pOtVb"),
        ] {
            assert_eq!(response(key1.as_bytes(), key2.as_bytes(), *key3).unwrap(), expected.as_bytes());
        }
        let key3 = [0x5d, 0x9f, 0xb0, 0x67, 0x0f, 0xe4, 0xfa, 0x75];
        let response = response(b"30  ;- 5=5 u 4 1  7336", b":2 8 G(  07A 93Ql 3 *20 Ox0G'w", key3).unwrap();
        assert_eq!(hex::encode(response), "b6bc2a9ea00c1cb90faddc97906017a8");
    }

    #[test]
    fn a_key_without_a_whole_number_hides_none() {
        assert_eq!(number(b"4 @1  46546xW%0l 1 5"), Some(829_309_203));
        for key in [&b"12345"[..], b"1 0 1 ", b"99999999999999999999999 1"] {
            assert_eq!(number(key), None, "{}", String::from_utf8_lossy(key));
        }
    }

    proptest! {
        #[test]
        fn each_key_that_is_drawn_hides_a_number(bytes in proptest::collection::vec(any::<u8>(), 200)) {
            let mut bytes = bytes.into_iter().cycle();
            let key = draw_key(&mut || bytes.next().unwrap());
            prop_assert!(number(key.as_bytes()).is_some(), "{key}");
            prop_assert_eq!(key.trim(), key.as_str());
            prop_assert!(key.bytes().all(|byte| matches!(byte, b' '..=b'~')));
        }
    }
}
