//! Everything that can be wrong with the header of a file of tensors, or with an index of such files.

use modelsig_hash::ByteRange;

use crate::escape::Escaped;
use crate::json::JsonFault;
use crate::model::PathFault;
use crate::outcome::ErrorKind;

/// Why a header or an index is refused. Places and lengths are bytes of the file; `tensor` is the name of the tensor.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatFault {
    // -- both formats --
    /// This build reads no such headers: cargo feature `tensors`.
    #[error("this build does not read the headers of safetensors and GGUF files")]
    NotBuilt,
    /// The file ends inside its header.
    #[error("the header goes on to byte {expected}, but the file ends at byte {found}")]
    Truncated {
        /// Where the header, or the part of it that is looked at, would end.
        expected: u64,
        /// The length of the file.
        found: u64,
    },
    /// Larger or more than the [`Limits`](crate::Limits) allow.
    #[error("{what} is {found}, more than the limit of {limit}")]
    Limit {
        /// What is limited, with its unit.
        what: &'static str,
        /// The limit.
        limit: u64,
        /// What was found.
        found: u64,
    },
    /// A tensor has more dimensions than the format or the [`Limits`](crate::Limits) allow.
    #[error("tensor \"{}\" has {found} dimensions, more than the limit of {limit}", Escaped(.tensor))]
    Dimensions {
        /// The tensor.
        tensor: String,
        /// The limit.
        limit: u64,
        /// How many dimensions.
        found: u64,
    },
    /// The number of elements or bytes of a tensor is beyond 64 bits.
    #[error("the size of tensor \"{}\" is beyond 64 bits", Escaped(.tensor))]
    Overflow {
        /// The tensor.
        tensor: String,
    },
    /// The data of a tensor would end after the file.
    #[error("tensor \"{}\" goes on to byte {end}, but the file ends at byte {length}", Escaped(.tensor))]
    Outside {
        /// The tensor.
        tensor: String,
        /// Where the tensor would end. The largest number where that is beyond 64 bits.
        end: u64,
        /// The length of the file.
        length: u64,
    },
    /// Two tensors, or a tensor and the header, share bytes.
    #[error("tensor \"{}\" begins at byte {found}, before the end of {} at byte {expected}", Escaped(.tensor), before(.other))]
    Overlap {
        /// The tensor that begins too early.
        tensor: String,
        /// The tensor that it overlaps; `None` for the header.
        other: Option<String>,
        /// Where `other` ends.
        expected: u64,
        /// Where `tensor` begins.
        found: u64,
    },
    /// Bytes before a tensor that belong to nothing.
    #[error("bytes {range} before tensor \"{}\" belong to no tensor", Escaped(.tensor))]
    Hole {
        /// The tensor after the hole.
        tensor: String,
        /// The bytes.
        range: ByteRange,
    },
    /// Bytes after the last tensor that belong to nothing.
    #[error("bytes {range} after the last tensor belong to no tensor")]
    Trailing {
        /// The bytes.
        range: ByteRange,
    },

    // -- safetensors, and the index --
    /// The JSON text itself.
    #[error(transparent)]
    Json(JsonFault),
    /// The header does not begin with `{`.
    #[error("the header begins with byte 0x{found:02x} where '{{' (0x7b) was expected")]
    HeaderStart {
        /// The first byte.
        found: u8,
    },
    /// The header is padded with something else than spaces.
    #[error("the header is padded with byte 0x{found:02x} where spaces (0x20) were expected")]
    HeaderPadding {
        /// The last byte that is not a space.
        found: u8,
    },
    /// `__metadata__` does not map strings to strings.
    #[error("__metadata__: {fault}")]
    Metadata {
        /// What is wrong.
        fault: JsonFault,
    },
    /// The entry of a tensor does not have exactly `dtype`, `shape` and `data_offsets`.
    #[error("tensor \"{}\": {fault}", Escaped(.tensor))]
    Entry {
        /// The tensor.
        tensor: String,
        /// What is wrong.
        fault: JsonFault,
    },
    /// A data type that this version does not know.
    #[error("tensor \"{}\" has the unknown dtype \"{}\"", Escaped(.tensor), Escaped(.found))]
    Dtype {
        /// The tensor.
        tensor: String,
        /// The data type, cut to 64 characters.
        found: String,
    },
    /// The elements of a tensor end inside a byte.
    #[error("tensor \"{}\" has {found} bits, which are not whole bytes", Escaped(.tensor))]
    PartialByte {
        /// The tensor.
        tensor: String,
        /// How many bits.
        found: u64,
    },
    /// A tensor ends before it begins.
    #[error("tensor \"{}\" ends at offset {end} before it begins at offset {begin}", Escaped(.tensor))]
    Inverted {
        /// The tensor.
        tensor: String,
        /// Offset of its first byte in the data section.
        begin: u64,
        /// Offset of the byte after its last.
        end: u64,
    },
    /// Data type and shape ask for another number of bytes than the offsets give.
    #[error("tensor \"{}\" takes {expected} bytes by dtype and shape, but its offsets give it {found}", Escaped(.tensor))]
    Length {
        /// The tensor.
        tensor: String,
        /// Bytes by data type and shape.
        expected: u64,
        /// Bytes by the offsets.
        found: u64,
    },
    /// The index puts a tensor into a file whose name is not canonical.
    #[error("tensor \"{}\" is said to be in \"{}\": {fault}", Escaped(.tensor), Escaped(.file))]
    FileName {
        /// The tensor.
        tensor: String,
        /// The name of the file, cut to 200 characters.
        file: String,
        /// What is wrong with it.
        fault: PathFault,
    },

    // -- GGUF --
    /// Not a GGUF file.
    #[error("the file begins with bytes {found:02x?} where \"GGUF\" was expected")]
    Magic {
        /// The first four bytes.
        found: [u8; 4],
    },
    /// A GGUF file of another version.
    #[error("GGUF version {found} where 2 or 3 was expected")]
    Version {
        /// The version.
        found: u32,
    },
    /// A GGUF file for big-endian machines.
    #[error("GGUF version {version} in big-endian byte order, where little-endian was expected")]
    BigEndian {
        /// The version, read in that byte order.
        version: u32,
    },
    /// A metadata key of no characters.
    #[error("metadata entry {entry} has an empty key")]
    EmptyKey {
        /// Which entry, from 0.
        entry: u64,
    },
    /// A metadata key that is not UTF-8.
    #[error("the key of metadata entry {entry} is not UTF-8")]
    KeyNotUtf8 {
        /// Which entry, from 0.
        entry: u64,
    },
    /// A metadata key twice.
    #[error("metadata key \"{}\" stands twice", Escaped(.key))]
    DuplicateKey {
        /// The key.
        key: String,
    },
    /// A metadata value of a type that the format does not have.
    #[error("metadata key \"{}\" has the unknown value type {found}", Escaped(.key))]
    ValueType {
        /// The key.
        key: String,
        /// The type.
        found: u32,
    },
    /// A metadata value of another type than its key demands.
    #[error("metadata key \"{}\" has a value of type {found} where {expected} was expected", Escaped(.key))]
    ValueTypeMismatch {
        /// The key.
        key: String,
        /// What its value has to be.
        expected: &'static str,
        /// The type.
        found: u32,
    },
    /// A number below zero where a count was expected.
    #[error("metadata key \"{}\" has the value {found}, less than 0", Escaped(.key))]
    Negative {
        /// The key.
        key: String,
        /// Its value.
        found: i64,
    },
    /// A truth value that is neither 0 nor 1.
    #[error("metadata key \"{}\" has the truth value {found} where 0 or 1 was expected", Escaped(.key))]
    Boolean {
        /// The key.
        key: String,
        /// The byte.
        found: u8,
    },
    /// Arrays nested too deeply.
    #[error("metadata key \"{}\" has arrays nested deeper than {limit} levels", Escaped(.key))]
    ArrayDepth {
        /// The key.
        key: String,
        /// The limit.
        limit: usize,
    },
    /// `general.alignment` is not a power of two from 8 on.
    #[error("general.alignment is {found}, not a power of two from 8 on")]
    Alignment {
        /// The alignment.
        found: u64,
    },
    /// A file that says it is one of several, but not which or of how many.
    #[error("the file is one of several, but {missing} is missing")]
    SplitIncomplete {
        /// The metadata key.
        missing: &'static str,
    },
    /// A file whose number is not below the number of files.
    #[error("the file is number {number} (from 0) of {count}")]
    SplitNumber {
        /// `split.no`.
        number: u64,
        /// `split.count`.
        count: u64,
    },
    /// A name that is not UTF-8.
    #[error("the name of tensor number {entry} (from 0) is not UTF-8")]
    NameNotUtf8 {
        /// Which tensor, from 0, in the order of the header.
        entry: u64,
    },
    /// A name twice.
    #[error("tensor \"{}\" stands twice", Escaped(.tensor))]
    DuplicateTensor {
        /// The tensor.
        tensor: String,
    },
    /// A GGML type that this version does not know, or that was removed.
    #[error("tensor \"{}\" has the unknown or removed GGML type {found}", Escaped(.tensor))]
    GgmlType {
        /// The tensor.
        tensor: String,
        /// The type.
        found: u32,
    },
    /// The rows of a tensor are not whole blocks of its type.
    #[error("tensor \"{}\" has rows of {found} elements, not whole {dtype} blocks of {expected}", Escaped(.tensor))]
    PartialBlock {
        /// The tensor.
        tensor: String,
        /// Its type.
        dtype: &'static str,
        /// Elements of a block.
        expected: u64,
        /// Elements of a row.
        found: u64,
    },
    /// An offset that is not a multiple of the alignment.
    #[error("tensor \"{}\" has offset {found}, not a multiple of the alignment {expected}", Escaped(.tensor))]
    Misaligned {
        /// The tensor.
        tensor: String,
        /// The alignment.
        expected: u64,
        /// The offset in the data section.
        found: u64,
    },
}

impl FormatFault {
    /// What kind of failure this is: over a limit, beyond this version, or malformed.
    pub(crate) fn kind(&self) -> ErrorKind {
        match self {
            Self::Limit { .. } | Self::Dimensions { .. } | Self::ArrayDepth { .. } => ErrorKind::Limit,
            Self::FileName { fault: PathFault::TooLong, .. } => ErrorKind::Limit,
            Self::NotBuilt
            | Self::Version { .. }
            | Self::BigEndian { .. }
            | Self::Dtype { .. }
            | Self::GgmlType { .. } => ErrorKind::Unsupported,
            _ => ErrorKind::Malformed,
        }
    }
}

/// Objects of these formats grow with the number of tensors, which is limited.
impl From<JsonFault> for FormatFault {
    fn from(fault: JsonFault) -> Self {
        match fault {
            JsonFault::TooManyMembers { limit } => Self::Limit {
                what: "the number of members of one object",
                limit: limit as u64,
                found: (limit as u64).saturating_add(1),
            },
            fault => Self::Json(fault),
        }
    }
}

fn before(other: &Option<String>) -> String {
    match other {
        Some(tensor) => format!("tensor \"{}\"", Escaped(tensor)),
        None => "the header".into(),
    }
}
