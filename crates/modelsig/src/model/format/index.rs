//! `model.safetensors.index.json`: which tensor of a model is in which of its files.
//!
//! Refuses members that no writer makes, members twice, and names of files that are not canonical.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::FormatFault;
use crate::Limits;
use crate::json::{self, Integral, Object, present};
use crate::model::{ModelPath, PathFault};

/// The list that spreads a model over several safetensors files.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SafetensorsIndex {
    /// Tensor → file, canonical and relative to the folder of the index.
    pub weight_map: BTreeMap<String, String>,
    /// Bytes of the data of all tensors together, as the writer of the index counted them.
    pub total_size: Option<u64>,
}

/// The JSON form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonIndex {
    #[serde(default, deserialize_with = "present")]
    metadata: Option<Object<JsonMetadata>>,
    weight_map: BTreeMap<String, String>,
}

/// Writers put what they like beside the size. Some write the size with a decimal point.
#[derive(Deserialize)]
struct JsonMetadata {
    #[serde(default, deserialize_with = "present")]
    total_size: Option<Integral>,
}

/// Reads an index.
pub(crate) fn parse_index(bytes: &[u8], limits: &Limits) -> Result<SafetensorsIndex, FormatFault> {
    super::built()?;
    let limit = |what, limit: u64, found: usize| match found as u64 > limit {
        true => Err(FormatFault::Limit { what, limit, found: found as u64 }),
        false => Ok(()),
    };
    limit("the size of the index in bytes", limits.header_bytes, bytes.len())?;
    json::check_large(bytes, limits.json_depth, limits.tensors)?;
    let Object(index): Object<JsonIndex> =
        serde_json::from_slice(bytes).map_err(|error| json::shape(&error))?;
    limit("the number of tensors", limits.tensors as u64, index.weight_map.len())?;
    for (tensor, file) in &index.weight_map {
        let what = "the length of the name of a tensor in bytes";
        limit(what, limits.tensor_name_bytes as u64, tensor.len())?;
        let fault = match file.len() > limits.path_bytes {
            true => Err(PathFault::TooLong),
            false => ModelPath::parse(file).map(drop),
        };
        fault.map_err(|fault| FormatFault::FileName {
            tensor: tensor.clone(),
            file: file.chars().take(200).collect(),
            fault,
        })?;
    }
    let total_size = index.metadata.and_then(|metadata| metadata.0.total_size).map(|Integral(size)| size);
    Ok(SafetensorsIndex { weight_map: index.weight_map, total_size })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::JsonFault;

    fn parse(text: &str) -> Result<SafetensorsIndex, FormatFault> {
        parse_index(text.as_bytes(), &Limits::default())
    }

    #[test]
    fn what_transformers_writes_is_read() {
        let text = r#"{
  "metadata": {"total_parameters": 7, "total_size": 28},
  "weight_map": {
    "lm_head.weight": "model-00002-of-00002.safetensors",
    "model.embed_tokens.weight": "model-00001-of-00002.safetensors"
  }
}
"#;
        let index = parse(text).unwrap();
        assert_eq!(index.total_size, Some(28));
        let (tensors, files): (Vec<_>, Vec<_>) = index.weight_map.into_iter().unzip();
        assert_eq!(tensors, ["lm_head.weight", "model.embed_tokens.weight"]);
        assert_eq!(files, ["model-00002-of-00002.safetensors", "model-00001-of-00002.safetensors"]);
        for (text, size) in [
            (r#"{"weight_map":{}}"#, None),
            (r#"{"metadata":{},"weight_map":{}}"#, None),
            (r#"{"metadata":{"total_size":100.0},"weight_map":{}}"#, Some(100)),
        ] {
            assert_eq!(parse(text).map(|index| index.total_size), Ok(size), "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for bad in [
            "{}",
            "[]",
            r#"[{},{}]"#,
            r#"{"metadata":{"total_size":1}}"#,
            r#"{"weight_map":null}"#,
            r#"{"weight_map":[["a","b"]]}"#,
            r#"{"weight_map":{"a":1}}"#,
            r#"{"weight_map":{"a":["b"]}}"#,
            r#"{"weight_map":{},"more":1}"#,
            r#"{"weight_map":{},"metadata":null}"#,
            r#"{"weight_map":{},"metadata":[1]}"#,
            r#"{"weight_map":{},"metadata":{"total_size":-1}}"#,
            r#"{"weight_map":{},"metadata":{"total_size":1.5}}"#,
            r#"{"weight_map":{},"metadata":{"total_size":null}}"#,
            r#"{"weight_map":{},"metadata":{"total_size":"1"}}"#,
        ] {
            let index = parse(bad);
            assert!(matches!(index, Err(FormatFault::Json(JsonFault::Shape { .. }))), "{bad}: {index:?}");
        }
        let duplicate = FormatFault::Json(JsonFault::DuplicateMember { member: "a".into() });
        assert_eq!(parse(r#"{"weight_map":{"a":"b","a":"b"}}"#), Err(duplicate));
        assert!(matches!(parse("{} x"), Err(FormatFault::Json(JsonFault::TrailingData { .. }))));
    }

    #[test]
    fn files_stay_in_the_folder() {
        let of = |file: &str| parse(&format!(r#"{{"weight_map":{{"t":"{file}"}}}}"#));
        assert!(of("sub/model.safetensors").is_ok());
        for (file, fault) in [
            ("", PathFault::Empty),
            ("/etc/passwd", PathFault::Absolute),
            ("../x.safetensors", PathFault::DotDot),
            ("./x.safetensors", PathFault::Dot),
            ("a//x.safetensors", PathFault::EmptyComponent),
            ("a\\u0000", PathFault::Control),
        ] {
            let found = of(file);
            assert!(
                matches!(&found, Err(FormatFault::FileName { tensor, fault: found, .. })
                if tensor == "t" && *found == fault),
                "{file}: {found:?}"
            );
        }
        let long = of(&"a".repeat(5_000));
        assert!(matches!(long, Err(FormatFault::FileName { fault: PathFault::TooLong, .. })), "{long:?}");
    }

    #[test]
    fn counts_and_names_are_limited() {
        let mut limits = Limits::default();
        (limits.header_bytes, limits.tensors, limits.tensor_name_bytes) = (100, 2, 4);
        let of = |names: &[&str], space: usize| {
            let members: Vec<String> = names.iter().map(|name| format!(r#""{name}":"f""#)).collect();
            let text = format!(r#"{{"weight_map":{{{}}}}}"#, members.join(","));
            parse_index(format!("{text:space$}").as_bytes(), &limits)
        };
        assert!(of(&["abcd", "b"], 100).is_ok());
        let limit = |what, limit, found| Err(FormatFault::Limit { what, limit, found });
        assert_eq!(of(&["abcd"], 101), limit("the size of the index in bytes", 100, 101));
        assert_eq!(of(&["a", "b", "c"], 0), limit("the number of tensors", 2, 3));
        assert_eq!(of(&["abcde"], 0), limit("the length of the name of a tensor in bytes", 4, 5));
    }
}
