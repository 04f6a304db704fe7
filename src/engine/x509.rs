//! As much of a certificate as it takes to tell whether it names itself as its issuer (RFC 5280 4.1).

/// Tags of DER (X.690 8.1.2).
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;

/// Whether issuer and subject are the same, byte for byte. False for what is no certificate.
pub(super) fn is_self_issued(certificate: &[u8]) -> bool {
    names(certificate).is_some_and(|(issuer, subject)| issuer == subject)
}

fn names(certificate: &[u8]) -> Option<(&[u8], &[u8])> {
    let (_, certificate, _) = element(certificate)?;
    let (_, mut fields, _) = element(certificate)?;
    // The version is left out in certificates of the first one.
    if fields.first() == Some(&VERSION) {
        (_, _, fields) = element(fields)?;
    }
    let (_, _, rest) = element(fields)?;
    let (_, _, rest) = element(rest)?;
    let (SEQUENCE, issuer, rest) = element(rest)? else { return None };
    let (_, _, rest) = element(rest)?;
    let (SEQUENCE, subject, _) = element(rest)? else { return None };
    Some((issuer, subject))
}

/// The first element of DER: its tag, its content, and what follows it.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match usize::from(*first) {
        short @ 0..=0x7f => (short, rest),
        // A certificate of more than 64 KiB is none that a server sends.
        long @ (0x81 | 0x82) => {
            let (length, rest) = rest.split_at_checked(long & 0x7f)?;
            (length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{CertificateParams, CertifiedIssuer, DnType, KeyPair};

    use super::*;

    fn params(name: &str) -> CertificateParams {
        let mut params = CertificateParams::new(vec!["localhost".into()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params
    }

    #[test]
    fn an_issuer_of_the_same_name_is_told_from_another() {
        let key = KeyPair::generate().unwrap();
        let issuer = CertifiedIssuer::self_signed(params("root"), KeyPair::generate().unwrap()).unwrap();
        assert!(is_self_issued(issuer.der()));
        assert!(!is_self_issued(params("leaf").signed_by(&key, &issuer).unwrap().der()));
        assert!(!is_self_issued(b"") && !is_self_issued(b"\x30\x82\xff\xff\x30"));
    }

    proptest! {
        #[test]
        fn whatever_is_sent_is_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            is_self_issued(&bytes);
        }
    }
}
