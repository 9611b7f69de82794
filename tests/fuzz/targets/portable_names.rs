//! Names that must mean the same on every system: whichever comes first, two that differ in case, normalisation or
//! characters that do not show alone are refused together.
#![no_main]

use modelsig::ModelPath;
use modelsig::fuzzing::portable_names;
use unicode_normalization::UnicodeNormalization;

libfuzzer_sys::fuzz_target!(|names: (&str, &str)| {
    let (Ok(one), Ok(other)) = (ModelPath::parse(names.0), ModelPath::parse(names.1)) else { return };
    let together = portable_names(&[&one, &other]);
    assert_eq!(together, portable_names(&[&other, &one]), "the order of names counts");
    assert_eq!(portable_names(&[&one, &other, &one]), together, "a name is in the way of itself");
    if !portable_names(&[&one]) {
        assert!(!together);
        return;
    }
    let text = one.as_str();
    assert!(!text.contains(['\\', ':', '<', '>', '"', '|', '?', '*']));
    assert!(one.components().all(|component| !component.ends_with([' ', '.'])));
    for variant in [
        text.nfc().collect(),
        text.nfd().collect(),
        text.to_ascii_uppercase(),
        text.to_ascii_lowercase(),
        format!("{text}\u{200b}"),
    ] {
        let Ok(variant) = ModelPath::parse(&variant) else { continue };
        assert!(variant == one || !portable_names(&[&one, &variant]), "{one:?} and {variant:?}");
    }
    // Where two names are fine, so are the folders above them.
    if together {
        let folders = |path: &ModelPath| path.as_str().rsplit_once('/').map(|(folder, _)| folder.to_owned());
        let folders: Vec<ModelPath> = [folders(&one), folders(&other)]
            .into_iter()
            .flatten()
            .flat_map(|name| ModelPath::parse(&name))
            .collect();
        assert!(portable_names(&folders.iter().collect::<Vec<_>>()));
    }
});
