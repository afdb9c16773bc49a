"""Mistakes in rules that contradict each other, lead nowhere or leave somebody out."""

from tests.unit.policy.slip import Slip

RULES = {
    "translation that shows an unknown fact": Slip(
        "source: nobody\ntiers:",
        "source: nobody\ntranslations:\n  es:\n    nobody: nadie de {company}\ntiers:",
        "translations.es.nobody",
        "{company} is no fact of this text",
        "no braces",
        "    nobody: nadie",
    ),
    "translation with half a pair of braces": Slip(
        "source: nobody\ntiers:",
        'source: nobody\ntranslations:\n  es:\n    nobody: "nadie {"\ntiers:',
        "translations.es.nobody",
        "has a brace without its pair",
        None,
        '    nobody: "nadie',
    ),
    "note for callers that shows an unknown fact": Slip(
        "tariff_note: {es: Tarifa, en: Tariff}",
        'tariff_note: {es: "Tarifa de {country}", en: Tariff}',
        "phone.tariff_note.es",
        "{country} is no fact of this text",
    ),
    # something missing or dangling
    "unknown resource": Slip(
        "resource: articles",
        "resource: article",
        "channels.help_center.resource",
        "'article' is not among the resources",
        "articles (did you mean articles?)",
    ),
    "unknown calendar of a country": Slip(
        "{ES: spain}",
        "{ES: spane}",
        "regional_hours.countries.ES",
        "'spane' is not among the calendars",
        "spain, south (did you mean spain?)",
    ),
    "unknown calendar of a region": Slip(
        "    south: [PT, IT]",
        "    souths: [PT, IT]",
        "regional_hours.regions.PT",
        "'souths' is not among the calendars",
        "(did you mean south?)",
    ),
    "unknown default calendar": Slip(
        "default: south", "default: moon", "regional_hours.default", "'moon' is not among the calendars", "spain, south"
    ),
    "unknown country with hours": Slip(
        "{ES: spain}", "{ES: spain, UK: spain}", "regional_hours.countries.UK", "'UK' is not a country", "ISO 3166-1"
    ),
    "unknown country with numbers": Slip(
        "    ES:\n", "    XX:\n", "phone.countries.XX", "'XX' is not a country", "ISO 3166-1"
    ),
    "region that is no list": Slip(
        "    south: [PT, IT]", "    south: PT", "regional_hours.regions.south", "must be a list of countries"
    ),
    # ambiguous or going round in circles
    "country in two regions": Slip(
        "    south: [PT, IT]",
        "    south: [PT, IT]\n    spain: [IT]",
        "regional_hours.regions.spain[0]",
        "IT is in south already",
        None,
        "spain: [IT]",
    ),
    "country with a calendar and a region": Slip(
        "    south: [PT, IT]",
        "    south: [PT, ES]",
        "regional_hours.regions.ES",
        "already has a calendar of its own: spain",
    ),
    "rule named twice": Slip(
        "id: admins.tier1",
        "id: all.self_service",
        "access[1].id",
        "'all.self_service' is already the id of access[0]",
        None,
        "id: all.self_service\n    plans: [access]\n",
    ),
    "rules of two kinds named alike": Slip(
        "id: p4",
        "id: admins.tier1",
        "priority_rules[0].id",
        "'admins.tier1' is already the id of access[1]",
        None,
        "id: admins.tier1, p",
    ),
    "plans that include each other": Slip(
        "    name: {es: Acceso, en: Access}",
        "    includes: premier\n    name: {es: Acceso, en: Access}",
        "plans.access.includes",
        "is a cycle: access -> premier -> access",
        None,
        "    includes: premier\n    name: {es: Acceso",
    ),
    "target that never counts": Slip(
        "priorities: [P3]",
        "priorities: [P2]\n    licensed: true",
        "targets[1]",
        "never counts: targets[0] comes first and holds wherever it does",
        None,
        "  - plans: [premier]\n    priorities: [P2]",
    ),
    "last priority rule with a condition": Slip(
        "{id: p1, priority: P1}",
        "{id: p1, priority: P1, any_of: [{paid: true}]}",
        "priority_rules[2].any_of",
        "must be left out: 'p1' is the last rule, and every request needs a priority",
    ),
    "priority rule that is never reached": Slip(
        "  - {id: p1, priority: P1}",
        "  - {id: p1, priority: P1}\n  - {id: p3, priority: P3}",
        "priority_rules[3]",
        "never decides in 'p3': 'p1' comes first and holds wherever it does",
        None,
        "id: p3",
    ),
    "alternative that is never reached": Slip(
        "any_of: [{fields: {workaround: [partial, full]}}]",
        "any_of: [{fields: {workaround: [partial, full]}}, {fields: {workaround: [full]}, paid: true}]",
        "priority_rules[1].any_of[1]",
        "never decides in 'p2'",
    ),
    "warning at the deadline": Slip(
        "share: 0.5",
        "share: 1.0",
        "escalation_levels[0].share",
        "is at the deadline or after it",
        "more than 0, less than 1",
        "kind: warning",
    ),
    "escalation before the deadline": Slip(
        "share: 1.0", "share: 0.9", "escalation_levels[1].share", "is before the deadline", "1 or more"
    ),
    "shares that do not ascend": Slip(
        "level: 1, share: 1.0, called: tier2}",
        "level: 1, share: 1.0, called: tier2}\n  - {kind: escalation, level: 2, share: 1.0, called: case_tier}",
        "escalation_levels[2].share",
        "must be more than 1, the share of the step before it",
        None,
        "level: 2, share",
    ),
    "levels that do not ascend": Slip(
        "level: 1, share: 1.0, called: tier2}",
        "level: 1, share: 1.0, called: tier2}\n  - {kind: escalation, level: 1, share: 2.0, called: case_tier}",
        "escalation_levels[2].level",
        "must be more than 1, the level of the step before it",
        None,
        "share: 2.0",
    ),
    "warning after the deadline": Slip(
        "share: 0.5",
        "after_deadline_seconds: 5m",
        "escalation_levels[0].after_deadline_seconds",
        "does not belong to a warning",
        None,
        "kind: warning",
    ),
    "escalation at a time before the deadline": Slip(
        "share: 1.0",
        "before_deadline_seconds: 5m",
        "escalation_levels[1].before_deadline_seconds",
        "does not belong to an escalation",
    ),
    "levels that a target puts in another order": Slip(
        "level: 0, share: 0.5, called: case_tier}",
        "level: 0, share: 0.5, called: case_tier}\n"
        "  - {kind: warning, level: 1, before_deadline_seconds: 30d, called: tier2}",
        "escalation_levels[1]",
        "does not come after the step before it on the",
        None,
        "level: 1, before",
    ),
    # everyone has a channel
    "no channel for everyone": Slip(
        "    tier: self_service\n",
        "    tier: self_service\n    any_of: [{paid: true}]\n",
        "access",
        "opens no self-service channel to everyone under access, premier, premier_plus",
        None,
        "\naccess:\n  -",
    ),
    "staffed channel without a fallback": Slip(
        "staffed: true, fallback: [chat, help_center]",
        "staffed: true",
        "channels.phone.fallback",
        "is missing; a staffed channel needs one",
        "help_center, bot, community, billing, social",
        "  phone: {",
    ),
    "last fallback that is staffed": Slip(
        "fallback: [chat, help_center]",
        "fallback: [help_center, chat]",
        "channels.phone.fallback[1]",
        "must be a self-service channel that is open to everyone",
        "help_center",
    ),
    "cycle of fallbacks": Slip(
        "fallback: [web_ticket, help_center]",
        "fallback: [phone, help_center]",
        "channels.chat.fallback[0]",
        "is a cycle: chat -> phone -> chat",
    ),
    "fallback to itself": Slip(
        "fallback: [web_ticket, help_center]",
        "fallback: [chat, help_center]",
        "channels.chat.fallback[0]",
        "is a cycle",
        None,
        "  chat: {",
    ),
    "fallback named twice": Slip(
        "fallback: [web_ticket, help_center]",
        "fallback: [help_center, help_center]",
        "channels.chat.fallback[1]",
        "names help_center twice",
    ),
    "tier with and without people": Slip(
        "    tier: tier1",
        "    tier: self_service",
        "access[1].channels[0]",
        "people answer on chat, and nobody answers on help_center, so they cannot be of one tier, self_service",
        None,
        "channels: [chat",
    ),
    # rules that apply to nobody, or lead nowhere
    "account that asks about a request": Slip(
        "\nphone:\n",
        "\nimpossible_accounts: [{id: never, fields: {impact: [down]}}]\nphone:\n",
        "impossible_accounts[0].fields",
        "is not asked of an account",
        "plans, account_types, paid, countries",
        "impossible_accounts:",
    ),
    "account that asks nothing": Slip(
        "\nphone:\n",
        "\nimpossible_accounts: [{id: never}]\nphone:\n",
        "impossible_accounts[0]",
        "would refuse every account",
        "plans, account_types, paid, countries",
        "impossible_accounts:",
    ),
    "sent to a channel that is closed to them": Slip(
        "channel: billing}",
        "channel: chat}",
        "assignments[0].any_of[0]",
        "sends people to chat, which no rule of `access` opens to all of them under access, premier, premier_plus",
    ),
    "sent to a channel that needs an account": Slip(
        "    any_of: [{roles: [admin], licensed: true}]\n    source: nobody\nassignments:\n"
        "  - {id: invoices, any_of: [{fields: {request_type: [billing]}}], channel: billing}",
        "    source: nobody\nassignments:\n"
        "  - {id: invoices, any_of: [{fields: {request_type: [billing]}}], channel: chat}",
        "assignments[0].any_of[0]",
        "also sends people without an account to chat, which is closed to them",
        "`without_account: true`",
        "  - {id: invoices",
    ),
    "assignment that is never reached": Slip(
        "channel: billing}",
        "channel: billing}\n  - {id: more, any_of: [{fields: {request_type: [billing]}, paid: true}], channel: social}",
        "assignments[1].any_of[0]",
        "never decides in 'more': 'invoices' comes first",
        None,
        "  - {id: more",
    ),
    "target where nobody answers": Slip(
        "    priorities: [P3]\n",
        "    priorities: [P3]\n    channels: [bot]\n",
        "targets[1].channels[0]",
        "promises nothing: nobody answers on bot",
        "chat, web_ticket, phone",
        "    channels: [bot]",
    ),
    "calendar that never opens": Slip(
        'hours: {tue: [["09:00", "18:00"]]}',
        "hours: {tue: []}",
        "calendars.south",
        "never opens, and targets[1] counts its open hours",
    ),
    "calendar of a target that counts every hour": Slip(
        "    target_seconds: 1h\n",
        "    target_seconds: 1h\n    calendar: spain\n",
        "targets[0]",
        "has `calendar`, which is for hours that open and close",
        None,
        "  - plans: [premier]\n    priorities: [P1, P2]",
    ),
}
