//! Several bundles for one model: who is counted, against which bytes, and what is handed out.

mod content;
mod counting;
mod identities;
mod names;

use std::fs;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use modelsig::{
    BundleReport, CosignReport, CosignedModel, Error, KeyType, ModelSigner, Policy, PrivateKey, PublicKey,
    Signer, Threshold, Verifier,
};
use modelsig_tests::{Case, refused};
use serde_json::Value;

/// A model and three trusted keys of different kinds. Bundles lie beside the model unless their name says otherwise.
struct Team {
    case: Case,
    keys: Vec<PrivateKey>,
}

impl Team {
    fn new(files: &[(&str, &[u8])]) -> Self {
        let kinds = [KeyType::Ed25519, KeyType::P256, KeyType::P384];
        let keys = kinds.map(|kind| PrivateKey::generate(kind).unwrap()).into();
        Self { case: Case::new(files), keys }
    }

    /// Signs the model with one of the keys.
    fn sign(&self, key: usize, bundle: &str) {
        self.sign_with(key, bundle, &ModelSigner::new());
    }

    fn sign_with(&self, key: usize, bundle: &str, signer: &ModelSigner) {
        signer.sign(&self.case.model(), &self.case.path(bundle), &self.keys[key]).unwrap();
    }

    /// Writes a bundle over this statement, signed properly.
    fn sign_statement(&self, key: usize, bundle: &str, statement: &Value) {
        let text = modelsig_tests::bundle(&self.keys[key], statement.to_string().as_bytes()).to_string();
        fs::write(self.case.path(bundle), text).unwrap();
    }

    fn paths(&self, bundles: &[&str]) -> Vec<PathBuf> {
        bundles.iter().map(|bundle| self.case.path(bundle)).collect()
    }

    fn verifier(&self, policy: Policy) -> Verifier {
        let keys: Vec<PublicKey> = self.keys.iter().map(|key| key.public_key().clone()).collect();
        Verifier::new(keys).with_policy(policy)
    }

    fn verify_by(
        &self,
        policy: Policy,
        bundles: &[&str],
        threshold: Threshold,
    ) -> Result<CosignedModel, Error> {
        self.verifier(policy).verify_several(&self.case.model(), &self.paths(bundles), threshold)
    }

    fn verify(&self, bundles: &[&str], threshold: Threshold) -> Result<CosignedModel, Error> {
        self.verify_by(Policy::strict(), bundles, threshold)
    }

    #[track_caller]
    fn too_few(&self, bundles: &[&str], threshold: Threshold) -> Box<CosignReport> {
        match refused(self.verify(bundles, threshold)) {
            Error::Threshold(report) => report,
            other => panic!("{other:?}"),
        }
    }
}

fn at_least(number: usize) -> Threshold {
    Threshold::AtLeast(NonZeroUsize::new(number).unwrap())
}

/// The error of a bundle that was not counted.
#[track_caller]
fn error_of(bundle: &BundleReport) -> &Error {
    assert!(!bundle.is_counted());
    bundle.outcome.as_ref().err().unwrap_or_else(|| panic!("{bundle} holds"))
}
