//! See the modules' owners.
