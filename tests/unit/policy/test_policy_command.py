"""`frontline policy check`: what it prints where, and how it ends; and the command as it is installed."""

import json
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from rich.text import Text

from services.cli.policy import commands as policy
from services.cli.policy.check_view import Verdict, show
from shared.messages.catalogues import messages_in
from shared.policy.digest import policy_sha256
from shared.policy.files import check_edition
from shared.policy.mistakes import PolicyError
from tests.harness.command_line import frontline_text
from tests.unit.policy.small_edition import SMALL, changed, edition, line_of

WITHOUT_WARNINGS = changed(
    "includes: access\n    priority_response: true\n    automated_escalation: false",
    "includes: access\n    priority_response: true\n    automated_escalation: true",
)
LEVEL_1 = line_of("  - {kind: escalation, level: 1", SMALL)  # no plan that has targets has automated escalation
RESOURCE = line_of("resource: articles", SMALL)


def test_check_prints_the_verdict_on_each_edition_and_then_each_mistake(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line for each mistake, with file and line; exit code 1. Without names, all editions of the folder."""
    assert policy.check(policies=folder) == 1
    out, err = capsys.readouterr()
    assert err == ""
    bad, small, blank, first, second, _ = out.splitlines()
    assert bad == "bad: 2 mistakes"
    assert small == f"small: no mistakes, 1 warning, SHA-256 {policy_sha256(edition())}"
    assert blank == ""
    assert first.startswith(f"{folder / 'bad.yaml'}:{RESOURCE}: channels.help_center.resource: 'article' is not among")
    assert ": escalation_levels[0].share: must be a number" in second


def test_check_ends_with_0_if_all_editions_are_correct(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """For scripts."""
    (folder / "small.yaml").write_text(WITHOUT_WARNINGS)
    assert policy.check("small", str(folder / "small.yaml"), policies=folder) == 0
    out, err = capsys.readouterr()
    digest = policy_sha256(edition(WITHOUT_WARNINGS))
    assert (out, err) == (f"small: no mistakes, SHA-256 {digest}\n" * 2, "")


def test_check_ends_with_2_for_what_does_not_exist(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong name is bad input, not a bad policy; the others are checked all the same."""
    assert policy.check("smal", "bad", policies=folder) == 2
    out = capsys.readouterr().out
    assert out.startswith("smal: cannot be found or read\nbad: 2 mistakes\n")
    assert "there is no edition 'smal'" in out
    assert "did you mean small?" in out
    assert "escalation_levels[0].share" in out


def test_check_ends_with_2_for_a_folder_without_editions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing was checked, which must not look like success."""
    (tmp_path / "part.yaml").write_text("resources: {}\n")
    assert policy.check(policies=tmp_path) == 2
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"{tmp_path} has no editions: an edition is a file NAME.yaml with a line that begins "
                          "with `edition:`\n")  # fmt: skip


def test_check_has_the_same_result_as_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each mistake and each warning as an object."""
    assert policy.check(policies=folder, as_json=True, lang="es") == 1
    out, err = capsys.readouterr()
    assert err == ""
    found = json.loads(out)
    assert found["editions"] == [{"edition": "small", "sha256": policy_sha256(edition())}]
    assert found["mistakes"][0] == {
        "file": str(folder / "bad.yaml"),
        "line": 11,
        "field": "channels.help_center.resource",
        "message": "'article' is not among the resources",
        "allowed": "articles (did you mean articles?)",
    }
    assert found["warnings"] == [
        {
            "file": str(folder / "small.yaml"),
            "line": LEVEL_1,
            "field": "escalation_levels[1]",
            "code": "policy.warning.no_plan_escalates",
            "facts": {},
            "message": "no avisa a nadie, ni tampoco los niveles posteriores: ningún plan con plazos tiene "
            "automated_escalation",
        }
    ]


@pytest.mark.parametrize(("strict", "code"), [(False, 0), (True, 1)])
def test_a_warning_is_an_error_only_if_asked_for(
    strict: bool, code: int, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The shipped editions pass --strict; whoever has none that they want to keep lets their checks insist on it."""
    assert policy.check("small", policies=folder, strict=strict) == code
    verdict, blank, warning = capsys.readouterr().out.splitlines()
    assert verdict.startswith("small: no mistakes, 1 warning, SHA-256 ")
    assert blank == ""
    assert warning.startswith(f"{folder / 'small.yaml'}:{LEVEL_1}: warning: escalation_levels[1]: calls nobody")


def test_the_shipped_editions_have_no_warnings() -> None:
    """They are the example that others follow."""
    assert policy.check(strict=True) == 0


def test_verdicts_and_warnings_are_in_the_language_asked_for(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Fields, words of the edition and mistakes are as in the file."""
    assert policy.check(policies=folder, lang="es") == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "bad: 2 errores"
    assert lines[1].startswith("small: sin errores, 1 aviso, SHA-256 ")
    assert lines[-1].startswith(f"{folder / 'small.yaml'}:{LEVEL_1}: aviso: escalation_levels[1]: no avisa a nadie")


def test_an_edition_with_mistakes_has_the_warnings_about_its_files(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a list leaves out is often why the rest is wrong."""
    text = "edition: child\nextends: small\naccess:\n  - {id: new, plans: [access], channels: [chat], tier: tier1, "
    (folder / "child.yaml").write_text(text + "any_of: [{}], source: us}\n")
    assert policy.check("child", policies=folder) == 1
    out = capsys.readouterr().out
    assert "access: opens no self-service channel to everyone" in out
    assert "child.yaml:3: warning: access: replaces the list of small; no longer in it: all.self_service" in out


@pytest.mark.parametrize("width", [40, 80])
def test_on_a_terminal_no_word_is_cut(width: int, folder: Path) -> None:
    """A line that is too long goes on below, indented; a path or a digest that is longer than the line stays whole."""
    written = StringIO()
    console = Console(file=written, force_terminal=True, width=width, color_system="standard")
    show(_verdicts(folder), console, messages_in("en"), strict=False)
    plain = Text.from_ansi(written.getvalue()).plain
    piped = StringIO()
    show(_verdicts(folder), Console(file=piped, width=width), messages_in("en"), strict=False)
    assert "\x1b" in written.getvalue()
    assert "\x1b" not in piped.getvalue()
    assert plain.split() == piped.getvalue().split()
    assert all(len(line) <= width or len(line.split()) == 1 for line in plain.splitlines())
    findings = [line for line in piped.getvalue().splitlines() if line]
    assert len(findings) == 5  # two verdicts, two mistakes, one warning: one line each


def _verdicts(folder: Path) -> list[Verdict]:
    with pytest.raises(PolicyError) as refused:
        check_edition("bad", folder)
    good = check_edition("small", folder)
    return [
        Verdict("bad", None, refused.value.mistakes),
        Verdict("small", policy_sha256(good.edition), warnings=good.warnings),
    ]


def test_the_command_passes_on_names_options_and_exit_codes(folder: Path) -> None:
    """Through `frontline` itself; the folder may also come from the environment."""
    good = frontline_text("policy", "check", "small", "--policies", str(folder))
    assert (good.returncode, good.stderr) == (0, "")
    bad = frontline_text("policy", "check", "bad", environment={"FRONTLINE_POLICY_DIR": str(folder)})
    assert (bad.returncode, bad.stdout.splitlines()[0], bad.stderr) == (1, "bad: 2 mistakes", "")
    nonsense = frontline_text("policy", "diff", "small")
    assert (nonsense.returncode, nonsense.stdout) == (2, "")
