//! The pipeline; the only file that names rayon.
