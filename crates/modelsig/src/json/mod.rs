//! A strict pass over JSON text (RFC 8259) before any of it is believed.
//!
//! Refuses what parsers read differently: duplicate members at any depth, trailing data, a byte order mark, nesting
//! beyond the limit. In everything else it is serde_json.

#[cfg(test)]
mod generated;
#[cfg(any(test, fuzzing))]
pub(crate) mod oracle;
#[cfg(test)]
mod suite;

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::escape::clipped;

/// Why a text is refused before its content is looked at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonFault {
    /// Not JSON at all, or cut short.
    #[error("not JSON: {reason}")]
    NotJson {
        /// The parser's words, with line and column.
        reason: String,
    },
    /// A UTF-8 byte order mark in front.
    #[error("a byte order mark stands before the JSON text")]
    ByteOrderMark,
    /// Something follows the JSON text.
    #[error("data follows the JSON text: {reason}")]
    TrailingData {
        /// The parser's words, with line and column.
        reason: String,
    },
    /// An object has a member twice; readers disagree on which one counts.
    #[error("member \"{}\" stands twice in one object", crate::Escaped(.member))]
    DuplicateMember {
        /// The member's name.
        member: String,
    },
    /// An object has more members than any object of the format could have.
    #[error("an object has more than {limit} members")]
    TooManyMembers {
        /// The limit.
        limit: usize,
    },
    /// Arrays and objects are nested too deeply.
    #[error("nested deeper than {limit} levels")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// JSON, but not of the shape that the format demands.
    #[error("{reason}")]
    Shape {
        /// The parser's words, with line and column.
        reason: String,
    },
}

/// Checks the text, then reads it into `T`.
pub(crate) fn parse<'t, T: Deserialize<'t>>(text: &'t [u8], depth: usize) -> Result<T, JsonFault> {
    check(text, depth)?;
    serde_json::from_slice(text).map_err(|error| shape(&error))
}

/// A fault of shape in the parser's words, which may repeat names from the text.
pub(crate) fn shape(error: &serde_json::Error) -> JsonFault {
    JsonFault::Shape { reason: clipped(error) }
}

/// Members that an object of an OMS bundle may have. The largest of the format has five.
const MEMBERS: usize = 1_000;

/// The strict pass alone.
pub(crate) fn check(text: &[u8], depth: usize) -> Result<(), JsonFault> {
    check_large(text, depth, MEMBERS)
}

/// The strict pass alone, for texts whose objects may have more members than those of a bundle.
pub(crate) fn check_large(text: &[u8], depth: usize, members: usize) -> Result<(), JsonFault> {
    let members = members.max(MEMBERS);
    if text.starts_with(b"\xef\xbb\xbf") {
        return Err(JsonFault::ByteOrderMark);
    }
    let violation = RefCell::new(None);
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let node = Node { room: depth, depth, members, violation: &violation };
    if let Err(error) = node.deserialize(&mut deserializer) {
        return Err(violation.take().unwrap_or(JsonFault::NotJson { reason: clipped(&error) }));
    }
    deserializer.end().map_err(|error| JsonFault::TrailingData { reason: clipped(&error) })
}

/// Any JSON value, looked at and forgotten.
#[derive(Clone, Copy)]
struct Node<'v> {
    room: usize,
    depth: usize,
    members: usize,
    violation: &'v RefCell<Option<JsonFault>>,
}

impl Node<'_> {
    fn refuse<E: serde::de::Error>(self, fault: JsonFault) -> E {
        *self.violation.borrow_mut() = Some(fault);
        E::custom("refused")
    }

    fn inner<E: serde::de::Error>(self) -> Result<Self, E> {
        match self.room.checked_sub(1) {
            Some(room) => Ok(Self { room, ..self }),
            None => Err(self.refuse(JsonFault::TooDeep { limit: self.depth })),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        while elements.next_element_seed(inner)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let inner = self.inner()?;
        let mut seen = Seen::default();
        while let Some(Name(member)) = members.next_key()? {
            if seen.len() == self.members && !seen.contains(&member) {
                return Err(self.refuse(JsonFault::TooManyMembers { limit: self.members }));
            }
            if let Err(member) = seen.insert(member) {
                return Err(self.refuse(JsonFault::DuplicateMember { member: member.into_owned() }));
            }
            members.next_value_seed(inner)?;
        }
        Ok(())
    }
}

/// The members of one object. Objects are many and most have few members: for these no container is as cheap as a
/// sorted vector. What comes after the first thousand goes where an insertion does not move all the others.
#[derive(Default)]
struct Seen<'t> {
    few: Vec<Cow<'t, str>>,
    many: BTreeSet<Cow<'t, str>>,
}

impl<'t> Seen<'t> {
    fn len(&self) -> usize {
        self.few.len().saturating_add(self.many.len())
    }

    fn contains(&self, member: &str) -> bool {
        self.few.binary_search_by(|seen| (**seen).cmp(member)).is_ok() || self.many.contains(member)
    }

    /// Gives the member back when it is there already.
    fn insert(&mut self, member: Cow<'t, str>) -> Result<(), Cow<'t, str>> {
        match self.few.binary_search(&member) {
            Ok(_) => Err(member),
            Err(place) if self.few.len() < MEMBERS => {
                self.few.insert(place, member);
                Ok(())
            }
            Err(_) if self.many.contains(&member) => Err(member),
            Err(_) => {
                self.many.insert(member);
                Ok(())
            }
        }
    }
}

/// The name of a member, in place where it has no escapes.
#[derive(Deserialize)]
pub(crate) struct Name<'t>(#[serde(borrow)] pub(crate) Cow<'t, str>);

/// Shows the elements of an array to `take`, one after the other, so that they need not all be in memory. The strict
/// pass must have been made.
pub(crate) fn each<'t, T: Deserialize<'t>, E>(
    array: &'t RawValue,
    take: &mut dyn FnMut(T) -> Result<(), E>,
) -> Result<Result<(), E>, JsonFault> {
    struct Each<'v, 't, T, E> {
        take: &'v mut dyn FnMut(T) -> Result<(), E>,
        refused: &'v mut Result<(), E>,
        taken: &'v mut usize,
        text: PhantomData<&'t str>,
    }
    impl<'de, T: Deserialize<'de>, E> Visitor<'de> for Each<'_, 'de, T, E> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an array")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
            while let Some(element) = elements.next_element()? {
                if let Err(error) = (self.take)(element) {
                    *self.refused = Err(error);
                    return Err(serde::de::Error::custom("refused"));
                }
                *self.taken = self.taken.saturating_add(1);
            }
            Ok(())
        }
    }
    let (mut refused, mut taken) = (Ok(()), 0);
    let visitor = Each { take, refused: &mut refused, taken: &mut taken, text: PhantomData };
    // As bytes, like everything else that is parsed: the parser for texts would be a second one.
    let read = serde_json::Deserializer::from_slice(array.get().as_bytes()).deserialize_seq(visitor);
    match (read, &refused) {
        // The parser counts from the beginning of the array.
        (Err(error), Ok(())) => Err(JsonFault::Shape {
            reason: clipped(&format_args!("after {taken} elements of the list: {error}")),
        }),
        _ => Ok(refused),
    }
}

/// A JSON object. What serde derives for a structure would also read an array of its members in order.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(members)).map(Object)
            }
        }
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

/// An array of which the first `N` elements are kept and the others counted: a bundle of nothing else costs no memory.
pub(crate) struct First<T, const N: usize> {
    pub(crate) kept: Vec<T>,
    pub(crate) found: usize,
}

impl<'de, T: Deserialize<'de>, const N: usize> Deserialize<'de> for First<T, N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FirstVisitor<T, const N: usize>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>, const N: usize> Visitor<'de> for FirstVisitor<T, N> {
            type Value = First<T, N>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<First<T, N>, A::Error> {
                let mut kept = Vec::new();
                while kept.len() < N {
                    match elements.next_element()? {
                        Some(element) => kept.push(element),
                        None => break,
                    }
                }
                let mut found = kept.len();
                while elements.next_element::<IgnoredAny>()?.is_some() {
                    found = found.saturating_add(1);
                }
                Ok(First { kept, found })
            }
        }
        deserializer.deserialize_seq(FirstVisitor(PhantomData))
    }
}

impl<T: Serialize, const N: usize> Serialize for First<T, N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.kept.serialize(serializer)
    }
}

/// For members that may be absent, but not `null`.
pub(crate) fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A positive whole number, which some signers write with a decimal point (`100.0`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Integral(pub(crate) u64);

impl<'de> Deserialize<'de> for Integral {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct IntegralVisitor;
        impl Visitor<'_> for IntegralVisitor {
            type Value = Integral;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a positive whole number")
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Integral, E> {
                if number == 0 { Err(E::custom("0 is not positive")) } else { Ok(Integral(number)) }
            }

            fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Integral, E> {
                // Every whole number below 2^53 is exact in a double; beyond that the signer's number is not known.
                const EXACT: f64 = 9_007_199_254_740_992.0;
                if (1.0..EXACT).contains(&number) && number.fract() == 0.0 {
                    Ok(Integral(number as u64))
                } else {
                    Err(E::custom(format_args!("{number} is not a positive whole number")))
                }
            }
        }
        // Not `deserialize_any`: with serde_json's feature `arbitrary_precision`, which another crate may switch on,
        // that makes a map of `100.0`.
        deserializer.deserialize_u64(IntegralVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strict_pass_refuses_what_readers_disagree_on() {
        let ok = [
            r#"{"a":1,"b":{"a":[1,{"a":null}]}}"#,
            "[]",
            "3",
            "\"x\"",
            " { } \n",
            "[1,1,1]",
            "true",
            "-1.5e3",
        ];
        for text in ok {
            assert_eq!(check(text.as_bytes(), 8), Ok(()), "{text}");
        }
        let duplicate = |member: &str| JsonFault::DuplicateMember { member: member.into() };
        assert_eq!(check(br#"{"a":1,"b":2,"a":1}"#, 8), Err(duplicate("a")));
        assert_eq!(check(br#"[{"x":{"a":1,"\u0061":1}}]"#, 8), Err(duplicate("a")));
        assert_eq!(check(b"\xef\xbb\xbf{}", 8), Err(JsonFault::ByteOrderMark));
        assert_eq!(check(b"[[[]]]", 2), Err(JsonFault::TooDeep { limit: 2 }));
        assert_eq!(check(b"[[]]", 2), Ok(()));
        assert!(matches!(check(b"{} {}", 8), Err(JsonFault::TrailingData { .. })));
        assert!(matches!(check(b"{}x", 8), Err(JsonFault::TrailingData { .. })));
        let many: Vec<String> = (0..=MEMBERS).map(|member| format!("\"{member}\":0")).collect();
        let many = format!("{{{}}}", many.join(","));
        assert_eq!(check(many.as_bytes(), 8), Err(JsonFault::TooManyMembers { limit: MEMBERS }));
        for text in ["", "{", "{'a':1}", "[1,]", "nul", "\"\n\"", "\"\\ud800\"", "01", "{\"a\"}", "\u{0}"] {
            assert!(matches!(check(text.as_bytes(), 8), Err(JsonFault::NotJson { .. })), "{text:?}");
        }
        assert!(matches!(check(b"\"\xff\"", 8), Err(JsonFault::NotJson { .. })));
    }

    #[test]
    fn objects_of_many_members_keep_each_once() {
        let members = |names: &[usize]| {
            let members: Vec<String> = names.iter().map(|name| format!("\"{name}\":0")).collect();
            format!("{{{}}}", members.join(","))
        };
        let all: Vec<usize> = (0..3 * MEMBERS).rev().collect();
        assert_eq!(check_large(members(&all).as_bytes(), 8, all.len()), Ok(()));
        let limit = all.len() - 1;
        assert_eq!(check_large(members(&all).as_bytes(), 8, limit), Err(JsonFault::TooManyMembers { limit }));
        // Twice: among the first thousand, among the others, and at the limit.
        for twice in [all[0], all[MEMBERS - 1], all[MEMBERS], all[limit]] {
            let text = members(&[&all[..], &[twice]].concat());
            let duplicate = JsonFault::DuplicateMember { member: twice.to_string() };
            assert_eq!(check_large(text.as_bytes(), 8, all.len()), Err(duplicate));
        }
    }

    #[test]
    fn of_an_array_the_first_are_kept_and_all_are_counted() {
        for (text, kept, found) in
            [("[]", &[][..], 0), ("[1]", &[1], 1), ("[1,2]", &[1, 2], 2), ("[1,2,3,{}]", &[1, 2], 4)]
        {
            let first: First<u8, 2> = parse(text.as_bytes(), 8).unwrap();
            assert_eq!((first.kept.as_slice(), first.found), (kept, found), "{text}");
        }
        for bad in ["{}", "null", "[1,{}]"] {
            assert!(parse::<First<u8, 2>>(bad.as_bytes(), 8).is_err(), "{bad}");
        }
    }

    #[test]
    fn integral_numbers() {
        for (text, number) in
            [("1", Some(1)), ("100.0", Some(100)), ("1e3", Some(1000)), ("0", None), ("-1", None)]
        {
            assert_eq!(parse::<Integral>(text.as_bytes(), 1).ok(), number.map(Integral), "{text}");
        }
        for text in ["1.5", "0.0", "1e300", "\"1\"", "null", "9007199254740992.0"] {
            assert!(parse::<Integral>(text.as_bytes(), 1).is_err(), "{text}");
        }
    }
}
