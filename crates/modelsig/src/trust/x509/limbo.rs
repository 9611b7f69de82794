//! The corpus x509-limbo (C2SP), from the folder that `MODELSIG_LIMBO_DIR` names. Nothing of it is in this repository.
//!
//! Left out are the cases with a feature that this verifier does not have: revocation lists, a depth that the caller
//! sets. Names of hosts and mailboxes are compared here, since in modelsig the caller pins a name exactly. Where the
//! verdict differs from the corpus, `limbo_exceptions.txt` says why; a difference that is not listed fails, and so does
//! a listed one that is gone.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use x509_cert::der::DateTime;

use super::names::GeneralName;
use super::{Certificate, Purpose, read_anchors, verify_path};

const EXCEPTIONS: &str = include_str!("limbo_exceptions.txt");

#[derive(Deserialize)]
struct Corpus {
    testcases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    features: Vec<String>,
    validation_kind: String,
    trusted_certs: Vec<String>,
    untrusted_intermediates: Vec<String>,
    peer_certificate: String,
    validation_time: Option<String>,
    signature_algorithms: Vec<String>,
    expected_result: String,
    expected_peer_name: Option<PeerName>,
    expected_peer_names: Vec<PeerName>,
    max_chain_depth: Option<u32>,
}

#[derive(Deserialize)]
struct PeerName {
    kind: String,
    value: String,
}

#[test]
fn every_case_has_the_verdict_of_the_corpus_or_an_exception_with_a_reason() {
    let Some(folder) = std::env::var_os("MODELSIG_LIMBO_DIR") else {
        println!("MODELSIG_LIMBO_DIR is not set: x509-limbo was not run");
        return;
    };
    let path = Path::new(&folder).join("limbo.json");
    let text = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let corpus: Corpus = serde_json::from_slice(&text).unwrap();
    let mut exceptions = exceptions();
    let (mut run, mut passed, mut left_out, mut wrong) = (0, 0, 0, Vec::new());
    for case in &corpus.testcases {
        if !case.fits() {
            left_out += 1;
            continue;
        }
        run += 1;
        let ours = case.verdict();
        let verdict = if ours.is_ok() { "SUCCESS" } else { "FAILURE" };
        if verdict == case.expected_result {
            passed += 1;
        } else if exceptions.remove(case.id.as_str()) != Some((case.expected_result.as_str(), verdict)) {
            wrong.push(format!("{} | {} | {verdict} | {ours:?}", case.id, case.expected_result));
        }
    }
    let excepted = run - passed - wrong.len();
    println!(
        "x509-limbo: {run} cases run, {passed} with the same verdict, {excepted} excepted, {left_out} left out"
    );
    assert!(run > 0, "no case was run");
    assert!(wrong.is_empty(), "differences without an exception:\n{}", wrong.join("\n"));
    assert!(exceptions.is_empty(), "exceptions that are none: {:?}", exceptions.keys());
}

/// Lines of `id | expected | ours | reason`.
fn exceptions() -> BTreeMap<&'static str, (&'static str, &'static str)> {
    let lines = EXCEPTIONS.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let fields: Vec<&str> = line.split('|').map(str::trim).collect();
            let [id, expected, ours, reason] = fields[..] else { panic!("not four fields: {line}") };
            assert!(reason.ends_with('.') && reason.len() > 20, "no reason: {line}");
            (id, (expected, ours))
        })
        .collect()
}

impl Case {
    fn fits(&self) -> bool {
        self.signature_algorithms.is_empty()
            && self.max_chain_depth.is_none()
            && !self.features.iter().any(|feature| matches!(feature.as_str(), "has-crl" | "max-chain-depth"))
    }

    fn verdict(&self) -> Result<(), String> {
        let purpose =
            if self.validation_kind == "SERVER" { Purpose::ServerAuth } else { Purpose::ClientAuth };
        let read = |texts: &[String]| -> Result<Vec<Certificate>, String> {
            if texts.is_empty() {
                Ok(Vec::new())
            } else {
                read_anchors(&texts.concat()).map_err(|f| f.to_string())
            }
        };
        let anchors = read(&self.trusted_certs)?;
        let intermediates = read(&self.untrusted_intermediates)?;
        let leaf = read(std::slice::from_ref(&self.peer_certificate))?.remove(0);
        verify_path(&leaf, &intermediates, &anchors, self.time(), purpose)
            .map_err(|fault| fault.to_string())?;
        let names = self.expected_peer_name.iter().chain(&self.expected_peer_names);
        match names.clone().next() {
            Some(_) if !names.clone().any(|name| name.is_among(leaf.general_names())) => {
                Err("the leaf has another name".into())
            }
            _ => Ok(()),
        }
    }

    /// Whole seconds, cut down: a validity ends with its last second.
    fn time(&self) -> u64 {
        match &self.validation_time {
            Some(text) => format!("{}Z", &text[..19]).parse::<DateTime>().unwrap().unix_duration().as_secs(),
            None => SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs(),
        }
    }
}

impl PeerName {
    fn is_among(&self, names: &[GeneralName]) -> bool {
        names.iter().any(|name| match (self.kind.as_str(), name) {
            ("DNS", GeneralName::Dns(name)) => match name.strip_prefix("*.") {
                Some(stem) => {
                    self.value.split_once('.').is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(stem))
                }
                None => name.eq_ignore_ascii_case(&self.value),
            },
            ("IP", GeneralName::Ip(bytes)) => match self.value.parse().unwrap() {
                std::net::IpAddr::V4(address) => address.octets() == bytes[..],
                std::net::IpAddr::V6(address) => address.octets() == bytes[..],
            },
            ("RFC822", GeneralName::Email(name)) => *name == self.value,
            _ => false,
        })
    }
}
