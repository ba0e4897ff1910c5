//! "Did you mean": the known name that is closest to one that nobody knows.

/// The closest of `known`, if it is close enough to have been meant.
pub fn closest<'n>(given: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let given = given.to_lowercase().replace('_', "-");
    known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&given, &name.to_lowercase()), name))
        .filter(|(similarity, _)| *similarity > 0.8)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, name)| name)
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
        check("shared_state", Some("shared-state"));
        check("therad", Some("thread"));
        check("banana", None);
        check("", None);
    }
}
