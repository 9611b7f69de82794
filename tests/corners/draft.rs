//! A case while it is being written: `corner(…)`, then what stands on the disk, then the bundle, then the verdict.

use std::collections::BTreeMap;

use modelsig_tests::bundle;
use modelsig_tests::corner::{Corner, CornerEntry, CornerPolicy, CornerTrust, CornerVerdict};
use serde_json::Value;

use crate::keys;

/// A finished case.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) json: String,
    pub(crate) bundle: Vec<u8>,
}

pub(crate) struct Draft {
    name: String,
    corner: Corner,
    bundle: Option<Vec<u8>>,
}

/// Begins a case about a section of the rules. Its model is the folder `model`, the bundle `model.sig` beside it, and
/// the key `p256` is trusted, unless something else is said.
pub(crate) fn corner(section: &str, name: &str, reason: &str) -> Draft {
    let expected = CornerVerdict {
        verdict: String::new(),
        exit_code: 0,
        kind: None,
        variant: None,
        problems: BTreeMap::new(),
        notes: Vec::new(),
        skipped: BTreeMap::new(),
    };
    Draft {
        name: format!("{section}-{name}"),
        corner: Corner {
            section: section.into(),
            reason: reason.into(),
            trust: CornerTrust::Keys(vec!["p256".into()]),
            policy: CornerPolicy::default(),
            model: "model".into(),
            signature: "model.sig".into(),
            tree: vec![CornerEntry::Folder { path: "model".into() }],
            expected,
        },
        bundle: None,
    }
}

impl Draft {
    /// Files of the model.
    pub(crate) fn files(self, files: &[(&str, &str)]) -> Self {
        files.iter().fold(self, |draft, (name, content)| draft.file(name, content))
    }

    /// A file of the model.
    pub(crate) fn file(self, name: &str, content: &str) -> Self {
        self.beside(&format!("model/{name}"), content)
    }

    /// A file anywhere.
    pub(crate) fn beside(self, path: &str, content: &str) -> Self {
        self.entry(CornerEntry::File { path: path.into(), content: content.into() })
    }

    /// A symbolic link in the model.
    pub(crate) fn link(self, name: &str, target: &str) -> Self {
        self.entry(CornerEntry::Symlink { path: format!("model/{name}"), target: target.into() })
    }

    pub(crate) fn entry(mut self, entry: CornerEntry) -> Self {
        self.corner.tree.push(entry);
        self
    }

    pub(crate) fn model(mut self, path: &str) -> Self {
        self.corner.model = path.into();
        self
    }

    pub(crate) fn signature(mut self, path: &str) -> Self {
        self.corner.signature = path.into();
        self
    }

    pub(crate) fn policy(mut self, change: fn(&mut CornerPolicy)) -> Self {
        change(&mut self.corner.policy);
        self
    }

    pub(crate) fn trust(mut self, trust: CornerTrust) -> Self {
        self.corner.trust = trust;
        self
    }

    /// Trusts these keys.
    pub(crate) fn keys(self, names: &[&str]) -> Self {
        self.trust(CornerTrust::Keys(names.iter().map(|name| (*name).into()).collect()))
    }

    /// The bundle over a statement, signed with `p256`.
    pub(crate) fn statement(self, statement: &Value) -> Self {
        self.payload(statement.to_string())
    }

    /// The bundle over any payload, signed with `p256`.
    pub(crate) fn payload(self, payload: impl AsRef<[u8]>) -> Self {
        self.bundle(&bundle(&keys::private("p256"), payload.as_ref()))
    }

    /// The bundle as JSON.
    pub(crate) fn bundle(self, bundle: &Value) -> Self {
        self.text(bundle.to_string())
    }

    /// The bundle as it stands in the file.
    pub(crate) fn text(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.bundle = Some(text.into());
        self
    }

    /// The report must list a file as skipped.
    pub(crate) fn skips(mut self, path: &str, reason: &str) -> Self {
        self.corner.expected.skipped.insert(path.into(), reason.into());
        self
    }

    /// The report must have these notes.
    pub(crate) fn notes(mut self, notes: &[&str]) -> Self {
        self.corner.expected.notes = notes.iter().map(|note| (*note).into()).collect();
        self
    }

    pub(crate) fn verified(self) -> Case {
        self.ends("verified", 0, None, None)
    }

    /// Rejected because of these files.
    pub(crate) fn rejected(mut self, problems: &[(&str, &str)]) -> Case {
        let kinds = problems.iter().map(|(_, variant)| kind_of_problem(variant));
        let (_, exit_code, kind) = kinds.min_by_key(|(order, _, _)| *order).expect("at least one problem");
        self.corner.expected.problems =
            problems.iter().map(|(path, variant)| ((*path).into(), (*variant).into())).collect();
        let verdict = if exit_code == 1 { "rejected" } else { "error" };
        self.ends(verdict, exit_code, Some(kind), Some("Rejected"))
    }

    /// Rejected as a whole.
    pub(crate) fn denied(self, kind: &str, variant: &str) -> Case {
        self.ends("rejected", 1, Some(kind), Some(variant))
    }

    /// No verdict.
    pub(crate) fn error(self, kind: &str, variant: &str) -> Case {
        self.ends("error", 2, Some(kind), Some(variant))
    }

    /// No verdict, since bundle or statement are malformed.
    pub(crate) fn malformed(self, variant: &str) -> Case {
        self.error("malformed", variant)
    }

    fn ends(mut self, verdict: &str, exit_code: u8, kind: Option<&str>, variant: Option<&str>) -> Case {
        let expected = &mut self.corner.expected;
        expected.verdict = verdict.into();
        expected.exit_code = exit_code;
        expected.kind = kind.map(Into::into);
        expected.variant = variant.map(Into::into);
        let json = serde_json::to_string_pretty(&self.corner).expect("a case can be written as JSON");
        let bundle = self.bundle.unwrap_or_else(|| panic!("{} has no bundle", self.name));
        Case { name: self.name, json: ascii(&json) + "\n", bundle }
    }
}

/// Where the gravest comes first: its place, its exit code, its name.
fn kind_of_problem(variant: &str) -> (u8, u8, &'static str) {
    match variant {
        "DigestMismatch" | "Truncated" | "Grown" => (0, 1, "mismatch"),
        "Missing" => (1, 1, "missing"),
        "Unsigned" | "EmptyNotCovered" => (2, 1, "unsigned"),
        "SpecialFile" | "Symlink" | "SymlinkLoop" | "SymlinkDangling" | "SymlinkOutside"
        | "SymlinkToFolder" => (3, 1, "forbidden-file"),
        "Io" => (4, 2, "not-found"),
        other => panic!("{other} is no problem of a file"),
    }
}

/// What is not ASCII escaped, so that the file shows what it holds. Only strings have such characters.
fn ascii(json: &str) -> String {
    let mut units = [0; 2];
    let escaped = |c: char| -> String {
        match c {
            ' '..='~' | '\n' => c.into(),
            _ => c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
        }
    };
    json.chars().map(escaped).collect()
}
