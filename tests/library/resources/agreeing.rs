//! Every way of signing, of checking and of reading, for content in every place.

use std::io::Read;

use modelsig::hash::Access;
use modelsig::{Checked, Policy, Protection, Report};

use super::{Archive, CHECKS, CHUNK, PLACES, name_of, noise, ways};

/// What was found of each file.
fn found(report: &Report) -> Vec<(&str, Option<u64>, Option<Checked>)> {
    report.files().iter().map(|file| (file.name.as_str(), file.size, file.checked)).collect()
}

#[test]
fn it_is_verified_as_in_a_folder() {
    for way in ways() {
        let case = way.case();
        let names: Vec<String> = way.lengths().map(name_of).collect();
        let archive = Archive::of(&case, names.iter().map(String::as_str));
        for check in CHECKS {
            let verifier = case.verifier(Policy::strict().check(check));
            let folder = verifier.verify(&case.model(), &case.bundle()).unwrap();
            assert!(found(folder.report()).iter().all(|(.., checked)| checked.is_some()));
            for place in PLACES {
                let contents = names.iter().map(|name| (name.as_str(), place.content(&case, &archive, name)));
                let model = verifier.verify_resources(&case.bundle(), contents).unwrap();
                let told = format!("{} {check:?} {place:?}", way.name);
                assert_eq!(found(model.report()), found(folder.report()), "{told}");
                assert_eq!(model.report().bytes_verified(), folder.report().bytes_verified(), "{told}");
                assert!(model.report().part().is_none(), "{told}: they are all that is signed");
                assert!(model.report().verdict_line().starts_with("VERIFIED "), "{told}");
            }
            for name in &names {
                let bytes = std::fs::read(case.file(name)).unwrap();
                let report = verifier.verify_bytes(&case.bundle(), name, &bytes).unwrap();
                let of_folder = found(folder.report()).into_iter().find(|file| file.0 == name);
                assert_eq!(Some(found(&report)[0]), of_folder, "{} {check:?} in memory", way.name);
            }
        }
    }
}

#[test]
fn every_way_of_reading_gives_the_signed_bytes() {
    let lengths = [1, CHUNK, 5 * CHUNK + 77];
    for way in ways() {
        let case = way.case();
        let names = lengths.map(name_of);
        let archive = Archive::of(&case, names.iter().map(String::as_str));
        // Every place, and every check in one of them.
        let rounds = PLACES.map(|place| (CHECKS[0], place));
        for (check, place) in rounds.into_iter().chain(CHECKS[1..].iter().map(|check| (*check, PLACES[3]))) {
            let verifier = case.verifier(Policy::strict().check(check));
            let contents = || names.iter().map(|name| (name.as_str(), place.content(&case, &archive, name)));
            let model = verifier.open_resources(&case.bundle(), contents()).unwrap();
            assert!(model.report().verdict_line().starts_with("OPENED "));
            for (name, length) in names.iter().zip(lengths) {
                let (bytes, told) = (noise(length), format!("{} {check:?} {place:?} {name}", way.name));
                let get = model.get(name).unwrap();
                assert!(*get == bytes && get.protection() >= Protection::Private, "{told}");
                assert!(model.read(name).unwrap() == bytes, "{told}");
                assert_eq!(model.length(name).unwrap(), length as u64, "{told}");
                let mut read = Vec::new();
                model.reader(name).unwrap().read_to_end(&mut read).unwrap();
                assert!(read == bytes, "{told}");
                for (start, end) in [(0, 0), (0, 1), (length / 3, length - length / 5), (length, length)] {
                    let range = model.range(name, start as u64..end as u64).unwrap();
                    assert!(*range == bytes[start..end], "{told} {start}..{end}");
                }
                let fd = model.fd(name).unwrap();
                assert!(fd.protection() >= Protection::Clone && fd.length() == length as u64, "{told}");
                let mut read = Vec::new();
                fd.into_file().read_to_end(&mut read).unwrap();
                assert!(read == bytes, "{told}");
            }
            let loaded = model.load_all().unwrap();
            for (name, length) in names.iter().zip(lengths) {
                assert!(*loaded.get(name).unwrap() == noise(length), "{} {place:?} {name}", way.name);
            }
            assert_eq!(loaded.report().part().unwrap().files.len(), names.len(), "more is signed");
        }
    }
}

/// Maps begin at pages, parts do not.
#[test]
fn parts_are_mapped_where_that_is_asked_for() {
    let way = &ways()[0];
    let case = way.case();
    let names: Vec<String> = way.lengths().map(name_of).collect();
    let archive = Archive::of(&case, names.iter().map(String::as_str));
    for access in [Access::Read, Access::Auto, Access::Map] {
        let verifier = case.verifier(Policy::strict()).with_access(access);
        for name in &names {
            let model =
                verifier.verify_resources(&case.bundle(), [(name.as_str(), archive.content(name))]).unwrap();
            let used = model.report().files()[0].access.unwrap();
            let maps = access == Access::Map && *name != name_of(0);
            assert_eq!(used == modelsig::hash::AccessUsed::Map, maps, "{access:?} {name}: {used:?}");
        }
    }
}
