//! Which orders of events the engine finds, and which it does not.
