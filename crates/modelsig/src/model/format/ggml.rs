//! The types of GGML tensors (`enum ggml_type` and `ggml-common.h` of <https://github.com/ggml-org/ggml>, as of
//! August 2026). Removed types are not among them: nothing can load them any more.

/// Elements are stored in blocks along the innermost dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct GgmlType {
    /// As in `GGMLQuantizationType` of the Python package `gguf`.
    pub(super) name: &'static str,
    /// Elements of a block.
    pub(super) block: u64,
    /// Bytes of a block.
    pub(super) bytes: u64,
}

impl GgmlType {
    /// The type with a number.
    pub(super) fn of(number: u32) -> Option<Self> {
        let (name, block, bytes) = match number {
            0 => ("F32", 1, 4),
            1 => ("F16", 1, 2),
            2 => ("Q4_0", 32, 18),
            3 => ("Q4_1", 32, 20),
            6 => ("Q5_0", 32, 22),
            7 => ("Q5_1", 32, 24),
            8 => ("Q8_0", 32, 34),
            // The Python package says 40, but it is the C library that writes and reads such blocks.
            9 => ("Q8_1", 32, 36),
            10 => ("Q2_K", 256, 84),
            11 => ("Q3_K", 256, 110),
            12 => ("Q4_K", 256, 144),
            13 => ("Q5_K", 256, 176),
            14 => ("Q6_K", 256, 210),
            15 => ("Q8_K", 256, 292),
            16 => ("IQ2_XXS", 256, 66),
            17 => ("IQ2_XS", 256, 74),
            18 => ("IQ3_XXS", 256, 98),
            19 => ("IQ1_S", 256, 50),
            20 => ("IQ4_NL", 32, 18),
            21 => ("IQ3_S", 256, 110),
            22 => ("IQ2_S", 256, 82),
            23 => ("IQ4_XS", 256, 136),
            24 => ("I8", 1, 1),
            25 => ("I16", 1, 2),
            26 => ("I32", 1, 4),
            27 => ("I64", 1, 8),
            28 => ("F64", 1, 8),
            29 => ("IQ1_M", 256, 56),
            30 => ("BF16", 1, 2),
            34 => ("TQ1_0", 256, 54),
            35 => ("TQ2_0", 256, 66),
            39 => ("MXFP4", 32, 17),
            40 => ("NVFP4", 64, 36),
            41 => ("Q1_0", 128, 18),
            42 => ("Q2_0", 64, 18),
            _ => return None,
        };
        Some(Self { name, block, bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The layout of the blocks in `ggml-common.h`: scales and other side data in bytes, then bits for each element.
    #[test]
    fn blocks_hold_their_elements_and_scales() {
        for (name, side, bits_of_32) in [
            ("Q4_0", 2, 128),
            ("Q4_1", 4, 128),
            ("Q5_0", 2, 160),
            ("Q5_1", 4, 160),
            ("Q8_0", 2, 256),
            ("Q8_1", 4, 256),
            ("Q2_K", 4 + 16, 64),
            ("Q3_K", 2 + 12, 96),
            ("Q4_K", 4 + 12, 128),
            ("Q5_K", 4 + 12, 160),
            ("Q6_K", 2 + 16, 192),
            ("Q8_K", 4 + 32, 256),
            ("IQ2_XXS", 2, 64),
            ("IQ2_XS", 2 + 8, 64),
            ("IQ2_S", 2 + 16, 64),
            ("IQ3_XXS", 2, 96),
            ("IQ3_S", 2 + 4, 104),
            ("IQ1_S", 2 + 16, 32),
            ("IQ1_M", 16 + 8, 32),
            ("IQ4_NL", 2, 128),
            ("IQ4_XS", 2 + 2 + 4, 128),
            ("TQ2_0", 2, 64),
            ("MXFP4", 1, 128),
            ("NVFP4", 4, 128),
            ("Q1_0", 2, 32),
            ("Q2_0", 2, 64),
        ] {
            let found = (0..100).filter_map(GgmlType::of).find(|found| found.name == name).unwrap();
            assert_eq!(found.bytes, side + found.block / 32 * bits_of_32 / 8, "{name}");
        }
        // Five elements of three values in a byte, and the last sixteen four to a byte.
        assert_eq!(
            GgmlType::of(34),
            Some(GgmlType { name: "TQ1_0", block: 256, bytes: 2 + 240 / 5 + 16 / 4 })
        );
    }

    #[test]
    fn each_type_has_one_number_and_removed_types_have_none() {
        let names: std::collections::BTreeSet<_> =
            (0..43).filter_map(GgmlType::of).map(|found| found.name).collect();
        assert_eq!(names.len(), 43 - 8);
        for removed in [4, 5, 31, 32, 33, 36, 37, 38, 43, 44, u32::MAX] {
            assert_eq!(GgmlType::of(removed), None, "{removed}");
        }
    }
}
