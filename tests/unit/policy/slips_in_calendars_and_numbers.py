"""Mistakes in calendars, which business time refuses, and in phone numbers, which numbering plans do not have."""

from tests.unit.policy.slip import Slip

CALENDARS_AND_NUMBERS = {
    # calendars
    "unknown zone": Slip(
        "timezone: Europe/Madrid",
        "timezone: Europe/Madird",
        "calendars.spain.timezone",
        "unknown time zone 'Europe/Madird'",
    ),
    "no time of day": Slip(
        '{mon: [["09:00", "18:00"]]}',
        '{mon: [["09:00", "25:00"]]}',
        "calendars.spain.hours.mon[0][1]",
        "'25:00' is not a time of day",
    ),
    "overlapping periods": Slip(
        '{mon: [["09:00", "18:00"]]}',
        '{mon: [["09:00", "18:00"], ["17:00", "19:00"]]}',
        "calendars.spain.hours.mon",
        "",
    ),
    "no date": Slip('["2026-12-25"]', '["2026-12-32"]', "calendars.south.holidays.2026-12-32", "is not a date"),
    "no date, beside a holiday set": Slip(
        "    holiday_set: {country: ES}",
        '    holiday_set: {country: ES}\n    holidays: {"15/05/2026": Party}',
        "calendars.spain.holidays.15/05/2026",
        "'15/05/2026' is not a date: write YYYY-MM-DD",
        None,
        'holidays: {"15/05/2026": Party}',
    ),
    "no date in a list, beside a holiday set": Slip(
        "    holiday_set: {country: ES}",
        "    holiday_set: {country: ES}\n    holidays: [2026-05-15, 2026-05-32]",
        "calendars.spain.holidays.2026-05-32",
        "'2026-05-32' is not a date: write YYYY-MM-DD",
        None,
        "holidays: [2026-05-15",
    ),
    "unknown weekday": Slip(
        "{mon: [",
        "{monday: [",
        "calendars.spain.hours.monday",
        "'monday' is not allowed here",
        "mon, tue, wed, thu, fri, sat, sun",
    ),
    "unknown holidays of a country": Slip(
        "{country: ES}", "{country: XX}", "calendars.spain.holiday_set.country", "the holidays package knows no 'XX'"
    ),
    "unknown subdivision": Slip(
        "{country: ES}",
        "{country: ES, subdivision: XX}",
        "calendars.spain.holiday_set.subdivision",
        "the holidays package knows no 'XX'",
    ),
    "unknown category": Slip(
        "{country: ES}",
        "{country: ES, categories: [bank]}",
        "calendars.spain.holiday_set.categories",
        "the holidays package knows no 'bank'; it has public",
    ),
    "overlapping seasons": Slip(
        'hours: {mon: [["09:00", "18:00"]]}',
        'seasons: [{from: "06-15", to: "09-15", hours: {}}, {from: "09-15", to: "09-20", hours: {}}]\n'
        '    hours: {mon: [["09:00", "18:00"]]}',
        "calendars.spain.seasons[1]",
        "has 09-15 in common with seasons.0",
    ),
    "misspelt field of a season": Slip(
        'hours: {mon: [["09:00", "18:00"]]}',
        'seasons: [{from: "06-15", too: "09-15", hours: {}}]\n    hours: {mon: [["09:00", "18:00"]]}',
        "calendars.spain.seasons[0].too",
        "is not a field here",
        "from, to, hours (did you mean to?)",
    ),
    "no day of the year": Slip(
        'hours: {mon: [["09:00", "18:00"]]}',
        'seasons: [{from: "06-15", to: "09-31", hours: {}}]\n    hours: {mon: [["09:00", "18:00"]]}',
        "calendars.spain.seasons[0].to",
        "'09-31' is not a day of the year",
    ),
    "holidays for a part of the day": Slip(
        "{country: ES}",
        "{country: AU, subdivision: SA, categories: [public, half_day]}",
        "calendars.spain.holiday_set.hours",
        "2020-12-24 (Christmas Eve (from 7pm)) and other dates of this set are holidays for a part of the day only",
    ),
    "no recurrence": Slip(
        'holidays: ["2026-12-25"]',
        'recurring: [{rule: "FREQ=HOURLY"}]',
        "calendars.south.recurring[0].rule",
        "'FREQ=HOURLY': FREQ must be YEARLY, MONTHLY, WEEKLY, DAILY",
    ),
    "a recurrence without dates": Slip(
        'holidays: ["2026-12-25"]',
        'recurring: [{rule: "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}]',
        "calendars.south.recurring[0].rule",
        "gives no date from 2020 to 2036",
    ),
    "a date that is no holiday, misspelt": Slip(
        'holidays: ["2026-12-25"]', 'without: ["2026-12-32"]', "calendars.south.without[0]", "is not a date"
    ),
    "a union with hours": Slip(
        'south: {timezone: Europe/Rome, hours: {tue: [["09:00", "18:00"]]}',
        "south: {union: [{timezone: Europe/Rome, hours: {}}], hours: {tue: []}",
        "calendars.south.hours",
        "a union has no hours of its own",
    ),
    "a member of a union without hours": Slip(
        'south: {timezone: Europe/Rome, hours: {tue: [["09:00", "18:00"]]}',
        "south: {union: [{timezone: Europe/Rome}]",
        "calendars.south.union[0].hours",
        "is missing",
    ),
    # phone numbers
    "number that does not exist": Slip(
        '{as_printed: "+34 932207485 ext. 2", dial: "+34932207485", e164: "+34932207485"',
        '{as_printed: "+34 132207485 ext. 2", dial: "+34132207485", e164: "+34132207485"',
        "phone.countries.ES.numbers[0].dial",
        "'+34132207485' is not in the numbering plan data of ES",
        "`unverified` with the reason",
    ),
    "number of another country": Slip(
        '{as_printed: "+34 932207485 ext. 2", dial: "+34932207485", e164: "+34932207485"',
        '{as_printed: "+39 07611811003 ext. 2", dial: "+3907611811003", e164: "+3907611811003"',
        "phone.countries.ES.numbers[0].dial",
        "is not in the numbering plan data of ES",
    ),
    "another number than printed": Slip(
        'dial: "+34932207485"',
        'dial: "+34932207486"',
        "phone.countries.ES.numbers[0].dial",
        "'+34932207486' is another number than the printed '+34 932207485'",
    ),
    "letters in a number": Slip(
        'dial: "+34932207485"',
        'dial: "+34 SUPPORT"',
        "phone.countries.ES.numbers[0].dial",
        "'+34 SUPPORT' cannot be dialled",
        "digits, with a + before an international number",
    ),
    "wrong international form": Slip(
        'e164: "+34932207485"',
        'e164: "+35932207485"',
        "phone.countries.ES.numbers[0].e164",
        "'+35932207485' is not the international form of '+34932207485'",
        "+34932207485",
    ),
    "no international form though there is one": Slip(
        'e164: "+34932207485"',
        "e164: null",
        "phone.countries.ES.numbers[0].e164",
        "is null, but '+34932207485' has an international form",
        "+34932207485",
    ),
    "other extension than printed": Slip(
        'extension: "2"',
        'extension: "3"',
        "phone.countries.ES.numbers[0].extension",
        "is '3', but '+34 932207485 ext. 2' is printed",
        "'2'",
    ),
    "country without a number": Slip(
        '\n        - {as_printed: "+34 932207485 ext. 2", dial: "+34932207485", e164: "+34932207485", extension: "2"}',
        " []",
        "phone.countries.ES.numbers",
        "is empty",
        None,
        "      numbers: []",
    ),
}
