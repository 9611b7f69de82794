//! `verify` reads what anybody could have written, often as root in an init container; so does `inspect`. Once it knows
//! what it is going to read, it gives up the rest: on Linux by Landlock rules that leave it the model and the bundles,
//! to be read, and no TCP.
//!
//! Landlock binds the calling thread and those that it starts. So this comes before the first of them, and before the
//! first byte that was not written by the caller; reports and logs are open by then, and what else would be looked up
//! later (the number of CPUs, the memory of the machine) is known. It knows nothing of modes, owners, times and
//! attributes of files, of sockets that have a path, and of what was open before.

use std::path::{Path, PathBuf};

use serde::Serialize;

/// What keeps the process in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Sandbox {
    /// The version of the Landlock rules that are in force: 1 is about files, 2 also about links between folders, 3
    /// about truncating, 4 about TCP, 5 about devices, 6 about signals and abstract sockets. Null when none are.
    landlock: Option<u8>,
    /// Why there are none.
    reason: Option<String>,
}

impl Sandbox {
    /// The user does not want any.
    pub(crate) fn declined() -> Self {
        Self::none("switched off by --no-sandbox")
    }

    /// Why there is none, if there is none.
    pub(crate) fn missing(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    fn none(reason: impl Into<String>) -> Self {
        Self { landlock: None, reason: Some(reason.into()) }
    }

    /// From here on this thread, and those that it starts, can read the model and the bundles and no other file.
    /// Kernels that cannot do all of it do what they can; what that is, is told.
    #[cfg(target_os = "linux")]
    pub(crate) fn enter(model: &Path, bundles: &[PathBuf]) -> Self {
        // The first hash map asks for random numbers, and where the system call is missing that opens a device.
        let _ = std::hash::RandomState::new();
        modelsig::hash::uninterrupted(|| linux::restrict(model, bundles))
            .unwrap_or_else(|error| Self::none(format!("Landlock cannot be used: {error}")))
    }

    /// Only Linux has one that a process can make for itself without code of our own.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn enter(_model: &Path, _bundles: &[PathBuf]) -> Self {
        Self::none("there is none for this system")
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::error::Error;
    use std::fs::File;
    use std::io;
    use std::os::fd::AsFd;

    use landlock::{
        ABI, Access, AccessFs, AccessNet, AddRuleError, AddRulesError, BitFlags, LandlockStatus, PathBeneath,
        PathFd, RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
    };
    use modelsig::Escaped;
    use modelsig::hash::uninterrupted;

    use super::{Path, PathBuf, Sandbox};
    use crate::args::folder_of;

    /// The newest rules that are used: all of what they restrict is refused where the kernel knows it.
    const NEWEST: ABI = ABI::V6;

    pub(super) fn restrict(model: &Path, bundles: &[PathBuf]) -> io::Result<Sandbox> {
        let mut rules = new_rules().map_err(failed)?;
        grant(&mut rules, model, AccessFs::ReadFile | AccessFs::ReadDir)?;
        // What lies in the model is opened beneath it, and a link there is nobody's business outside.
        for bundle in bundles.iter().filter(|bundle| !is_inside(bundle, model)) {
            grant(&mut rules, bundle, AccessFs::ReadFile.into())?;
        }
        let status = rules.restrict_self().map_err(failed)?;
        Ok(match (status.ruleset, status.landlock) {
            (RulesetStatus::NotEnforced, LandlockStatus::NotImplemented) => {
                Sandbox::none("this kernel has no Landlock")
            }
            (RulesetStatus::NotEnforced, _) => Sandbox::none("Landlock is not enabled in this kernel"),
            (_, LandlockStatus::Available { effective_abi, .. }) => {
                Sandbox { landlock: Some((effective_abi as u8).min(NEWEST as u8)), reason: None }
            }
            (_, _) => Sandbox::none("Landlock tells nothing of itself"),
        })
    }

    fn new_rules() -> Result<RulesetCreated, RulesetError> {
        landlock::Ruleset::default()
            .handle_access(AccessFs::from_all(NEWEST))?
            .handle_access(AccessNet::from_all(NEWEST))?
            .scope(Scope::from_all(NEWEST))?
            .create()
    }

    /// Allows `wanted` of a folder, if a folder may be listed at all, and to read anything else: what is no regular
    /// file is refused later, by what it is. What it is, is asked of what was opened: its name may mean something else
    /// by now.
    ///
    /// One rule that cannot be made does not undo the others: then reading fails later, in words of its own, as it does
    /// where nothing is there.
    fn grant(rules: &mut RulesetCreated, path: &Path, wanted: BitFlags<AccessFs>) -> io::Result<()> {
        let Ok(opened) = PathFd::new(path) else { return Ok(()) };
        let found = opened.as_fd().try_clone_to_owned().map(File::from);
        let allowed = match found.and_then(|opened| uninterrupted(|| opened.metadata())) {
            Ok(found) if found.is_dir() && wanted.contains(AccessFs::ReadDir) => wanted,
            Ok(found) if !found.is_dir() => AccessFs::ReadFile.into(),
            _ => return Ok(()),
        };
        let Err(error) = rules.add_rule(PathBeneath::new(opened, allowed)) else { return Ok(()) };
        // By then none of the rules would come into force.
        let undone = matches!(error, RulesetError::AddRules(AddRulesError::Fs(AddRuleError::Compat(_))));
        let error = failed(error);
        match error.kind() {
            kind if undone || kind == io::ErrorKind::Interrupted => {
                Err(io::Error::new(kind, format!("'{}': {error}", Escaped(&path.to_string_lossy()))))
            }
            _ => Ok(()),
        }
    }

    fn is_inside(bundle: &Path, model: &Path) -> bool {
        let folder = folder_of(bundle);
        match (uninterrupted(|| folder.canonicalize()), uninterrupted(|| model.canonicalize())) {
            (Ok(folder), Ok(model)) => folder.starts_with(model),
            _ => false,
        }
    }

    /// Of the kind of its cause: after a signal, before anything was restricted, it can be tried again.
    fn failed(error: RulesetError) -> io::Error {
        let mut causes = std::iter::successors(Some(&error as &dyn Error), |cause| (*cause).source());
        let kind = causes.find_map(|cause| Some(cause.downcast_ref::<io::Error>()?.kind()));
        io::Error::new(kind.unwrap_or(io::ErrorKind::Other), error)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs::{self, File};
    use std::io::ErrorKind;
    use std::net::{TcpListener, TcpStream};
    use std::os::unix::net::UnixStream;
    use std::process::Command;

    use super::*;

    /// What somebody who has taken over the process would try. In a thread of its own, since there is no way back.
    #[test]
    fn nothing_but_the_model_can_be_read_from_inside() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("model/sub")).unwrap();
        for name in ["model/a", "model/sub/b", "bundle.sig", "secret", "other.sig"] {
            fs::write(at(name), name).unwrap();
        }
        std::os::unix::fs::symlink("../secret", at("model/link")).unwrap();
        let open_before = File::open(at("secret")).unwrap();
        let peer = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = peer.local_addr().unwrap();
        let (model, bundle) = (at("model"), at("bundle.sig"));
        let attempts = std::thread::spawn(move || {
            let sandbox = Sandbox::enter(&model, std::slice::from_ref(&bundle));
            // A kernel without Landlock is said to be one; that this one has it is for CI to know.
            let Some(version) = sandbox.landlock else { return (sandbox, Vec::new()) };
            let refused = |what: &str, result: std::io::Result<()>| match result.map_err(|error| error.kind())
            {
                Err(ErrorKind::PermissionDenied) => None,
                other => Some(format!("{what}: {other:?}")),
            };
            let read = |path: &Path| fs::read(path).map(drop);
            let outside = model.parent().unwrap();
            let mut wrong: Vec<Option<String>> = vec![
                refused("reads a file beside the model", read(&outside.join("secret"))),
                refused("reads another bundle", read(&outside.join("other.sig"))),
                refused("reads through a link", read(&model.join("link"))),
                refused("reads /etc/passwd", read(Path::new("/etc/passwd"))),
                refused("reads /proc/self/environ", read(Path::new("/proc/self/environ"))),
                refused("lists the folder around", fs::read_dir(outside).map(drop)),
                refused("lists /", fs::read_dir("/").map(drop)),
                refused("writes a file", fs::write(outside.join("new"), "x")),
                refused("writes into the model", fs::write(model.join("new"), "x")),
                refused("overwrites a file of the model", fs::write(model.join("a"), "x")),
                refused("removes", fs::remove_file(model.join("a"))),
                refused("renames", fs::rename(model.join("a"), model.join("c"))),
                refused("makes a folder", fs::create_dir(model.join("folder"))),
                refused("makes a link", std::os::unix::fs::symlink("/etc/passwd", model.join("other"))),
                refused("runs a program", Command::new("/bin/true").status().map(drop)),
                // Also what it starts is inside.
                std::thread::spawn(move || refused("reads in a thread", fs::read("/etc/passwd").map(drop)))
                    .join()
                    .unwrap(),
            ];
            if version >= 4 {
                wrong.push(refused("connects", TcpStream::connect(address).map(drop)));
                wrong.push(refused("listens", TcpListener::bind("127.0.0.1:0").map(drop)));
            }
            for (what, allowed) in [
                ("reads the model", read(&model.join("a"))),
                ("reads in a folder of the model", read(&model.join("sub/b"))),
                ("lists the model", fs::read_dir(&model).map(drop)),
                ("lists a folder of the model", fs::read_dir(model.join("sub")).map(drop)),
                ("reads the bundle", read(&bundle)),
                ("stats, as anybody may", outside.join("secret").metadata().map(drop)),
                (
                    "reads what was open before",
                    std::io::copy(&mut &open_before, &mut std::io::sink()).map(drop),
                ),
                ("talks to its own threads", UnixStream::pair().map(drop)),
            ] {
                wrong.push(allowed.err().map(|error| format!("not allowed: {what}: {error}")));
            }
            (sandbox, wrong.into_iter().flatten().collect())
        });
        let (sandbox, wrong) = attempts.join().unwrap();
        assert_eq!(wrong, Vec::<String>::new());
        assert!(sandbox.landlock.is_some() != sandbox.reason.is_some(), "{sandbox:?}");
        if std::env::var_os("MODELSIG_EXPECT_SANDBOX").is_some() {
            assert!(sandbox.landlock.is_some(), "{sandbox:?}");
        }
        // The thread took nobody else with it.
        assert!(fs::read(at("secret")).is_ok());
    }

    /// Whoever can put a link where a bundle is looked for gains nothing by it.
    #[test]
    fn a_link_in_place_of_a_bundle_opens_nothing() {
        let memory = rustix::fs::memfd_create("bundle", rustix::fs::MemfdFlags::CLOEXEC).unwrap();
        let nowhere = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&memory));
        for (in_model, target) in
            [(false, "/".into()), (false, nowhere.clone()), (true, "/etc/passwd".into()), (true, nowhere)]
        {
            let folder = tempfile::tempdir().unwrap();
            let model = folder.path().join("model");
            fs::create_dir(&model).unwrap();
            fs::write(model.join("a"), "a").unwrap();
            let bundle = if in_model { &model } else { folder.path() }.join("bundle.sig");
            std::os::unix::fs::symlink(&target, &bundle).unwrap();
            let attempts = std::thread::spawn(move || {
                let sandbox = Sandbox::enter(&model, &[bundle]);
                let reads = [model.join("a"), "/etc/passwd".into()].map(|path| fs::read(path).is_ok());
                (sandbox.landlock.is_some(), reads, fs::read_dir("/").is_ok())
            });
            let (is_restricted, [reads_model, reads_outside], lists_outside) = attempts.join().unwrap();
            assert!(reads_model, "{target}");
            // Without Landlock all of it can be read.
            let open = !is_restricted;
            assert_eq!((reads_outside, lists_outside), (open, open), "in the model: {in_model}, {target}");
            assert!(is_restricted || std::env::var_os("MODELSIG_EXPECT_SANDBOX").is_none());
        }
    }

    #[test]
    fn what_is_not_there_keeps_nobody_out() {
        let folder = tempfile::tempdir().unwrap();
        let (model, bundle) = (folder.path().join("none"), folder.path().join("none.sig"));
        let sandbox = std::thread::spawn(move || Sandbox::enter(&model, &[bundle])).join().unwrap();
        let other = folder.path().to_owned();
        let beside = std::thread::spawn(move || Sandbox::enter(&other, &[])).join().unwrap();
        assert_eq!(sandbox, beside);
    }
}
