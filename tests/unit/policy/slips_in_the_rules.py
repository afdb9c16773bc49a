"""Mistakes in rules that contradict each other, lead nowhere or leave somebody out."""

from tests.unit.policy.slip import Slip

RULES = {
    "translation that shows an unknown fact": Slip(
        "source: nobody\nchannels:",
        "source: nobody\ntranslations:\n  es:\n    nobody: nadie de {company}\nchannels:",
        "translations.es.nobody",
        "{company} is no fact of this text",
        "no braces",
        "    nobody: nadie",
    ),
    "translation with half a pair of braces": Slip(
        "source: nobody\nchannels:",
        'source: nobody\ntranslations:\n  es:\n    nobody: "nadie {"\nchannels:',
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
    "channel left out": Slip(
        "  social: {name: {es: Redes, en: Social}, staffed: false}\n",
        "",
        "channels.social",
        "is missing; every one needs an entry",
        None,
        "channels:\n",
    ),
    "priority left out": Slip(
        "  P4: {definition: {es: Cuatro, en: Four}, resources: {es: Uno, en: One}}\n",
        "",
        "priorities.P4",
        "is missing; every one needs an entry",
        None,
        "priorities:\n",
    ),
    "milestone left out": Slip(
        ", resolution: {}}",
        "}",
        "milestones.resolution",
        "is missing; every one needs an entry",
        None,
        "milestones:",
    ),
    "role left out": Slip(
        ", member: [member]}",
        "}",
        "role_counts_as.member",
        "is missing; every one needs an entry",
        None,
        "role_counts_as",
    ),
    "account type left out": Slip(
        "  api: [api]\n",
        "",
        "account_type_counts_as.api",
        "is missing; every one needs an entry",
        None,
        "account_type_counts_as",
    ),
    "role that is not itself": Slip(
        "member: [member]}", "member: [admin]}", "role_counts_as.member", "must list member itself"
    ),
    "account type that is not itself": Slip(
        "  pro: [pro]", "  pro: [free]", "account_type_counts_as.pro", "must list pro itself"
    ),
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
    "two targets for one promise": Slip(
        "priorities: [P3]",
        "priorities: [P3, P2]",
        "targets[1]",
        "promises first_response again, after targets[0]: premier P2",
        None,
        "  - plans: [premier]\n    priorities: [P3",
    ),
    "combination without a priority": Slip(
        "any_of: [{}]}",
        "any_of: [{environments: [production, alpha, beta]}]}",
        "priority_rules",
        "has no rule for impact down, workaround none, environment development (and 4 more)",
        None,
        "priority_rules:",
    ),
    "priority rule that is never reached": Slip(
        "  - {id: p1, priority: P1, any_of: [{}]}",
        "  - {id: p1, priority: P1, any_of: [{}]}\n  - {id: p3, priority: P3, any_of: [{impacts: [general]}]}",
        "priority_rules[3].any_of[0]",
        "never decides in 'p3'",
        None,
        "id: p3",
    ),
    "alternative that is never reached": Slip(
        "any_of: [{workarounds: [partial, full]}]",
        "any_of: [{workarounds: [partial, full]}, {workarounds: [full]}]",
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
        "level: 1, share: 1.0, called: tier2}\n  - {kind: escalation, level: 2, share: 1.0, called: tier1_lead}",
        "escalation_levels[2].share",
        "must be more than 1, the share of the step before it",
        None,
        "tier1_lead",
    ),
    "levels that do not ascend": Slip(
        "level: 1, share: 1.0, called: tier2}",
        "level: 1, share: 1.0, called: tier2}\n  - {kind: escalation, level: 1, share: 2.0, called: tier1_lead}",
        "escalation_levels[2].level",
        "must be more than 1, the level of the step before it",
        None,
        "tier1_lead",
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
        "any_of: [{}]\n",
        "any_of: [{paid: true}]\n",
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
    "tier where nobody answers": Slip(
        "tier: self_service",
        "tier: tier1",
        "access[0].channels[0]",
        "nobody answers on help_center, so its tier is not tier1",
        None,
        "channels: [help_center",
    ),
    "self-service where people answer": Slip(
        "    tier: tier1",
        "    tier: self_service",
        "access[1].channels[0]",
        "people answer on chat, so its tier is not self_service",
        None,
        "channels: [chat",
    ),
}
