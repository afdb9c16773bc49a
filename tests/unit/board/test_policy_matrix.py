"""The edition in force as a page: complete, of any vendor, each rule once, promising what the router promises."""

from collections import Counter
from datetime import date
from html import unescape
from re import DOTALL, findall

import pytest

from services.board.policy.calendar_table import AHEAD
from services.board.policy.matrix import matrix
from shared.messages.catalogues import messages_in
from shared.policy.base import in_language
from shared.policy.model import Edition
from shared.policy.promises import CaseKind, promised
from shared.routing.rendering import in_words_of
from tests.harness.policy_pages import NOON, get
from tests.unit.board.editions import ALL, OTHER_WORDS, edition
from tests.unit.board.situations import situations_of

TODAY = date(2026, 11, 23)
EN = messages_in("en")


def rule_ids(of: Edition) -> list[str]:
    """The id of each rule, or its place where it has none."""
    sections = {
        name: getattr(of, name)
        for name in ("access", "assignments", "priority_rules", "targets", "impossible_accounts")
    }
    sections["regional_hours.rules"] = of.regional_hours.rules
    return [rule.id or f"{name}[{index}]" for name, rules in sections.items() for index, rule in enumerate(rules)]


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("name", [*ALL, OTHER_WORDS])
def test_a_page_names_every_rule_of_any_edition_once(name: str, language: str) -> None:
    """A rule that is missing, or that stands twice, makes a manager doubt the rest."""
    of = edition(name)
    page = get(of, f"/policy?lang={language}")
    assert page.status_code == 200
    shown = [unescape(each) for each in findall(r'<code class="rule-id">([^<]*)</code>', page.text)]
    assert Counter(shown) == Counter(rule_ids(of))


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("name", ALL)
def test_the_phone_directory_of_an_edition_is_on_its_page(name: str, language: str) -> None:
    """Every number as it is printed, by country, with what to dial, why it is in doubt, and where it is from."""
    of = edition(name)
    page = unescape(get(of, f"/policy?lang={language}").text)
    section = "".join(findall(r'<section class="stack part" id="numbers".*?</section>', page, DOTALL))
    assert bool(section) is (of.phone is not None) is ('href="#numbers"' in page)
    if of.phone is None:
        return
    for code, entry in of.phone.countries.items():
        ((row,),) = [findall(rf'<tr id="numbers-{code}">.*?</tr>', section, DOTALL)]
        assert in_language(entry.name, language) in row
        assert findall(r">([^<]*)</a>", row) == [number.as_printed for number in entry.numbers]
        for number in entry.numbers:
            link = f"tel:{number.e164 or number.dial}" + (f";ext={number.extension}" if number.extension else "")
            assert f'href="{link}"' in row
            assert number.dial in row
            assert (of.remark(number.unverified, language) or "") in row
    for text in (of.phone.have_at_hand, of.phone.tariff_note):
        assert in_language(text, language) in section
    assert (of.remark(of.source, language) or "").split()[0] in section


@pytest.mark.parametrize("name", ALL)
def test_each_cell_leads_to_rules_that_are_on_the_page(name: str) -> None:
    """A number that leads nowhere is no source."""
    page = get(edition(name), "/policy").text
    anchors = findall(r'<li id="([^"]+)" class="rule"', page)
    assert len(anchors) == len(set(anchors))
    assert set(findall(r'class="ref" href="#([^"]+)"', page)) <= set(anchors)


@pytest.mark.parametrize("name", ALL)
def test_every_word_source_and_note_of_an_edition_is_on_its_page(name: str) -> None:
    """The page is the whole edition, for people: what is not on it, nobody will look up."""
    of = edition(name)
    found = matrix(of, EN, TODAY)
    words = in_words_of(EN, of)
    assert [row.name.casefold() for row in found.channels] == [
        words.name("channel", each).casefold() for each in of.channels
    ]
    assert [row.name for row in found.priorities] == list(of.priorities)
    assert [row.name.casefold() for row in found.milestones] == [
        words.name("milestone", each).casefold() for each in of.milestones
    ]
    assert sorted(row.name for row in found.calendars) == sorted(of.calendars)
    assert len(found.levels) == len(of.escalation_levels)
    assert (found.asking is None) == (of.customer_escalation is None)
    said = {rule.source for rule in (*found.access_rules, *found.target_rules)} - {""}
    sources = [*(rule.source for rule in of.access), *(target.source for target in of.targets)]
    assert said == {of.remark(source, "en") for source in sources if source}


@pytest.mark.parametrize("name", ALL)
def test_a_cell_promises_what_the_router_promises(name: str) -> None:
    """The first target in a cell that holds for a case is the one by which its deadline is computed."""
    of = edition(name)
    found = matrix(of, EN, TODAY)
    words = in_words_of(EN, of)
    columns = {plan: number for number, plans in enumerate(found.targets.columns) for plan in plans}
    for situation, tier in situations_of(of):
        plan = words.name("plan", situation.plan)
        column = columns.get(plan[:1].title() + plan[1:])
        for row in found.targets.rows:
            by = promised(of, CaseKind(situation, row.priority, tier)).by
            for milestone, rule in by.items():
                if rule.target is None:
                    continue
                assert column is not None
                place = rule.target.id or rule.place
                cell = [
                    each
                    for each in row.cells[column]
                    if each.milestone.casefold() == words.name("milestone", milestone).casefold()
                ]
                assert place in {each.rule.id for each in cell}
                if not cell[0].only:
                    assert cell[0].rule.id == place


@pytest.mark.parametrize("name", ALL)
def test_a_cell_has_no_target_that_never_holds_there(name: str) -> None:
    """After one that holds for everybody, another is never asked; shown, it would look like a promise."""
    for row in matrix(edition(name), EN, TODAY).targets.rows:
        for cell in row.cells:
            for number, each in enumerate(cell):
                later = [other.milestone for other in cell[number + 1 :]]
                assert each.only or each.milestone not in later


def test_plans_with_the_same_promises_share_a_column_and_those_without_are_named() -> None:
    """Two columns that say the same make people look for the difference."""
    found = matrix(edition("guidelines-2021"), EN, TODAY).targets
    assert found.columns == (("Premier", "Premier+"),)
    assert found.none == ("Access",)
    assert [[(each.milestone, each.length) for each in row.cells[0]] for row in found.rows] == [
        [("First response", "1 h"), ("Restoration", "4 h")],
        [("First response", "4 h"), ("Restoration", "8 h")],
        [("First response", "24 h")],
        [("First response", "24 h")],
    ]


def test_calendars_list_the_holidays_of_the_next_year_by_name_in_the_readers_language() -> None:
    """A manager asks which days are off, not which dates a package knows."""
    spain = next(
        row for row in matrix(edition("guidelines-2021"), messages_in("es"), TODAY).calendars if "ES" in row.countries
    )
    assert spain.zones == ("Europe/Madrid",)
    assert [(day.day.isoformat(), day.name) for day in spain.days][:2] == [
        ("2026-12-08", "Inmaculada Concepción"),
        ("2026-12-25", "Natividad del Señor"),
    ]
    assert all(TODAY <= day.day < TODAY + AHEAD for day in spain.days)


def test_the_texts_of_an_edition_in_another_language_say_so() -> None:
    """A screen reader would read Spanish as English."""
    page = get(edition("crecimiento-digital"), "/policy")
    assert '<html lang="en">' in page.text
    assert '<h1 lang="es">' in page.text
    assert page.headers["content-language"] == "en"
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_a_matrix_follows_the_day() -> None:
    """Holidays that are over are not what comes next."""
    of = edition("guidelines-2021")
    assert "Tue 8 Dec 2026" in get(of, "/policy").text
    assert "Tue 8 Dec 2026" not in get(of, "/policy", NOON.replace(month=12, day=9)).text
