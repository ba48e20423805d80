//! From milliseconds to the two date formats of the field, without allocation.

const MILLIS_PER_DAY: u64 = 86_400_000;
/// 9999-12-31T23:59:59.999Z: both formats have four digits for the year.
const LAST: u64 = 253_402_300_799_999;

const WEEKDAYS: [&[u8; 3]; 7] = [b"Thu", b"Fri", b"Sat", b"Sun", b"Mon", b"Tue", b"Wed"];
const MONTHS: [&[u8; 3]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];

pub(super) fn rfc3339(millis: u64) -> [u8; 24] {
    let date = Date::from_millis(millis);
    let mut text = *b"0000-00-00T00:00:00.000Z";
    digits(&mut text[0..4], date.year);
    digits(&mut text[5..7], date.month);
    digits(&mut text[8..10], date.day);
    date.clock(&mut text[11..19]);
    digits(&mut text[20..23], date.milli);
    text
}

pub(super) fn http_date(millis: u64) -> [u8; 29] {
    let date = Date::from_millis(millis);
    let mut text = *b"Thu, 01 Jan 1970 00:00:00 GMT";
    text[0..3].copy_from_slice(WEEKDAYS[date.weekday]);
    digits(&mut text[5..7], date.day);
    text[8..11].copy_from_slice(MONTHS[date.month as usize - 1]);
    digits(&mut text[12..16], date.year);
    date.clock(&mut text[17..25]);
    text
}

struct Date {
    year: u32,
    /// 1 to 12.
    month: u32,
    /// 1 to 31.
    day: u32,
    second_of_day: u32,
    milli: u32,
    /// 0 is Thursday, the weekday of the epoch.
    weekday: usize,
}

impl Date {
    fn from_millis(millis: u64) -> Self {
        let millis = millis.min(LAST);
        let days = (millis / MILLIS_PER_DAY) as u32;
        let milli_of_day = (millis % MILLIS_PER_DAY) as u32;
        let (year, month, day) = civil_from_days(days);
        Self {
            year,
            month,
            day,
            second_of_day: milli_of_day / 1_000,
            milli: milli_of_day % 1_000,
            weekday: (days % 7) as usize,
        }
    }

    /// Writes `hh:mm:ss` over the two-digit fields of `text`.
    fn clock(&self, text: &mut [u8]) {
        digits(&mut text[0..2], self.second_of_day / 3_600);
        digits(&mut text[3..5], self.second_of_day / 60 % 60);
        digits(&mut text[6..8], self.second_of_day % 60);
    }
}

/// Year, month and day of the day `days` after the epoch, in the proleptic Gregorian calendar.
///
/// Years are counted from 1 March, so that the leap day is the last of its year and the length of
/// the months before it follows a straight line (153 days in every five months).
fn civil_from_days(days: u32) -> (u32, u32, u32) {
    const DAYS_FROM_0000_03_01_TO_EPOCH: u32 = 719_468;
    const DAYS_PER_ERA: u32 = 146_097;

    let days = days + DAYS_FROM_0000_03_01_TO_EPOCH;
    let era = days / DAYS_PER_ERA;
    let day_of_era = days % DAYS_PER_ERA;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = era * 400 + year_of_era + u32::from(month <= 2);
    (year, month, day)
}

/// Fills `text` with the decimal digits of `number`, zeros in front.
fn digits(text: &mut [u8], mut number: u32) {
    for place in text.iter_mut().rev() {
        *place = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn both(millis: u64, rfc3339_text: &str, http_text: &str) {
        assert_eq!(core::str::from_utf8(&rfc3339(millis)), Ok(rfc3339_text));
        assert_eq!(core::str::from_utf8(&http_date(millis)), Ok(http_text));
    }

    #[test]
    fn known_dates() {
        both(
            0,
            "1970-01-01T00:00:00.000Z",
            "Thu, 01 Jan 1970 00:00:00 GMT",
        );
        both(
            784_111_777_000,
            "1994-11-06T08:49:37.000Z",
            "Sun, 06 Nov 1994 08:49:37 GMT",
        );
        both(
            951_782_400_001,
            "2000-02-29T00:00:00.001Z",
            "Tue, 29 Feb 2000 00:00:00 GMT",
        );
        both(
            1_769_164_200_123,
            "2026-01-23T10:30:00.123Z",
            "Fri, 23 Jan 2026 10:30:00 GMT",
        );
        both(
            4_107_542_399_999,
            "2100-02-28T23:59:59.999Z",
            "Sun, 28 Feb 2100 23:59:59 GMT",
        );
        both(
            4_107_542_400_000,
            "2100-03-01T00:00:00.000Z",
            "Mon, 01 Mar 2100 00:00:00 GMT",
        );
        both(
            u64::MAX,
            "9999-12-31T23:59:59.999Z",
            "Fri, 31 Dec 9999 23:59:59 GMT",
        );
    }

    /// A second way to reckon, day by day, over four centuries: no leap rule is left out.
    #[test]
    fn every_day_follows_the_day_before() {
        let (mut year, mut month, mut day) = (1970, 1, 1);
        for days in 0..146_097 {
            assert_eq!(civil_from_days(days), (year, month, day));
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let length = match month {
                2 => 28 + u32::from(leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            day += 1;
            if day > length {
                (month, day) = (month + 1, 1);
            }
            if month > 12 {
                (year, month) = (year + 1, 1);
            }
        }
    }
}
