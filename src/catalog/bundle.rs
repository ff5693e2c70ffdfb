//! Decompression of the bundled files: once a run at most, and only for the file that is asked for.

use std::io::Read;

use ruzstd::decoding::StreamingDecoder;

/// The text of a bundled file, kept for the rest of the run. A file that does not decompress counts as empty: then
/// nothing is found in it, which no caller reads as a permission or as its absence; a test guards against it.
pub(super) fn decompress(compressed: &'static [u8]) -> &'static str {
    let mut text = String::new();
    let read = StreamingDecoder::new(compressed)
        .ok()
        .and_then(|mut decoder| decoder.read_to_string(&mut text).ok());
    match read {
        Some(_) => text.leak(),
        None => "",
    }
}
