//! Typed condition values: exact numbers, instants, address ranges. No floats: policies compare 400-digit numbers.

use ipnet::IpNet;
use num_bigint::BigInt;
use num_rational::BigRational;

/// An exact number.
pub type Rational = BigRational;

/// A point in time: nanoseconds since 1970-01-01T00:00:00Z.
pub type Instant = i128;

/// Reads an integer or decimal number (`-1`, `1.50`, `1e3`). `None` for anything else; exponents beyond ±400 are refused.
pub fn parse_number(text: &str) -> Option<Rational> {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => {
            let (mantissa, rest) = text.split_at_checked(at)?;
            (
                mantissa,
                rest.get(1..)?.parse::<i32>().ok().filter(|e| e.abs() <= 400)?,
            )
        }
        None => (text, 0),
    };
    let (negative, digits) = match mantissa.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{fraction}");
    if whole.is_empty()
        || all.len() > 4096
        || !all.bytes().all(|b| b.is_ascii_digit())
        || digits.ends_with('.')
    {
        return None;
    }
    let value: BigInt = all.parse().ok()?;
    let scale = exponent - i32::try_from(fraction.len()).ok()?;
    let power = BigInt::from(10).pow(scale.unsigned_abs());
    let magnitude = if scale >= 0 {
        BigRational::from_integer(value * power)
    } else {
        BigRational::new(value, power)
    };
    Some(if negative { -magnitude } else { magnitude })
}

/// Reads an ISO 8601 date or date-time (W3C profile; UTC when there is no offset), or whole epoch seconds.
pub fn parse_instant(text: &str) -> Option<Instant> {
    const SECOND: i128 = 1_000_000_000;
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    if !unsigned.is_empty() && unsigned.len() > 4 && unsigned.bytes().all(|b| b.is_ascii_digit()) {
        return text
            .parse::<i64>()
            .ok()
            .map(|seconds| i128::from(seconds) * SECOND);
    }
    if let Ok(timestamp) = text.parse::<jiff::Timestamp>() {
        return Some(timestamp.as_nanosecond());
    }
    let civil = match text.len() {
        4 => format!("{text}-01-01")
            .parse::<jiff::civil::Date>()
            .ok()?
            .at(0, 0, 0, 0),
        7 => format!("{text}-01")
            .parse::<jiff::civil::Date>()
            .ok()?
            .at(0, 0, 0, 0),
        _ => match text.parse::<jiff::civil::DateTime>() {
            Ok(time) => time,
            // W3C allows minutes without seconds and an offset: complete the seconds.
            Err(_) => {
                let (time, zone) = text.split_at_checked(16)?;
                let completed = format!("{time}:00{}", if zone.is_empty() { "Z" } else { zone });
                return completed
                    .parse::<jiff::Timestamp>()
                    .ok()
                    .map(|timestamp| timestamp.as_nanosecond());
            }
        },
    };
    civil
        .to_zoned(jiff::tz::TimeZone::UTC)
        .ok()
        .map(|zoned| zoned.timestamp().as_nanosecond())
}

/// Reads a CIDR range or a bare address (/32 and /128), host bits masked (semantics.md 3.6). IPv4-mapped spellings stay
/// IPv6.
pub fn parse_cidr(text: &str) -> Option<IpNet> {
    match text.parse::<IpNet>() {
        Ok(net) => Some(net.trunc()),
        Err(_) => text.parse::<std::net::IpAddr>().ok().map(IpNet::from),
    }
}

/// Standard base64 with padding.
pub fn decode_base64(text: &str) -> Option<Vec<u8>> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let body = text.trim_end_matches('=');
    if !text.len().is_multiple_of(4) || text.len() - body.len() > 2 {
        return None;
    }
    let (mut bits, mut count, mut bytes) = (0_u32, 0_u32, Vec::new());
    for byte in body.bytes() {
        let digit = ALPHABET.iter().position(|letter| *letter == byte)?;
        bits = (bits << 6) | u32::try_from(digit).ok()?;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 0xFF).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact() {
        assert_eq!(parse_number("1.50"), parse_number("15e-1"));
        assert_ne!(parse_number("0.1"), parse_number("0.10000000000000000000000001"));
        for bad in ["", "10abc", "NaN", "1.", ".5", "--1", "1e999999999", "0x1"] {
            assert_eq!(parse_number(bad), None, "{bad}");
        }
    }

    #[test]
    fn dates_are_instants() {
        let noon = parse_instant("2026-01-01T12:00:00Z");
        assert!(noon.is_some());
        assert_eq!(noon, parse_instant("2026-01-01T13:00:00+01:00"));
        assert_eq!(noon, parse_instant("2026-01-01T12:00Z"));
        assert_eq!(parse_instant("2026"), parse_instant("2026-01-01T00:00:00Z"));
        assert_eq!(parse_instant("1767268800"), noon);
        for bad in ["2026-02-30T00:00:00Z", "soon", "", "2026-13-01"] {
            assert_eq!(parse_instant(bad), None, "{bad}");
        }
    }

    #[test]
    fn base64_is_strict() {
        assert_eq!(decode_base64("a2V5YWtp").as_deref(), Some(b"keyaki".as_slice()));
        assert_eq!(decode_base64("YQ=="), Some(b"a".to_vec()));
        for bad in ["YQ=", "Y", "Y===", "a b=", "YQ==YQ=="] {
            assert_eq!(decode_base64(bad), None, "{bad}");
        }
    }

    #[test]
    fn ranges_mask_host_bits() {
        assert_eq!(parse_cidr("10.1.2.3/8"), parse_cidr("10.0.0.0/8"));
        assert_eq!(parse_cidr("10.1.2.3"), parse_cidr("10.1.2.3/32"));
        assert_eq!(parse_cidr("10.0.0.0/33"), None);
    }
}
