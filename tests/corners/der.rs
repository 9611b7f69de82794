//! As much DER (X.690) as certificates need, written by hand, so that a certificate can also be wrong.

/// A value with its tag and length.
pub(crate) fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let header = match length {
        0..=0x7f => vec![tag, length as u8],
        0x80..=0xff => vec![tag, 0x81, length as u8],
        _ => vec![tag, 0x82, (length >> 8) as u8, length as u8],
    };
    assert!(length <= 0xffff, "a certificate is smaller");
    [header.as_slice(), content].concat()
}

pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tagged(0x30, &parts.concat())
}

/// `[number]`, constructed.
pub(crate) fn context(number: u8, content: &[u8]) -> Vec<u8> {
    tagged(0xa0 | number, content)
}

pub(crate) fn boolean_true() -> Vec<u8> {
    tagged(0x01, &[0xff])
}

/// A small number.
pub(crate) fn integer(number: u8) -> Vec<u8> {
    assert!(number < 0x80, "a second byte would be needed");
    tagged(0x02, &[number])
}

/// A bit string of whole bytes.
pub(crate) fn bit_string(bytes: &[u8]) -> Vec<u8> {
    tagged(0x03, &[&[0], bytes].concat())
}

/// A bit string of these bits, the first of which is bit 0, with trailing zeros cut off.
pub(crate) fn bits(set: &[u8]) -> Vec<u8> {
    let last = set.iter().max().expect("at least one bit");
    let mut bytes = vec![0; usize::from(last / 8) + 1];
    set.iter().for_each(|bit| bytes[usize::from(bit / 8)] |= 0x80 >> (bit % 8));
    let unused = 7 - last % 8;
    tagged(0x03, &[&[unused], bytes.as_slice()].concat())
}

pub(crate) fn octets(bytes: &[u8]) -> Vec<u8> {
    tagged(0x04, bytes)
}

pub(crate) fn utf8(text: &str) -> Vec<u8> {
    tagged(0x0c, text.as_bytes())
}

/// `YYMMDDHHMMSSZ`, years 1950 to 2049.
pub(crate) fn utc_time(text: &str) -> Vec<u8> {
    tagged(0x17, text.as_bytes())
}

/// An object identifier in dotted form.
pub(crate) fn oid(text: &str) -> Vec<u8> {
    let arcs: Vec<u64> = text.split('.').map(|arc| arc.parse().expect("a number")).collect();
    let mut bytes = Vec::new();
    for arc in std::iter::once(arcs[0] * 40 + arcs[1]).chain(arcs[2..].iter().copied()) {
        let mut groups = vec![(arc & 0x7f) as u8];
        let mut rest = arc >> 7;
        while rest > 0 {
            groups.push((rest & 0x7f) as u8 | 0x80);
            rest >>= 7;
        }
        bytes.extend(groups.iter().rev());
    }
    tagged(0x06, &bytes)
}
