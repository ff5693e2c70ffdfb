//! Numbers, instants and addresses as points on a line. Addresses share one line of integers: IPv6 from zero upwards,
//! IPv4 just below zero, so that every CIDR range is one interval.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use num_bigint::BigInt;
use z3::ast::{Bool, Real};

use crate::formula::Interval;
use crate::iam::{Instant, Rational};

use super::usage::{Scalar, ScalarSort};

/// How many decimals a witness may have.
const MAX_DECIMALS: u32 = 4_000;

/// Instants as intervals on the line.
pub fn instants(intervals: &[Interval<Instant>]) -> Vec<Interval<Rational>> {
    let bound =
        |bound: &Option<(Instant, bool)>| bound.as_ref().map(|(instant, closed)| (whole(*instant), *closed));
    intervals
        .iter()
        .map(|interval| Interval {
            low: bound(&interval.low),
            high: bound(&interval.high),
        })
        .collect()
}

/// Address ranges as intervals on the line.
pub fn addresses(ranges: &[IpNet]) -> Vec<Interval<Rational>> {
    ranges
        .iter()
        .map(|range| match range {
            IpNet::V4(net) => closed(v4(u32::from(net.network())), v4(u32::from(net.broadcast()))),
            IpNet::V6(net) => closed(
                whole(u128::from(net.network())),
                whole(u128::from(net.broadcast())),
            ),
        })
        .collect()
}

/// The points that have a spelling.
pub fn possible(sort: ScalarSort) -> Interval<Rational> {
    match sort {
        ScalarSort::Number => Interval {
            low: None,
            high: None,
        },
        ScalarSort::Instant => closed(
            whole(jiff::Timestamp::MIN.as_nanosecond()),
            whole(jiff::Timestamp::MAX.as_nanosecond()),
        ),
        ScalarSort::Address => closed(v4(0), whole(u128::MAX)),
        ScalarSort::EpochSeconds => closed(whole(i64::MIN), whole(i64::MAX)),
    }
}

/// The claim that the point lies in one of the intervals.
pub fn within(point: &Real, intervals: &[Interval<Rational>]) -> Option<Bool> {
    let mut parts = Vec::new();
    for interval in intervals {
        let mut bounds = Vec::new();
        if let Some((low, closed)) = &interval.low {
            let low = numeral(low)?;
            bounds.push(if *closed { point.ge(low) } else { point.gt(low) });
        }
        if let Some((high, closed)) = &interval.high {
            let high = numeral(high)?;
            bounds.push(if *closed { point.le(high) } else { point.lt(high) });
        }
        parts.push(Bool::and(&bounds));
    }
    Some(Bool::or(&parts))
}

/// The point of a numeral that Z3 prints: `1.0`, `(- 1.0)`, `(/ 1.0 3.0)`, `(- (/ 1.0 3.0))`.
pub fn point(printed: &str) -> Option<Rational> {
    let mut negative = false;
    let mut numerals = Vec::new();
    for word in printed
        .split(|c: char| c.is_whitespace() || c == '(' || c == ')')
        .filter(|word| !word.is_empty())
    {
        match word {
            "-" => negative = !negative,
            "/" => {}
            numeral => numerals.push(
                numeral
                    .strip_suffix(".0")
                    .unwrap_or(numeral)
                    .parse::<BigInt>()
                    .ok()?,
            ),
        }
    }
    let magnitude = match numerals.as_slice() {
        [whole] => Rational::from_integer(whole.clone()),
        [numerator, denominator] if *denominator != BigInt::ZERO => {
            Rational::new(numerator.clone(), denominator.clone())
        }
        _ => return None,
    };
    Some(if negative { -magnitude } else { magnitude })
}

/// The text of a point, in its usual spelling.
pub fn spelled(scalar: &Scalar, point: &Rational) -> Option<String> {
    match scalar.sort {
        ScalarSort::Number => decimal(scalar, point),
        ScalarSort::Instant => {
            let nanoseconds = i128::try_from(point.to_integer()).ok()?;
            jiff::Timestamp::from_nanosecond(nanoseconds)
                .ok()
                .map(|timestamp| timestamp.to_string())
        }
        // Fewer than five digits would read as a year.
        ScalarSort::EpochSeconds => {
            let seconds = point.to_integer();
            let sign = if seconds < BigInt::ZERO { "-" } else { "" };
            Some(format!("{sign}{:0>5}", seconds.magnitude().to_string()))
        }
        ScalarSort::Address => {
            let address = point.to_integer();
            match u128::try_from(&address) {
                Ok(v6) => Some(Ipv6Addr::from(v6).to_string()),
                Err(_) => {
                    let v4 = u32::try_from(address + BigInt::from(1_u64 << 32)).ok()?;
                    Some(Ipv4Addr::from(v4).to_string())
                }
            }
        }
    }
}

/// The shortest decimal near the point that lies in the same sets: the point itself may be a fraction that has none.
fn decimal(scalar: &Scalar, point: &Rational) -> Option<String> {
    let inside =
        |value: &Rational, set: &[Interval<Rational>]| set.iter().any(|interval| interval.contains(value));
    let mut scale = BigInt::from(1);
    for decimals in 0..=MAX_DECIMALS {
        let digits = (point * &scale).round().to_integer();
        let near = Rational::new(digits.clone(), scale.clone());
        if scalar
            .sets
            .iter()
            .all(|set| inside(&near, set) == inside(point, set))
        {
            return Some(with_point(&digits, decimals));
        }
        scale *= 10;
    }
    None
}

/// `digits` with a decimal point before the last `decimals` of them.
fn with_point(digits: &BigInt, decimals: u32) -> String {
    let places = usize::try_from(decimals).unwrap_or(0);
    let sign = if *digits < BigInt::ZERO { "-" } else { "" };
    let padded = format!(
        "{:0>width$}",
        digits.magnitude().to_string(),
        width = places.saturating_add(1)
    );
    match padded.split_at_checked(padded.len().saturating_sub(places)) {
        Some((whole, fraction)) if !fraction.is_empty() => format!("{sign}{whole}.{fraction}"),
        _ => format!("{sign}{padded}"),
    }
}

fn numeral(value: &Rational) -> Option<Real> {
    Real::from_rational_str(&value.numer().to_string(), &value.denom().to_string())
}

fn closed(low: Rational, high: Rational) -> Interval<Rational> {
    Interval {
        low: Some((low, true)),
        high: Some((high, true)),
    }
}

fn whole(value: impl Into<BigInt>) -> Rational {
    Rational::from_integer(value.into())
}

fn v4(address: u32) -> Rational {
    whole(i64::from(address) - (1_i64 << 32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::parse_number;

    #[test]
    fn numerals_are_read() {
        for (printed, expected) in [
            ("0.0", "0"),
            ("(- 12.0)", "-12"),
            ("(/ 1.0 8.0)", "0.125"),
            ("(- (/ 1.0 8.0))", "-0.125"),
            ("7", "7"),
        ] {
            assert_eq!(point(printed), parse_number(expected), "{printed}");
        }
        for bad in ["", "x", "(/ 1.0 0.0)", "1.5?"] {
            assert_eq!(point(bad), None, "{bad}");
        }
    }

    #[test]
    fn points_are_spelled() {
        let third = Rational::new(1.into(), 3.into());
        let between = |low: &str, high: &str| {
            vec![Interval {
                low: Some((parse_number(low).unwrap(), false)),
                high: Some((parse_number(high).unwrap(), false)),
            }]
        };
        let address = |text: &str| text.parse().map(|net| addresses(&[net])).unwrap();
        for (sort, sets, point, expected) in [
            (ScalarSort::Number, vec![], third.clone(), "0"),
            (
                ScalarSort::Number,
                vec![between("0.3", "0.34")],
                third.clone(),
                "0.33",
            ),
            (
                ScalarSort::Number,
                vec![between("-0.34", "-0.3")],
                -third,
                "-0.33",
            ),
            (ScalarSort::Instant, vec![], whole(0), "1970-01-01T00:00:00Z"),
            (
                ScalarSort::Address,
                vec![address("10.0.0.1/32")],
                v4(0x0A00_0001),
                "10.0.0.1",
            ),
            (ScalarSort::Address, vec![address("::/0")], whole(1), "::1"),
            (ScalarSort::EpochSeconds, vec![], whole(-7), "-00007"),
        ] {
            assert_eq!(spelled(&Scalar { sort, sets }, &point).as_deref(), Some(expected));
        }
    }
}
