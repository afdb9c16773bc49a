"""Mistakes that the model itself refuses: unknown, missing or misshapen fields."""

from tests.unit.policy.slip import Slip

MODEL = {
    # does not fit the model
    "unknown section": Slip(
        "source: nobody\ntiers",
        "sauce: x\nsource: nobody\ntiers",
        "sauce",
        "is not a section of a policy",
        "edition, languages, title, effective_from, source,",
        "sauce",
    ),
    "misspelt section": Slip(
        "\ntargets:", "\ntarget:", "target", "is not a section of a policy", "(did you mean targets?)", "target:"
    ),
    "recorded by the loader": Slip(
        "source: nobody\ntiers",
        "tzdata_version: x\nsource: nobody\ntiers",
        "tzdata_version",
        "is not a section of a policy",
        None,
        "tzdata_version",
    ),
    "missing section": Slip(
        "source: nobody\ntiers",
        "tiers",
        "source",
        "is missing; every policy has this section",
        None,
        "edition: small",
    ),
    "unknown field": Slip(
        "includes: access",
        "inclodes: access",
        "plans.premier.inclodes",
        "is not a field here",
        "name, includes, priority_response, automated_escalation, technical_account_manager, note "
        "(did you mean includes?)",
    ),
    "unknown field of a nested condition": Slip(
        "any_of: [{roles: [admin], licensed: true}]",
        "any_of: [{rolls: [admin], licensed: true}]",
        "access[1].any_of[0].rolls",
        "is not a field here",
        "plans, account_types, roles, licensed, paid, channels, languages, countries, fields (did you mean roles?)",
    ),
    "missing field": Slip("    tier: tier1\n", "", "access[1].tier", "is missing", None, "id: admins.tier1"),
    "unknown word of the code": Slip(
        "hours: elapsed\n    promise: objective",
        "hours: elapsed\n    promise: objektive",
        "targets[0].promise",
        "'objektive' is not allowed here",
        "objective, commitment (did you mean objective?)",
        "objektive",
    ),
    "word of a wrong form": Slip(
        "  social: {name",
        "  social media: {name",
        "channels.social media",
        "'social media' has the wrong form",
        "a letter, then letters, digits and _ . -, at most 40 in all",
    ),
    "country of a wrong form": Slip(
        "any_of: [{roles: [admin], licensed: true}]",
        "any_of: [{countries: [Spain]}]",
        "access[1].any_of[0].countries[0]",
        "'Spain' has the wrong form",
        "ISO 3166-1",
    ),
    "text for a truth value": Slip(
        "includes: access\n    priority_response: true",
        'includes: access\n    priority_response: "true"',
        "plans.premier.priority_response",
        "must be a truth value",
        "true, false",
        '"true"',
    ),
    "number for text": Slip(
        'extension: "2"', "extension: 2", "phone.countries.ES.numbers[0].extension", "must be text; put it in quotes"
    ),
    "text for a list": Slip(
        "plans: [premier]\n    priorities: [P1, P2]",
        "plans: premier\n    priorities: [P1, P2]",
        "targets[0].plans",
        "must be a list",
    ),
    "list for a mapping": Slip(
        "  articles: {es: Artículos, en: Articles}",
        "  articles: [Artículos]",
        "resources.articles",
        "must be a mapping of names to values",
    ),
    "text for a mapping": Slip(
        '  spain:\n    timezone: Europe/Madrid\n    hours: {mon: [["09:00", "18:00"]]}\n    holiday_set: {country: ES}',
        "  spain: nine to five",
        "calendars.spain",
        "must be a mapping of fields to values",
    ),
    "fraction for a level": Slip("level: 1,", "level: 1.5,", "escalation_levels[1].level", "must be a whole number"),
    "negative level": Slip("level: 0,", "level: -1,", "escalation_levels[0].level", "-1 is not allowed here"),
    "text for a share": Slip("share: 0.5", "share: half", "escalation_levels[0].share", "must be a number"),
    "share of nothing": Slip(
        "share: 0.5", "share: 0", "escalation_levels[0].share", "0 is not allowed here: should be greater than 0"
    ),
    "level without an instant": Slip(
        "share: 0.5, ",
        "",
        "escalation_levels[0]",
        "needs exactly one of share, before_deadline_seconds",
        None,
        "kind: warning",
    ),
    "level with two instants": Slip(
        "share: 0.5, ",
        "share: 0.5, before_deadline_seconds: 10m, ",
        "escalation_levels[0]",
        "not share and before_deadline_seconds",
    ),
    "level that repeats for ever": Slip(
        "share: 1.0, ",
        "share: 1.0, repeat: {every_seconds: 10m, times: 0}, ",
        "escalation_levels[1].repeat.times",
        "0 is not allowed here",
    ),
    "no target": Slip(
        "target_seconds: 9000",
        "target_seconds: 0",
        "targets[1].target_seconds",
        "0 is not allowed here: should be greater than 0",
    ),
    "not a duration": Slip(
        "target_seconds: 1h", "target_seconds: 1 hour", "targets[0].target_seconds", "'1 hour' is not a duration"
    ),
    "negative wait": Slip(
        "wait_after_rejection_seconds: 24h",
        "wait_after_rejection_seconds: -1",
        "customer_escalation.wait_after_rejection_seconds",
        "-1 is not allowed here",
    ),
    "instant without a zone": Slip(
        "2026-01-01T00:00:00Z", "2026-01-01T00:00:00", "effective_from", "must be an RFC 3339 instant with a zone"
    ),
    "not an instant": Slip(
        '"2026-01-01T00:00:00Z"', "soon", "effective_from", "must be an RFC 3339 instant with a zone"
    ),
    "one language missing": Slip(
        "{es: España, en: Spain}", "{es: España}", "phone.countries.ES.name", "has no text in en"
    ),
    "one language empty": Slip(
        "{es: España, en: Spain}", '{es: " ", en: Spain}', "phone.countries.ES.name", "has no text in es"
    ),
    "nothing to choose from": Slip(
        "any_of: [{roles: [admin], licensed: true}]", "any_of: []", "access[1].any_of", "is empty"
    ),
    "nothing asked": Slip(
        "any_of: [{roles: [admin], licensed: true}]", "any_of: [{roles: []}]", "access[1].any_of[0].roles", "is empty"
    ),
    "rule for no plan": Slip("plans: [access]", "plans: []", "access[1].plans", "is empty"),
    # not YAML
    "field given twice": Slip(
        "default: south",
        "default: south\n  default: spain",
        "regional_hours.default",
        "is given twice; the first is on line",
        None,
        "default: spain",
    ),
    "bad indentation": Slip(
        "  articles: {es", " articles: {es: x}\n  articles: {es", "", "is not YAML: ", None, "  articles: {es: A"
    ),
    "tab": Slip("  articles: {es", "\tarticles: {es", "", "is not YAML: "),
    "name that is no text": Slip(
        "default: south",
        "default: south\n  ? [a]\n  : b",
        "regional_hours",
        "has a field whose name is not text",
        None,
        "? [a]",
    ),
    "alias of what is around it": Slip(
        "  spain:\n    timezone: Europe/Madrid\n",
        "  spain: &spain\n    timezone: *spain\n",
        "calendars.spain.timezone",
        "contains itself by way of an alias",
        None,
        "  spain: &spain",
    ),
    "number in a strange form": Slip(
        "target_seconds: 9000", "target_seconds: 0x", "targets[1].target_seconds", "'0x' is not a duration"
    ),
}
