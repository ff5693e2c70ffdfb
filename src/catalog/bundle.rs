//! Decompression of the bundled files: once a run at most, and only for the file that is asked for.

use std::io::Read;

use ruzstd::decoding::StreamingDecoder;

/// The text of a bundled file, kept for the rest of the run. A file that does not decompress counts as empty: then
/// nothing is found in it, which no caller reads as a permission or as its absence; a test guards against it.
pub(super) fn decompress(compressed: &'static [u8]) -> &'static str {
    let Ok(mut decoder) = StreamingDecoder::new(compressed) else {
        return "";
    };
    let size = usize::try_from(decoder.decoder.content_size()).unwrap_or_default();
    let mut text = String::with_capacity(size);
    match decoder.read_to_string(&mut text) {
        Ok(_) => text.leak(),
        Err(_) => "",
    }
}
