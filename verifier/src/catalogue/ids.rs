//! Identifiers as types, so that one cannot be passed for another.

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is; the catalogue has checked its form.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.pad(&self.0)
            }
        }
    };
}

identifier! {
    /// `R1`.
    ReportId
}
identifier! {
    /// `R1-4`.
    FindingId
}
identifier! {
    /// `R1-4/context-nulled`: the finding's id, a slash, the claim's own id.
    ClaimId
}

impl ClaimId {
    /// The claim's own id, as it stands in the catalogue: what follows the finding's.
    pub fn own(&self) -> &str {
        self.0.rsplit_once('/').map_or(self.0.as_str(), |(_, own)| own)
    }
}
