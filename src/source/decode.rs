//! From bytes to text. UTF-8 with or without a byte order mark and UTF-16 with one are read, all else is refused:
//! guessing or replacing characters could change what a policy says.

/// Decodes a whole file; the text has no byte order mark. Errors say what the bytes look like, and where they go wrong.
pub(super) fn decode(bytes: Vec<u8>) -> Result<String, String> {
    if let Some(message) = SIGNATURES
        .iter()
        .find_map(|(start, message)| bytes.starts_with(start).then_some(*message))
    {
        return Err(message.to_owned());
    }
    let zeros: Vec<bool> = bytes.iter().take(4).map(|byte| *byte == 0).collect();
    if matches!(
        zeros.as_slice(),
        [false, true, false, true] | [true, false, true, false]
    ) {
        return Err("encoded in UTF-16 without a byte order mark: save it as UTF-8".to_owned());
    }
    let text = match bytes.as_slice() {
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes, "UTF-16 (little-endian)")?,
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes, "UTF-16 (big-endian)")?,
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf8(rest.to_vec(), 3)?,
        _ => utf8(bytes, 0)?,
    };
    match text.bytes().position(|byte| byte == 0) {
        None => Ok(text),
        Some(at) => Err(format!(
            "a NUL byte at offset {at} of the text: this is a binary file"
        )),
    }
}

/// Whether bytes are a zip archive, as saved plans are.
pub(super) fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04")
}

/// How files that are no text start, and what to say of them. UTF-32 comes before UTF-16, whose mark it starts with.
const SIGNATURES: [(&[u8], &str); 5] = [
    (
        b"PK\x03\x04",
        "a zip archive: if it is a saved plan, give the output of `terraform show -json PLANFILE`",
    ),
    (
        b"tfplan",
        "a saved plan of an old Terraform: give the output of `terraform show -json PLANFILE`",
    ),
    (b"\x1f\x8b", "compressed with gzip: decompress it first"),
    (b"\xff\xfe\0\0", "encoded in UTF-32: save it as UTF-8"),
    (b"\0\0\xfe\xff", "encoded in UTF-32: save it as UTF-8"),
];

fn utf8(bytes: Vec<u8>, skipped: usize) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to() + skipped;
        format!("not UTF-8: the byte at offset {at} is not part of a character")
    })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16, encoding: &str) -> Result<String, String> {
    if !bytes.len().is_multiple_of(2) {
        return Err(format!("encoded in {encoding}, but cut off inside a character"));
    }
    let units = bytes
        .chunks_exact(2)
        .filter_map(|pair| pair.try_into().ok().map(unit));
    let mut text = String::with_capacity(bytes.len() / 2);
    let mut at = 2;
    for decoded in char::decode_utf16(units) {
        match decoded {
            Ok(c) => {
                text.push(c);
                at += 2 * c.len_utf16();
            }
            Err(_) => {
                return Err(format!(
                    "encoded in {encoding}, with half of a surrogate pair at byte offset {at}"
                ));
            }
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: Result<&str, &str>) {
        match (decode(bytes.to_vec()), expected) {
            (Ok(got), Ok(expected)) => assert_eq!(got, expected),
            (Err(got), Err(expected)) => assert!(got.contains(expected), "{got}"),
            (got, _) => panic!("{bytes:?}: {got:?}"),
        }
    }

    #[test]
    fn encodings() {
        check(b"", Ok(""));
        check("{é}".as_bytes(), Ok("{é}"));
        check(b"\xEF\xBB\xBF{}", Ok("{}"));
        check(b"\xFF\xFE{\0}\0", Ok("{}"));
        check(b"\xFE\xFF\0{\0}", Ok("{}"));
        check(b"\xFF\xFE\x3D\xD8\x00\xDE", Ok("😀"));
    }

    #[test]
    fn refusals() {
        check(b"\xFF\xFE{\0}", Err("cut off"));
        check(
            b"\xFF\xFEa\0\x3D\xD8b\0",
            Err("UTF-16 (little-endian), with half of a surrogate pair at byte offset 4"),
        );
        check(b"a\xFFb", Err("offset 1"));
        check(b"\xEF\xBB\xBFa\xC3", Err("offset 4"));
        check(b"\xED\xA0\x80", Err("offset 0"));
        check(b"{\0}\0", Err("UTF-16 without a byte order mark"));
        check(b"\0{\0}", Err("UTF-16 without a byte order mark"));
        check(b"{\0}\0\xFC\0", Err("UTF-16 without a byte order mark"));
        check(b"{\"a\0\": 1}", Err("binary file"));
        check(b"PK\x03\x04tfplan", Err("terraform show -json PLANFILE"));
        check(b"\x1f\x8b\x08", Err("gzip"));
        check(b"\xff\xfe\0\0{\0\0\0", Err("UTF-32"));
        check(b"\0\0\xfe\xff", Err("UTF-32"));
    }
}
