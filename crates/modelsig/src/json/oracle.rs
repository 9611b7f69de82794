//! The strict pass against serde_json: for tests and the fuzzer. Here, duplicates and depths are found in a tree of
//! everything that serde_json reads.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use super::{JsonFault, MEMBERS, check_large};

/// Compares the two on one text, with limits on depth and members. What the strict pass said.
///
/// # Panics
/// When one of them accepts what the other one does not, and it is none of the documented refusals: members twice,
/// objects of too many members, arrays and objects nested too deeply.
pub(crate) fn compare(text: &[u8], depth: usize, members: usize) -> Result<(), JsonFault> {
    let found = check_large(text, depth, members);
    let members = members.max(MEMBERS);
    let tree = serde_json::from_slice::<Tree>(text);
    // A member of this name means something else to a `Value` than what stands there, which no JSON parser may do.
    if !tree.as_ref().is_ok_and(|tree| tree.has("$serde_json::private::RawValue")) {
        let value = serde_json::from_slice::<serde_json::Value>(text);
        assert_eq!(value.is_ok(), tree.is_ok(), "{}", shown(text));
    }
    match (&found, tree) {
        (Ok(()), Ok(tree)) => assert!(
            !tree.has_twice() && tree.depth() <= depth && tree.members() <= members,
            "accepted: {}",
            shown(text)
        ),
        (Err(JsonFault::DuplicateMember { .. }), Ok(tree)) => assert!(tree.has_twice(), "{}", shown(text)),
        (Err(JsonFault::TooDeep { limit }), Ok(tree)) => {
            assert!(*limit == depth && tree.depth() > depth, "{}", shown(text));
        }
        (Err(JsonFault::TooManyMembers { limit }), Ok(tree)) => {
            assert!(*limit == members && tree.members() > members, "{}", shown(text));
        }
        // What serde_json refuses is refused, for whatever of its faults comes first.
        (Err(JsonFault::Shape { .. }), _) | (_, Ok(_)) => panic!("{found:?}: {}", shown(text)),
        (Err(_), Err(_)) => {}
        (Ok(()), Err(error)) => panic!("accepted although {error}: {}", shown(text)),
    }
    found
}

fn shown(text: &[u8]) -> String {
    text.iter().flat_map(|byte| std::ascii::escape_default(*byte)).map(char::from).collect()
}

/// Everything that serde_json hands out, with members twice where they stand twice.
enum Tree {
    Leaf,
    Array(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

impl Tree {
    fn children(&self) -> Box<dyn Iterator<Item = &Tree> + '_> {
        match self {
            Self::Leaf => Box::new(std::iter::empty()),
            Self::Array(elements) => Box::new(elements.iter()),
            Self::Object(members) => Box::new(members.iter().map(|(_, value)| value)),
        }
    }

    fn depth(&self) -> usize {
        match self {
            Self::Leaf => 0,
            _ => 1 + self.children().map(Self::depth).max().unwrap_or(0),
        }
    }

    /// Of the object that has most. Those that stand twice count once.
    fn members(&self) -> usize {
        let own = match self {
            Self::Object(members) => names(members).len(),
            _ => 0,
        };
        self.children().map(Self::members).max().unwrap_or(0).max(own)
    }

    fn has(&self, name: &str) -> bool {
        matches!(self, Self::Object(members) if names(members).contains(name))
            || self.children().any(|child| child.has(name))
    }

    fn has_twice(&self) -> bool {
        matches!(self, Self::Object(members) if names(members).len() < members.len())
            || self.children().any(Self::has_twice)
    }
}

fn names(members: &[(String, Tree)]) -> std::collections::HashSet<&str> {
    members.iter().map(|(name, _)| name.as_str()).collect()
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TreeVisitor;
        impl<'de> Visitor<'de> for TreeVisitor {
            type Value = Tree;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON value")
            }

            fn visit_bool<E>(self, _: bool) -> Result<Tree, E> {
                Ok(Tree::Leaf)
            }

            fn visit_i64<E>(self, _: i64) -> Result<Tree, E> {
                Ok(Tree::Leaf)
            }

            fn visit_u64<E>(self, _: u64) -> Result<Tree, E> {
                Ok(Tree::Leaf)
            }

            fn visit_f64<E>(self, _: f64) -> Result<Tree, E> {
                Ok(Tree::Leaf)
            }

            fn visit_str<E>(self, _: &str) -> Result<Tree, E> {
                Ok(Tree::Leaf)
            }

            fn visit_unit<E>(self) -> Result<Tree, E> {
                Ok(Tree::Leaf)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Tree, A::Error> {
                let mut all = Vec::new();
                while let Some(element) = elements.next_element()? {
                    all.push(element);
                }
                Ok(Tree::Array(all))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Tree, A::Error> {
                let mut all = Vec::new();
                while let Some(member) = members.next_entry()? {
                    all.push(member);
                }
                Ok(Tree::Object(all))
            }
        }
        deserializer.deserialize_any(TreeVisitor)
    }
}
