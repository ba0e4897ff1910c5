//! "Did you mean": the known name that is closest to one that nobody knows.

/// The closest of `known`, if it is close enough that a slip of the hand explains the rest.
pub fn closest<'n>(given: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let given = given.to_lowercase();
    let limit = given.chars().count().div_ceil(3);
    known
        .into_iter()
        .map(|name| (distance(&given, &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= limit)
        // Of equally close names the one that is listed first.
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// How many insertions, deletions, replacements and swaps of neighbours turn one into the other.
fn distance(one: &str, other: &str) -> usize {
    let one: Vec<char> = one.chars().collect();
    let other: Vec<char> = other.chars().collect();
    let mut rows = vec![(0..=other.len()).collect::<Vec<usize>>()];
    for (row, from) in one.iter().enumerate() {
        let above = &rows[row];
        let mut current = vec![row + 1];
        for (column, to) in other.iter().enumerate() {
            let replaced = above[column] + usize::from(from != to);
            let mut best = replaced.min(above[column + 1] + 1).min(current[column] + 1);
            let swapped = row > 0 && column > 0 && *from == other[column - 1] && one[row - 1] == *to;
            if swapped {
                best = best.min(rows[row - 1][column - 1] + 1);
            }
            current.push(best);
        }
        rows.push(current);
    }
    rows[one.len()][other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_strangers_are_not() {
        #[track_caller]
        fn check(given: &str, expected: Option<&str>) {
            assert_eq!(closest(given, ["R1-1", "R2-1", "shared-state", "thread"]), expected);
        }
        check("r2-1", Some("R2-1"));
        check("R21", Some("R2-1"));
        check("R1-9", Some("R1-1"));
        check("shared_state", Some("shared-state"));
        check("therad", Some("thread"));
        check("banana", None);
        check("", None);
    }
}
