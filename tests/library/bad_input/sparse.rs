//! Files that take no room on the disk and hours to hash, in the place of small ones: refused before a byte is read.

use std::fs::File;
use std::time::Duration;

use modelsig::hash::{Engine, HashAlgorithm, Progress};
use modelsig::{Check, Error, ErrorKind, Limits, Method, ModelSigner, Policy, Verifier};
use modelsig_tests::{Case, assert_outcome, only_problem, refused, within};

const TEBI: u64 = 1 << 40;
const NAME: &str = "weights.bin";
/// It takes a moment. To hash the file takes a quarter of an hour at the very least.
const PATIENCE: Duration = Duration::from_secs(60);

fn grown(case: &Case) {
    let file = File::options().write(true).open(case.file(NAME)).unwrap();
    file.set_len(TEBI).unwrap();
}

/// A verifier, and what it has hashed.
fn counting(case: &Case, policy: Policy) -> (Verifier, Progress) {
    let progress = Progress::new();
    let engine = Engine::new(2).unwrap().with_progress(progress.clone());
    (case.verifier(policy).with_engine(engine), progress)
}

#[test]
fn a_signed_length_refuses_a_sparse_file_at_once() {
    let shards = || ModelSigner::new().method(Method::Shards { shard_size: 1000 });
    let signers = [ModelSigner::new(), shards(), ModelSigner::new().hash(HashAlgorithm::Blake3)];
    for signer in signers {
        let case = Case::new(&[(NAME, &[1; 5000])]);
        case.sign_with(&signer);
        let opened = case.verifier(Policy::strict()).open(&case.model(), &case.bundle()).unwrap();
        grown(&case);
        within(PATIENCE, move || {
            for check in [Check::Chunks, Check::Whole, Check::Both] {
                let (verifier, progress) = counting(&case, Policy::strict().check(check));
                let error = refused(verifier.verify(&case.model(), &case.bundle()));
                let problem = only_problem(&error);
                assert!(
                    matches!(problem, Error::Grown { expected: 5000, found: TEBI, .. }),
                    "{check:?}: {problem:?}"
                );
                assert_outcome(problem, ErrorKind::Mismatch, NAME);
                let message = problem.to_string();
                assert!(message.contains("5000") && message.contains("1099511627776"), "{message}");
                assert_eq!((progress.done(), progress.total()), (0, 0), "{check:?}");
                assert!(verifier.open(&case.model(), &case.bundle()).is_err());
            }
            // Nor is anything loaded of a model that was opened before.
            for error in [
                refused(opened.get(NAME).map(drop)),
                refused(opened.read(NAME).map(drop)),
                refused(opened.range(NAME, 0..10).map(drop)),
                refused(opened.fd(NAME).map(drop)),
            ] {
                assert!(matches!(error, Error::Grown { expected: 5000, found: TEBI, .. }), "{error:?}");
            }
        });
    }
}

/// As other tools sign: no length stands in the bundle. Then it is the caller who says how much is too much.
#[test]
fn without_a_signed_length_the_limit_for_a_model_refuses_it_at_once() {
    let case = Case::new(&[(NAME, &[1; 5000])]);
    case.sign_with(&ModelSigner::new().chunks(None));
    grown(&case);
    within(PATIENCE, move || {
        let (verifier, progress) = counting(&case, Policy::strict());
        let mut limits = Limits::default();
        limits.model_bytes = 1 << 30;
        let error = refused(verifier.with_limits(limits).verify(&case.model(), &case.bundle()));
        assert!(matches!(error, Error::Limit { limit: 1_073_741_824, found: TEBI, .. }), "{error:?}");
        assert_outcome(&error, ErrorKind::Limit, case.model().to_str().unwrap());
        assert_eq!((progress.done(), progress.total()), (0, 0));
    });
}
