//! What several measurements come to.

/// The middle value, or the mean of the two in the middle; 0 of nothing.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => 0.0,
        count if count % 2 == 1 => sorted[count / 2],
        count => f64::midpoint(sorted[count / 2 - 1], sorted[count / 2]),
    }
}

/// The least and the greatest.
pub(crate) fn spread(values: impl IntoIterator<Item = f64> + Clone) -> (f64, f64) {
    let least = values.clone().into_iter().fold(f64::INFINITY, f64::min);
    (least, values.into_iter().fold(0.0, f64::max))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle() {
        assert_eq!(median([]), 0.0);
        assert_eq!(median([7.0]), 7.0);
        assert_eq!(median([9.0, 1.0, 2.0]), 2.0);
        assert_eq!(median([4.0, 1.0, 2.0, 100.0]), 3.0);
        assert_eq!(spread([4.0, 1.0, 2.0]), (1.0, 4.0));
    }
}
