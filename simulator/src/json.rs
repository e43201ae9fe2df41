//! Numbers as text, faster than a general serializer: recordings and load are made of little else.

/// Appends a whole number.
pub(crate) fn push_whole(to: &mut Vec<u8>, value: u64) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    let mut rest = value;
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    to.extend_from_slice(&digits[at..]);
}

/// Appends `value` / 10^`decimals` with exactly that many decimals.
pub(crate) fn push_decimal(to: &mut Vec<u8>, value: i64, decimals: u32) {
    if value < 0 {
        to.push(b'-');
    }
    let scale = 10_u64.pow(decimals);
    let (whole, mut part) = (value.unsigned_abs() / scale, value.unsigned_abs() % scale);
    push_whole(to, whole);
    if decimals > 0 {
        to.push(b'.');
        let mut place = scale / 10;
        while place > 0 {
            to.push(b'0' + (part / place) as u8);
            part %= place;
            place /= 10;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_back() {
        for (value, decimals, text) in [
            (0, 0, "0"),
            (0, 2, "0.00"),
            (-5, 1, "-0.5"),
            (520_907_000, 7, "52.0907000"),
            (-1_234, 3, "-1.234"),
            (7, 3, "0.007"),
            (1_800_000_000, 7, "180.0000000"),
        ] {
            let mut out = Vec::new();
            push_decimal(&mut out, value, decimals);
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
    }
}
